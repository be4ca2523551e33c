//! How a stream is, and whether all is well: one judgement for the daemon, which knows all, and for
//! a look at its state directory, which knows less.
//!
//! Pure: whoever asks brings the facts.

mod finding;
#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::Timestamp;

use super::report::{Condition, DeadLetters, Failure, Health, Severity, Stream, Token};
use crate::checkpoint::{NeedsAttention, SyncReport};

/// How much older than two intervals a stream's newest data may be before it is late. Zendesk
/// withholds changes for a minute, time exports have them after ten, and one failed sync may be
/// made good by the next.
const LATE_AFTER: Duration = Duration::from_secs(15 * 60);

/// Part of the dead letters' room at which a person should make some, in percent.
const NEARLY_FULL_PERCENT: u64 = 80;

/// What the condition of a stream follows from.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts<'a> {
    /// Why it waits for a person.
    pub attention: Option<&'a NeedsAttention>,
    /// The last sync that ended.
    pub last_sync: Option<&'a SyncReport>,
    /// As in [`Stream::lag_seconds`].
    pub lag_seconds: Option<u64>,
    /// As in [`Stream::every_seconds`].
    pub every_seconds: Option<u64>,
    /// As in [`Stream::next_sync_at`].
    pub next_sync_at: Option<Timestamp>,
    /// Whether history is still to be read.
    pub back_filling: bool,
    /// Whether live changes are read up to its configured `end`.
    pub ended: bool,
}

/// How a stream is at `now`.
pub fn condition(facts: &Facts<'_>, now: Timestamp) -> Condition {
    if facts.attention.is_some() {
        Condition::Paused
    } else if facts.last_sync.is_some_and(has_failed) {
        Condition::Failing
    } else if facts.ended && !facts.back_filling {
        Condition::Finished
    } else if !facts.ended && facts.last_sync.is_some() && is_late(facts, now) {
        Condition::Late
    } else if facts.back_filling {
        Condition::BackFilling
    } else if facts.last_sync.is_none() && facts.lag_seconds.is_none() {
        Condition::Starting
    } else {
        Condition::Fresh
    }
}

/// Whether a sync ended with an error.
pub fn has_failed(sync: &SyncReport) -> bool {
    !matches!(&*sync.outcome, "complete" | "split" | "stopped")
}

/// By the lag where there is an interval, else by a time of the clock that was missed.
fn is_late(facts: &Facts<'_>, now: Timestamp) -> bool {
    match (facts.every_seconds, facts.lag_seconds) {
        (Some(every), Some(lag)) => lag > every.saturating_mul(2) + LATE_AFTER.as_secs(),
        (Some(_), None) => false,
        (None, _) => facts
            .next_sync_at
            .is_some_and(|due| now.duration_since(due).as_secs() > LATE_AFTER.as_secs() as i64),
    }
}

/// What is known of the daemon's process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Daemon {
    /// It says so itself.
    Answers,
    /// It says so itself, and was told to stop.
    Stopping,
    /// It has the state directory, but nothing was heard of it.
    Silent,
    /// There is none.
    Down,
}

/// What the health follows from.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Whether there is a daemon.
    pub daemon: Daemon,
    /// All streams, each with its condition.
    pub streams: &'a [Stream],
    /// Both ends' tokens, as far as they are known.
    pub tokens: &'a [Token],
    /// The refused records.
    pub dead_letters: &'a DeadLetters,
    /// What went wrong lately.
    pub failures: &'a [Failure],
}

/// Whether data flows, and what a person should know, the worst first.
pub fn health(known: &Known<'_>) -> Health {
    let mut findings = Vec::new();
    findings.extend(finding::daemon(known.daemon));
    let refused = |token: &Token| finding::token(token, known.streams);
    findings.extend(known.tokens.iter().filter_map(refused));
    findings.extend(finding::paused(known.streams));
    findings.extend(finding::failing(known.streams, known.failures));
    // Nothing is on time without a daemon; that has been said.
    if known.daemon != Daemon::Down {
        findings.extend(finding::late(known.streams));
    }
    findings.extend(finding::odd(known.streams));
    findings.extend(finding::dead_letters(known.dead_letters));
    findings.sort_by_key(|finding| finding.severity);
    let needs_a_person = findings
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    let signed_in = known
        .tokens
        .iter()
        .all(|token| token.accepted == Some(true));
    Health {
        ready: signed_in && !needs_a_person && known.daemon != Daemon::Stopping,
        findings,
    }
}
