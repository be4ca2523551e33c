//! Whatever stands in a rate-limit header: sane figures or none, and no wait beyond the longest
//! window.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::super::Urgency;
use super::super::queue::Queue;
use super::super::window::GUARD;
use super::{RESETS_MAX, read};
use crate::fuzzing::{Input, fuzz, mutated};

const CORPUS: &[&[u8]] = &[
    b"700",
    b"100, 100;w=60",
    b"total=10; remaining=9; resets=2",
    b"remaining=0;total=10;resets=60",
    b"total=20000; remaining=19999; resets=468",
    b"total=0; remaining=-1; resets=0",
    b"Sun, 22 Nov 2026 10:00:30 GMT",
];

const NAMES: [&str; 9] = [
    "x-rate-limit",
    "x-rate-limit-remaining",
    "rate-limit",
    "rate-limit-reset",
    "ratelimit-remaining",
    "ratelimit-reset",
    "zendesk-ratelimit-incremental-exports",
    "zendesk-rate-limit-incremental-exports",
    "date",
];

const PATH: &str = "/api/v2/incremental/tickets/cursor.json";

#[test]
fn any_headers() {
    let input = (
        mutated(CORPUS),
        mutated(CORPUS),
        0..NAMES.len(),
        0..NAMES.len(),
    );
    fuzz(
        "rate-limit headers",
        &input,
        |(Input(one), Input(two), first, second)| {
            let lines = [(first, one), (second, two)];
            let lines = lines.into_iter().filter_map(|(name, value)| {
                let name = HeaderName::from_static(NAMES[name]);
                Some((name, HeaderValue::from_bytes(&value).ok()?))
            });
            let signals = read(&HeaderMap::from_iter(lines));
            let told = signals.named.iter().map(|(_, told)| *told);
            for told in told.chain([signals.general]) {
                assert!(told.total != Some(0));
                assert!(told.remaining.is_none() || told.remaining <= told.total);
                let resets = told.resets.unwrap_or(Duration::from_secs(1));
                assert!((1..=RESETS_MAX).contains(&resets.as_secs()));
            }
            let mut queue = Queue::default();
            let mut now = Duration::ZERO;
            for _ in 0..3 {
                let id = queue.enter(PATH, Urgency::Fresh);
                queue.admit(now, 0.8);
                if !queue.claim(id) {
                    let outlook = queue.outlook(id, now, 0.8).expect("it waits");
                    let until = outlook
                        .until
                        .expect("for a time, since nothing is under way");
                    let longest = Duration::from_secs(2 * RESETS_MAX) + GUARD;
                    assert!(
                        until > now && until <= now + longest,
                        "{until:?} at {now:?}"
                    );
                    now = until;
                    queue.admit(now, 0.8);
                    assert!(queue.claim(id), "it may go when it was told it may");
                }
                now += Duration::from_millis(700);
                queue.learn(id, now, &signals);
                queue.landed(id);
            }
        },
    );
}
