//! Rate limits: windows that end on the wall-clock minute, and the headers that tell of them.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;

use super::options::ZendeskOptions;
use crate::sandbox::answer::{Answer, json};

/// An endpoint with a bucket of its own besides the account's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Export {
    Incremental,
    Search,
}

/// The buckets of one account.
#[derive(Debug)]
pub(super) struct Quota {
    length: Duration,
    /// Number of the window, since 1970, that the buckets count.
    window: u128,
    account: Bucket,
    incremental: Bucket,
    search: Bucket,
}

#[derive(Debug)]
struct Bucket {
    limit: u32,
    /// At most `limit`.
    used: u32,
}

impl Bucket {
    fn new(limit: u32) -> Self {
        Self { limit, used: 0 }
    }

    fn remaining(&self) -> u32 {
        self.limit - self.used
    }

    /// Counts up to `requests`, as far as there is room; false if there is none at all.
    fn take(&mut self, requests: u32) -> bool {
        let room = self.remaining();
        self.used += requests.min(room);
        room > 0
    }
}

/// The counters as they stand after one request.
#[derive(Clone, Debug)]
pub(super) struct Counters {
    limit: u32,
    remaining: u32,
    /// Seconds until the window ends, rounded up, so that waiting this long always suffices.
    resets: u64,
    /// Value of the endpoint's own header.
    incremental: Option<String>,
}

impl Counters {
    /// Adds the headers, in the spelling of 2024. The search export has a limit but was recorded
    /// without a header for it.
    pub(super) fn stamp(&self, answer: Answer) -> Answer {
        let Self {
            limit,
            remaining,
            resets,
            incremental,
        } = self;
        let answer = answer
            .header("x-rate-limit", &limit.to_string())
            .header("x-rate-limit-remaining", &remaining.to_string())
            .header("ratelimit-limit", &limit.to_string())
            .header("ratelimit-remaining", &remaining.to_string())
            .header("ratelimit-reset", &resets.to_string());
        match incremental {
            Some(value) => answer.header("zendesk-ratelimit-incremental-exports-cursor", value),
            None => answer,
        }
    }
}

impl Quota {
    pub(super) fn new(options: &ZendeskOptions) -> Self {
        Self {
            length: options.minute.max(Duration::from_millis(1)),
            window: 0,
            account: Bucket::new(options.quotas.account),
            incremental: Bucket::new(options.quotas.incremental_exports_cursor),
            search: Bucket::new(options.quotas.search_export),
        }
    }

    /// Counts a request, or refuses it with a 429.
    pub(super) fn admit(&mut self, export: Option<Export>) -> Result<Counters, Answer> {
        self.admit_at(export, since_1970())
    }

    /// Counts requests of somebody else against the account.
    pub(super) fn spend(&mut self, requests: u32) {
        self.enter(since_1970());
        self.account.take(requests);
    }

    fn admit_at(&mut self, export: Option<Export>, now: Duration) -> Result<Counters, Answer> {
        let resets = self.enter(now);
        let refusal = if !self.account.take(1) {
            Some(account_exceeded())
        } else {
            export
                .filter(|export| !self.bucket(*export).take(1))
                .map(export_exceeded)
        };
        let counters = Counters {
            limit: self.account.limit,
            remaining: self.account.remaining(),
            resets,
            incremental: (export == Some(Export::Incremental)).then(|| {
                let (total, remaining) = (self.incremental.limit, self.incremental.remaining());
                format!("total={total}; remaining={remaining}; resets={resets}")
            }),
        };
        match refusal {
            None => Ok(counters),
            Some(refusal) => Err(counters
                .stamp(refusal)
                .header("retry-after", &resets.to_string())),
        }
    }

    /// Empties the buckets if a new window has begun; gives the seconds until it ends, rounded up
    /// and so never 0.
    fn enter(&mut self, now: Duration) -> u64 {
        let window = now.as_nanos() / self.length.as_nanos();
        if self.window != window {
            self.window = window;
            for bucket in [&mut self.account, &mut self.incremental, &mut self.search] {
                bucket.used = 0;
            }
        }
        let rest_nanos = self.length.as_nanos() - now.as_nanos() % self.length.as_nanos();
        u64::try_from(rest_nanos.div_ceil(1_000_000_000)).unwrap_or(u64::MAX)
    }

    fn bucket(&mut self, export: Export) -> &mut Bucket {
        match export {
            Export::Incremental => &mut self.incremental,
            Export::Search => &mut self.search,
        }
    }
}

/// A clock before 1970 counts as 1970: limits then hold for ever, which nobody overlooks.
fn since_1970() -> Duration {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH);
    elapsed.unwrap_or_default()
}

/// The account's 429 is plain text.
fn account_exceeded() -> Answer {
    Answer::text(429, "Number of allowed API requests per minute exceeded")
}

/// An export's 429 is JSON. The wording for search is inferred from the recorded one.
fn export_exceeded(export: Export) -> Answer {
    let name = match export {
        Export::Incremental => "incremental export",
        Export::Search => "search export",
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

    fn quota() -> Quota {
        Quota::new(&ZendeskOptions {
            quotas: Quotas {
                account: 4,
                incremental_exports_cursor: 2,
                search_export: 9,
            },
            ..ZendeskOptions::default()
        })
    }

    fn header<'a>(answer: &'a Answer, name: &str) -> &'a str {
        answer.header_value(name).expect("a header")
    }

    #[test]
    fn the_third_export_waits_for_the_minute_to_end() {
        let mut quota = quota();
        let now = Duration::from_millis(600_000 + 12_500);
        for _ in 0..2 {
            quota
                .admit_at(Some(Export::Incremental), now)
                .expect("room");
        }
        let refusal = quota
            .admit_at(Some(Export::Incremental), now)
            .expect_err("full");
        assert_eq!(refusal.status, 429);
        assert_eq!(header(&refusal, "retry-after"), "48");
        // The account counter tells nothing of it.
        assert_eq!(header(&refusal, "x-rate-limit-remaining"), "1");
        assert_eq!(
            header(&refusal, "zendesk-ratelimit-incremental-exports-cursor"),
            "total=2; remaining=0; resets=48"
        );

        let later = now + Duration::from_secs(48);
        quota
            .admit_at(Some(Export::Incremental), later)
            .expect("a new window");
    }

    #[test]
    fn the_account_limit_counts_everything() {
        let mut quota = quota();
        let now = Duration::from_secs(60);
        for export in [None, Some(Export::Search), Some(Export::Incremental), None] {
            quota.admit_at(export, now).expect("room");
        }
        let refusal = quota.admit_at(None, now).expect_err("full");
        assert_eq!(header(&refusal, "retry-after"), "60");
        assert!(header(&refusal, "content-type").starts_with("text/plain"));
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
            .admit_at(None, Duration::from_millis(1))
            .expect_err("full");
        assert_eq!(header(&refusal, "retry-after"), "1");
    }
}
