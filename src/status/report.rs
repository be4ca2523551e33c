//! What is said of the daemon: the content of `/status.json`, which the status page and the
//! command `status` show in their ways.
//!
//! The names are stable: a field may come in, none changes its meaning. All times are UTC; all
//! spans are whole seconds. Nothing here quotes a record or holds a secret.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use crate::meter::{BackFill, Failure};

use crate::checkpoint::{NeedsAttention, SyncReport};

/// Everything that is known at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Who tells it.
    pub source: Source,
    /// Version of the program that tells it.
    pub version: String,
    /// The Zendesk account.
    pub account: String,
    /// When this was so.
    pub at: Timestamp,
    /// When the daemon started; `None` if it is not running.
    pub started_at: Option<Timestamp>,
    /// Whether data flows, and what stands in its way.
    pub health: Health,
    /// Every configured stream, in the order of the configuration.
    pub streams: Vec<Stream>,
    /// Every limit of Zendesk's that was met, by name.
    pub limits: Vec<Limit>,
    /// Both ends' tokens.
    pub tokens: Vec<Token>,
    /// Requests to the inlet that wait for their answer.
    pub in_flight: u32,
    /// The refused records.
    pub dead_letters: DeadLetters,
    /// What went wrong lately, the newest first, at most
    /// [`limits::FAILURES_REMEMBERED`](crate::limits::FAILURES_REMEMBERED).
    pub failures: Vec<Failure>,
}

/// Where a report comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The daemon, which is running.
    Daemon,
    /// The state directory; the daemon does not answer.
    StateDirectory,
}

/// Whether data flows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Health {
    /// Both sign-ins went well, and no stream waits for a person.
    pub ready: bool,
    /// Why not, or what is odd all the same; the worst first.
    pub findings: Vec<Finding>,
}

/// Something a person should know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// The stream, if it is about one.
    pub stream: Option<String>,
    /// The code of the error, if it is one (`docs/errors.md`).
    pub code: Option<String>,
    /// What is so.
    pub what: String,
    /// What to do about it; empty where there is nothing to do.
    pub remedy: String,
    /// Since when.
    pub since: Option<Timestamp>,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// A person must come: the daemon is not ready.
    Error,
    /// Odd, but it goes on.
    Warning,
}

/// One stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stream {
    /// Its name.
    pub name: String,
    /// The stream in whose walk it is read; `None` if it has one of its own.
    pub read_with: Option<String>,
    /// How it is.
    pub condition: Condition,
    /// Now minus the time of the newest settled change, or of the last complete look if nothing
    /// changed since; `None` before there is one.
    pub lag_seconds: Option<u64>,
    /// Time between two syncs; `None` under a cron expression.
    pub every_seconds: Option<u64>,
    /// When the next sync is due; `None` if that is not known, or one is running.
    pub next_sync_at: Option<Timestamp>,
    /// Whether a sync is running.
    pub running: bool,
    /// The last sync that ended.
    pub last_sync: Option<SyncReport>,
    /// Since the daemon started; `None` if it is not running.
    pub totals: Option<Totals>,
    /// History that is still to be read.
    pub back_fill: Option<BackFill>,
    /// Why it waits for a person.
    pub attention: Option<NeedsAttention>,
    /// What is odd about it.
    pub notice: Option<String>,
    /// How it went, oldest first, one for each [`limits::SAMPLE_EVERY`](crate::limits::SAMPLE_EVERY),
    /// at most [`limits::SAMPLES_KEPT`](crate::limits::SAMPLES_KEPT).
    pub samples: Vec<Sample>,
}

/// How a stream is, the worst that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// Waits for a person.
    Paused,
    /// Its last sync failed; the next one tries again.
    Failing,
    /// Its newest data is older than it should be.
    Late,
    /// Nothing was read yet.
    Starting,
    /// Live changes flow, history is being loaded.
    BackFilling,
    /// Live changes flow.
    Fresh,
    /// Everything before its configured `end` is delivered.
    Finished,
}

/// What was done for a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Records read in settled pages.
    pub received: u64,
    /// Records the inlet accepted.
    pub ingested: u64,
    /// Records not sent: sent before, or left out by the mapping.
    pub skipped: u64,
    /// Records in the dead letters.
    pub failed: u64,
    /// Syncs that ended, whatever their end.
    pub syncs: u64,
    /// Syncs that failed.
    pub syncs_failed: u64,
}

/// A stream at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// When.
    pub at: Timestamp,
    /// Its lag then.
    pub lag_seconds: Option<u64>,
    /// Records accepted since the sample before.
    pub ingested: u64,
}

/// One limit of Zendesk's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// As Zendesk's headers name it; `account` for the account's own.
    pub name: String,
    /// Requests in one window, by everybody.
    pub total: u32,
    /// How many of them are ours to make.
    pub share: u32,
    /// Requests made by this program in this window.
    pub used: u32,
    /// Requests made by others in this window, as far as answers have told.
    pub used_by_others: u32,
    /// What this program may still use in this window.
    pub left: u32,
    /// When the window ends.
    pub resets_at: Option<Timestamp>,
    /// False until an answer has told the limit: it is a guess from Zendesk's documents.
    pub confirmed: bool,
}

/// A token in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Token {
    /// Whose: `zendesk` or `adobe`.
    pub side: String,
    /// Whether the last sign-in went well; `None` before the first.
    pub accepted: Option<bool>,
    /// When it expires, if that is known.
    pub expires_at: Option<Timestamp>,
}

/// The refused records that wait for a person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DeadLetters {
    /// How many.
    pub letters: u64,
    /// Their size on disk.
    pub bytes: u64,
    /// The size at which streams stop.
    pub bytes_max: u64,
    /// By stream and reason.
    pub groups: Vec<DeadLetterGroup>,
}

/// The letters of one stream with one reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeadLetterGroup {
    /// The stream.
    pub stream: String,
    /// As `zendesk-aep dead-letters` names it.
    pub reason: String,
    /// How many.
    pub letters: u64,
    /// How many of them a later version of the record has superseded.
    pub superseded: u64,
}
