//! What can end a sync, with the room it came from.

use std::sync::Arc;

use super::SchemaFault;
use crate::error::{Code, Explain};
use crate::{checkpoint, dead_letters, platform, zendesk};

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
            Self::OfStream { source, .. } => source.hint(),
            Self::MostlyRejected { .. } => Some(
                "so many refusals mean a wrong configuration: check the stream's `mapping`, `schema_id`, `dataset_id` and `flow_id`; none of these records was skipped, the checkpoint stands before them",
            ),
        }
    }
}
