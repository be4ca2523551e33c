//! The daemon's side of the store: putting letters in, marking those that are superseded, and
//! removing those that were kept long enough.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

use super::index::Index;
use super::{Change, DeadLetter, Error, Letter, LetterId, Segments};
use crate::config;
use crate::limits;
use crate::record::Record;

/// The store as its one daemon has it open. All methods but [`outdated_by`](Self::outdated_by)
/// block for the disk, and for other processes that have access.
#[derive(Debug)]
pub struct DeadLetters {
    segments: Segments,
    bounds: Mutex<config::DeadLetters>,
    // Locked for moments only, never while waiting for the files.
    index: Mutex<Index>,
    last_expiry: Mutex<Option<Instant>>,
}

impl DeadLetters {
    /// Opens the store in a state directory, creating it if need be.
    ///
    /// # Errors
    /// When the files cannot be created, read or repaired.
    pub fn open(state_directory: &Path, config: &config::DeadLetters) -> Result<Self, Error> {
        let segments = Segments::create(state_directory)?;
        let index = Index::load(&segments.lock()?)?;
        Ok(Self {
            segments,
            bounds: Mutex::new(*config),
            index: Mutex::new(index),
            last_expiry: Mutex::new(None),
        })
    }

    /// From now on these are the bounds.
    pub fn set_bounds(&self, config: config::DeadLetters) {
        *self.bounds.lock().unwrap_or_else(PoisonError::into_inner) = config;
    }

    fn bounds(&self) -> config::DeadLetters {
        *self.bounds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends `letters` of a stream, durably. Those that are there already are left out. After
    /// a failure some may be there, each whole: they come again, and are recognised.
    ///
    /// # Errors
    /// When the store is full or cannot be written.
    pub fn append(&self, stream: &str, letters: &[DeadLetter]) -> Result<(), Error> {
        let locked = self.segments.lock()?;
        let known = |letter: &DeadLetter| {
            let id = LetterId::of(stream, &letter.record);
            self.index().contains(id)
        };
        if letters.iter().any(known) {
            // Or was there: a person may have removed it since.
            let index = Index::load(&locked)?;
            *self.index() = index;
        }
        let at = Timestamp::now();
        let mut new = Vec::new();
        let mut lines = Vec::new();
        for refused in letters.iter().filter(|letter| !known(letter)) {
            let unwritable = |error: serde_json::Error| self.segments.unwritable(error);
            let mut letter = Letter::new(at, stream, refused).map_err(unwritable)?;
            // So that at most one letter of a record is ever sent again.
            letter.superseded = self.index().has_newer(stream, &refused.record);
            lines.push(letter.encode().map_err(unwritable)?);
            new.push(letter);
        }
        let more: u64 = lines.iter().map(|line| line.len() as u64).sum();
        let max_size = self.bounds().max_size;
        if more > 0 && locked.size()? + more > max_size {
            return Err(self.segments.full(max_size));
        }
        let mut placed = Vec::new();
        let appended = locked.append(&lines, &mut placed);
        for (letter, segment) in new.iter().zip(placed) {
            self.index().insert(letter, segment);
        }
        appended
    }

    /// The letters of which `records`, just read, hold a later version. They must be
    /// [superseded](Self::supersede) before any of these is sent. Does not block.
    pub fn outdated_by(&self, stream: &str, records: &[Record]) -> HashSet<LetterId> {
        let index = self.index();
        records
            .iter()
            .flat_map(|record| index.outdated_by(stream, record))
            .collect()
    }

    /// Marks letters as never to be sent again, durably. What becomes of the later version does
    /// not matter: it is accepted, or refused and a letter itself, or read again.
    ///
    /// # Errors
    /// When the marks cannot be written. Some may be there, and do no harm.
    pub fn supersede(&self, letters: &HashSet<LetterId>) -> Result<(), Error> {
        let locked = self.segments.lock()?;
        let segments = self.index().segments_of(letters);
        for segment in segments {
            locked.rewrite(segment, |letter| {
                if letter.superseded || !letters.contains(&letter.id) {
                    return Change::Keep;
                }
                Change::Replace(Letter {
                    superseded: true,
                    ..letter
                })
            })?;
        }
        self.index().supersede(letters);
        Ok(())
    }

    /// Removes the letters that are older than the configuration keeps them. Does something once
    /// in a while only, so it may be called at any time.
    ///
    /// # Errors
    /// When they cannot be removed.
    pub fn expire(&self) -> Result<(), Error> {
        let Some(keep) = self.bounds().keep.filter(|_| self.expiry_is_due()) else {
            return Ok(());
        };
        let keep = SignedDuration::try_from(keep).unwrap_or(SignedDuration::MAX);
        let Ok(oldest_kept) = Timestamp::now().checked_sub(keep) else {
            return Ok(());
        };
        let locked = self.segments.lock()?;
        let mut removed = 0;
        for number in self.segments.numbers()? {
            let changed = locked.rewrite(number, |letter| match letter.at < oldest_kept {
                true => Change::Remove,
                false => Change::Keep,
            })?;
            removed += changed.removed;
        }
        if removed > 0 {
            tracing::warn!(
                letters = removed,
                before = %oldest_kept,
                "removed dead letters that were older than `dead_letters.keep`: their records were never delivered"
            );
            let index = Index::load(&locked)?;
            *self.index() = index;
        }
        Ok(())
    }

    fn expiry_is_due(&self) -> bool {
        let mut last = self
            .last_expiry
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let due = last.is_none_or(|last| last.elapsed() >= limits::DEAD_LETTERS_EXPIRY_PAUSE);
        if due {
            *last = Some(Instant::now());
        }
        due
    }

    fn index(&self) -> MutexGuard<'_, Index> {
        // Every change is one insertion or replacement: no panic can tear it.
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
