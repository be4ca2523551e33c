//! The record's side: which of its fields a mapping reads, and where in them a value is.

use std::fmt;

use serde_json::value::RawValue;

use super::value::Value;
use crate::json::{self, Keys};

/// The fields of a record that a mapping reads, each with the number of its slot.
///
/// Everything else in the record is passed over without being looked at.
#[derive(Debug, Default)]
pub(super) struct Slots(Keys);

impl Slots {
    /// The slot of `field`, a new one if it has none yet.
    pub(super) fn slot(&mut self, field: &str) -> usize {
        self.0.place(field)
    }

    /// Picks the fields out of `record`.
    pub(super) fn pick<'r>(
        &self,
        record: &'r [u8],
    ) -> serde_json::Result<Vec<Option<&'r RawValue>>> {
        json::pick_all(record, &self.0)
    }
}

/// One step into a value.
#[derive(Debug)]
pub(super) enum Step {
    /// The value of a key.
    Key(Box<str>),
    /// An element, from 0.
    Place(usize),
}

/// A place in a record.
#[derive(Debug)]
pub(super) struct Path {
    field: Box<str>,
    slot: usize,
    steps: Vec<Step>,
}

impl Path {
    pub(super) fn new(field: &str, slot: usize, steps: Vec<Step>) -> Self {
        Self {
            field: field.into(),
            slot,
            steps,
        }
    }

    /// What `record` has there.
    pub(super) fn value<'r>(&self, record: &[Option<&'r RawValue>]) -> Value<'r> {
        let mut value = record.get(self.slot).copied().flatten();
        for step in &self.steps {
            let Some(json) = value else { break };
            value = match step {
                Step::Key(key) => member(json.get(), key),
                Step::Place(place) => serde_json::from_str::<Vec<&RawValue>>(json.get())
                    .ok()
                    .and_then(|elements| elements.get(*place).copied()),
            };
        }
        Value::of(value)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.field)?;
        for step in &self.steps {
            match step {
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Place(place) => write!(f, "[{place}]")?,
            }
        }
        Ok(())
    }
}

/// The value of `key` in an object; `None` of anything else.
pub(super) fn member<'j>(object: &'j str, key: &str) -> Option<&'j RawValue> {
    let [value] = json::pick(object.as_bytes(), &[key]).ok()?;
    value
}
