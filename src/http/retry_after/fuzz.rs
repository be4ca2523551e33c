//! Whatever a server writes into `Retry-After`: no pause above the cap, and none of no length.

use jiff::Timestamp;
use reqwest::header::{HeaderMap, HeaderValue, RETRY_AFTER};

use super::retry_after;
use crate::fuzzing::{Input, fuzz, mutated};
use crate::limits;

const CORPUS: &[&[u8]] = &[
    b"27",
    b"0.25",
    b"-1e-3",
    b"infinity",
    b"Sun, 22 Nov 2026 10:00:30 GMT",
    b"Fri, 31 Dec 9999 23:59:59 +0000",
    b"Sunday, 22-Nov-26 10:00:30 GMT",
];

#[test]
fn any_header() {
    let now = 0..4_000_000_000_i64;
    fuzz("headers", &(mutated(CORPUS), now), |(Input(value), now)| {
        let Ok(value) = HeaderValue::from_bytes(&value) else {
            return;
        };
        let headers = HeaderMap::from_iter([(RETRY_AFTER, value)]);
        let now = Timestamp::from_second(now).expect("in range");
        if let Some(pause) = retry_after(&headers, now) {
            assert!(
                !pause.is_zero() && pause <= limits::RETRY_AFTER_MAX,
                "{pause:?}"
            );
        }
    });
}
