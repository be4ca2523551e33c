//! The quota governor: before every request to Zendesk's API, one for each account.
//!
//! Zendesk's limits are shared by everybody who works with the account. This program takes its
//! share of each (`[zendesk.quota]`), learned from the headers of every answer, and leaves the
//! rest to others; when they use more than their rest, it makes do with what is left.
//!
//! Decisions are in `queue.rs`, which does no I/O and is told the time; this file waits, and says
//! so. The token endpoint is not behind it: no limit of it is documented, none was recorded, and a
//! token is fetched twice an hour.

mod answers;
mod bucket;
mod headers;
mod queue;
mod routes;
#[cfg(test)]
mod tests;
mod window;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::HeaderMap;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config;
use crate::limits;
use crate::progress;
use queue::Queue;
use window::Moment;

/// How long a request may wait while others go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Urgency {
    /// Live changes: goes first.
    #[default]
    Fresh,
    /// History: goes when no live changes wait, and every fourth time anyway.
    BackFill,
    /// A poll between the ticks, made only where there is room to spare. Once begun it goes with
    /// the live changes, since its stream waits for it, but no room is kept for it.
    Spare,
}

/// The quota governor of one account.
#[derive(Debug)]
pub struct Governor {
    queue: Mutex<Queue>,
    changed: Notify,
    quota: Mutex<config::Quota>,
    clock: Clock,
}

/// Leave to make one request; given back when dropped.
#[derive(Debug)]
pub(super) struct Permit<'g> {
    governor: &'g Governor,
    id: u64,
}

/// One limit, as it stands now.
#[derive(Clone, Debug, PartialEq)]
pub struct Usage {
    /// As Zendesk's headers name it, where they do; `account` for the account's own.
    pub bucket: String,
    /// Requests in one window, by everybody.
    pub total: u32,
    /// How many of them are ours to make.
    pub part: u32,
    /// Requests made by this program in this window.
    pub used: u32,
    /// Requests made by others in this window, as far as answers have told.
    pub used_by_others: u32,
    /// What this program may still use in this window.
    pub left: u32,
    /// When the window ends; `None` before the first request.
    pub resets_at: Option<Timestamp>,
    /// False until an answer has told the limit: it is a guess from Zendesk's documents.
    pub confirmed: bool,
}

/// A place in the queue, left when dropped.
struct Queued<'g> {
    governor: &'g Governor,
    id: u64,
    admitted: bool,
}

impl Governor {
    /// A governor that knows nothing yet of what was used.
    pub fn new(quota: config::Quota, clock: Clock) -> Self {
        Self {
            queue: Mutex::default(),
            changed: Notify::new(),
            quota: Mutex::new(quota),
            clock,
        }
    }

    /// From now on this is our share. What was used of the limits stays known.
    pub fn set_quota(&self, quota: config::Quota) {
        *self.quota() = quota;
        self.changed.notify_waiters();
    }

