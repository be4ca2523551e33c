//! The vocabulary: what moves through the house, as types.
//!
//! A [`Record`] is one Zendesk object as it came over the wire: a slice of the page it
//! arrived in, with the two things anyone needs to know without parsing it again, its
//! [`RecordId`] and its version. A [`Position`] is where an export stands; only the export
//! that made it can read it, everybody else stores it and hands it back.
//!
//! Nothing here does I/O or reads a clock.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use crate::catalogue::{Leaving, Text};

/// Zendesk's opaque position in a cursor export: stored and sent back, never built or read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// Wraps a cursor that Zendesk handed out (or an operator copied from one).
    pub fn new(cursor: impl Into<String>) -> Self {
        Self(cursor.into())
    }

    /// The cursor as Zendesk spelled it, not percent-encoded.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The primary key of a record within its stream. Zendesk's are 64-bit integers, some
/// strings; both are kept as text, as the inlet wants identifiers too. Up to 23 bytes it is no
/// allocation, which no integer's is longer than.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecordId(SmolStr);

impl RecordId {
    /// Wraps an id; numbers are given in decimal.
    pub fn new(id: impl Into<SmolStr>) -> Self {
        Self(id.into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One Zendesk object, exactly as received.
#[derive(Clone, Debug)]
pub struct Record {
    /// The object's own bytes, a slice of its page: valid UTF-8 and syntactically whole JSON.
    pub bytes: Bytes,
    /// The primary key, if the object had a readable one.
    pub id: Option<RecordId>,
    /// When this version came to be, by the stream's version field; `None` if absent or unreadable.
    pub version: Option<Timestamp>,
    /// CRC-32 of `bytes`. Zendesk's versions have a resolution of one second; two versions of
    /// one second differ here.
    pub crc: u32,
    /// That this version is the object's end, and which kind of end; `None` for one that lives.
    pub deletion: Option<Deletion>,
}

/// How an object ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deletion {
    /// Deleted, and as a rule still to be restored: a ticket deleted by an agent, an inactive user.
    Soft,
    /// Deleted for good; what identified a person is gone.
    Permanent,
    /// A ticket whose content was erased, about 30 days after it was deleted.
    Scrubbed,
    /// Gone from a list without a word. The record's bytes are only `{"id":…,"deleted":true}`,
    /// with the stream's own id field.
    Vanished,
}

impl Record {
    /// Builds a record over its bytes.
    pub fn new(bytes: Bytes, id: Option<RecordId>, version: Option<Timestamp>) -> Self {
        let crc = crc32fast::hash(&bytes);
        Self {
            bytes,
            id,
            version,
            crc,
            deletion: None,
        }
    }
}

/// Where an export stands: everything before it has been read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "export", rename_all = "snake_case", deny_unknown_fields)]
pub enum Position {
    /// The incremental cursor export.
    Incremental {
        /// The last cursor Zendesk gave; `None` before the first page, or after it was lost.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cursor: Option<Cursor>,
        /// The newest version read so far: where to begin again, less an overlap, should the
        /// cursor be lost or refused. `None` means from the configured start.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        recovery_time: Option<Timestamp>,
    },
    /// The search export: half-open windows `from <= updated < to`.
    Search {
        /// Begin of the window that is next or in progress; `None` means from the beginning of time.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Timestamp>,
        /// The window in progress; `None` between windows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        window: Option<SearchWindow>,
    },
    /// The incremental time export.
    Time {
        /// Everything that changed before this has been read, also what showed late: where the
        /// next walk begins. `None` before the first page.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        from: Option<Timestamp>,
        /// How far a walk has ever come.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reached: Option<Timestamp>,
        /// Where the next page of the walk in progress begins; `None` between walks.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        page: Option<Timestamp>,
    },
    /// A list that is read whole, time and again.
    List {
        /// Number of the walk in progress, or else of the next one; 0 before the first page. It
        /// counts walks that reached the end of the list.
        walk: u64,
        /// The next page; `None` at the beginning of the list.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        page: Option<ListPage>,
        /// When the walk in progress began.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        began: Option<Timestamp>,
        /// When the last complete walk began: what changed before that has been read.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        complete: Option<Timestamp>,
    },
    /// History that is read from lists, while an export goes on live.
    History(HistoryPosition),
}

/// How far lists have given the history of a stream, and whether they have given all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryPosition {
    /// What was deleted at this time or later comes live: the export tells more of it.
    pub until: Timestamp,
    /// The list that is being read.
    pub list: HistoryList,
    /// The cursor of its next page; `None` at its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<Cursor>,
    /// The greatest id in it so far: a list is in the order of ids, so that none counts twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_id: Option<u64>,
    /// Those present.
    pub present: Counted,
    /// Those deleted, where they have a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<Counted>,
}

impl HistoryPosition {
    /// Of the records that were counted, how many were found and how many there are.
    pub fn progress(&self) -> (u64, u64) {
        let deleted = self.deleted.map_or((0, 0), |one| (one.found, one.records));
        let found = self.present.found.saturating_add(deleted.0);
        let records = self.present.records.saturating_add(deleted.1);
        (found.min(records), records)
    }
}

/// A list that history comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HistoryList {
    /// What was deleted; it is read first.
    Deleted,
    /// What is there.
    Present,
}

