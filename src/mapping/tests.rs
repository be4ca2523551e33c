//! The presets against the examples and recordings that lie beside this project.

mod any_record;
mod documentation;
mod examples;
mod files;
mod mapping;
mod recordings;
mod schemas;
mod shared;
mod soundness;
