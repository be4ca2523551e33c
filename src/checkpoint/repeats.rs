//! Recognising what comes twice.
//!
//! Overlapping windows and recovered cursors read again what was settled before. A record is a
//! repeat if its id, its version and its content are known; one of an older version than known is
//! superseded, and sending it would let an old version overtake a new one. Same id and version
//! with other content is no repeat: Zendesk's versions have a resolution of one second.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::sync::Arc;

use foldhash::fast::RandomState;
use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use crate::limits;
use crate::record::{Record, RecordId};

/// One remembered version; written as `id version crc` on one line of the state file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Seen {
    id: RecordId,
    version: Timestamp,
    crc: u32,
}

/// What is known of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: it must be sent.
    New,
    /// Exactly this was settled before.
    Repeat,
    /// A newer version was settled before.
    Superseded,
}

/// The newest known version of each record around the checkpoint, at most
/// [`limits::REPEATS_REMEMBERED_MAX`].
#[derive(Clone, Debug, Default)]
pub struct Repeats {
    by_id: HashMap<RecordId, (Timestamp, u32), RandomState>,
}

impl Repeats {
    /// From what the state file remembers.
    pub fn new(seen: &[Seen]) -> Self {
        Self {
            by_id: seen
                .iter()
                .map(|seen| (seen.id.clone(), (seen.version, seen.crc)))
                .collect(),
        }
    }

    /// Whether `record` need not be sent.
    pub fn judge(&self, record: &Record) -> Verdict {
        let (Some(id), Some(version)) = (&record.id, record.version) else {
            return Verdict::New;
        };
        self.by_id
            .get(id)
            .map_or(Verdict::New, |known| judge(*known, (version, record.crc)))
    }

    /// [`Self::judge`]; and if it is new, takes note of a record that is settled, or will be before
    /// anything read after it.
    pub fn note(&mut self, record: &Record) -> Verdict {
        let (Some(id), Some(version)) = (&record.id, record.version) else {
            return Verdict::New;
        };
        let given = (version, record.crc);
        match self.by_id.entry(id.clone()) {
            Entry::Vacant(unknown) => {
                unknown.insert(given);
                Verdict::New
            }
            Entry::Occupied(mut known) => {
                let verdict = judge(*known.get(), given);
                if verdict == Verdict::New {
                    known.insert(given);
                }
                verdict
            }
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.by_id.clear();
    }

    /// Forgets versions before `horizon`, which cannot come again, and the oldest beyond the limit.
    pub fn trim(&mut self, horizon: Option<Timestamp>) {
        if let Some(horizon) = horizon {
            self.by_id.retain(|_, (version, _)| *version >= horizon);
        }
        let excess = self
            .by_id
            .len()
            .saturating_sub(limits::REPEATS_REMEMBERED_MAX);
        if excess > 0 {
            let mut versions: Vec<Timestamp> =
                self.by_id.values().map(|(version, _)| *version).collect();
            // All of the second at the edge go: what is forgotten is sent again, never lost.
            let (_, edge, _) = versions.select_nth_unstable(excess - 1);
            let edge = *edge;
            self.by_id.retain(|_, (version, _)| *version > edge);
        }
    }

    /// For the state file, oldest first.
    pub fn to_seen(&self) -> Arc<[Seen]> {
        let mut seen: Vec<Seen> = self
            .by_id
            .iter()
            .map(|(id, &(version, crc))| Seen {
                id: id.clone(),
                version,
                crc,
            })
            .collect();
        seen.sort_unstable_by(|a, b| (a.version, &a.id).cmp(&(b.version, &b.id)));
        seen.into()
    }
}

/// What a version and checksum are to someone who knows others of the same record.
fn judge(known: (Timestamp, u32), given: (Timestamp, u32)) -> Verdict {
    match known.0.cmp(&given.0) {
        Ordering::Greater => Verdict::Superseded,
        Ordering::Equal if known.1 == given.1 => Verdict::Repeat,
        Ordering::Equal | Ordering::Less => Verdict::New,
    }
}

impl Seen {
    /// Whether nothing is remembered.
    pub(super) fn are_none(seen: &Arc<[Self]>) -> bool {
        seen.is_empty()
    }

    /// When the remembered version came to be.
    pub fn version(&self) -> Timestamp {
        self.version
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The id comes last: it is the only part that may hold a blank.
        write!(f, "{} {:08x} {}", self.version, self.crc, self.id)
    }
}

impl Serialize for Seen {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl TryFrom<String> for Seen {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let parse = || {
            let (version, rest) = text.split_once(' ')?;
            let (crc, id) = rest.split_once(' ')?;
            Some(Self {
                id: RecordId::new(id),
                version: version.parse().ok()?,
                crc: u32::from_str_radix(crc, 16).ok()?,
            })
        };
        parse().ok_or_else(|| format!("`{text}` is not a remembered version (time, checksum, id)"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use proptest::prelude::*;

    fn record(id: &str, version: i64, content: &'static str) -> Record {
        Record::new(
            Bytes::from_static(content.as_bytes()),
            Some(RecordId::new(id)),
            Timestamp::from_second(version).ok(),
        )
    }

    #[test]
    fn repeats_superseded_and_same_second_changes() {
        let mut repeats = Repeats::default();
        repeats.note(&record("1", 100, "a"));
        let check = |record: Record, expected| assert_eq!(repeats.judge(&record), expected);
        check(record("1", 100, "a"), Verdict::Repeat);
        check(record("1", 100, "b"), Verdict::New);
        check(record("1", 101, "a"), Verdict::New);
        check(record("1", 99, "a"), Verdict::Superseded);
        check(record("2", 100, "a"), Verdict::New);
        check(
            Record {
                id: None,
                ..record("1", 100, "a")
            },
            Verdict::New,
        );
        check(
            Record {
                version: None,
                ..record("1", 100, "a")
            },
            Verdict::New,
        );
    }

    #[test]
    fn what_cannot_come_again_is_forgotten() {
        let mut repeats = Repeats::default();
        repeats.note(&record("1", 100, "a"));
        repeats.note(&record("2", 101, "a"));
        repeats.trim(Timestamp::from_second(101).ok());
        assert_eq!(repeats.judge(&record("1", 100, "a")), Verdict::New);
        assert_eq!(repeats.judge(&record("2", 101, "a")), Verdict::Repeat);
    }

    #[test]
    fn the_memory_is_bounded_and_keeps_the_newest() {
        let mut repeats = Repeats::default();
        let many = i64::try_from(limits::REPEATS_REMEMBERED_MAX).expect("fits") + 10;
        for n in 0..many {
            repeats.note(&record(&n.to_string(), n, "a"));
        }
        repeats.trim(None);
        assert_eq!(repeats.to_seen().len(), limits::REPEATS_REMEMBERED_MAX);
        assert_eq!(repeats.judge(&record("9", 9, "a")), Verdict::New);
        assert_eq!(repeats.judge(&record("10", 10, "a")), Verdict::Repeat);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(id in ".{1,20}", version in 0i64..4_000_000_000, content in any::<u32>()) {
            let seen = Seen {
                id: RecordId::new(id),
                version: Timestamp::from_second(version).expect("in range"),
                crc: content,
            };
            prop_assert_eq!(Seen::try_from(seen.to_string()), Ok(seen));
        }

        #[test]
        fn nothing_read_panics(text in ".{0,60}") {
            let _ = Seen::try_from(text);
        }
    }
}
