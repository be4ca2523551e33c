//! Letters counted by stream and reason.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cli::output::{self, grouped};
use crate::dead_letters::{Letter, ReasonCode};

/// The letters of one stream with one reason.
#[derive(Debug, Serialize)]
pub(super) struct Group {
    stream: String,
    reason: ReasonCode,
    letters: u64,
    /// How many of them a later version of the record has superseded.
    superseded: u64,
}

/// All groups.
#[derive(Debug, Default)]
pub(super) struct Groups(BTreeMap<(String, ReasonCode), (u64, u64)>);

impl Groups {
    pub(super) fn count(&mut self, letter: &Letter) {
        let key = (letter.stream.clone(), letter.reason.code());
        let (letters, superseded) = self.0.entry(key).or_default();
        *letters += 1;
        *superseded += u64::from(letter.superseded);
    }

    pub(super) fn into_vec(self) -> Vec<Group> {
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
    pub(super) fn letters(&self) -> u64 {
        self.letters
    }
}

/// Prints a line for each group.
pub(super) fn print(groups: &[Group]) {
    for group in groups {
        let superseded = match group.superseded {
            0 => String::new(),
            n => format!(", {} of them superseded", grouped(n)),
        };
        output::line(&format!(
            "{}, {}: {}{superseded}",
            group.stream,
            group.reason,
            grouped(group.letters),
        ));
    }
}
