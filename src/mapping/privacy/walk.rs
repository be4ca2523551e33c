//! Copying an object, with the rules applied.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::leaf::{self, Hasher};
use super::rules::{Action, Position, Verdict};
use crate::config::Mask;
use crate::limits;
use crate::mapping::notes::{Change, Notes};
use crate::mapping::path::Path;

const NOT_LISTED: &str = "it is not on the list of what may leave";
const DROPPED: &str = "a rule of `privacy` leaves it out";
const TOO_DEEP: &str = "it is nested too deeply to be looked through";

/// One pass over an object.
pub(super) struct Walk<'w> {
    pub(super) hasher: Option<&'w Hasher>,
    pub(super) notes: &'w mut Notes,
    pub(super) out: &'w mut Vec<u8>,
}

impl Walk<'_> {
    /// Writes what may leave of the object `text`; false if nothing of it may.
    pub(super) fn object(
        &mut self,
        text: &str,
        position: &Position<'_>,
        path: Path<'_>,
        depth: usize,
    ) -> serde_json::Result<bool> {
        let members = members(text)?;
        let opened = self.open(b'{', members.is_empty());
        for (key, value) in &members {
            let path = Path::Member(&path, key);
            let before = self.next(opened);
            serde_json::to_writer(&mut *self.out, key)?;
            self.out.push(b':');
            let written = match position.member(key) {
                Verdict::Leave => self.copy(value.get()),
                Verdict::NotListed => self.withhold(Change::Unlisted, path, NOT_LISTED),
                Verdict::Act(Action::Drop) => self.withhold(Change::Dropped, path, DROPPED),
                Verdict::Act(Action::Hash) => self.treat(value, path, depth, &Treatment::Hash)?,
                Verdict::Act(Action::Mask(mask)) => {
                    self.treat(value, path, depth, &Treatment::Mask(mask))?
                }
                Verdict::Within(position) => self.within(value, &position, path, depth)?,
            };
            self.keep_if(written, before);
        }
        Ok(self.close(b'}', opened))
    }

    /// Writes what may leave of a value that has rules of its own inside.
    fn within(
        &mut self,
        value: &RawValue,
        position: &Position<'_>,
        path: Path<'_>,
        depth: usize,
    ) -> serde_json::Result<bool> {
        if depth >= limits::VALUE_DEPTH_MAX {
            return Ok(self.withhold(Change::Dropped, path, TOO_DEEP));
        }
        let text = value.get();
        match text.as_bytes().first() {
            Some(b'{') => self.object(text, position, path, depth + 1),
            Some(b'[') => self.list(text, path, |walk, element, path| {
                walk.within(element, position, path, depth + 1)
            }),
            _ if position.takes_scalars() => Ok(self.copy(text)),
            _ => Ok(self.withhold(Change::Unlisted, path, NOT_LISTED)),
        }
    }

    /// Writes a value with every text and number in it replaced.
    fn treat(
        &mut self,
        value: &RawValue,
        path: Path<'_>,
        depth: usize,
        how: &Treatment,
    ) -> serde_json::Result<bool> {
        if depth >= limits::VALUE_DEPTH_MAX {
            return Ok(self.withhold(Change::Dropped, path, TOO_DEEP));
        }
        let json = value.get();
        let text = match json.as_bytes().first() {
            Some(b'{') => {
                let members = members(json)?;
                let opened = self.open(b'{', members.is_empty());
                for (key, value) in &members {
                    let before = self.next(opened);
                    serde_json::to_writer(&mut *self.out, key)?;
                    self.out.push(b':');
                    let path = Path::Member(&path, key);
                    let written = self.treat(value, path, depth + 1, how)?;
                    self.keep_if(written, before);
                }
                return Ok(self.close(b'}', opened));
            }
            Some(b'[') => {
                return self.list(json, path, |walk, element, path| {
                    walk.treat(element, path, depth + 1, how)
                });
            }
            Some(b'"') => serde_json::from_str::<Cow<'_, str>>(json)?,
            _ => Cow::Borrowed(json),
        };
        // All empty values would become the same person.
        if text.trim().is_empty() || json == "null" {
            return Ok(self.copy(json));
        }
        let (change, why, replaced) = match (how, self.hasher) {
            (Treatment::Hash, Some(hasher)) => {
                (Change::Hashed, "its keyed hash is sent", hasher.hash(&text))
            }
            // The configuration does not load without a key; nothing leaves by a mistake in that.
            (Treatment::Hash, None) => {
                return Ok(self.withhold(Change::Dropped, path, "there is no key to hash it with"));
            }
            (Treatment::Mask(mask), _) => (
                Change::Masked,
                "part of it is hidden",
                leaf::mask(&text, *mask),
            ),
        };
        self.notes.add_at(change, path, why);
        serde_json::to_writer(&mut *self.out, &replaced)?;
        Ok(true)
    }

    fn list(
        &mut self,
        text: &str,
        path: Path<'_>,
        mut element: impl FnMut(&mut Self, &RawValue, Path<'_>) -> serde_json::Result<bool>,
    ) -> serde_json::Result<bool> {
        let elements: Vec<&RawValue> = serde_json::from_str(text)?;
        let opened = self.open(b'[', elements.is_empty());
        for (index, value) in elements.into_iter().enumerate() {
            let before = self.next(opened);
            let written = element(self, value, Path::Element(&path, index))?;
            self.keep_if(written, before);
        }
        Ok(self.close(b']', opened))
    }

    fn copy(&mut self, text: &str) -> bool {
        self.out.extend_from_slice(text.as_bytes());
        true
    }

    fn withhold(&mut self, change: Change, path: Path<'_>, why: &str) -> bool {
        self.notes.add_at(change, path, why);
        false
    }

    /// Opens an object or a list, which may have been empty before.
    fn open(&mut self, bracket: u8, was_empty: bool) -> Opened {
        self.out.push(bracket);
        Opened {
            at: self.out.len(),
            was_empty,
        }
    }

    /// Makes room for a further member; returns where to go back to if it does not come.
    fn next(&mut self, opened: Opened) -> usize {
        let before = self.out.len();
        if before > opened.at {
            self.out.push(b',');
        }
        before
    }

    fn keep_if(&mut self, written: bool, before: usize) {
        if !written {
            self.out.truncate(before);
        }
    }

    /// Closes it; false if everything in it was withheld, so that there is no use in it.
    fn close(&mut self, bracket: u8, opened: Opened) -> bool {
        let is_empty = self.out.len() == opened.at;
        self.out.push(bracket);
        !is_empty || opened.was_empty
    }
}

/// An object or list that is being written.
#[derive(Clone, Copy)]
struct Opened {
    at: usize,
    was_empty: bool,
}

/// What replaces values.
enum Treatment {
    Hash,
    Mask(Mask),
}

/// The members of an object, in order, repeated ones too.
fn members(text: &str) -> serde_json::Result<Vec<(Cow<'_, str>, &RawValue)>> {
    struct Members;

    impl<'de> Visitor<'de> for Members {
        type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut members = Vec::new();
            while let Some(Key(key)) = map.next_key()? {
                members.push((key, map.next_value()?));
            }
            Ok(members)
        }
    }

    let mut deserializer = serde_json::Deserializer::from_str(text);
    let members = deserializer.deserialize_map(Members)?;
    deserializer.end()?;
    Ok(members)
}

/// A key, borrowed wherever it has no escapes.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);
