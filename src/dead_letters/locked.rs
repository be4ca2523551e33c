//! Reading, appending to and rewriting segments while nobody else can.

use std::fs::{self, File};
use std::io;

use super::segments::failed;
use super::{Damaged, Error, Letter, Segments, lines};
use crate::files;
use crate::limits;

/// Of a segment's replacement until it takes its place.
const TEMPORARY: &str = "tmp";

/// The segments, while nobody else has access to them.
#[derive(Debug)]
pub struct Locked<'s> {
    pub(super) segments: &'s Segments,
    // Held for its lock.
    _lock: File,
}

/// One line of a segment.
#[derive(Debug)]
pub struct Line {
    /// As it stands in the file, without its line break.
    pub bytes: Vec<u8>,
    /// The letter in it, if it is whole.
    pub letter: Result<Letter, Damaged>,
}

/// What becomes of a letter when its segment is gone through.
#[derive(Debug)]
pub enum Change {
    /// It stays.
    Keep,
    /// It is removed.
    Remove,
    /// It stays, altered.
    Replace(Letter),
}

/// How many letters of a segment were changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Changed {
    /// Removed ones.
    pub removed: u64,
    /// Altered ones.
    pub replaced: u64,
}

impl<'s> Locked<'s> {
    /// Takes possession of the lock, and repairs what a crash has left.
    pub(super) fn new(segments: &'s Segments, lock: File) -> Result<Self, Error> {
        let locked = Self {
            segments,
            _lock: lock,
        };
        locked.repair()?;
        Ok(locked)
    }

    /// The size of all segments in bytes.
    ///
    /// # Errors
    /// When they cannot be looked at.
    pub fn size(&self) -> Result<u64, Error> {
        self.segments
            .numbers()?
            .into_iter()
            .map(|number| self.size_of(number))
            .sum()
    }

    /// The lines of a segment; none if it has been removed.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, number: u64) -> Result<Vec<Line>, Error> {
        let path = self.segments.path(number);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            read => read.map_err(failed("read", &path))?,
        };
        let lines = bytes.split_inclusive(|byte| *byte == b'\n');
        Ok(lines
            .enumerate()
            .map(|(index, line)| {
                let line = line.strip_suffix(b"\n").unwrap_or(line);
                Line {
                    bytes: line.to_vec(),
                    letter: Letter::decode(line).map_err(|damage| Damaged {
                        path: path.clone(),
                        line: index + 1,
                        damage,
                    }),
                }
            })
            .collect())
    }

    /// Appends encoded letters durably. `placed` gets the segment of each; after a failure, of
    /// those that are there nevertheless, whole.
    ///
    /// # Errors
    /// When they cannot be written.
    pub(super) fn append(&self, lines: &[Vec<u8>], placed: &mut Vec<u64>) -> Result<(), Error> {
        let mut number = self.segments.numbers()?.last().copied().unwrap_or(1);
        let mut size = self.size_of(number)?;
        let mut rest = lines;
        while !rest.is_empty() {
            let mut fitting = 0;
            for line in rest {
                let grown = size + line.len() as u64;
                // A letter that is larger than a segment has one to itself.
                if size > 0 && grown > limits::DEAD_LETTER_SEGMENT_BYTES {
                    break;
                }
                size = grown;
                fitting += 1;
            }
            let (fit, later) = rest.split_at(fitting);
            if !fit.is_empty() {
                let path = self.segments.path(number);
                lines::append(&path, &fit.concat()).map_err(failed("write", &path))?;
                placed.extend(fit.iter().map(|_| number));
            }
            rest = later;
            number += 1;
            size = 0;
        }
        Ok(())
    }

    /// Goes through a segment and replaces it by what `change` makes of its letters. Lines that
    /// are damaged, and letters that are kept, stay byte for byte.
    ///
    /// # Errors
    /// When it cannot be read or replaced; it is as it was then.
    pub fn rewrite(
        &self,
        number: u64,
        mut change: impl FnMut(Letter) -> Change,
    ) -> Result<Changed, Error> {
        let path = self.segments.path(number);
        let mut changed = Changed::default();
        let mut kept = Vec::new();
        for line in self.read(number)? {
            match line.letter.map_or(Change::Keep, &mut change) {
                Change::Keep => {
                    kept.extend_from_slice(&line.bytes);
                    kept.push(b'\n');
                }
                Change::Remove => changed.removed += 1,
                Change::Replace(letter) => {
                    let line = letter
                        .encode()
                        .map_err(|error| failed("write", &path)(error.into()))?;
                    kept.extend_from_slice(&line);
                    changed.replaced += 1;
                }
            }
        }
        if changed != Changed::default() {
            let replaced = if kept.is_empty() {
                files::remove(&path)
            } else {
                let draft = path.with_extension(TEMPORARY);
                files::write_new(&draft, &kept).and_then(|()| files::replace(&path, &draft))
            };
            replaced.map_err(failed("replace", &path))?;
        }
        Ok(changed)
    }

    fn repair(&self) -> Result<(), Error> {
        for path in self.segments.paths()? {
            if path.extension().is_some_and(|e| e == TEMPORARY) {
                files::remove(&path).map_err(failed("remove", &path))?;
            }
        }
        if let Some(newest) = self.segments.numbers()?.last() {
            let path = self.segments.path(*newest);
            let bytes = lines::cut_torn_line(&path).map_err(failed("repair", &path))?;
            if bytes > 0 {
                tracing::warn!(
                    path = %path.display(),
                    bytes,
                    "cut a torn line off the dead letters: its record was not settled and comes again"
                );
            }
        }
        Ok(())
    }

    fn size_of(&self, number: u64) -> Result<u64, Error> {
        let path = self.segments.path(number);
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            found => Ok(found.map_err(failed("read", &path))?.len()),
        }
    }
}

#[cfg(test)]
mod tests;
