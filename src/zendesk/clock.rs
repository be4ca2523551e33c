//! Zendesk's clock, as far as its answers tell it.
//!
//! Times that go into requests and checkpoints are compared with Zendesk's timestamps, so they
//! are told by Zendesk's clock: a search window that ended in this machine's future would be a
//! checkpoint over changes that nobody has read.

use std::sync::Mutex;
use std::sync::PoisonError;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{DATE, HeaderMap};

use crate::clock::Clock;

/// Clocks this far apart are worth a line in the log.
const DISAGREEMENT: SignedDuration = SignedDuration::from_secs(60);

/// The header counts whole seconds and has been on its way for a while: closer than this, the two
/// clocks agree as far as can be told.
const GRAIN: SignedDuration = SignedDuration::from_secs(3);

/// How far Zendesk's clock is ahead of ours.
#[derive(Debug)]
pub(super) struct ServerClock {
    ours: Clock,
    ahead: Mutex<Option<SignedDuration>>,
}

impl ServerClock {
    /// Taken to agree with ours until an answer tells.
    pub(super) fn new(ours: Clock) -> Self {
        Self {
            ours,
            ahead: Mutex::default(),
        }
    }

    /// Our own clock.
    pub(super) fn ours(&self) -> Clock {
        self.ours
    }

    /// Learns from the `Date` of an answer; a missing or unreadable one teaches nothing.
    pub(super) fn learn(&self, headers: &HeaderMap) {
        let now = self.ours.now();
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        let Some(date) = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok()) else {
            return;
        };
        let mut ahead = date.timestamp().duration_since(now);
        if ahead.abs() <= GRAIN {
            ahead = SignedDuration::ZERO;
        }
        let before = self.lock().replace(ahead);
        let apart = |ahead: SignedDuration| ahead.abs() > DISAGREEMENT;
        if apart(ahead) && !before.is_some_and(apart) {
            tracing::warn!(
                zendesk_ahead_seconds = ahead.as_secs(),
                "this machine's clock and zendesk's disagree: exports go by zendesk's, schedules by this machine's; have it kept by NTP"
            );
        }
    }

    /// Whether any answer has told the time yet.
    pub(super) fn is_known(&self) -> bool {
        self.lock().is_some()
    }

    /// The time by Zendesk's clock, or by ours before its first answer.
    pub(super) fn now(&self) -> Timestamp {
        let now = self.ours.now();
        let ahead = self.lock().unwrap_or_default();
        now.saturating_add(ahead).unwrap_or(now)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<SignedDuration>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_of_an_answer_is_zendesks_time() {
        let clock = ServerClock::new(Clock::real());
        let now = Timestamp::now();
        let mut headers = HeaderMap::new();
        clock.learn(&headers);
        assert!(!clock.is_known());
        let an_hour_ago = now - SignedDuration::from_hours(1);
        let date = jiff::fmt::rfc2822::DateTimePrinter::new()
            .timestamp_to_rfc9110_string(&an_hour_ago)
            .expect("printable");
        headers.insert(DATE, date.parse().expect("a header value"));
        clock.learn(&headers);
        assert!(clock.is_known());
        let apart = clock.now().duration_since(an_hour_ago).abs();
        assert!(apart < SignedDuration::from_secs(30), "{apart}");
        headers.insert(DATE, "yesterday".parse().expect("a header value"));
        clock.learn(&headers);
        assert!(clock.is_known(), "what cannot be read teaches nothing");
    }
}
