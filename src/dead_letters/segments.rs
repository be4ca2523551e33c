//! The files of the store, and the lock that goes before every access to them.
//!
//! `dead-letters/` in the state directory holds segments `0000000001.ndjson`, one letter a line.
//! Letters are appended to the newest one until it has reached its size; then the next begins.
//! Whatever else changes a segment, a removal or a mark, replaces it as a whole.
//!
//! Whoever takes the lock first repairs what a crash has left: a torn line at the end, whose
//! record was not settled and comes again, and a half-made replacement.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::files;
use super::{Damaged, Error, Letter};
use crate::limits;

const DIRECTORY: &str = "dead-letters";
const LOCK: &str = "lock";
const EXTENSION: &str = "ndjson";
/// Of a segment's replacement until it takes its place.
const TEMPORARY: &str = "tmp";

/// Where the segments are.
#[derive(Clone, Debug)]
pub struct Segments {
    directory: PathBuf,
}

/// The segments, while nobody else has access to them.
#[derive(Debug)]
pub struct Locked<'s> {
    directory: &'s Path,
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

impl Segments {
    /// The segments in a state directory, if it has any.
    pub fn existing(state_directory: &Path) -> Option<Self> {
        let directory = state_directory.join(DIRECTORY);
        directory.is_dir().then_some(Self { directory })
    }

    /// The segments in a state directory, which gets a place for them.
    ///
    /// # Errors
    /// When the place cannot be made.
    pub(super) fn create(state_directory: &Path) -> Result<Self, Error> {
        let directory = state_directory.join(DIRECTORY);
        files::create_directory(&directory).map_err(failed("create", &directory))?;
        Ok(Self { directory })
    }

    pub(super) fn full(&self, max: u64) -> Error {
        let directory = self.directory.clone();
        Error::Full { directory, max }
    }

    pub(super) fn unwritable(&self, error: serde_json::Error) -> Error {
        failed("write", &self.directory)(error.into())
    }

    /// Waits for whoever has access, and repairs what a crash has left.
    ///
    /// # Errors
    /// When the wait is too long, or a file operation fails.
    pub fn lock(&self) -> Result<Locked<'_>, Error> {
        let directory = &self.directory;
        let path = directory.join(LOCK);
        let lock = files::open_or_create(&path).map_err(failed("open", &path))?;
        let since = Instant::now();
        let mut said = false;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock)
                    if since.elapsed() >= limits::DEAD_LETTERS_LOCK_WAIT =>
                {
                    let directory = directory.clone();
                    return Err(Error::Busy { directory });
                }
                Err(TryLockError::WouldBlock) => {
                    if !said && since.elapsed() >= limits::DEAD_LETTERS_LOCK_WAIT / 60 {
                        tracing::info!("waiting for another process to leave the dead letters");
                        said = true;
                    }
                    std::thread::sleep(limits::DEAD_LETTERS_LOCK_POLL);
                }
                Err(TryLockError::Error(source)) => return Err(failed("lock", &path)(source)),
            }
        }
        let locked = Locked {
            directory,
            _lock: lock,
        };
        locked.repair()?;
        Ok(locked)
    }
}

impl Locked<'_> {
    /// The numbers of the segments, oldest first.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub fn numbers(&self) -> Result<Vec<u64>, Error> {
        let mut numbers: Vec<u64> = self
            .paths()?
            .iter()
            .filter(|path| path.extension().is_some_and(|e| e == EXTENSION))
            .filter_map(|path| path.file_stem()?.to_str()?.parse().ok())
            .collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// The size of all segments in bytes.
    ///
    /// # Errors
    /// When they cannot be looked at.
    pub fn size(&self) -> Result<u64, Error> {
        self.numbers()?
            .into_iter()
            .map(|number| self.size_of(number))
            .sum()
    }

    /// The lines of a segment; none if it has been removed.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&self, number: u64) -> Result<Vec<Line>, Error> {
        let path = self.path(number);
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
        let mut number = self.numbers()?.last().copied().unwrap_or(1);
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
                let path = self.path(number);
                files::append(&path, &fit.concat()).map_err(failed("write", &path))?;
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
        let path = self.path(number);
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
                files::replace(&path, &path.with_extension(TEMPORARY), &kept)
            };
            replaced.map_err(failed("replace", &path))?;
        }
        Ok(changed)
    }

    fn repair(&self) -> Result<(), Error> {
        for path in self.paths()? {
            if path.extension().is_some_and(|e| e == TEMPORARY) {
                files::remove(&path).map_err(failed("remove", &path))?;
            }
        }
        if let Some(newest) = self.numbers()?.last() {
            let path = self.path(*newest);
            let bytes = files::cut_torn_line(&path).map_err(failed("repair", &path))?;
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

    fn paths(&self) -> Result<Vec<PathBuf>, Error> {
        fs::read_dir(self.directory)
            .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
            .map_err(failed("read", self.directory))
    }

    fn path(&self, number: u64) -> PathBuf {
        self.directory.join(format!("{number:010}.{EXTENSION}"))
    }

    fn size_of(&self, number: u64) -> Result<u64, Error> {
        let path = self.path(number);
        match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(0),
            found => Ok(found.map_err(failed("read", &path))?.len()),
        }
    }
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io {
        action,
        path,
        source,
    }
}

#[cfg(test)]
mod tests;
