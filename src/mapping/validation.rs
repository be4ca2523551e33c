//! Whether the platform would take a message, found out before it is sent.
//!
//! A 200 of the inlet means "received": what the platform refuses later ends in a failed batch that
//! nobody looks at, or silently misses the profile. So a message is judged here, and a record that
//! would be refused goes to the dead letters with the path and the reason. Pure: no I/O, no clock.
//!
//! Nothing here quotes a value: the findings go to logs, and values are personal.

mod fields;
mod forms;
mod known;
mod proof;
mod schema;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::sync::Arc;

use crate::mapping::path::Path;
pub(super) use proof::{Place, Proof};
pub use schema::{Schema, SchemaError};

/// How far messages are judged before they are sent.
#[derive(Clone, Debug)]
pub enum Validation {
    /// Not at all.
    Off,
    /// By what holds for every schema: no empty values, and the formats, ranges, sizes and
    /// identities of Adobe's standard fields.
    Fields,
    /// By this schema as well.
    Schema(Arc<Schema>),
}

/// What is known of a message when it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// By what it is made of, the checks that hold for every schema have nothing to say to it.
    Sound,
    /// It is to be judged.
    Doubtful,
}

/// Why a message would be refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    /// At least one, at most [`Refusal::FINDINGS_MAX`], in the order of the message.
    pub findings: Vec<Finding>,
    /// How many there were beyond these.
    pub further: usize,
}

/// One thing that is wrong with a message.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Finding {
    /// Where, as in `identityMap.Email[0].id`; empty for the message as a whole.
    pub path: String,
    /// What is wrong there, to be read after the path. Never quotes a value.
    pub problem: Cow<'static, str>,
}

impl Validation {
    /// Judges a mapped object: the content of `xdmEntity`.
    ///
    /// # Errors
    /// When the platform would refuse it.
    pub fn check(&self, entity: &[u8]) -> Result<(), Refusal> {
        let findings = Findings::default();
        match self {
            Self::Off => {}
            Self::Fields => fields::check(entity, &findings),
            Self::Schema(schema) => {
                fields::check(entity, &findings);
                schema.check(entity, &findings);
            }
        }
        findings.into_result()
    }
}

impl Refusal {
    /// Findings told of one message: streaming validation stops after as many.
    pub const FINDINGS_MAX: usize = 5;
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, finding) in self.findings.iter().enumerate() {
            let separator = if index > 0 { "; " } else { "" };
            write!(f, "{separator}{finding}")?;
        }
        match self.further {
            0 => Ok(()),
            further => write!(f, "; and {further} more"),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.path.as_str() {
            "" => write!(f, "the message {}", self.problem),
            path => write!(f, "{path} {}", self.problem),
        }
    }
}

/// The findings so far; shared by all levels of a walk.
#[derive(Debug, Default)]
struct Findings(RefCell<(Vec<Finding>, usize)>);

impl Findings {
    fn add(&self, path: Path<'_>, problem: impl Into<Cow<'static, str>>) {
        let (findings, further) = &mut *self.0.borrow_mut();
        if findings.len() < Refusal::FINDINGS_MAX {
            findings.push(Finding {
                path: path.to_string(),
                problem: problem.into(),
            });
        } else {
            *further += 1;
        }
    }

    /// Adds what is wrong at `path`, unless that place is known to be bad.
    fn add_new(&self, path: Path<'_>, problem: impl Into<Cow<'static, str>>) {
        let text = path.to_string();
        if !self.0.borrow().0.iter().any(|known| known.path == text) {
            self.add(path, problem);
        }
    }

    /// What was found so far is of no use.
    fn forget(&self) {
        self.0.take();
    }

    fn into_result(self) -> Result<(), Refusal> {
        match self.0.into_inner() {
            (findings, _) if findings.is_empty() => Ok(()),
            (findings, further) => Err(Refusal { findings, further }),
        }
    }
}
