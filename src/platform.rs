//! All that knows Adobe Experience Platform: identity tokens, the inlet, batches, the Schema Registry.
//!
//! [`Packer`] fills batches up to the inlet's size limit; [`Inlet::deliver`] returns only when
//! every message of a batch is either accepted or rejected for good, or with an error that leaves
//! all of it unsettled. What lies between (a batch refused as a whole, outcomes that cannot be
//! read) is its business and nobody else's.

mod answer;
mod batch;
mod connection;
mod error;
mod ims;
mod inlet;
mod isolation;
mod outcome;
mod pace;
mod schema_registry;

pub use batch::{Batch, Packer, TooLarge};
pub use connection::Connection;
pub use error::Error;
pub use inlet::{Delivery, Inlet};
pub use outcome::{Outcome, Rejection, decode};
pub use schema_registry::SchemaRegistry;
