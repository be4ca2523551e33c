//! What can be wrong with the store.

use std::path::PathBuf;

use crate::error::{Code, Explain};
use crate::limits;

/// The store could not be opened, read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file operation failed.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was being done, as in "cannot …".
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The store has reached its size.
    #[error("the dead letters in `{}` would exceed {max} bytes", directory.display())]
    Full {
        /// The store's directory.
        directory: PathBuf,
        /// `dead_letters.max_size`.
        max: u64,
    },
    /// Another process holds the lock for too long.
    #[error(
        "the dead letters in `{}` were in use for {} s",
        directory.display(), limits::DEAD_LETTERS_LOCK_WAIT.as_secs()
    )]
    Busy {
        /// The store's directory.
        directory: PathBuf,
    },
}

impl Explain for Error {
    fn code(&self) -> Code {
        Code::DeadLetters
    }

    fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Io { .. } => {
                "nothing is lost: the checkpoint stays before the refused record until it can be kept; look at permissions and free space"
            }
            Self::Full { .. } => {
                "nothing is lost: the stream stops until there is room; see `dead-letters list`, then retry or discard, or raise `dead_letters.max_size`"
            }
            Self::Busy { .. } => {
                "nothing is lost: the next sync tries again; a `dead-letters retry` whose inlet does not answer holds them, end it"
            }
        })
    }
}
