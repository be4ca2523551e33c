//! From a record to the message that the inlet gets. Pure: no I/O, no clock, and the same bytes
//! out for the same bytes in.

mod adobe_source;
mod composer;
mod envelope;
mod notes;
mod path;
mod privacy;
mod validation;

use std::ops::Range;

use crate::config;
use crate::record::Record;
use envelope::Envelope;
pub use validation::{Finding, Refusal, Schema, SchemaError, Validation};

pub use composer::Composer;
pub use notes::{Change, Note, Notes};
pub use privacy::{Privacy, PrivacyError};

/// How one stream's records become messages.
#[derive(Debug)]
pub enum Mapping {
    /// The record's own bytes.
    Raw,
    /// What Adobe's own Zendesk source makes of a user, in the XDM envelope.
    AdobeSourceCompatible {
        /// Key of the tenant object, quoted for JSON.
        tenant: String,
        /// What surrounds the mapped object.
        envelope: Envelope,
    },
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
    /// The message is too large even without what may be left out.
    #[error(
        "the mapped object has {bytes} bytes, even without free text, custom fields and tags; at most {limit} are stored"
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
pub enum Mapped {
    /// Its message was written.
    Message,
    /// The mapping leaves such records out by choice, for this reason.
    Skipped(String),
}

impl Mapping {
    /// Compiles what the configuration says.
    pub fn new(mapping: &config::Mapping) -> Self {
        match mapping {
            config::Mapping::Raw => Self::Raw,
            config::Mapping::AdobeSourceCompatible { tenant, envelope } => {
                Self::AdobeSourceCompatible {
                    tenant: serde_json::Value::from(tenant.as_str()).to_string(),
                    envelope: Envelope::new(envelope),
                }
            }
        }
    }

    /// Where a message of this mapping that has so many bytes is about the record.
    fn content(&self, bytes: usize) -> Range<usize> {
        match self {
            Self::Raw => 0..bytes,
            Self::AdobeSourceCompatible { envelope, .. } => envelope.content(bytes),
        }
    }

    /// Writes the message for `record` at the end of `out`.
    ///
    /// # Errors
    /// When the record cannot become a message; `out` is then as it was.
    pub fn write(
        &self,
        record: &Record,
        out: &mut Vec<u8>,
        _notes: &mut Notes,
    ) -> Result<Mapped, MappingError> {
        match self {
            Self::Raw => {
                // The inlet takes objects only; anything else would cost the whole request.
                if !record.bytes.starts_with(b"{") {
                    return Err(MappingError::NotAnObject);
                }
                out.extend_from_slice(&record.bytes);
                Ok(Mapped::Message)
            }
            Self::AdobeSourceCompatible { tenant, envelope } => {
                let before = out.len();
                envelope.open(out);
                let written = adobe_source::write(&record.bytes, tenant, out);
                match written {
                    Ok(()) => envelope.close(out),
                    Err(_) => out.truncate(before),
                }
                written.map(|()| Mapped::Message)
            }
        }
    }
}
