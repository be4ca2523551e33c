//! What can go wrong with the platform, once attempts are used up, and what a person can do.

use crate::config::SecretError;
use crate::error::{Code, Explain};
use crate::http::{ClientError, GaveUp, Trouble};

/// A delivery or sign-in that did not succeed; nothing of the batch counts as settled.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The HTTP client could not be built.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A configured header or id cannot travel in a header.
    #[error("the value of `{0}` cannot be sent as a header")]
    Header(String),
    /// The secret to sign in with could not be read.
    #[error("cannot sign in to adobe's identity service")]
    Secret(#[from] SecretError),
    /// The identity service does not accept our credentials.
    #[error("adobe's identity service refused the sign-in: {0}")]
    SignIn(#[source] Trouble),
    /// The inlet does not accept a fresh token, or wants one that we have no credentials for.
    #[error("the inlet refused our authorization: {0}")]
    Unauthorized(#[source] Trouble),
    /// The Schema Registry does not accept a fresh token.
    #[error("the schema registry refused our authorization: {0}")]
    RegistryUnauthorized(#[source] Trouble),
    /// The Schema Registry does not give a schema.
    #[error("the schema registry does not give the schema `{id}`: {trouble}")]
    SchemaRefused {
        /// Its `$id`.
        id: String,
        /// What the registry said.
        #[source]
        trouble: Trouble,
    },
    /// The inlet refuses whoever calls from this address: 403 without a word.
    #[error("the inlet refused the request without giving a reason: {0}")]
    Blocked(#[source] Trouble),
    /// There is no such inlet.
    #[error("there is no such inlet: {0}")]
    NotFound(#[source] Trouble),
    /// The inlet does not take requests of this kind.
    #[error("the inlet refused the request: {0}")]
    Refused(#[source] Trouble),
    /// Every attempt failed.
    #[error("could not {what}: {last} (attempts made: {attempts})")]
    Unavailable {
        /// What was being done.
        what: String,
        /// Attempts made.
        attempts: u32,
        /// What the last one ended with.
        #[source]
        last: Trouble,
    },
    /// The program is stopping.
    #[error("stopped while waiting to {what}")]
    Stopped {
        /// What was being done.
        what: String,
    },
}

impl Error {
    /// The end of the attempts to do `what`.
    pub(super) fn gave_up(what: &str, gave_up: GaveUp) -> Self {
        let what = what.to_owned();
        match gave_up {
            GaveUp::Exhausted { attempts, last } => Self::Unavailable {
                what,
                attempts,
                last,
            },
            GaveUp::Stopped => Self::Stopped { what },
        }
    }
}

impl Explain for Error {
    fn code(&self) -> Code {
        match self {
            Self::Client(_) => Code::Tls,
            Self::Secret(_)
            | Self::SignIn(_)
            | Self::Unauthorized(_)
            | Self::RegistryUnauthorized(_)
            | Self::Blocked(_) => Code::PlatformSignIn,
            Self::SchemaRefused { .. } => Code::Schema,
            Self::NotFound(_) => Code::PlatformAddress,
            Self::Header(_) | Self::Refused(_) => Code::PlatformRefused,
            Self::Unavailable { .. } => Code::PlatformUnavailable,
            Self::Stopped { .. } => Code::Interrupted,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Client(error) => Some(error.hint()),
            Self::Header(_) => Some("use printable ASCII characters only"),
            Self::Secret(_) => Some(
                "provide the secret named under `[platform.auth]`; files are read again at every attempt, a systemd credential needs a restart",
            ),
            Self::SignIn(_) => Some(
                "check `[platform.auth]` against the OAuth server-to-server credential in Adobe's Developer Console: client id, secret and scopes",
            ),
            Self::Unauthorized(_) => Some(
                "if the inlet requires authentication, `[platform.auth]` must name a credential of the same organisation that has a role in the sandbox",
            ),
            Self::RegistryUnauthorized(_) => Some(
                "the credential of `[platform.auth]` needs the permission View Schemas in the sandbox; or name a `schema_file`",
            ),
            Self::SchemaRefused { .. } => Some(
                "check `schema_id` and `platform.sandbox_name` against the schema's page in Experience Platform; or name a `schema_file`",
            ),
            Self::Blocked(_) => Some(
                "an empty 403 is what Adobe answers to addresses outside the organisation's IP allow-list",
            ),
            Self::NotFound(_) => Some(
                "check `platform.inlet_url`: it is `auth.params.inletUrl` of the streaming connection",
            ),
            Self::Refused(_) => Some("check `platform.inlet_url` and the proxy in between, if any"),
            Self::Unavailable { last, .. } => Some(last.hint().unwrap_or(
                "nothing is lost: the checkpoint stands and the next sync tries again; if it stays, look at the network and at status.adobe.com",
            )),
            Self::Stopped { .. } => None,
        }
    }
}
