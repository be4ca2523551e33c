//! From a record to the message that leaves: mapped, then made private.

use super::{Mapping, MappingError, Notes, Outcome, Privacy};
use crate::record::Record;

/// What makes the messages of one stream.
#[derive(Debug)]
pub struct Composer {
    mapping: Mapping,
    privacy: Option<Privacy>,
}

impl Composer {
    /// Joins the two.
    pub fn new(mapping: Mapping, privacy: Option<Privacy>) -> Self {
        Self { mapping, privacy }
    }

    /// Writes the message for `record` at the end of `out`, and notes what is not as in the record.
    ///
    /// # Errors
    /// When the record cannot become a message, or nothing of it may leave; `out` is then as it was.
    pub fn write(
        &self,
        record: &Record,
        out: &mut Vec<u8>,
        notes: &mut Notes,
    ) -> Result<Outcome, MappingError> {
        let before = out.len();
        let outcome = self.mapping.write(record, out, notes)?;
        if let (Outcome::Message, Some(privacy)) = (&outcome, &self.privacy) {
            let content = self.mapping.content(out.len() - before);
            let content = before + content.start..before + content.end;
            let mut private = Vec::with_capacity(content.len());
            if let Err(error) = privacy.write(&out[content.clone()], &mut private, notes) {
                out.truncate(before);
                return Err(error);
            }
            out.splice(content, private);
        }
        Ok(outcome)
    }

    /// The part of a message that is about the record: the record of a raw one, else the mapped object.
    pub fn content<'m>(&self, message: &'m [u8]) -> &'m [u8] {
        &message[self.mapping.content(message.len())]
    }

    /// The mapped object of a message; `None` if the platform maps it itself.
    pub fn entity<'m>(&self, message: &'m [u8]) -> Option<&'m [u8]> {
        match self.mapping {
            Mapping::Raw(_) => None,
            Mapping::Mapped(_) => Some(self.content(message)),
        }
    }
}
