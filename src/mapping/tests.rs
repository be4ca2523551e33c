//! The presets against the examples and recordings that lie beside this project.

mod examples;
mod mapping;
mod shared;
