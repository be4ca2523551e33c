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
    window: Duration,
    account: Bucket,
    incremental: Bucket,
    search: Bucket,
}

#[derive(Debug)]
struct Bucket {
    limit: u32,
    used: u32,
    /// Number of the window, since 1970, that `used` belongs to.
    window: u128,
}

impl Bucket {
    fn new(limit: u32) -> Self {
        Self {
            limit,
            used: 0,
            window: 0,
        }
    }

    /// Counts a request; false if the window has no room for it.
    fn admit(&mut self, window: u128) -> bool {
        if self.window != window {
            self.window = window;
            self.used = 0;
        }
        let admitted = self.used < self.limit;
        self.used += u32::from(admitted);
        admitted
    }

    fn remaining(&self) -> u32 {
        self.limit - self.used
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
            window: options.minute.max(Duration::from_millis(1)),
            account: Bucket::new(options.quotas.account),
            incremental: Bucket::new(options.quotas.incremental_exports_cursor),
            search: Bucket::new(options.quotas.search_export),
        }
    }

    /// Counts a request, or refuses it with a 429.
    pub(super) fn admit(&mut self, export: Option<Export>) -> Result<Counters, Answer> {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH);
        self.admit_at(export, since_1970.unwrap_or_default())
    }

    fn admit_at(&mut self, export: Option<Export>, now: Duration) -> Result<Counters, Answer> {
        let window = now.as_nanos() / self.window.as_nanos();
        let rest_nanos = self.window.as_nanos() - now.as_nanos() % self.window.as_nanos();
        let resets = u64::try_from(rest_nanos.div_ceil(1_000_000_000)).unwrap_or(u64::MAX);

        let account_admits = self.account.admit(window);
        let bucket = match export {
            None => None,
            Some(Export::Incremental) => Some(&mut self.incremental),
            Some(Export::Search) => Some(&mut self.search),
        };
        let bucket_admits = bucket.is_none_or(|bucket| !account_admits || bucket.admit(window));

        let counters = Counters {
            limit: self.account.limit,
            remaining: self.account.remaining(),
            resets,
            incremental: (export == Some(Export::Incremental)).then(|| {
                let (total, remaining) = (self.incremental.limit, self.incremental.remaining());
                format!("total={total}; remaining={remaining}; resets={resets}")
            }),
        };
        let refusal = match export {
            _ if !account_admits => account_exceeded(),
            Some(export) if !bucket_admits => export_exceeded(export),
            _ => return Ok(counters),
        };
        Err(counters
            .stamp(refusal)
            .header("retry-after", &resets.to_string()))
    }
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
