//! Letters counted by stream and reason.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::cli::output::{self, grouped};
use crate::dead_letters::{Letter, ReasonCode};

/// The letters of one stream with one reason.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Group {
    stream: String,
    reason: ReasonCode,
    letters: u64,
    /// How many of them a later version of the record has superseded.
    superseded: u64,
}

/// All groups.
#[derive(Debug, Default)]
pub(in crate::cli) struct Groups(BTreeMap<(String, ReasonCode), (u64, u64)>);

impl Groups {
    pub(in crate::cli) fn count(&mut self, letter: &Letter) {
        let key = (letter.stream.clone(), letter.reason.code());
        let (letters, superseded) = self.0.entry(key).or_default();
        *letters += 1;
        *superseded += u64::from(letter.superseded);
    }

    pub(in crate::cli) fn into_vec(self) -> Vec<Group> {
        let group = |((stream, reason), (letters, superseded))| Group {
            stream,
            reason,
            letters,
            superseded,
        };
        self.0.into_iter().map(group).collect()
    }
}

impl Group {
    pub(in crate::cli) fn letters(&self) -> u64 {
        self.letters
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letters = grouped(self.letters);
        write!(f, "{}, {}: {letters}", self.stream, self.reason)?;
        match self.superseded {
            0 => Ok(()),
            n => write!(f, ", {} of them superseded", grouped(n)),
        }
    }
}

/// Prints a line for each group.
pub(super) fn print(groups: &[Group]) {
    for group in groups {
        output::line(&group.to_string());
    }
}
