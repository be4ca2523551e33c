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

use super::{Error, Line, Locked};
use crate::files;
use crate::limits;

const DIRECTORY: &str = "dead-letters";
const LOCK: &str = "lock";
const EXTENSION: &str = "ndjson";

/// Where the segments are.
#[derive(Clone, Debug)]
pub struct Segments {
    directory: PathBuf,
}

impl Segments {
    /// The segments in a state directory; none before the first daemon ran there.
    pub fn of(state_directory: &Path) -> Self {
        Self {
            directory: state_directory.join(DIRECTORY),
        }
    }

    /// The segments in a state directory, which gets a place for them.
    ///
    /// # Errors
    /// When the place cannot be made.
    pub(super) fn create(state_directory: &Path) -> Result<Self, Error> {
        let segments = Self::of(state_directory);
        let directory = &segments.directory;
        files::create_directory(directory).map_err(failed("create", directory))?;
        Ok(segments)
    }

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

    /// About how many bytes they take, as far as can be seen without the lock.
    pub fn size(&self) -> u64 {
        let paths = self.paths().unwrap_or_default();
        let sizes = paths.iter().filter_map(|path| fs::metadata(path).ok());
        sizes.map(|metadata| metadata.len()).sum()
    }

    /// The lines of a segment, read under the lock.
    ///
    /// # Errors
    /// As [`lock`](Self::lock) and [`Locked::read`].
    pub fn read(&self, number: u64) -> Result<Vec<Line>, Error> {
        self.lock()?.read(number)
    }

    pub(super) fn paths(&self) -> Result<Vec<PathBuf>, Error> {
        let directory = &self.directory;
        match fs::read_dir(directory) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            found => found,
        }
        .and_then(|entries| entries.map(|entry| Ok(entry?.path())).collect())
        .map_err(failed("read", directory))
    }

    pub(super) fn path(&self, number: u64) -> PathBuf {
        self.directory.join(format!("{number:010}.{EXTENSION}"))
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
        let path = self.directory.join(LOCK);
        let lock = files::open_or_create(&path).map_err(failed("open", &path))?;
        let since = Instant::now();
        let mut said = false;
        while !try_lock(&lock).map_err(failed("lock", &path))? {
            let waited = since.elapsed();
            if waited >= limits::DEAD_LETTERS_LOCK_WAIT {
                let directory = self.directory.clone();
                return Err(Error::Busy { directory });
            }
            if waited >= limits::DEAD_LETTERS_LOCK_SILENCE && !said {
                tracing::info!(
                    wait_seconds_max = limits::DEAD_LETTERS_LOCK_WAIT.as_secs(),
                    "waiting for another process (a `dead-letters` command, as a rule) to leave the dead letters"
                );
                said = true;
            }
            std::thread::sleep(limits::DEAD_LETTERS_LOCK_POLL);
        }
        Locked::new(self, lock)
    }
}

/// Whether the lock is ours now; false if somebody else has it.
fn try_lock(lock: &File) -> io::Result<bool> {
    match lock.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

pub(super) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Io {
        action,
        path,
        source,
    }
}
