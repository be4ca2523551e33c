//! All that knows Zendesk: signing in, asking, and the export protocols.
//!
//! [`Client`] makes requests and repeats them as the table in `answer.rs` decides; [`Export`]
//! turns "the page after this position" into such requests, one file for each protocol. The
//! [`Governor`] lets a request go when the account's quota has room for it. Nothing here keeps a
//! position: it comes in with every call and goes out with every page.
//!
//! What may surprise: addresses that Zendesk hands out (`after_url`, `links.next`) are never
//! followed. They name aliases of the account's host, and credentials go to the configured host
//! only; requests are rebuilt from the cursor.

mod answer;
mod availability;
mod caller;
mod census;
mod client;
mod clock;
mod error;
mod export;
mod fields;
mod history;
mod incremental;
mod inside;
mod list;
mod lists;
pub mod page;
mod parameters;
mod parts;
pub mod quota;
mod search;
mod sign_in;
mod source;
#[cfg(test)]
mod testing;
mod time;
mod unreadable;

pub use availability::Availability;
pub use caller::{Caller, TokenFacts};
pub use census::Sample;
pub use client::Client;
pub use error::Error;
pub use export::{Export, Split, records_max};
pub use history::{Choice, ListsCounted, Minutes};
pub use quota::{Governor, Urgency, Usage};
pub use search::SEARCH_PATH;
