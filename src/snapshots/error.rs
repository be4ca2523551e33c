//! What can be wrong with the file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::error::{Code, Explain};

/// The snapshots could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file operation failed.
    #[error("cannot read or write `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// Another process has the file open.
    #[error("the snapshots `{}` are in use by another process", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file is not what we write.
    #[error("the snapshots `{}` are damaged: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A later release wrote the file.
    #[error("the snapshots `{}` have format version {found}; this release knows up to {known}", path.display())]
    TooNew {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u64,
        /// Ours.
        known: u64,
    },
}

impl Error {
    /// What the store says of the file at `path`, sorted by what a person can do about it.
    pub(super) fn new(path: &Path, error: impl Into<redb::Error>) -> Self {
        let path = path.to_owned();
        match error.into() {
            // How the store calls a file that is not one of its own, or not whole.
            redb::Error::Io(error)
                if matches!(
                    error.kind(),
                    ErrorKind::InvalidData | ErrorKind::UnexpectedEof
                ) =>
            {
                Self::Damaged {
                    path,
                    why: error.to_string(),
                }
            }
            redb::Error::Io(source) => Self::Io { path, source },
            redb::Error::DatabaseAlreadyOpen => Self::InUse { path },
            other => Self::Damaged {
                path,
                why: other.to_string(),
            },
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
                "the state directory must be writable by this user, with free space; nothing is lost, the last checkpoint stands"
            }
            Self::InUse { .. } => {
                "one daemon owns one state directory: stop the other one, or give this one its own `state.directory`"
            }
            Self::Damaged { .. } => {
                "put back a copy of the file, or move it away: then the streams with `export = \"list\"` are sent whole again, and what vanished from them meanwhile is not reported"
            }
            Self::TooNew { .. } => {
                "run the release that wrote it or a later one, or move the file away: then the streams with `export = \"list\"` are sent whole again"
            }
        })
    }
}
