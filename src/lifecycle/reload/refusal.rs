//! Why a configuration is not changed to.

use jiff::Timestamp;

use crate::config::LoadError;
use crate::error::{Chain, Code, Explain};
use crate::lifecycle::Error;
use crate::meter::{Failure, Meter};
use crate::{platform, sync, zendesk};

/// Why the old configuration goes on.
#[derive(Debug, thiserror::Error)]
pub(super) enum Refusal {
    #[error(transparent)]
    Configuration(#[from] LoadError),
    #[error("{} cannot be changed while the daemon runs", .0.join(" and "))]
    NeedsRestart(Vec<&'static str>),
    #[error(transparent)]
    Assembly(#[from] Error),
    #[error("the new credential for zendesk is refused")]
    Zendesk(#[source] zendesk::Error),
    #[error("the new credential for adobe is refused")]
    Platform(#[source] platform::Error),
    #[error(transparent)]
    Schema(#[from] sync::Error),
}

impl Refusal {
    /// Says so, to the log and to whoever looks at the status.
    pub(super) fn tell(&self, meter: &Meter) {
        let text = Chain(self).to_string();
        tracing::error!(
            code = self.code().as_str(),
            hint = self.hint(),
            "the configuration is not changed, the daemon goes on as before: {text}"
        );
        meter.reloads.refused.count();
        let now = Timestamp::now();
        meter.failed(Failure {
            at: now,
            since: now,
            times: 1,
            stream: None,
            code: self.code().to_string(),
            what: format!("the configuration is not changed: {text}"),
            remedy: self.hint().unwrap_or_default().to_owned(),
        });
    }
}

impl Explain for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::Configuration(_) | Self::NeedsRestart(_) => Code::Configuration,
            Self::Assembly(error) => error.code(),
            Self::Zendesk(error) => error.code(),
            Self::Platform(error) => error.code(),
            Self::Schema(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Configuration(_) => Some("correct it, and send SIGHUP again"),
            Self::NeedsRestart(_) => Some("restart the daemon, or take the change back"),
            Self::Assembly(error) => error.hint(),
            Self::Zendesk(error) => error.hint(),
            Self::Platform(error) => error.hint(),
            Self::Schema(error) => error.hint(),
        }
    }
}
