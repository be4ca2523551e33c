//! The program as an operator meets it: the real binary as a child process, against the
//! simulators on real sockets.

mod export;
mod restart;
mod shutdown;
mod state;
mod support;
