//! What can be said of the daemon while it runs, and of its state directory when it does not.

pub mod judge;
pub mod report;
mod samples;
mod server;
pub mod stream;
mod watched;
pub mod words;

#[cfg(test)]
mod fixture;

pub use server::{BindError, Exposition, Server};
pub use watched::{Sources, Watched};
