//! The store of refused records: each kept whole, with the reason, until a person decides.
//!
//! A record is appended and fsynced before the checkpoint passes it. When the store is full, or
//! the disk is, the streams stop; nothing is dropped.
//!
//! The daemon appends while people list, retry and discard with the command. Every access to the
//! files holds the store's own lock for a moment; see [`Segments`].
//!
//! A letter is superseded once a later version of its record was read. The mark is on disk before
//! that version is sent, and whoever sends a letter again holds the lock from reading the mark
//! until the inlet has answered: so an old version never overtakes a new one.
//!
//! Records hold personal data: the files are readable by their owner only.

mod census;
mod damage;
mod error;
#[cfg(test)]
mod fuzz;
mod index;
mod letter;
mod letter_id;
mod lines;
mod locked;
mod reason;
mod redact;
mod segments;
mod store;
#[cfg(test)]
mod testing;

pub use census::{Census, Group, Groups};
pub use damage::{Damage, Damaged};
pub use error::Error;
pub use letter::Letter;
pub use letter_id::LetterId;
pub use locked::{Change, Changed, Line, Locked};
pub use reason::{Reason, ReasonCode};
pub use redact::{without_values, without_values_in};
pub use segments::Segments;
pub use store::DeadLetters;

use crate::record::Record;

/// One refused record, on its way into the store.
#[derive(Debug)]
pub struct DeadLetter {
    /// The record as Zendesk gave it.
    pub record: Record,
    /// Why it was refused.
    pub reason: Reason,
}
