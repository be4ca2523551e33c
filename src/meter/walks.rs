//! Syncs, by walk, and what they did, by stream.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Durations, Histogram};
use crate::checkpoint::Counts;
use crate::error::Code;

/// History on its way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BackFill {
    /// Records read of it so far.
    pub records: u64,
    /// The time it has been read to.
    pub read_to: Option<Timestamp>,
    /// The time it has to be read to.
    pub until: Timestamp,
    /// How much of it is read, 0 to 100.
    pub percent: Option<u8>,
    /// How long the rest will take; `None` before that can be guessed.
    pub seconds_left: Option<u64>,
}

/// How a sync ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncEnd {
    /// All live changes are settled.
    Complete,
    /// The next one was due before.
    Split,
    /// The program is stopping.
    Stopped,
    /// With an error.
    Failed,
}

impl SyncEnd {
    /// All of them, in the order of the documentation.
    pub const ALL: [Self; 4] = [Self::Complete, Self::Split, Self::Stopped, Self::Failed];

    /// As metrics name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Split => "split",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

/// One sync that ended.
#[derive(Clone, Copy, Debug)]
pub struct Ended {
    /// When.
    pub at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// How.
    pub end: SyncEnd,
    /// Why, if it failed.
    pub failure: Option<Code>,
    /// The time up to which every change is settled, as far as this sync has proven.
    pub fresh_until: Option<Timestamp>,
}

/// Syncs by their end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncsByEnd([u64; SyncEnd::ALL.len()]);

impl SyncsByEnd {
    /// Those that ended so.
    pub fn get(self, end: SyncEnd) -> u64 {
        self.0[end as usize]
    }

    /// All of them.
    pub fn total(self) -> u64 {
        self.0.iter().sum()
    }
}

/// How a walk has gone so far.
#[derive(Clone, Debug)]
pub struct WalkReading {
    /// Whether a sync is running.
    pub is_running: bool,
    /// The last one that ended, in this process.
    pub last: Option<Ended>,
    /// When the next one is due.
    pub next_at: Option<Timestamp>,
    /// The time up to which every change is settled, as far as syncs of this process have proven.
    pub fresh_until: Option<Timestamp>,
    /// History that is still to be read, as of the last settled page. `None` without a page.
    pub back_fill: Option<BackFill>,
    /// Syncs by their end.
    pub syncs: SyncsByEnd,
    /// How long they took.
    pub durations: Histogram,
}

#[derive(Debug, Default)]
pub(super) struct Walks {
    walks: BTreeMap<Arc<str>, Walk>,
    streams: BTreeMap<Arc<str>, Stream>,
}

#[derive(Debug, Default)]
pub(super) struct Walk {
    is_running: bool,
    last: Option<Ended>,
    pub(super) next_at: Option<Timestamp>,
    fresh_until: Option<Timestamp>,
    pub(super) back_fill: Option<BackFill>,
    syncs: SyncsByEnd,
    durations: Durations,
}

#[derive(Debug, Default)]
pub(super) struct Stream {
    /// By syncs that ended.
    pub(super) settled: Counts,
    /// By the one that is running.
    pub(super) running: Counts,
}

impl Walks {
    pub(super) fn walk(&mut self, name: &str) -> &mut Walk {
        self.walks.entry(name.into()).or_default()
    }

    pub(super) fn stream(&mut self, name: &str) -> &mut Stream {
        self.streams.entry(name.into()).or_default()
    }
}

impl Walk {
    pub(super) fn began(&mut self) {
        self.is_running = true;
        self.next_at = None;
    }

    pub(super) fn ended(&mut self, ended: &Ended) {
        self.is_running = false;
        self.last = Some(*ended);
        self.fresh_until = self.fresh_until.max(ended.fresh_until);
        self.syncs.0[ended.end as usize] += 1;
        self.durations.add(ended.took);
    }

    pub(super) fn reading(&self) -> WalkReading {
        WalkReading {
            is_running: self.is_running,
            last: self.last,
            next_at: self.next_at,
            fresh_until: self.fresh_until,
            back_fill: self.back_fill.clone(),
            syncs: self.syncs,
            durations: self.durations.histogram(),
        }
    }
}

impl Stream {
    pub(super) fn total(&self) -> Counts {
        let mut total = self.settled;
        total += self.running;
        total
    }
}
