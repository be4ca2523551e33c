//! The one table from the inlet's and the identity service's answer to what we do about it.
//!
//! Sources: Adobe's streaming-ingestion reference and tutorials; where they disagree or are silent,
//! the reading that cannot lose a message. No other code looks at a status.

use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use crate::http::{Trouble, Wait, retry_after};

/// What to do about an answer that is not a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Send again later.
    Retry(Wait),
    /// Get a new token and send again, once.
    RenewSignIn,
    /// The request as a whole is refused because of what it holds: split it, or reject a message
    /// that is alone in it.
    Split,
    /// There is no such inlet.
    NotFound,
    /// The inlet refuses every request of this kind.
    Refused,
}

/// Decides on an inlet's error.
pub(super) fn decide(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Decision {
    let server = retry_after(headers, now).map(Wait::Server);
    match status.as_u16() {
        // Missing and expired tokens are 401 in one document and 403 in another.
        401 | 403 => Decision::RenewSignIn,
        400 | 413 | 422 => Decision::Split,
        404 | 410 => Decision::NotFound,
        408 | 409 | 425 => Decision::Retry(server.unwrap_or(Wait::Backoff)),
        429 => Decision::Retry(server.unwrap_or(Wait::RateLimited)),
        500..=599 => Decision::Retry(server.unwrap_or(Wait::Backoff)),
        // Redirects, 405, 415, 501 and the like are about our way of asking, not about messages.
        _ => Decision::Refused,
    }
}

/// Decides on a request that got no whole or no sensible answer: whether its messages were taken
/// is unknown, and sending them again is what at-least-once means.
pub(super) fn decide_trouble() -> Decision {
    Decision::Retry(Wait::Backoff)
}

/// Whether what a request still ended with after every attempt may be the fault of what it holds:
/// Adobe answers 500 also to a payload that it cannot process.
pub(super) fn may_be_the_payload(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Status { status, .. } if status.as_u16() == 500)
}

/// Whether a refused authorization is about the address we call from: 403 without a word.
pub(super) fn is_blocked(trouble: &Trouble) -> bool {
    matches!(trouble, Trouble::Status { status, text, .. } if status.as_u16() == 403 && text.is_empty())
}

/// Whether a message's own status means that the inlet will never take it. Only 400 was ever
/// seen; what may pass later, or is about us and not about the message, must not count.
pub(super) fn is_final_rejection(status: u16) -> bool {
    matches!(status, 400 | 404 | 413 | 415 | 422)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn check(status: u16, retry_after: Option<&str>, expected: Decision) {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert("retry-after", value.parse().expect("a header value"));
        }
        let status = StatusCode::from_u16(status).expect("a status");
        assert_eq!(
            decide(status, &headers, Timestamp::UNIX_EPOCH),
            expected,
            "{status}"
        );
    }

    #[test]
    fn the_table() {
        for status in [401, 403] {
            check(status, None, Decision::RenewSignIn);
        }
        for status in [400, 413, 422] {
            check(status, None, Decision::Split);
        }
        check(404, None, Decision::NotFound);
        check(429, None, Decision::Retry(Wait::RateLimited));
        check(
            429,
            Some("2"),
            Decision::Retry(Wait::Server(Duration::from_secs(2))),
        );
        for status in [408, 409, 500, 502, 503, 504, 599] {
            check(status, None, Decision::Retry(Wait::Backoff));
        }
        check(
            503,
            Some("9"),
            Decision::Retry(Wait::Server(Duration::from_secs(9))),
        );
        for status in [301, 307, 405, 415, 499] {
            check(status, None, Decision::Refused);
        }
    }

    #[test]
    fn a_lasting_500_may_be_the_payload_and_a_silent_403_the_address() {
        let trouble = |status, body: &[u8]| {
            let status = StatusCode::from_u16(status).expect("a status");
            Trouble::status(status, &HeaderMap::new(), body)
        };
        assert!(may_be_the_payload(&trouble(500, b"")));
        assert!(!may_be_the_payload(&trouble(503, b"")));
        assert!(is_blocked(&trouble(403, b"")));
        assert!(!is_blocked(&trouble(403, b"expired")) && !is_blocked(&trouble(401, b"")));
    }

    #[test]
    fn what_may_pass_later_is_no_rejection() {
        for status in [401, 403, 408, 409, 425, 429, 500, 503, 0, 302] {
            assert!(!is_final_rejection(status), "{status}");
        }
        for status in [400, 404, 413, 415, 422] {
            assert!(is_final_rejection(status), "{status}");
        }
    }
}
