//! What can go wrong with Zendesk, once attempts are used up, and what a person can do about it.

use crate::config::SecretError;
use crate::error::{Code, Explain};
use crate::http::{ClientError, GaveUp, Trouble};

/// A request to Zendesk that did not succeed and will not by itself.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The HTTP client could not be built.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The secret to sign in with could not be read.
    #[error("cannot sign in to zendesk")]
    Secret(#[from] SecretError),
    /// Zendesk does not accept our credentials, also after a renewal.
    #[error("zendesk refused the sign-in: {0}")]
    SignIn(#[source] Trouble),
    /// The credentials are good but may not do this.
    #[error("zendesk does not permit us to {what}: {trouble}")]
    Forbidden {
        /// What was being done.
        what: String,
        /// The answer.
        #[source]
        trouble: Trouble,
    },
    /// The address does not exist on this account.
    #[error("zendesk has nothing at the address to {what}: {trouble}")]
    NotFound {
        /// What was being done.
        what: String,
        /// The answer.
        #[source]
        trouble: Trouble,
    },
    /// The account does not have this endpoint.
    #[error("the account has nothing at the address to {what}: {trouble}")]
    NotOffered {
        /// What was being done.
        what: String,
        /// The answer.
        #[source]
        trouble: Trouble,
    },
    /// The answer sends us elsewhere.
    #[error("zendesk redirects the request to {what} to `{location}`")]
    Redirected {
        /// What was being done.
        what: String,
        /// Where to; scheme and host only.
        location: String,
    },
    /// Zendesk refuses the request as wrong.
    #[error("zendesk refused the request to {what}: {trouble}")]
    Refused {
        /// What was being done.
        what: String,
        /// The answer.
        #[source]
        trouble: Trouble,
    },
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
    /// Every attempt failed in a way that points to what the page holds, down to a page of one
    /// record. Exports pass over such a record, once it is certain that it is to blame.
    #[error("could not {what}, not even one record: {last} (attempts made: {attempts})")]
    Unreadable {
        /// What was being done.
        what: String,
        /// Attempts made.
        attempts: u32,
        /// What the last one ended with.
        #[source]
        last: Trouble,
    },
    /// The cursor sent along is not known any more. Exports recover from this by themselves.
    #[error("zendesk does not know the cursor any more: {0}")]
    CursorLost(#[source] Trouble),
    /// The page is too far down a list for zendesk. Lists take it for their end, and say so.
    #[error("zendesk does not give pages so far down a list: {0}")]
    TooDeep(#[source] Trouble),
    /// The start time lies in the stretch that Zendesk still withholds. Exports take this for
    /// "nothing new yet".
    #[error("the start time is too recent: {0}")]
    TooRecent(#[source] Trouble),
    /// The export would go round in circles.
    #[error(
        "the export of {stream} does not advance: zendesk returned the cursor it was given, with more to come"
    )]
    NoProgress {
        /// The stream.
        stream: String,
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
            Self::Secret(_) | Self::SignIn(_) => Code::ZendeskSignIn,
            Self::Forbidden { .. } => Code::ZendeskForbidden,
            Self::NotFound { .. } | Self::NotOffered { .. } | Self::Redirected { .. } => {
                Code::ZendeskAddress
            }
            Self::Refused { .. } | Self::TooDeep(_) => Code::ZendeskRefused,
            Self::Unavailable { .. } | Self::Unreadable { .. } => Code::ZendeskUnavailable,
            Self::CursorLost(_) | Self::TooRecent(_) | Self::NoProgress { .. } => {
                Code::ZendeskExport
            }
            Self::Stopped { .. } => Code::Interrupted,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Client(error) => Some(error.hint()),
            Self::Secret(_) => Some(
                "provide the secret named under `[zendesk.auth]`; files are read again at every attempt, a systemd credential needs a restart",
            ),
            Self::SignIn(_) => Some(
                "check `[zendesk.auth]`: the client or token may have been revoked, expired or rotated; secret files are read again at every attempt",
            ),
            Self::Forbidden { .. } => Some(
                "incremental exports need an admin, the search export an agent, and OAuth clients the scope `read`; a token acts as the user who created its client",
            ),
            Self::NotFound { .. } => Some(
                "check `zendesk.subdomain` (or `base_url`), and that the account's plan includes this object",
            ),
            Self::NotOffered { .. } => Some(
                "check `zendesk.subdomain` (or `base_url`); if it is right, the account's plan does not include this: leave the stream's section out (`zendesk-aep streams --available` shows what there is)",
            ),
            Self::Redirected { .. } => Some(
                "redirects are not followed, since credentials would go along; use the account's `….zendesk.com` name",
            ),
            Self::Refused { .. } => Some(
                "this is a request zendesk will never accept; please report it with the text above",
            ),
            Self::Unavailable { last, .. } | Self::Unreadable { last, .. } => {
                Some(last.hint().unwrap_or(
                    "nothing is lost: the checkpoint stands and the next sync tries again; if it stays, look at the network and at status.zendesk.com",
                ))
            }
            Self::NoProgress { .. } => Some(
                "nothing is lost: the checkpoint stands; if the next syncs say the same, report it to zendesk with the time",
            ),
            Self::CursorLost(_) | Self::TooDeep(_) | Self::TooRecent(_) | Self::Stopped { .. } => {
                None
            }
        }
    }
}
