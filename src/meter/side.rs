//! One of the two ends: requests to it, and whether it accepts us.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use super::{Counter, Durations};

/// How one request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestOutcome {
    /// With a usable answer.
    Success,
    /// 429.
    RateLimited,
    /// 401 or 403.
    Unauthorized,
    /// Another 4xx, or a redirect.
    ClientError,
    /// 5xx.
    ServerError,
    /// With no answer, or not the whole of it.
    Network,
    /// With an answer that cannot be read.
    Unusable,
}

impl RequestOutcome {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 7] = [
        Self::Success,
        Self::RateLimited,
        Self::Unauthorized,
        Self::ClientError,
        Self::ServerError,
        Self::Network,
        Self::Unusable,
    ];

    /// As metrics name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::RateLimited => "rate_limited",
            Self::Unauthorized => "unauthorized",
            Self::ClientError => "client_error",
            Self::ServerError => "server_error",
            Self::Network => "network",
            Self::Unusable => "unusable",
        }
    }
}

/// One of the two ends.
#[derive(Debug, Default)]
pub struct Side {
    requests: [Counter; RequestOutcome::ALL.len()],
    /// How long requests took, without what they waited for before they were sent.
    pub durations: Durations,
    /// Requests that were made again.
    pub retries: Counter,
    /// Milliseconds for which requests waited for their turn: at Zendesk, for room in a limit.
    pub waited_ms: Counter,
    token: Mutex<SignIns>,
}

/// What is known of signing in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignIns {
    /// Whether the last answer that tells was that we are let in.
    pub accepted: Option<bool>,
    /// When the present token expires, if that is known.
    pub expires_at: Option<Timestamp>,
    /// Tokens that were granted.
    pub granted: u64,
    /// Times that a sign-in or a fresh token was refused.
    pub refused: u64,
}

impl Side {
    /// A request has ended.
    pub fn request(&self, outcome: RequestOutcome, took: Duration) {
        self.requests[outcome as usize].count();
        self.durations.add(took);
    }

    /// Requests that ended so.
    pub fn requests(&self, outcome: RequestOutcome) -> u64 {
        self.requests[outcome as usize].get()
    }

    /// A token was granted, which expires then if that is known.
    pub fn granted(&self, expires_at: Option<Timestamp>) {
        let mut token = self.token();
        token.granted += 1;
        token.accepted = Some(true);
        token.expires_at = expires_at;
    }

    /// A request was let in.
    pub fn let_in(&self) {
        self.token().accepted = Some(true);
    }

    /// We are not let in, also not with a fresh token.
    pub fn refused(&self) {
        let mut token = self.token();
        token.refused += 1;
        token.accepted = Some(false);
    }

    /// What is known of signing in.
    pub fn sign_ins(&self) -> SignIns {
        *self.token()
    }

    fn token(&self) -> MutexGuard<'_, SignIns> {
        self.token.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
