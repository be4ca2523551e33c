//! What the running program counts: requests and their outcomes, tokens, syncs, records.
//!
//! One meter lives as long as the process; whoever has something to count is handed it, and
//! whoever answers for the daemon reads it. Here are no names of metrics and no I/O, and the time is
//! told by the caller. Everything is bounded: by the enumerations below, by the streams that were
//! ever configured, and by [`limits`](crate::limits).

mod durations;
mod failures;
mod side;
mod walks;

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

pub use durations::{Durations, Histogram};
pub use failures::Failure;
pub use side::{RequestOutcome, Side, SignIns};
pub use walks::{BackFill, Ended, SyncEnd, SyncsByEnd, WalkReading};

use crate::checkpoint::Counts;
use failures::Failures;
use jiff::Timestamp;
use std::sync::Arc;
use walks::Walks;

/// Everything that is counted.
#[derive(Debug, Default)]
pub struct Meter {
    /// Requests to Zendesk's API, and its token.
    pub zendesk: Side,
    /// Requests to Adobe's inlet, and its identity service's token.
    pub adobe: Side,
    /// What the inlet said of messages.
    pub messages: Messages,
    /// Attempts to change the configuration.
    pub reloads: Reloads,
    in_flight: AtomicU32,
    walks: Mutex<Walks>,
    failures: Mutex<Failures>,
}

/// Messages by what the inlet said of them, those sent again included.
#[derive(Debug, Default)]
pub struct Messages {
    /// It has them.
    pub accepted: Counter,
    /// It will never take them as they are.
    pub rejected: Counter,
    /// Its answer does not tell; they are sent again.
    pub unknown: Counter,
}

/// Attempts to change the configuration of the running daemon.
#[derive(Debug, Default)]
pub struct Reloads {
    /// It works by the new one.
    pub done: Counter,
    /// There was no change.
    pub unchanged: Counter,
    /// The new one was wrong, the old one stayed.
    pub refused: Counter,
}

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Counts one.
    pub fn count(&self) {
        self.add(1);
    }

    /// Counts so many.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    /// The number.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// A request to the inlet that waits for its answer; over when dropped.
#[derive(Debug)]
pub struct InFlight<'m>(&'m Meter);

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Meter {
    /// A request to the inlet is on its way, for as long as the result lives.
    pub fn sending(&self) -> InFlight<'_> {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        InFlight(self)
    }

    /// Requests to the inlet that wait for their answer.
    pub fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// A sync of a walk has begun.
    pub fn sync_began(&self, walk: &str) {
        self.walks().walk(walk).began();
    }

    /// A sync has settled a page. `streams` is what it did so far for each stream of the walk.
    pub fn sync_progressed<'a>(
        &self,
        walk: &str,
        streams: impl IntoIterator<Item = (&'a Arc<str>, Counts)>,
        back_fill: Option<BackFill>,
    ) {
        let mut walks = self.walks();
        walks.walk(walk).back_fill = back_fill;
        for (stream, counts) in streams {
            walks.stream(stream).running = counts;
        }
    }

    /// A sync has ended.
    pub fn sync_ended<'a>(
        &self,
        walk: &str,
        streams: impl IntoIterator<Item = (&'a Arc<str>, Counts)>,
        ended: &Ended,
    ) {
        let mut walks = self.walks();
        walks.walk(walk).ended(ended);
        for (stream, counts) in streams {
            let stream = walks.stream(stream);
            stream.settled += counts;
            stream.running = Counts::default();
        }
        drop(walks);
        if ended.end != SyncEnd::Failed {
            self.failures().over(walk);
        }
    }

    /// Something went wrong with a walk, or with the process as a whole.
    pub fn failed(&self, failure: Failure) {
        self.failures().add(failure);
    }

    /// When the next sync of a walk is due.
    pub fn next_sync(&self, walk: &str, at: Option<Timestamp>) {
        self.walks().walk(walk).next_at = at;
    }

    /// How a walk has gone so far.
    pub fn walk(&self, walk: &str) -> WalkReading {
        self.walks().walk(walk).reading()
    }

    /// What was done for a stream, the sync that is running included.
    pub fn stream(&self, stream: &str) -> Counts {
        self.walks().stream(stream).total()
    }

    /// What went wrong lately, the newest first.
    pub fn recent_failures(&self) -> Vec<Failure> {
        self.failures().newest_first()
    }

    fn walks(&self) -> MutexGuard<'_, Walks> {
        // Numbers: a panic elsewhere may at worst leave a page uncounted.
        self.walks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failures(&self) -> MutexGuard<'_, Failures> {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
