//! The program as an operator meets it: the real binary as a child process, against the
//! simulators on real sockets.

mod export;
mod restart;
mod search;
mod shutdown;
mod sign_in;
mod state;
mod support;
