//! What a mapping left out or changed, for whoever asks: the preview, and the counters.

use std::fmt;

use crate::limits;

/// How a message differs from what the record and the mapping would have made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// A value that was there, but is not what its field takes; it was left out.
    Omitted,
    /// A text longer than its field takes; it was cut.
    Shortened,
    /// A value left out to keep the message within its size.
    Shed,
    /// A value left out by a rule of `privacy`.
    Dropped,
    /// A value left out because it is not on the list of `privacy`.
    Unlisted,
    /// A value replaced by its keyed hash.
    Hashed,
    /// A value of which a part was hidden.
    Masked,
}

impl Change {
    /// Each of them.
    pub const ALL: [Self; 7] = [
        Self::Omitted,
        Self::Shortened,
        Self::Shed,
        Self::Dropped,
        Self::Unlisted,
        Self::Hashed,
        Self::Masked,
    ];
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Note {
    /// What was done.
    pub change: Change,
    /// The field of the message, as a path: `person.name.firstName`.
    pub path: String,
    /// Why, in words. Quotes nothing of the record.
    pub why: String,
}

/// The changes made to one record, or to many: always counted, kept only if asked for.
#[derive(Debug, Default)]
pub struct Notes {
    counts: [u64; Change::ALL.len()],
    kept: Option<Vec<Note>>,
}

/// A point to return to with [`Notes::rewind`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    counts: [u64; Change::ALL.len()],
    kept: usize,
}

impl Notes {
    /// Counts only: costs nothing.
    pub fn counting() -> Self {
        Self::default()
    }

    /// Counts, and keeps each note up to [`limits::NOTES_KEPT_MAX`].
    pub fn keeping() -> Self {
        Self {
            kept: Some(Vec::new()),
            ..Self::default()
        }
    }

    /// How often `change` was made.
    pub fn count(&self, change: Change) -> u64 {
        self.counts[change as usize]
    }

    /// The notes that were kept, in the order of the message's fields.
    pub fn kept(&self) -> &[Note] {
        self.kept.as_deref().unwrap_or_default()
    }

    pub(super) fn add(&mut self, change: Change, path: &str, why: &str) {
        self.add_at(change, path, why);
    }

    /// [`Notes::add`], for a path that is written only if it is kept.
    pub(super) fn add_at(&mut self, change: Change, path: impl fmt::Display, why: &str) {
        self.counts[change as usize] += 1;
        if let Some(kept) = &mut self.kept
            && kept.len() < limits::NOTES_KEPT_MAX
        {
            kept.push(Note {
                change,
                path: path.to_string(),
                why: why.to_owned(),
            });
        }
    }

    pub(super) fn mark(&self) -> Mark {
        Mark {
            counts: self.counts,
            kept: self.kept().len(),
        }
    }

    /// Forgets what was noted since `mark`: that attempt did not become the message.
    pub(super) fn rewind(&mut self, mark: Mark) {
        self.counts = mark.counts;
        if let Some(kept) = &mut self.kept {
            kept.truncate(mark.kept);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_always_and_keeps_what_it_is_asked_to() {
        for (mut notes, kept) in [(Notes::counting(), 0), (Notes::keeping(), 1)] {
            notes.add(Change::Omitted, "timeZone", "it is no IANA name");
            let mark = notes.mark();
            notes.add(Change::Omitted, "a", "b");
            notes.add(Change::Shed, "a", "b");
            notes.rewind(mark);
            let counts = Change::ALL.map(|change| notes.count(change));
            assert_eq!(counts, [1, 0, 0, 0, 0, 0, 0]);
            assert_eq!(notes.kept().len(), kept);
        }
    }

    #[test]
    fn a_hostile_record_cannot_fill_the_memory_with_notes() {
        let mut notes = Notes::keeping();
        for _ in 0..=limits::NOTES_KEPT_MAX {
            notes.add(Change::Omitted, "tags", "an element is no text");
        }
        assert_eq!(notes.kept().len(), limits::NOTES_KEPT_MAX);
        assert_eq!(
            notes.count(Change::Omitted),
            limits::NOTES_KEPT_MAX as u64 + 1
        );
    }
}
