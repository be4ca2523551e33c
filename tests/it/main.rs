//! The program as an operator meets it: the real binary as a child process, against the
//! simulators on real sockets.

mod attention;
mod availability;
mod catalogue;
mod check;
mod children;
mod configuration;
mod demonstration;
mod every_stream;
mod export;
mod fault_matrix;
mod fidelity;
mod inlet_faults;
mod inlet_rejections;
mod inlet_sign_in;
mod lists;
mod mapping;
mod pace;
mod privacy;
mod quota;
mod rate_limits;
mod recordings;
mod restart;
mod search;
mod search_cursors;
mod secrets;
mod shutdown;
mod sign_in;
mod silence;
mod state;
mod support;
mod time;
mod unreadable;
mod validation;
mod zendesk_faults;
