//! From a record to the message that leaves: mapped, made private, and judged.

use super::validation::Standing;
use super::{Mapping, MappingError, Notes, Outcome, Privacy, Refusal, Validation};
use crate::record::Record;

/// What makes the messages of one stream.
#[derive(Debug)]
pub struct Composer {
    mapping: Mapping,
    privacy: Option<Privacy>,
}

/// Why a record has no message that could be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It cannot become a message.
    #[error(transparent)]
    Unmappable(#[from] MappingError),
    /// The platform would refuse its message.
    #[error(transparent)]
    Invalid(#[from] Refusal),
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
        self.write_standing(record, out, notes)
            .map(|(outcome, _)| outcome)
    }

    /// [`Self::write`], and judges the message, but for what is known of it by the way it was made.
    ///
    /// # Errors
    /// When there is none, or it would be refused; what is in `out` then is of no use.
    pub fn write_judged(
        &self,
        record: &Record,
        validation: &Validation,
        out: &mut Vec<u8>,
        notes: &mut Notes,
    ) -> Result<Outcome, Unfit> {
        let begin = out.len();
        let (outcome, standing) = self.write_standing(record, out, notes)?;
        if outcome != Outcome::Message {
            return Ok(outcome);
        }
        let is_settled = match validation {
            Validation::Off => true,
            Validation::Fields => standing == Standing::Sound,
            Validation::Schema(_) => false,
        };
        if let Some(entity) = self.entity(&out[begin..]) {
            if !is_settled {
                validation.check(entity)?;
            } else {
                debug_assert_eq!(validation.check(entity), Ok(()));
            }
        }
        Ok(outcome)
    }

    fn write_standing(
        &self,
        record: &Record,
        out: &mut Vec<u8>,
        notes: &mut Notes,
    ) -> Result<(Outcome, Standing), MappingError> {
        let before = out.len();
        let (outcome, standing) = self.mapping.write_standing(record, out, notes)?;
        let (Outcome::Message, Some(privacy)) = (&outcome, &self.privacy) else {
            return Ok((outcome, standing));
        };
        let content = self.mapping.content(out.len() - before);
        let content = before + content.start..before + content.end;
        let mut private = Vec::with_capacity(content.len());
        if let Err(error) = privacy.write(&out[content.clone()], &mut private, notes) {
            out.truncate(before);
            return Err(error);
        }
        out.splice(content, private);
        Ok((outcome, Standing::Doubtful))
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