    /// Waits until a request for `path` may be made; `None` if `stop` comes first. `what` names the
    /// request, as in "waiting to …".
    pub(super) async fn admit(
        &self,
        path: &str,
        urgency: Urgency,
        what: &str,
        stop: &CancellationToken,
    ) -> Option<Permit<'_>> {
        let mut queued = Queued {
            governor: self,
            id: self.lock().enter(path, urgency),
            admitted: false,
        };
        loop {
            let mut changed = std::pin::pin!(self.changed.notified());
            // Listen first, then look: what happens in between is not missed.
            changed.as_mut().enable();
            progress::passed();
            let Some(pause) = self.look(queued.id, what) else {
                queued.admitted = true;
                return Some(Permit {
                    governor: self,
                    id: queued.id,
                });
            };
            tokio::select! {
                () = stop.cancelled() => return None,
                () = changed => {}
                () = self.clock.sleep(pause) => {}
            }
        }
    }

    /// How long to wait before looking again; `None` if the request may go.
    fn look(&self, id: u64, what: &str) -> Option<Duration> {
        let (now, share) = self.now();
        let mut queue = self.lock();
        if queue.admit(now, share) {
            self.changed.notify_waiters();
        }
        if queue.claim(id) {
            return None;
        }
        let Some(outlook) = queue.outlook(id, now, share) else {
            return Some(limits::QUOTA_LOOK);
        };
        drop(queue);
        let Some(until) = outlook.until else {
            return Some(limits::QUOTA_LOOK);
        };
        let wait = until.saturating_sub(now);
        if outlook.announce {
            tracing::info!(
                bucket = outlook.bucket,
                wait_seconds = wait.as_secs(),
                "waiting to {what}: no room is left in our share of this limit of zendesk's; further waits for it are logged at debug"
            );
        } else {
            tracing::debug!(
                bucket = outlook.bucket,
                wait_seconds = wait.as_secs(),
                "waiting to {what}"
            );
        }
        // The share may change with the hour, or the limit with an answer.
        Some(wait.clamp(Duration::from_millis(1), limits::QUOTA_LOOK))
    }

    /// Whether there is room for a poll of `path` that nobody waits for: neither other programs nor
    /// back-fill nor the ticks to come would miss it.
    pub fn has_spare(&self, path: &str) -> bool {
        let (now, share) = self.now();
        self.lock().has_spare(path, now, share)
    }

    /// The limits that requests of `path` count against, by name, and how many of them each lets
    /// through a minute if nobody else of us asks.
    pub fn rates(&self, path: &str) -> Vec<(String, f64)> {
        let (_, share) = self.now();
        self.lock().rates(path, share)
    }

    /// How every limit met so far stands, by name.
    pub fn usage(&self) -> Vec<Usage> {
        let (now, share) = self.now();
        let mut usage: Vec<Usage> = self
            .lock()
            .standings(now, share)
            .into_iter()
            .map(|(bucket, standing)| Usage {
                bucket,
                total: standing.total,
                part: standing.part,
                used: standing.own,
                used_by_others: standing.others,
                left: standing
                    .total
                    .saturating_sub(standing.own.saturating_add(standing.others))
                    .min(standing.part.saturating_sub(standing.own)),
                resets_at: standing.ends.map(|ends| self.at(ends, now)),
                confirmed: standing.heard,
            })
            .collect();
        usage.sort_by(|a, b| a.bucket.cmp(&b.bucket));
        usage
    }

    fn at(&self, moment: Moment, now: Moment) -> Timestamp {
        let ahead = SignedDuration::try_from(moment.saturating_sub(now)).unwrap_or_default();
        let now = self.clock.now();
        now.saturating_add(ahead).unwrap_or(now)
    }

    /// The moment, and the share that holds at this hour.
    fn now(&self) -> (Moment, f64) {
        let share = self.quota().share_at(self.clock.now());
        (self.clock.elapsed(), share)
    }

    fn quota(&self) -> MutexGuard<'_, config::Quota> {
        self.quota.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit<'_> {
    /// Learns from the answer's headers.
    pub(super) fn learn(&self, headers: &HeaderMap) {
        let signals = headers::read(headers);
        let now = self.governor.clock.elapsed();
        self.governor.lock().learn(self.id, now, &signals);
    }

    /// The request never reached Zendesk: it counts nowhere.
    pub(super) fn unsent(&self) {
        self.governor.lock().leave(self.id);
    }

    /// Zendesk has refused the request as one too many: the limit it names is closed for `wait`.
    pub(super) fn refused(&self, headers: &HeaderMap, body: &[u8], wait: Duration) {
        let signals = headers::read(headers);
        // The account's own words, and the edge's; an endpoint names itself between them.
        let of_account = [
            "allowed API requests per minute exceeded",
            "Automated response",
        ]
        .iter()
        .any(|words| contains(body, words));
        let until = self.governor.clock.elapsed() + wait;
        self.governor
            .lock()
            .refused(self.id, &signals, of_account, until);
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        self.governor.lock().landed(self.id);
        self.governor.changed.notify_waiters();
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        if !self.admitted {
            self.governor.lock().leave(self.id);
            self.governor.changed.notify_waiters();
        }
    }
}

fn contains(body: &[u8], words: &str) -> bool {
    body.windows(words.len())
        .any(|window| window == words.as_bytes())
}
