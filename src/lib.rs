//! Keeps a company's Zendesk data flowing into Adobe Experience Platform.
//!
//! The modules in reading order; `docs/architecture.md` draws how they hang together.

pub mod record;

pub mod limits;

pub mod clock;

pub mod error;

pub mod progress;

pub mod catalogue;

pub mod config;

pub mod meter;

pub mod http;

pub mod json;

pub mod files;

pub mod zendesk;

pub mod mapping;

pub mod platform;

pub mod checkpoint;

pub mod dead_letters;

pub mod snapshots;

pub mod sync;

pub mod schedule;

pub mod telemetry;

pub mod status;

pub mod lifecycle;

pub mod sandbox;

pub mod cli;

#[cfg(test)]
mod fuzzing;
