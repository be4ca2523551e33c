//! What can be said of the daemon while it runs, and of its state directory when it does not.

pub mod ask;
pub mod from_state;
pub mod judge;
mod line;
pub mod page;
pub mod report;
mod samples;
mod server;
pub mod stream;
pub mod terminal;
pub mod verdict;
mod watched;
pub mod words;

#[cfg(test)]
pub(crate) mod fixture;

pub use server::{BindError, Exposition, Server};
pub use watched::{Sources, Watched};
