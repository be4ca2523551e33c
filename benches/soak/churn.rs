//! What happens to the account, and on the way to it.

use std::time::Duration;

use zendesk_aep::clock::Clock;
use zendesk_aep::sandbox::{Fault, Simulator as _};

use crate::account::{Account, STREAMS};

/// Between two rounds of changes; of no common measure with a minute.
const PAUSE: Duration = Duration::from_secs(17);

/// How often the daemon is asked how it is.
const SCRAPE_EVERY: Duration = Duration::from_secs(15 * 60);

/// One message in so many is refused, the same ones each time.
const REFUSED: u32 = 1_000;

/// Changes the account, and counts.
pub struct Churn<'a> {
    account: &'a Account,
    clock: Clock,
    round: usize,
    changes: u64,
    scraped: Duration,
    http: reqwest::Client,
}

/// What has happened so far.
#[derive(Clone, Copy, Default)]
pub struct Count {
    pub changes: u64,
    pub requests: u64,
    pub accepted: u64,
    pub refused: u64,
}

impl<'a> Churn<'a> {
    pub fn new(account: &'a Account, clock: Clock) -> Self {
        account.platform.reject_when(|message| {
            (crc32fast::hash(message) % REFUSED == 7)
                .then(|| "it is refused by the dice".to_owned())
        });
        Self {
            account,
            clock,
            round: 0,
            changes: 0,
            scraped: clock.elapsed(),
            http: reqwest::Client::builder()
                .no_proxy()
                .build()
                .expect("a client"),
        }
    }

    /// One round of changes, of which most are of users and tickets; the account does not grow but for
    /// the events of its tickets.
    pub async fn step(&mut self) {
        self.clock.sleep(PAUSE).await;
        let of = |name| self.account.zendesk.collection(name).expect("a stream");
        let mut changed = of("users").change(2).len() + of("tickets").change(2).len();
        for name in ["users", "tickets"] {
            if self.round.is_multiple_of(4) {
                changed += of(name).create(1).len() + of(name).delete(1).len();
            }
        }
        // Streams of events make theirs from changes of tickets.
        let other = STREAMS[2 + self.round % (STREAMS.len() - 2)];
        if !other.ends_with("_events") {
            changed += of(other).change(1).len();
        }
        self.round += 1;
        self.changes += changed as u64;
        if self.clock.elapsed() - self.scraped >= SCRAPE_EVERY {
            self.scraped = self.clock.elapsed();
            self.scrape().await;
        }
    }

    /// One of the things that go wrong in life, another one each hour.
    pub async fn mishap(&self, hour: u64) {
        let Account {
            zendesk, platform, ..
        } = self.account;
        match hour % 8 {
            0 => zendesk.fault("/api/v2/incremental", Fault::Truncate, 2),
            1 => platform.fault("/collection", Fault::CloseAfter, 2),
            2 => zendesk.fault("/api/v2", Fault::status(503, "{}"), 3),
            3 => zendesk.revoke_tokens(),
            4 => platform.fault("/collection", Fault::status(503, "{}"), 3),
            5 => platform.revoke_tokens(),
            6 => zendesk.fault("/api/v2", Fault::Html, 1),
            _ => zendesk.spend_quota(10_000),
        }
    }

    pub fn count(&self) -> Count {
        let served = |requests: Vec<zendesk_aep::sandbox::SeenRequest>| {
            requests.last().map_or(0, |last| last.head.number + 1)
        };
        Count {
            changes: self.changes,
            requests: served(self.account.zendesk.requests())
                + served(self.account.platform.requests()),
            accepted: self.account.platform.accepted_count() as u64,
            refused: self.account.platform.rejected().len() as u64,
        }
    }

    async fn scrape(&self) {
        for path in ["metrics", "status.json", "readyz"] {
            let asked = self
                .http
                .get(format!("http://{}/{path}", self.account.status));
            let answer = asked.send().await.expect("an answer");
            let _ = answer.bytes().await.expect("a body");
        }
    }
}
