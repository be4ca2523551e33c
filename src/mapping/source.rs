//! The record's side: which of its fields a mapping reads, and where in them a value is.

use std::fmt;

use super::value::Value;
use crate::json::{Children, Keys, Malformed};

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

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.0.count()
    }

    /// Picks the fields out of `record`, each into its slot of `fields`.
    pub(super) fn pick<'r>(
        &self,
        record: &'r str,
        fields: &mut [Option<&'r str>],
    ) -> Result<(), Malformed> {
        self.0.pick(record, fields)
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
    pub(super) fn value<'r>(&self, record: &[Option<&'r str>]) -> Value<'r> {
        let mut value = record.get(self.slot).copied().flatten();
        for step in &self.steps {
            let Some(json) = value else { break };
            value = match step {
                Step::Key(key) => member(json, key),
                Step::Place(place) => element(json, *place),
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

/// The value of `key` in an object, the last one if there are several; `None` of anything else.
pub(super) fn member<'j>(object: &'j str, key: &str) -> Option<&'j str> {
    let mut members = Children::of_object(object).ok()?;
    let mut found = None;
    while let Some(member) = members.advance().ok()? {
        if member.key()? == key {
            found = Some(member.value).filter(|value| *value != "null");
        }
    }
    found
}

fn element(list: &str, place: usize) -> Option<&str> {
    let mut elements = Children::of_list(list).ok()?;
    for _ in 0..place {
        elements.advance().ok()?;
    }
    Some(elements.advance().ok()??.value)
}
