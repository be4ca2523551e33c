//! The state of a running daemon: in memory, and on disk after every settled page.

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::{SignedDuration, Timestamp};

use super::directory::Directory;
use super::lock::Lock;
use super::{Error, State, StreamState, generations};
use crate::limits;
use crate::record::Position;

/// The open state directory of one account. Dropping it releases the lock.
#[derive(Debug)]
pub struct Store {
    directory: Directory,
    state: Mutex<State>,
    /// Held for the whole of a save, so that whoever only looks never waits for the disk.
    saving: Mutex<()>,
    _lock: Lock,
}

impl Store {
    /// Creates the directory if need be, locks it, and reads the state or begins with none.
    ///
    /// # Errors
    /// When another process owns the directory, or the file is damaged, foreign or too new, or is
    /// missing although there are earlier generations.
    pub fn open(directory: &Path, account: &str) -> Result<Self, Error> {
        let directory = Directory::new(directory);
        directory.create()?;
        let lock = Lock::take(&directory)?;
        let state = match directory.read()? {
            Some(state) => state.of_account(account, &directory)?,
            None => State::empty(account),
        };
        warn_of_clock(&state, Timestamp::now());
        Ok(Self {
            directory,
            state: Mutex::new(state),
            saving: Mutex::default(),
            _lock: lock,
        })
    }

    /// What is known of a stream.
    pub fn stream(&self, name: &str) -> StreamState {
        lock(&self.state)
            .streams
            .get(name)
            .cloned()
            .unwrap_or_default()
    }

    /// Looks at what is known of all streams, without a copy of it.
    pub fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&lock(&self.state))
    }

    /// Replaces what is known of these streams, durably and all at once. Blocks for the disk.
    ///
    /// # Errors
    /// When the file could not be replaced. Memory is then as it was, and so is the file, unless
    /// it was only the last step, syncing the directory, that failed.
    pub fn save(
        &self,
        streams: impl IntoIterator<Item = (impl AsRef<str>, StreamState)>,
    ) -> Result<(), Error> {
        let _saving = lock(&self.saving);
        let mut next = lock(&self.state).clone();
        let mut moved = false;
        for (name, stream) in streams {
            let before = next.streams.entry(name.as_ref().to_owned()).or_default();
            moved |= !stream.stands_where(before);
            *before = stream;
        }
        next.saved_at = Timestamp::now();
        let mut keep_as = None;
        if moved {
            let history = self.directory.history();
            keep_as = Some(generations::path(&history, next.generation));
            next.generation = generations::next_number(&history, next.generation)?;
        }
        self.directory.replace(&next, keep_as.as_deref())?;
        *lock(&self.state) = next;
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A save either replaces the state as a whole or leaves it: no panic can tear it.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Checkpoints are made of Zendesk's times. One ahead of our clock means that one of the two is
/// wrong, which a person should know before asking why nothing new arrives.
fn warn_of_clock(state: &State, now: Timestamp) {
    for (stream, ahead) in ahead_of_clock(state, now) {
        tracing::warn!(
            stream,
            "the checkpoint of {stream} is {ahead:#} ahead of this machine's clock ({now:.0}): correct the clock; if the checkpoint is wrong, `state set {stream} --start TIME` moves it"
        );
    }
}

fn ahead_of_clock(state: &State, now: Timestamp) -> impl Iterator<Item = (&str, SignedDuration)> {
    state.streams.iter().filter_map(move |(name, stream)| {
        let time = stream.position.as_ref().and_then(Position::recovery_time)?;
        let ahead = SignedDuration::from_secs(time.duration_since(now).as_secs());
        (ahead > limits::CLOCK_DISAGREEMENT_MAX).then_some((name.as_str(), ahead))
    })
}

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod tests;
