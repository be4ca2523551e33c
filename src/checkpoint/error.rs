//! What can be wrong with the state directory.

use std::path::{Path, PathBuf};

use crate::error::{Code, Explain};

/// The state could not be read or written.
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
    /// Another process holds the lock.
    #[error("the state directory `{}` is in use{holder}", directory.display())]
    Locked {
        /// The directory.
        directory: PathBuf,
        /// " by process N", if the lock file says so.
        holder: String,
    },
    /// The file is not what we write.
    #[error("the state file `{}` is damaged: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong, with its line.
        why: String,
    },
    /// There is no state file, but there are earlier generations of it.
    #[error("the state file `{}` is missing, but its history is there", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// A later release wrote the file.
    #[error("the state file `{}` has format version {found}; this release knows up to {known}", path.display())]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// The file is about another account.
    #[error("the state file `{}` belongs to the zendesk account `{found}`, the configuration to `{configured}`", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The account in the file.
        found: String,
        /// The account configured.
        configured: String,
    },
}

impl Error {
    /// Wraps the failure of a file operation.
    pub(super) fn io(
        action: &'static str,
        path: &Path,
    ) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_owned();
        move |source| Self::Io {
            action,
            path,
            source,
        }
    }
}

impl Explain for Error {
    fn code(&self) -> Code {
        Code::State
    }

    fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Io { .. } => {
                "the state directory must exist or be creatable, and be writable by this user, with free space; nothing is lost, the last checkpoint stands"
            }
            Self::Locked { .. } => {
                "one daemon owns one state directory: stop the other one, or give this one its own `state.directory`"
            }
            Self::Damaged { .. } => {
                "correct the file, or put back an earlier generation: `state history` lists them, `state rollback N` shows what would change"
            }
            Self::Missing { .. } => {
                "put back an earlier generation: `state history` lists them, `state rollback N` shows what would change; to export everything from `start` again, move `history/` away too"
            }
            Self::TooNew { .. } => {
                "run the release that wrote it or a later one, or put back an earlier generation: `state history` lists them, `state rollback N` shows what would change"
            }
            Self::Foreign { .. } => {
                "give each account its own `state.directory`; if the account was renamed, change `account` in the state file"
            }
        })
    }
}
