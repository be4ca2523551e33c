//! Keeps a company's Zendesk data flowing into Adobe Experience Platform.
//!
//! The modules in reading order; `docs/architecture.md` draws how they hang together.

pub mod config;
pub mod limits;
pub mod record;
pub mod sandbox;
