//! What is wrong with a mapping file, and where.

use std::fmt;
use std::path::PathBuf;

use super::expression::Fault;

/// Where something is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) file: PathBuf,
    pub(super) line: usize,
    pub(super) key: String,
}

/// Everything that is wrong with a mapping file, each with its place and what to write instead.
#[derive(Debug)]
pub struct Faults(Vec<(Place, Fault)>);

impl Faults {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn add(&mut self, place: &Place, fault: Fault) {
        self.0.push((place.clone(), fault));
    }

    /// `value`, if nothing is wrong.
    pub(super) fn unless<T>(mut self, value: T) -> Result<T, Self> {
        if self.0.is_empty() {
            return Ok(value);
        }
        self.0
            .sort_by(|(a, _), (b, _)| (&a.file, a.line).cmp(&(&b.file, b.line)));
        Err(self)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => writeln!(f, "the mapping has 1 fault")?,
            count => writeln!(f, "the mapping has {count} faults")?,
        }
        for (place, fault) in &self.0 {
            let (file, line) = (place.file.display(), place.line);
            write!(f, "\n  {file}:{line}: ")?;
            if !place.key.is_empty() {
                write!(f, "{}: ", place.key)?;
            }
            write!(f, "{}\n      {}", fault.what, fault.remedy)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}
