//! How many letters there are and why, for whoever asks again and again.
//!
//! Segments are counted without the lock, so that nobody who asks holds up a delivery or waits for
//! a retry. Of a segment that changes meanwhile, a line may be missed until the next count.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::time::SystemTime;

use super::segments::failed;
use super::{Error, Letter, ReasonCode, Segments};

/// Counts letters; remembers what it counted of segments that have not changed since.
#[derive(Debug, Default)]
pub struct Census(BTreeMap<u64, Counted>);

/// The letters of one stream with one reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// How many.
    pub letters: u64,
    /// How many of them a later version of the record has superseded.
    pub superseded: u64,
}

/// Letters by stream and reason.
pub type Groups = BTreeMap<(String, ReasonCode), Group>;

#[derive(Debug)]
struct Counted {
    size: u64,
    modified: SystemTime,
    groups: Groups,
}

impl Census {
    /// The size of the store in bytes, and its letters by stream and reason. Reads what has changed
    /// since the last count.
    ///
    /// # Errors
    /// When the files cannot be looked at or read.
    pub fn count(&mut self, segments: &Segments) -> Result<(u64, Groups), Error> {
        let mut counted = BTreeMap::new();
        for number in segments.numbers()? {
            let path = segments.path(number);
            let look = || {
                let metadata = fs::metadata(&path)?;
                io::Result::Ok((metadata.len(), metadata.modified()?))
            };
            let (size, modified) = match look() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                looked => looked.map_err(failed("look at", &path))?,
            };
            let known = self.0.remove(&number);
            let known = known.filter(|known| known.size == size && known.modified == modified);
            let known = match known {
                Some(known) => known,
                None => Counted {
                    size,
                    modified,
                    groups: match fs::read(&path) {
                        Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                        bytes => groups_of(&bytes.map_err(failed("read", &path))?),
                    },
                },
            };
            counted.insert(number, known);
        }
        self.0 = counted;
        let mut groups = Groups::new();
        for (key, counted) in self.0.values().flat_map(|one| &one.groups) {
            let group = groups.entry(key.clone()).or_default();
            group.letters += counted.letters;
            group.superseded += counted.superseded;
        }
        Ok((self.0.values().map(|one| one.size).sum(), groups))
    }
}

/// Counts the letters of a segment. Damaged lines are left out: they are reported where they are
/// read for more than their number.
fn groups_of(segment: &[u8]) -> Groups {
    let mut groups = Groups::new();
    for line in segment.split(|byte| *byte == b'\n') {
        if let Ok(letter) = Letter::decode(line) {
            let group = groups
                .entry((letter.stream, letter.reason.code()))
                .or_default();
            group.letters += 1;
            group.superseded += u64::from(letter.superseded);
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::config;
    use crate::dead_letters::{DeadLetters, testing};

    #[test]
    fn letters_are_counted_as_they_come_change_and_go() {
        let directory = tempfile::tempdir().expect("a directory");
        let segments = Segments::of(directory.path());
        let mut census = Census::default();
        let empty = census.count(&segments).expect("counted");
        assert_eq!(empty, (0, Groups::new()), "before the first daemon");

        let bounds = config::DeadLetters {
            max_size: u64::MAX,
            keep: None,
        };
        let store = DeadLetters::open(directory.path(), &bounds).expect("opened");
        let letters = [
            testing::refused("1", 1, "{}"),
            testing::refused("2", 1, "{}"),
        ];
        store.append("users", &letters).expect("appended");
        let group = |letters, superseded| Group {
            letters,
            superseded,
        };
        let rejected = |stream: &str| (stream.to_owned(), letters[0].reason.code());
        let (bytes, groups) = census.count(&segments).expect("counted");
        assert!(bytes > 0);
        assert_eq!(groups, [(rejected("users"), group(2, 0))].into());

        store.append("tickets", &letters[..1]).expect("appended");
        let outdated: HashSet<_> = store.outdated_by("users", &[testing::record("1", 2, "{}")]);
        store.supersede(&outdated).expect("marked");
        let (more, groups) = census.count(&segments).expect("counted");
        assert!(more > bytes);
        assert_eq!(
            groups,
            [
                (rejected("tickets"), group(1, 0)),
                (rejected("users"), group(2, 1)),
            ]
            .into()
        );
    }
}
