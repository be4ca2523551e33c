//! What went wrong lately: repeated failures as one, and no more than a person reads.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::limits;

/// Something that went wrong, once or several times in a row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// When it last did.
    pub at: Timestamp,
    /// When it first did.
    pub since: Timestamp,
    /// How many times in a row.
    pub times: u64,
    /// The stream it happened to.
    pub stream: Option<String>,
    /// The code of the error (`docs/errors.md`).
    pub code: String,
    /// What happened.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// The newest first.
#[derive(Debug, Default)]
pub(super) struct Failures(VecDeque<Remembered>);

#[derive(Debug)]
struct Remembered {
    failure: Failure,
    /// Nothing else has happened to its stream since.
    goes_on: bool,
}

impl Failures {
    /// Takes note of one. The same as the last one of its stream is that one again.
    pub(super) fn add(&mut self, new: Failure) {
        let of_stream = |one: &Remembered| one.failure.stream == new.stream;
        let last = self.0.iter().position(of_stream);
        let again = last.filter(|place| {
            let last = &self.0[*place];
            last.goes_on && last.failure.code == new.code
        });
        let failure = match again.and_then(|place| self.0.remove(place)) {
            Some(before) => Failure {
                since: before.failure.since,
                times: before.failure.times + new.times,
                ..new
            },
            None => {
                if let Some(place) = last {
                    self.0[place].goes_on = false;
                }
                new
            }
        };
        self.0.push_front(Remembered {
            failure,
            goes_on: true,
        });
        self.0.truncate(limits::FAILURES_REMEMBERED);
    }

    /// A stream works again: the next failure is a new one.
    pub(super) fn over(&mut self, stream: &str) {
        for one in &mut self.0 {
            if one.failure.stream.as_deref() == Some(stream) {
                one.goes_on = false;
            }
        }
    }

    pub(super) fn newest_first(&self) -> Vec<Failure> {
        self.0.iter().map(|one| one.failure.clone()).collect()
    }
}
