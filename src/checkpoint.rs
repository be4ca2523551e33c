//! The state file: how far each stream has been delivered.
//!
//! A checkpoint says: everything before this position has been taken by the inlet or lies in the
//! dead letters. A save is: write `state.json.tmp`, fsync, link the old file into `history/`,
//! rename over `state.json`, fsync the directory. After a crash at any instant the old file or
//! the new one is there, whole.
//!
//! A file that cannot be read, that belongs to another account or that a later release wrote
//! stops the start, and so does one that is gone while its history is there; it is never replaced
//! by an empty one, since that would export everything again without a word. An operator may
//! replace it by an [`Amendment`]. The lock (`state.lock`) keeps a second process out for as long
//! as this one lives; it is advisory, and does not work across machines on a network disk.
//!
//! Nothing here is decided by the clock: generations are numbered, `saved_at` is for people.

mod amendment;
mod directory;
mod error;
mod format;
mod generations;
mod history;
mod lock;
mod repeats;
mod store;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use amendment::{Amended, Amendment, Present};
pub use error::Error;
pub use history::{Generation, history};
pub use repeats::{Repeats, Seen, Verdict};
pub use store::Store;

use crate::record::Position;
use directory::Directory;

/// Version of the file's format.
pub const FORMAT_VERSION: u32 = 1;

/// All that is in the state file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// [`FORMAT_VERSION`] when written.
    pub version: u32,
    /// The Zendesk account all of this is about.
    pub account: String,
    /// Counts the saves that moved a checkpoint; never the same number twice.
    #[serde(deserialize_with = "format::generation")]
    pub generation: u64,
    /// When it was written.
    pub saved_at: Timestamp,
    /// By stream name.
    #[serde(deserialize_with = "format::streams")]
    pub streams: BTreeMap<String, StreamState>,
}

impl State {
    /// What an account begins with.
    fn empty(account: &str) -> Self {
        Self {
            version: FORMAT_VERSION,
            account: account.to_owned(),
            generation: 0,
            saved_at: Timestamp::UNIX_EPOCH,
            streams: BTreeMap::new(),
        }
    }

    /// This state, if it is about `account`.
    fn of_account(self, account: &str, directory: &Directory) -> Result<Self, Error> {
        if self.account == account {
            return Ok(self);
        }
        Err(Error::Foreign {
            path: directory.state(),
            found: self.account,
            configured: account.to_owned(),
        })
    }
}

/// Reads the state file of a directory, without locking it. `None` if nothing was ever saved.
///
/// # Errors
/// When the file is damaged or too new, or missing although there are earlier generations.
pub fn read(directory: &Path) -> Result<Option<State>, Error> {
    Directory::new(directory).read()
}

/// [`read`], for the state of `account`.
///
/// # Errors
/// As [`read`], and when the file is about another account.
pub fn read_of(directory: &Path, account: &str) -> Result<Option<State>, Error> {
    let directory = Directory::new(directory);
    let state = directory.read()?;
    state
        .map(|state| state.of_account(account, &directory))
        .transpose()
}

/// Whether a process owns this directory. Takes part in the lock for an instant, which whoever
/// wants all of it waits for.
///
/// # Errors
/// When the lock cannot be tried.
pub fn is_owned(directory: &Path) -> Result<bool, Error> {
    Ok(holder(directory)?.is_some())
}

/// The process that owns a directory, as in "in use…"; `None` if nobody does. As [`is_owned`].
///
/// # Errors
/// When the lock cannot be tried.
pub fn holder(directory: &Path) -> Result<Option<String>, Error> {
    lock::find_holder(&Directory::new(directory))
}