/// What a list has to have, and what of it was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Counted {
    /// As many as Zendesk counted.
    pub records: u64,
    /// When it counted them.
    pub at: Timestamp,
    /// Records found that were there to be counted.
    #[serde(default)]
    pub found: u64,
}

impl Counted {
    /// How many were counted and not found.
    pub fn missing(&self) -> u64 {
        self.records.saturating_sub(self.found)
    }
}

/// A page of a list, as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListPage {
    /// The page after this cursor.
    After(Cursor),
    /// The page of this number, from 1, if each has so many records.
    Number(u32, u32),
}

impl Position {
    /// The time up to which changes have certainly been read, for people and for lag.
    pub fn recovery_time(&self) -> Option<Timestamp> {
        match self {
            Self::Incremental { recovery_time, .. } => *recovery_time,
            Self::Search { from, .. } => *from,
            Self::Time { from, reached, .. } => (*reached).max(*from),
            Self::List { complete, .. } => *complete,
            Self::History(_) => None,
        }
    }

    /// A time such that nothing of a version at or after it has been read yet. `None` if nothing
    /// is known to have been read at all.
    pub fn unread_from(&self) -> Option<Timestamp> {
        match self {
            // Of the newest second some records may be read and others not.
            Self::Incremental { .. } | Self::Time { .. } => {
                let time = self.recovery_time()?;
                Timestamp::from_second(time.as_second() + 1).ok()
            }
            Self::Search {
                window: Some(window),
                ..
            } => Some(window.to),
            Self::Search { from, window: None } => *from,
            // A list is in no order of time.
            Self::List { .. } | Self::History(_) => None,
        }
    }
}

/// A search window that is being walked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchWindow {
    /// End of the window, exclusive.
    pub to: Timestamp,
    /// The page cursor for the next page; `None` before the first page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<Cursor>,
    /// When `cursor` was handed out: Zendesk forgets it an hour later.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<Timestamp>,
    /// How often this window had to begin again because its page cursor was lost.
    #[serde(default)]
    pub restarts: u32,
}

/// One response of an export.
#[derive(Debug)]
pub struct Page {
    /// The records in Zendesk's order.
    pub records: Vec<Record>,
    /// Records of other streams that came with these.
    pub children: Vec<Children>,
    /// Where the export stands once every record of this page is settled.
    pub next: Position,
    /// No later page can repeat a version of `records` older than this, so nobody need remember
    /// one. It says nothing of `children`: an old one comes again whenever its parent changes.
    pub repeat_horizon: Option<Timestamp>,
    /// Nothing more to read for now.
    pub end_of_stream: bool,
    /// More of a response of which a page was given before; that one counts as the page.
    pub is_rest: bool,
    /// Size of the response body in bytes, decompressed; of what is in this page, if there is more.
    pub bytes: usize,
    /// Requests it took to get it, repeated ones included.
    pub requests: u32,
    /// A record before this page that Zendesk cannot give, which was passed over.
    pub unreadable: Option<Unreadable>,
    /// Which part of a list it is, if it is one: then only what changed is to be passed on.
    pub listed: Option<Listed>,
}

/// A page as part of a list that is read whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Number of the walk.
    pub walk: u64,
    /// Nothing that was delivered before counts: all of the list is to be sent.
    pub afresh: bool,
    /// What follows.
    pub end: ListEnd,
    /// Field of the id in a record.
    pub id_field: Text,
    /// What it means for a record to be gone.
    pub leaving: Leaving,
}

/// What follows a page of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListEnd {
    /// Another page.
    More,
    /// Nothing: the list was walked to its end.
    Complete,
    /// More records, which Zendesk does not give.
    CutOff,
}

/// Records of a stream that is read along with another one's export.
#[derive(Debug)]
pub struct Children {
    /// The stream they belong to.
    pub stream: Arc<str>,
    /// They, in the order of the records they came with.
    pub records: Vec<Record>,
    /// Whose whole list this is: what was in it before and is missing now has vanished. `None`
    /// where the records are no whole list.
    pub scope: Option<Scope>,
}

/// The list under one parent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// The parent's id.
    pub parent: RecordId,
    /// Field of the ids of the records in it.
    pub id_field: Text,
}

impl Page {
    /// Nothing to read for now: the export stands at `next`, which it took `requests` to learn.
    pub fn nothing(next: Position, requests: u32) -> Self {
        Self {
            records: Vec::new(),
            children: Vec::new(),
            next,
            repeat_horizon: None,
            end_of_stream: true,
            is_rest: false,
            bytes: 0,
            requests,
            unreadable: None,
            listed: None,
        }
    }
}

/// A record that cannot be read, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The second of its version.
    pub second: Timestamp,
    /// The cursor of the record before it, where there are cursors.
    pub after: Option<Cursor>,
    /// How reading it fails.
    pub why: String,
}
