//! Walks over a made-up export, delivered to the simulated inlet over real sockets.

mod account;
mod history;
mod members;
mod wedged;
mod world;