/// What is known of one stream.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamState {
    /// The checkpoint; `None` before the first page is settled, and for a stream that is read in
    /// the walk of another one: that one has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// The streams that were delivered up to `position`, by name, if it is that of a walk that
    /// serves several; empty for the stream alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<String>,
    /// What lies before `position` and is still to be read, at most
    /// [`limits::BACK_FILL_SEGMENTS_MAX`](crate::limits::BACK_FILL_SEGMENTS_MAX).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub back_fill: Vec<Segment>,
    /// The configured `end` that was reached: nothing after it is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// The last sync, whatever its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_sync: Option<SyncReport>,
    /// What a person must look at before this stream can go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<NeedsAttention>,
    /// Something odd about the stream that is no error by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
    /// How often the stream used to have changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub activity: Option<Activity>,
    /// Versions around the checkpoint that may be read again. There may be thousands, and each save
    /// makes copies of all streams.
    #[serde(default, skip_serializing_if = "Seen::are_none")]
    pub recent: Arc<[Seen]>,
}

impl StreamState {
    /// Whether the same is left to be read from here as from `other`.
    pub fn stands_where(&self, other: &Self) -> bool {
        self.position == other.position
            && self.back_fill == other.back_fill
            && self.members == other.members
            && self.ended == other.ended
    }
}

/// A stretch of history that is read besides the live changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// How far it has been delivered.
    pub position: Position,
    /// The time from which on the live walk has everything.
    pub until: Timestamp,
    /// The streams that it is read for, by name.
    pub streams: Vec<String>,
    /// The time it began with; `None` before the first page that says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// Records delivered from it so far, of all its streams.
    #[serde(default)]
    pub records: u64,
}

/// Why a stream waits for a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NeedsAttention {
    /// Since when, over however many syncs.
    pub since: Timestamp,
    /// The code of the error.
    pub code: String,
    /// What happened.
    pub what: String,
    /// What to do.
    pub remedy: String,
}

/// Something odd, and since when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notice {
    /// What.
    pub oddity: Oddity,
    /// Since when, over however many syncs.
    pub since: Timestamp,
}

/// What can be odd about a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Oddity {
    /// Nothing new for much longer than usual.
    Silent,
    /// An export gave the same page twice in a row.
    SamePageTwice,
    /// An export gave a page from before the checkpoint.
    OldPage,
}

impl Oddity {
    /// What it means, for a person.
    pub fn explanation(self) -> &'static str {
        match self {
            Self::Silent => {
                "zendesk reports no changes for far longer than usual: syncs succeed and find nothing; if the account is in use, check what our user may see"
            }
            Self::SamePageTwice => {
                "zendesk gave the same page twice in a row: its records were recognised and not sent again"
            }
            Self::OldPage => {
                "zendesk gave a page from before the checkpoint: its records were delivered again, except those that are remembered"
            }
        }
    }
}

/// How often a stream used to have changes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activity {
    /// When a sync last found something new.
    pub last_change_seen: Timestamp,
    /// Moving average of the time between two such syncs.
    pub usual_gap_seconds: i64,
    /// How many gaps that average is made of.
    pub gaps: u32,
}

/// One sync, as kept and shown. `received = ingested + skipped + failed`, counted over settled
/// pages.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SyncReport {
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Timestamp,
    /// `complete`, `stopped`, or the code of the error that ended it.
    pub outcome: String,
    /// What it did.
    #[serde(flatten)]
    pub counts: Counts,
}

/// What a sync did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Records read in pages that were settled.
    pub received: u64,
    /// Records the inlet accepted.
    pub ingested: u64,
    /// Records not sent because this version, or a newer one, was sent before, or because the
    /// mapping leaves them out.
    pub skipped: u64,
    /// Records in the dead letters.
    pub failed: u64,
    /// Pages settled.
    pub pages: u64,
    /// Requests made to Zendesk and the inlet for those pages, repeated ones included.
    pub requests: u64,
    /// Bytes of those pages, decompressed.
    pub bytes: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.received += other.received;
        self.ingested += other.ingested;
        self.skipped += other.skipped;
        self.failed += other.failed;
        self.pages += other.pages;
        self.requests += other.requests;
        self.bytes += other.bytes;
    }
}
