//! The state file in an operator's hands: looking at what stands there, readable or not, and
//! putting something else in its place.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::directory::Directory;
use super::lock::Lock;
use super::{Error, State, StreamState, generations};

/// What stands in a state directory.
#[derive(Debug)]
pub struct Present {
    /// The state; `None` if nothing was ever saved, or if it cannot be read.
    pub state: Option<State>,
    /// Why it cannot be read, if an earlier generation can take its place.
    pub trouble: Option<Error>,
}

impl Present {
    /// Looks without locking, so also while a daemon runs.
    ///
    /// # Errors
    /// When the state is another account's, or no generation could take its place.
    pub fn look(directory: &Path, account: &str) -> Result<Self, Error> {
        let directory = Directory::new(directory);
        match directory.read() {
            Ok(state) => Ok(Self {
                state: state
                    .map(|state| state.of_account(account, &directory))
                    .transpose()?,
                trouble: None,
            }),
            Err(error @ (Error::Damaged { .. } | Error::TooNew { .. } | Error::Missing { .. })) => {
                Ok(Self {
                    state: None,
                    trouble: Some(error),
                })
            }
            Err(error) => Err(error),
        }
    }
}

/// A locked state directory whose state is about to be amended.
#[derive(Debug)]
pub struct Amendment {
    directory: Directory,
    account: String,
    present: Present,
    _lock: Lock,
}

/// What an amendment has done.
#[derive(Debug)]
pub struct Amended {
    /// The generation that is now the present one.
    pub generation: u64,
    /// Where the file that could not be read is kept.
    pub set_aside: Option<PathBuf>,
}

impl Amendment {
    /// Takes the lock and looks.
    ///
    /// # Errors
    /// When a daemon owns the directory, and as [`Present::look`].
    pub fn begin(directory: &Path, account: &str) -> Result<Self, Error> {
        let paths = Directory::new(directory);
        paths.create()?;
        let lock = Lock::take(&paths)?;
        Ok(Self {
            present: Present::look(directory, account)?,
            directory: paths,
            account: account.to_owned(),
            _lock: lock,
        })
    }

    /// What is to be amended. It cannot change while the lock is held.
    pub fn present(&self) -> &Present {
        &self.present
    }

    /// Writes `streams` as a new generation. The present one is kept in the history, or set
    /// aside if it cannot be read.
    ///
    /// # Errors
    /// When the file could not be replaced.
    pub fn write(self, streams: BTreeMap<String, StreamState>) -> Result<Amended, Error> {
        let now = Timestamp::now();
        let present = self.present.state.as_ref().map(|state| state.generation);
        // A generation that cannot be read had the number after the last kept one.
        let generation = match (&self.present.trouble, present) {
            (None, present) => {
                generations::next_number(&self.directory.history(), present.unwrap_or(0))?
            }
            (Some(_), _) => generations::next_number(&self.directory.history(), 0)? + 1,
        };
        let set_aside = match self.present.trouble {
            Some(Error::Missing { .. }) | None => None,
            Some(_) => Some(self.directory.aside(now)),
        };
        let kept = present.map(|number| generations::path(&self.directory.history(), number));
        let state = State {
            generation,
            saved_at: now,
            streams,
            ..State::empty(&self.account)
        };
        self.directory
            .replace(&state, kept.as_deref().or(set_aside.as_deref()))?;
        Ok(Amended {
            generation,
            set_aside,
        })
    }
}

#[cfg(test)]
mod tests;
