//! What can end a sync, with the room it came from.

use std::sync::Arc;

use super::SchemaFault;
use crate::error::{Code, Explain};
use crate::{checkpoint, dead_letters, platform, snapshots, zendesk};

/// Why a sync ended before it was complete.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Zendesk could not be read.
    #[error(transparent)]
    Export(#[from] zendesk::Error),
    /// The inlet could not be reached, or does not let us in.
    #[error(transparent)]
    Delivery(#[from] platform::Error),
    /// The schema that messages are judged by cannot be used.
    #[error(transparent)]
    Schema(#[from] SchemaFault),
    /// The dead letters could not be written.
    #[error(transparent)]
    DeadLetters(#[from] dead_letters::Error),
    /// The checkpoint could not be saved.
    #[error(transparent)]
    Checkpoint(#[from] checkpoint::Error),
    /// What was delivered of a list could not be looked up or noted.
    #[error(transparent)]
    Snapshots(#[from] snapshots::Error),
    /// So much of a list is gone that the list is more likely to be wrong.
    #[error(
        "{missing} of {known} records are gone from the list at once: none of them is taken for deleted"
    )]
    ListShrank {
        /// Records that are gone.
        missing: u64,
        /// Records that were there.
        known: u64,
    },
    /// Zendesk does not give the whole list.
    #[error(
        "the list goes on behind the last page that zendesk gives: its rest cannot be read, and deletions cannot be told"
    )]
    ListCutOff,
    /// What went wrong behind the export of a walk that serves several streams, with one of them.
    #[error("stream `{stream}`")]
    OfStream {
        /// The stream whose mapping or inlet it was.
        stream: Arc<str>,
        /// What went wrong.
        source: Box<Error>,
    },
    /// Too many records were refused for them to be what is wrong.
    #[error("{refused} of the first {judged} records were refused; one of them: {example}")]
    MostlyRejected {
        /// Records refused.
        refused: u64,
        /// Records judged.
        judged: u64,
        /// The first refusal.
        example: String,
    },
}

impl Error {
    /// Whether nothing is wrong but that the program is stopping.
    pub(super) fn is_stop(&self) -> bool {
        match self {
            Self::Export(error) => matches!(error, zendesk::Error::Stopped { .. }),
            Self::Delivery(error) => matches!(error, platform::Error::Stopped { .. }),
            Self::OfStream { source, .. } => source.is_stop(),
            Self::Schema(_)
            | Self::DeadLetters(_)
            | Self::Checkpoint(_)
            | Self::Snapshots(_)
            | Self::ListShrank { .. }
            | Self::ListCutOff
            | Self::MostlyRejected { .. } => false,
        }
    }
}

impl Explain for Error {
    fn code(&self) -> Code {
        match self {
            Self::Export(error) => error.code(),
            Self::Delivery(error) => error.code(),
            Self::Schema(error) => error.code(),
            Self::DeadLetters(error) => error.code(),
            Self::Checkpoint(error) => error.code(),
            Self::Snapshots(error) => error.code(),
            Self::ListShrank { .. } => Code::ListShrank,
            Self::ListCutOff => Code::ListCutOff,
            Self::OfStream { source, .. } => source.code(),
            Self::MostlyRejected { .. } => Code::MostlyRejected,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Export(error) => error.hint(),
            Self::Delivery(error) => error.hint(),
            Self::Schema(error) => error.hint(),
            Self::DeadLetters(error) => error.hint(),
            Self::Checkpoint(error) => error.hint(),
            Self::Snapshots(error) => error.hint(),
            Self::ListShrank { .. } => Some(
                "look whether our user may still see all of them; if they are really gone, run once with `attention.vanished_percent` at 100 (`ZENDESK_AEP__ATTENTION__VANISHED_PERCENT=100 zendesk-aep sync STREAM`, twice)",
            ),
            Self::ListCutOff => Some(
                "zendesk gives 100 pages by page number and no more: read the stream by another export, or declare it with `pagination = \"cursor\"` if the endpoint knows cursors; what the pages hold is delivered",
            ),
            Self::OfStream { source, .. } => source.hint(),
            Self::MostlyRejected { .. } => Some(
                "so many refusals mean a wrong configuration: check the stream's `mapping`, `schema_id`, `dataset_id` and `flow_id`; none of these records was skipped, the checkpoint stands before them",
            ),
        }
    }
}
