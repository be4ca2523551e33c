//! Why the program could not start, or did not end well.

use std::time::Duration;

use crate::config::SecretError;
use crate::error::{Code, Explain};
use crate::mapping::{self, PrivacyError};
use crate::status::BindError;
use crate::{checkpoint, dead_letters, platform, schedule, snapshots, zendesk};

/// Why the program could not start, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The state directory.
    #[error(transparent)]
    Checkpoint(#[from] checkpoint::Error),
    /// The dead-letter store.
    #[error(transparent)]
    DeadLetters(#[from] dead_letters::Error),
    /// The snapshots of lists.
    #[error(transparent)]
    Snapshots(#[from] snapshots::Error),
    /// The Zendesk side.
    #[error(transparent)]
    Zendesk(#[from] zendesk::Error),
    /// The platform side.
    #[error(transparent)]
    Platform(#[from] platform::Error),
    /// The key of hashed fields cannot be read.
    #[error("cannot read the key of hashed fields")]
    HashKey(#[source] SecretError),
    /// The key of hashed fields is none.
    #[error(transparent)]
    Privacy(#[from] PrivacyError),
    /// A mapping file.
    #[error(transparent)]
    Mapping(#[from] mapping::Faults),
    /// The status server.
    #[error(transparent)]
    Status(#[from] BindError),
    /// The scheduler.
    #[error(transparent)]
    Schedule(#[from] schedule::Error),
    /// Signals cannot be received.
    #[error("cannot listen for signals")]
    Signals(#[source] std::io::Error),
    /// A task panicked.
    #[error(
        "the task of a stream has panicked; this is a defect of this program, please report it"
    )]
    Panicked,
    /// The drain took longer than allowed.
    #[error("stopping took longer than `shutdown_grace` ({} s): the pages in hand are given up and read again at the next start", .0.as_secs())]
    GraceExceeded(Duration),
}

impl Explain for Error {
    fn code(&self) -> Code {
        match self {
            Self::Checkpoint(error) => error.code(),
            Self::DeadLetters(error) => error.code(),
            Self::Snapshots(error) => error.code(),
            Self::Zendesk(error) => error.code(),
            Self::Platform(error) => error.code(),
            Self::HashKey(_) | Self::Privacy(_) => Code::Privacy,
            Self::Mapping(_) => Code::MappingFile,
            Self::Status(_) => Code::StatusAddress,
            Self::Schedule(_) | Self::Signals(_) | Self::Panicked => Code::Internal,
            Self::GraceExceeded(_) => Code::Interrupted,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Checkpoint(error) => error.hint(),
            Self::DeadLetters(error) => error.hint(),
            Self::Snapshots(error) => error.hint(),
            Self::Zendesk(error) => error.hint(),
            Self::Platform(error) => error.hint(),
            Self::HashKey(_) | Self::Privacy(_) => Some(
                "provide the secret named by `hash_key`, for example the output of `openssl rand -hex 32`; another key makes other hashes",
            ),
            Self::Status(_) => Some(
                "stop what has the port (`ss -ltnp` tells), or set `status.listen` to another address of this machine",
            ),
            Self::Mapping(_) | Self::Schedule(_) | Self::Signals(_) | Self::Panicked => None,
            Self::GraceExceeded(_) => {
                Some("raise `shutdown_grace`, and the service manager's own stop timeout with it")
            }
        }
    }
}
