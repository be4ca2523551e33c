//! `dead-letters` as people use it: the real binary against both simulators.

mod commands;
mod hardship;
mod world;
