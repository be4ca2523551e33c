//! Rate limits: windows that end on the wall-clock minute, and the headers that tell of them.
//!
//! Other programs use the account too, as far as [`OtherUser`] says and there is room: they come
//! before every request of the client under test, never instead of it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::options::{OtherUser, ZendeskOptions};
use crate::clock::Clock;
use crate::sandbox::answer::{Answer, json};

/// A limit: its requests, counted in windows of so many minutes.
#[derive(Debug)]
struct Bucket {
    name: &'static str,
    minutes: u32,
    limit: u32,
    /// In the window that the clock is in; at most `limit`.
    used: u32,
    /// Number of that window, since 1970.
    window: u128,
    /// What other users have asked for in that window, whether they got it or not.
    wanted_by_others: u32,
}

/// The buckets of one account.
#[derive(Debug)]
pub(super) struct Quota {
    clock: Clock,
    minute: Duration,
    buckets: Vec<Bucket>,
    others: Vec<OtherUser>,
    refused: u64,
    /// Requests of the client under test by bucket, in each window in which there were any.
    own: BTreeMap<(&'static str, u128), u32>,
}

/// The counters as they stand after one request.
#[derive(Clone, Debug)]
pub(super) struct Counters {
    general: Option<(u32, u32)>,
    /// Seconds until the minute ends, rounded up, so that waiting this long always suffices.
    resets: u64,
    /// Headers of endpoints: name and value.
    named: Vec<(String, String)>,
}

impl Counters {
    /// Adds the headers, in the spelling of 2024.
    pub(super) fn stamp(&self, answer: Answer) -> Answer {
        let mut answer = answer;
        if let Some((limit, remaining)) = self.general {
            answer = answer
                .header("x-rate-limit", &limit.to_string())
                .header("x-rate-limit-remaining", &remaining.to_string())
                .header("ratelimit-limit", &limit.to_string())
                .header("ratelimit-remaining", &remaining.to_string())
                .header("ratelimit-reset", &self.resets.to_string());
        }
        for (name, value) in &self.named {
            answer = answer.header(name, value);
        }
        answer
    }
}

/// Buckets that answers name in a header of their own. The search export has a limit but was
/// recorded without one, and so were the others.
const IN_HEADERS: [&str; 4] = [
    "incremental-exports",
    "incremental-exports-cursor",
    "tickets-index",
    "tags-index",
];

/// The account's bucket, and those of the path besides.
fn buckets_of(path: &str) -> (&'static str, &'static [&'static str]) {
    let path = path.strip_suffix(".json").unwrap_or(path);
    let is = |prefix: &str| path.starts_with(prefix);
    if is("/api/v2/help_center/") || is("/api/v2/community/") {
        ("help-center", &[])
    } else if is("/api/v2/chat/") {
        ("chat", &[])
    } else if is("/api/v2/channels/voice/stats/incremental/") {
        ("account", &["talk", "talk-incremental"])
    } else if is("/api/v2/channels/voice/") {
        ("account", &["talk"])
    } else if path == "/api/v2/incremental/users/cursor" {
        ("account", &["incremental-exports-cursor"])
    } else if is("/api/v2/incremental/") && path.ends_with("/sample") {
        ("account", &["incremental-sample"])
    } else if is("/api/v2/incremental/") {
        ("account", &["incremental-exports"])
    } else if path == "/api/v2/search/export" {
        ("account", &["search-export"])
    } else if path == "/api/v2/deleted_tickets" {
        ("account", &["deleted-tickets"])
    } else if path == "/api/v2/tickets/side_conversations/events" {
        ("account", &["side-conversation-events"])
    } else if is("/api/v2/tickets/") && path.ends_with("/audits") {
        ("account", &["ticket-audits"])
    } else if path == "/api/v2/tickets" {
        ("account", &["tickets-index"])
    } else if path == "/api/v2/tags" {
        ("account", &["tags-index"])
    } else {
        ("account", &[])
    }
}

impl Quota {
    pub(super) fn new(options: &ZendeskOptions) -> Self {
        let quotas = &options.quotas;
        let buckets = [
            ("account", 1, quotas.account),
            ("help-center", 1, quotas.account),
            ("chat", 1, quotas.chat),
            ("incremental-exports", 1, quotas.incremental_exports),
            (
                "incremental-exports-cursor",
                1,
                quotas.incremental_exports_cursor,
            ),
            ("incremental-sample", 20, quotas.incremental_sample),
            ("search-export", 1, quotas.search_export),
            ("deleted-tickets", 1, quotas.deleted_tickets),
            ("tickets-index", 1, quotas.tickets_index),
            ("tags-index", 1, quotas.tags_index),
            ("ticket-audits", 1, quotas.ticket_audits),
            ("talk", 5, quotas.talk),
            ("talk-incremental", 1, quotas.talk_incremental),
            (
                "side-conversation-events",
                10,
                quotas.side_conversation_events,
            ),
        ];
        Self {
            clock: options.clock,
            minute: options.minute.max(Duration::from_millis(1)),
            buckets: buckets
                .map(|(name, minutes, limit)| Bucket {
                    name,
                    minutes,
                    limit,
                    used: 0,
                    window: 0,
                    wanted_by_others: 0,
                })
                .into(),
            others: options.others.clone(),
            refused: 0,
            own: BTreeMap::new(),
        }
    }

    /// Counts a request for this path, or refuses it with a 429.
    pub(super) fn admit(&mut self, path: &str) -> Result<Counters, Answer> {
        self.admit_at(path, self.since_1970())
    }

    /// Counts requests of somebody else against the account.
    pub(super) fn spend(&mut self, requests: u32) {
        self.enter(self.since_1970());
        self.bucket("account").take(requests);
    }

    /// How many 429s were given.
    pub(super) fn refused(&self) -> u64 {
        self.refused
    }

    /// Requests by bucket and window.
    pub(super) fn own(&self) -> &BTreeMap<(&'static str, u128), u32> {
        &self.own
    }

    fn admit_at(&mut self, path: &str, now: Duration) -> Result<Counters, Answer> {
        let resets = self.enter(now);
        let (general, own) = buckets_of(path);
        let mut refusal = None;
        for name in std::iter::once(&general).chain(own) {
            let bucket = self.bucket(name);
            let window = bucket.window;
            if refusal.is_none() && !bucket.take(1) {
                refusal = Some(exceeded(name));
            }
            *self.own.entry((name, window)).or_default() += 1;
        }
        let counters = self.counters(general, own, resets);
        match refusal {
            None => Ok(counters),
            Some(refusal) => {
                self.refused += 1;
                let answer = counters.stamp(refusal);
                Err(answer.header("retry-after", &resets.to_string()))
            }
        }
    }

    fn counters(&mut self, general: &str, own: &[&'static str], resets: u64) -> Counters {
        let told = |bucket: &Bucket| (bucket.limit, bucket.limit - bucket.used);
        Counters {
            // Chat is a service of its own and says nothing of limits.
            general: (general != "chat").then(|| told(self.bucket(general))),
            resets,
            named: own
                .iter()
                .filter(|name| IN_HEADERS.contains(name))
                .map(|name| {
                    let (total, remaining) = told(self.bucket(name));
                    (
                        format!("zendesk-ratelimit-{name}"),
                        format!("total={total}; remaining={remaining}; resets={resets}"),
                    )
                })
                .collect(),
        }
    }

    /// Empties the buckets whose new window has begun, and lets others use them; gives the seconds
    /// until the minute ends, rounded up and so never 0.
    fn enter(&mut self, now: Duration) -> u64 {
        for bucket in &mut self.buckets {
            let length = self.minute * bucket.minutes;
            let window = now.as_nanos() / length.as_nanos();
            if bucket.window != window {
                bucket.window = window;
                bucket.used = 0;
                bucket.wanted_by_others = 0;
            }
            let into = now.as_nanos() % length.as_nanos();
            let wanted = self
                .others
                .iter()
                .filter(|other| other.bucket == bucket.name)
                .map(|other| other.wanted(into as f64 / length.as_nanos() as f64, bucket.minutes))
                .sum();
            bucket.take(u32::saturating_sub(wanted, bucket.wanted_by_others));
            bucket.wanted_by_others = bucket.wanted_by_others.max(wanted);
        }
        let rest_nanos = self.minute.as_nanos() - now.as_nanos() % self.minute.as_nanos();
        u64::try_from(rest_nanos.div_ceil(1_000_000_000)).unwrap_or(u64::MAX)
    }

    fn bucket(&mut self, name: &str) -> &mut Bucket {
        // Every name comes from the table above; the account's bucket is the first.
        let place = self.buckets.iter().position(|bucket| bucket.name == name);
        &mut self.buckets[place.unwrap_or_default()]
    }

    /// A clock before 1970 counts as 1970: limits then hold for ever, which nobody overlooks.
    fn since_1970(&self) -> Duration {
        let elapsed = self.clock.now().duration_since(Timestamp::UNIX_EPOCH);
        Duration::try_from(elapsed).unwrap_or_default()
    }
}

impl Bucket {
    /// Counts up to `requests`, as far as there is room; false if there is none at all.
    fn take(&mut self, requests: u32) -> bool {
        let room = self.limit - self.used;
        self.used += requests.min(room);
        room > 0
    }
}

impl OtherUser {
    /// Requests wanted when so much of a window has passed: whole bursts, evenly spread, the first
    /// one after the first gap.
    fn wanted(&self, passed: f64, minutes: u32) -> u32 {
        let burst = self.burst.max(1);
        let all = f64::from(self.per_minute) * f64::from(minutes);
        ((all * passed) as u32 / burst).saturating_mul(burst)
    }
}

/// The account's 429 is plain text, an export's is JSON. The wording for others than the
/// incremental exports is inferred from the recorded one.
fn exceeded(bucket: &str) -> Answer {
    let name = match bucket {
        "account" | "help-center" | "chat" => {
            return Answer::text(429, "Number of allowed API requests per minute exceeded");
        }
        "incremental-exports" | "incremental-exports-cursor" => "incremental export",
        "search-export" => "search export",
        other => other,
    };
    let description = format!("Number of allowed {name} API requests per minute exceeded");
    json(
        429,
        &json!({"error": "APIRateLimitExceeded", "description": description}),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::zendesk::options::Quotas;

    const ME: &str = "/api/v2/users/me.json";
    const USERS: &str = "/api/v2/incremental/users/cursor.json";
    const SEARCH: &str = "/api/v2/search/export.json";

    fn quota_with(others: Vec<OtherUser>) -> Quota {
        Quota::new(&ZendeskOptions {
            quotas: Quotas {
                account: 4,
                incremental_exports_cursor: 2,
                search_export: 9,
                ..Quotas::default()
            },
            others,
            ..ZendeskOptions::default()
        })
    }

    fn quota() -> Quota {
        quota_with(Vec::new())
    }

    fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
        answer.header_value(name).expect("a header")
    }

    #[test]
    fn the_third_export_waits_for_the_minute_to_end() {
        let mut quota = quota();
        let now = Duration::from_millis(600_000 + 12_500);
        for _ in 0..2 {
            quota.admit_at(USERS, now).expect("room");
        }
        let refusal = quota.admit_at(USERS, now).expect_err("full");
        assert_eq!(refusal.status, 429);
        assert_eq!(header(&refusal, "retry-after"), "48");
        // The account counter tells nothing of it.
        assert_eq!(header(&refusal, "x-rate-limit-remaining"), "1");
        assert_eq!(
            header(&refusal, "zendesk-ratelimit-incremental-exports-cursor"),
            "total=2; remaining=0; resets=48"
        );
        assert_eq!(quota.refused(), 1);
        let window = 600 / 60;
        assert_eq!(quota.own()[&("incremental-exports-cursor", window)], 3);

        let later = now + Duration::from_secs(48);
        quota.admit_at(USERS, later).expect("a new window");
    }

    #[test]
    fn the_account_limit_counts_everything() {
        let mut quota = quota();
        let now = Duration::from_secs(60);
        for path in [ME, SEARCH, USERS, ME] {
            quota.admit_at(path, now).expect("room");
        }
        let refusal = quota.admit_at(ME, now).expect_err("full");
        assert_eq!(header(&refusal, "retry-after"), "60");
        assert!(header(&refusal, "content-type").starts_with("text/plain"));
        let articles = "/api/v2/help_center/incremental/articles.json";
        quota.admit_at(articles, now).expect("counted apart");
    }

    #[test]
    fn every_bucket_is_the_one_of_its_path() {
        let mut quota = Quota::new(&ZendeskOptions::default());
        let (general, own) = buckets_of("/api/v2/incremental/tickets/cursor.json");
        assert_eq!((general, own), ("account", &["incremental-exports"][..]));
        let now = Duration::from_secs(60);
        for path in ["tickets/cursor", "organizations", "ticket_events"] {
            let path = format!("/api/v2/incremental/{path}.json");
            for _ in 0..3 {
                quota.admit_at(&path, now).expect("room");
            }
        }
        let tickets = "/api/v2/incremental/tickets.json";
        quota.admit_at(tickets, now).expect("the tenth");
        let refusal = quota.admit_at(tickets, now).expect_err("full");
        assert_eq!(
            header(&refusal, "zendesk-ratelimit-incremental-exports"),
            "total=10; remaining=0; resets=60"
        );
        quota.admit_at(USERS, now).expect("a bucket of its own");
    }

    #[test]
    fn others_use_the_buckets_as_time_goes_by() {
        let other = OtherUser {
            bucket: "incremental-exports-cursor".to_owned(),
            per_minute: 2,
            burst: 1,
        };
        let mut quota = quota_with(vec![other]);
        let begin = Duration::from_secs(600);
        quota.admit_at(USERS, begin).expect("nobody was here");
        let later = begin + Duration::from_secs(31);
        let refusal = quota.admit_at(USERS, later).expect_err("somebody was");
        assert_eq!(refusal.status, 429);
    }

    #[test]
    fn a_short_window_still_asks_for_a_whole_second() {
        let mut quota = Quota::new(&ZendeskOptions {
            minute: Duration::from_millis(300),
            quotas: Quotas {
                account: 0,
                ..Quotas::default()
            },
            ..ZendeskOptions::default()
        });
        let refusal = quota
            .admit_at(ME, Duration::from_millis(1))
            .expect_err("full");
        assert_eq!(header(&refusal, "retry-after"), "1");
    }
}
