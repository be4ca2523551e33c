//! From a record to the message that the inlet gets. Pure: no I/O, no clock, and the same bytes
//! out for the same bytes in.
//!
//! A mapping is written in TOML, the presets that come with the program (`preset`) as well as a
//! user's own files: rows from expressions over the record to paths of the message. `file` reads
//! the rows, `compile` makes a [`Plan`] of them once, and the plan writes a message for each
//! record.

mod account;
mod compile;
mod composer;
mod contact;
mod definitions;
mod envelope;
mod expression;
mod faults;
mod file;
mod functions;
mod identity;
mod kind;
mod moment;
mod notes;
mod path;
mod plan;
mod preset;
mod privacy;
mod raw;
mod scope;
mod scratch;
mod source;
#[cfg(test)]
mod tests;
mod validation;
mod value;

use std::ops::Range;
use std::sync::Arc;

use crate::catalogue::StreamSpec;
use crate::config;
use crate::record::Record;
use envelope::Envelope;
use scratch::Scratch;
use validation::Standing;

pub use account::Account;
pub use composer::{Composer, Unfit};
pub use definitions::{Definition, Definitions, FieldsOf};
pub use faults::Faults;
pub use notes::{Change, Note, Notes};
pub use path::member;
pub use plan::Plan;
pub use privacy::{Privacy, PrivacyError};
pub use raw::Raw;
pub use scope::Joined;
pub use validation::{Finding, Refusal, Schema, SchemaError, Validation};

/// The streams whose records belong to whoever asked for their ticket, and do not say who. It is
/// known of the tickets that were mapped before them.
pub const BELONGS_TO_TICKETS: [&str; 3] =
    ["ticket_events", "ticket_audits", "ticket_metric_events"];

/// How one stream's records become messages.
#[derive(Debug)]
pub enum Mapping {
    /// The record's own bytes.
    Raw(Raw),
    /// What a plan makes of the record, in the XDM envelope.
    Mapped(Box<Mapped>),
}

/// A compiled mapping and what surrounds its objects.
#[derive(Debug)]
pub struct Mapped {
    plan: Plan,
    envelope: Envelope,
    account: Arc<Account>,
    tickets: Tickets,
    scratch: Scratch,
}

/// What a stream's records have to do with who asked for tickets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tickets {
    /// They are tickets.
    Are,
    /// They belong to tickets.
    BelongTo,
    /// Nothing.
    Neither,
}

/// Why a record cannot become a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// The record is not a JSON object.
    #[error("the record is not a JSON object")]
    NotAnObject,
    /// Nothing that the mapping takes has a value.
    #[error("the record has none of the mapped attributes")]
    Empty,
    /// A field that the message cannot do without has no value.
    #[error("`{path}` is required, and {why}")]
    Required {
        /// The field of the message.
        path: String,
        /// Why there is no value for it.
        why: String,
    },
    /// An event of a ticket whose requester is not known.
    #[error(
        "who asked for its ticket is not known: that is remembered of the tickets mapped since the \
         start of this process; to send such events without identity, set \
         `mapping.events_without_person`"
    )]
    NoRequester,
    /// The message is too large even without what may be left out.
    #[error(
        "the mapped object has {bytes} bytes, even without free text, custom fields and tags; \
         at most {limit} are stored"
    )]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The size that Adobe stores.
        limit: usize,
    },
}

/// What became of a record that can be mapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its message was written.
    Message,
    /// The mapping leaves such records out by choice, for this reason.
    Skipped(String),
}

impl Mapping {
    /// Compiles what the configuration says of the stream `spec`. `account` is what all streams of
    /// it share.
    ///
    /// # Errors
    /// When the mapping file is wrong; all its faults at once.
    pub fn new(
        spec: &StreamSpec,
        mapping: &config::Mapping,
        account: &Arc<Account>,
    ) -> Result<Self, Faults> {
        match mapping {
            config::Mapping::Raw { wrap } => Ok(Self::Raw(Raw::new(spec, *wrap))),
            config::Mapping::Mapped(mapped) => {
                let plan = preset::plan(spec, mapped)?;
                if let Some(of) = FieldsOf::of_stream(&spec.name) {
                    if plan.sends_titles {
                        account.want(of);
                    }
                    for key in plan.promoted() {
                        account.name(of, key);
                    }
                }
                if BELONGS_TO_TICKETS.contains(&&*spec.name) {
                    account.want_requesters();
                }
                Ok(Self::Mapped(Box::new(Mapped {
                    plan,
                    envelope: Envelope::new(&mapped.envelope),
                    account: account.clone(),
                    tickets: match &*spec.name {
                        "tickets" => Tickets::Are,
                        stream if BELONGS_TO_TICKETS.contains(&stream) => Tickets::BelongTo,
                        _ => Tickets::Neither,
                    },
                    scratch: Scratch::default(),
                })))
            }
        }
    }

    /// Where a message of this mapping that has so many bytes is about the record.
    fn content(&self, bytes: usize) -> Range<usize> {
        match self {
            Self::Raw(raw) => raw.content(bytes),
            Self::Mapped(mapped) => mapped.envelope.content(bytes),
        }
    }

    /// Writes the message for `record` at the end of `out`, and notes what it had to change.
    ///
    /// # Errors
    /// When the record cannot become a message; `out` is then as it was.
    pub fn write(
        &self,
        record: &Record,
        out: &mut Vec<u8>,
        notes: &mut Notes,
    ) -> Result<Outcome, MappingError> {
        self.write_standing(record, out, notes)
            .map(|(outcome, _)| outcome)
    }

    /// [`Self::write`], and what is known of the message.
    fn write_standing(
        &self,
        record: &Record,
        out: &mut Vec<u8>,
        notes: &mut Notes,
    ) -> Result<(Outcome, Standing), MappingError> {
        match self {
            Self::Raw(raw) => {
                raw.write(&record.bytes, out)?;
                Ok((Outcome::Message, Standing::Doubtful))
            }
            Self::Mapped(mapped) => {
                let before = out.len();
                mapped.envelope.open(out);
                let written = mapped.write(record, out, notes);
                if let Ok((Outcome::Message, _)) = written {
                    mapped.envelope.close(out);
                } else {
                    out.truncate(before);
                }
                written
            }
        }
    }
}

impl Mapped {
    /// Writes the object, with what is known from other streams.
    fn write(
        &self,
        record: &Record,
        out: &mut Vec<u8>,
        notes: &mut Notes,
    ) -> Result<(Outcome, Standing), MappingError> {
        let mut requester = None;
        match self.tickets {
            Tickets::Are => self.account.learn(&record.bytes),
            Tickets::BelongTo => requester = self.account.requester(&record.bytes),
            Tickets::Neither => {}
        }
        let requester = requester.map(|id| id.to_string());
        let joined = Joined {
            requester: requester.as_deref(),
            requester_email: None,
        };
        self.scratch.with(|arena| {
            self.plan
                .write(record, joined, &self.account, arena, out, notes)
        })
    }
}
