//! What can be said of the daemon while it runs, and of its state directory when it does not.

pub mod judge;
pub mod page;
pub mod report;
pub mod verdict;
pub mod words;

#[cfg(test)]
mod fixture;
