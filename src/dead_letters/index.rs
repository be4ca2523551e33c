//! What the daemon knows of its letters without looking: which there are, and which of them a
//! newer version would supersede. As large as the store has letters, which are bounded.
//!
//! Other processes only remove letters and alter them, so what is known may be gone; never is
//! there more than is known.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::{Error, Letter, LetterId, Locked};
use crate::record::{Record, RecordId};

/// Letters by name and by record.
#[derive(Debug, Default)]
pub(super) struct Index {
    segments: HashMap<LetterId, u64>,
    /// Letters with a record's id that are not superseded, by stream and record.
    current: HashMap<String, HashMap<RecordId, Vec<Version>>>,
}

#[derive(Clone, Copy, Debug)]
struct Version {
    letter: LetterId,
    version: Option<Timestamp>,
}

impl Index {
    /// Reads every segment. Damaged lines are reported.
    pub(super) fn load(locked: &Locked<'_>) -> Result<Self, Error> {
        let mut index = Self::default();
        for number in locked.segments.numbers()? {
            for line in locked.read(number)? {
                match line.letter {
                    Ok(letter) => index.insert(&letter, number),
                    Err(damaged) => tracing::warn!(
                        "a dead letter is damaged; it stays where it is, and is skipped: {damaged}"
                    ),
                }
            }
        }
        Ok(index)
    }

    pub(super) fn insert(&mut self, letter: &Letter, segment: u64) {
        self.segments.insert(letter.id, segment);
        if let (Some(id), false) = (&letter.record_id, letter.superseded) {
            let stream = self.current.entry(letter.stream.clone()).or_default();
            stream.entry(id.clone()).or_default().push(Version {
                letter: letter.id,
                version: letter.version,
            });
        }
    }

    pub(super) fn contains(&self, letter: LetterId) -> bool {
        self.segments.contains_key(&letter)
    }

    /// The segment that holds, or held, each of `letters`, once.
    pub(super) fn segments_of(&self, letters: &HashSet<LetterId>) -> Vec<u64> {
        let mut segments: Vec<u64> = letters
            .iter()
            .filter_map(|letter| self.segments.get(letter).copied())
            .collect();
        segments.sort_unstable();
        segments.dedup();
        segments
    }

    /// The letters that `record`, just read, is a later version of.
    pub(super) fn outdated_by(
        &self,
        stream: &str,
        record: &Record,
    ) -> impl Iterator<Item = LetterId> {
        let known = self.versions(stream, record);
        // Most records have no letters; their ids are not needed.
        let same = (!known.is_empty()).then(|| LetterId::of(stream, record));
        let version = record.version;
        known
            .iter()
            // What was just read and is not older is later: versions have a resolution of one
            // second. The very same version supersedes nothing, it may be refused again.
            .filter(move |known| match (version, known.version) {
                (Some(version), Some(known)) => version >= known,
                _ => true,
            })
            .map(|known| known.letter)
            .filter(move |letter| Some(*letter) != same)
    }

    /// Whether there is a letter of a newer version of `record`.
    pub(super) fn has_newer(&self, stream: &str, record: &Record) -> bool {
        let mut known = self.versions(stream, record).iter();
        record.version.is_some() && known.any(|known| known.version > record.version)
    }

    fn versions(&self, stream: &str, record: &Record) -> &[Version] {
        let known = record
            .id
            .as_ref()
            .and_then(|id| self.current.get(stream)?.get(id));
        known.map_or(&[], Vec::as_slice)
    }

    /// Takes note that letters are superseded.
    pub(super) fn supersede(&mut self, letters: &HashSet<LetterId>) {
        for stream in self.current.values_mut() {
            stream.retain(|_, versions| {
                versions.retain(|version| !letters.contains(&version.letter));
                !versions.is_empty()
            });
        }
    }
}
