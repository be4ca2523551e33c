//! The `state` commands from outside: the real program, its output and its exit codes.

mod bench;
mod commands;
mod disk;
mod refusals;
mod repair;
mod resend;
