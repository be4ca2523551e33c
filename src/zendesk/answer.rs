//! The one table from Zendesk's answer to what we do about it.
//!
//! Sources: the rate-limit, requests and incremental-export pages of Zendesk's API reference, and
//! recorded traffic where it differs. No other code looks at a status.

use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use crate::http::{Trouble, Wait, retry_after};

/// What to do about an answer that is not a success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Ask again later.
    Retry {
        /// How much later.
        wait: Wait,
        /// The page was probably too heavy: ask for half as many records.
        smaller: bool,
    },
    /// One request too many: ask again later, and let nobody else ask until then.
    RateLimited {
        /// How much later.
        wait: Wait,
    },
    /// Sign in anew and ask again, once.
    RenewSignIn,
    /// The cursor is gone; the export begins again from a time.
    CursorLost,
    /// Nothing to read yet.
    TooRecent,
    /// Asking again would not help: a person must look.
    Stop(Stop),
}

/// Why asking again would not help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    Forbidden,
    NotFound,
    NotOffered,
    Redirected,
    Refused,
    /// The page is too far down a list.
    TooDeep,
}

/// Decides on an error's status, headers and body.
pub(super) fn decide(
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    carries_cursor: bool,
    now: Timestamp,
) -> Decision {
    let server = retry_after(headers, now).map(Wait::Server);
    match status.as_u16() {
        300..=399 => Decision::Stop(Stop::Redirected),
        401 => Decision::RenewSignIn,
        403 => Decision::Stop(Stop::Forbidden),
        // It was reported as a rate limit once; no waiting helps.
        400 | 429
            if contains(body, "InvalidPaginationDepth")
                || contains(body, "Pagination limit reached") =>
        {
            Decision::Stop(Stop::TooDeep)
        }
        429 => Decision::RateLimited {
            wait: server.unwrap_or(Wait::RateLimited),
        },
        // 400 today, 422 of old; JSON or plain text.
        400 | 422
            if contains(body, "Too recent start_time") || contains(body, "StartTimeTooRecent") =>
        {
            Decision::TooRecent
        }
        // Timeouts, locks and conflicts; 409 is met on reads too.
        408 | 409 | 425 => Decision::Retry {
            wait: server.unwrap_or(Wait::Backoff),
            smaller: false,
        },
        // What an expired search cursor answers is not documented: any other 4xx will do.
        400..=499 if carries_cursor => Decision::CursorLost,
        // A feature that the account does not have, whatever is asked of it.
        404 if contains(body, "InvalidEndpoint") => Decision::Stop(Stop::NotOffered),
        404 => Decision::Stop(Stop::NotFound),
        400..=499 => Decision::Stop(Stop::Refused),
        // Gateway timeouts mostly mean a page that takes too long to make, and an internal error may
        // be one record's; 503 is about the service.
        status => Decision::Retry {
            wait: server.unwrap_or(Wait::Backoff),
            smaller: status != 503,
        },
    }
}

/// Decides on a request that got no whole or no sensible answer.
pub(super) fn decide_trouble(trouble: &Trouble) -> Decision {
    let smaller = match trouble {
        Trouble::Network { error, .. } => {
            error.is_timeout() || error.is_body() || error.is_decode()
        }
        Trouble::TooLarge { .. } | Trouble::Unexpected(_) => true,
        Trouble::Status { .. } => false,
    };
    Decision::Retry {
        wait: Wait::Backoff,
        smaller,
    }
}

fn contains(body: &[u8], needle: &str) -> bool {
    body.windows(needle.len())
        .any(|window| window == needle.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    fn check(status: u16, retry_after: Option<&str>, body: &str, cursor: bool, expected: Decision) {
        let mut headers = HeaderMap::new();
        if let Some(value) = retry_after {
            headers.insert("retry-after", value.parse().expect("a header value"));
        }
        let status = StatusCode::from_u16(status).expect("a status");
        let decision = decide(
            status,
            &headers,
            body.as_bytes(),
            cursor,
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(decision, expected, "{status} {body}");
    }

    fn retry(wait: Wait, smaller: bool) -> Decision {
        Decision::Retry { wait, smaller }
    }

    fn limited(wait: Wait) -> Decision {
        Decision::RateLimited { wait }
    }

    #[test]
    fn rate_limits_wait_as_told_or_a_minute() {
        check(
            429,
            Some("27"),
            "",
            false,
            limited(Wait::Server(Duration::from_secs(27))),
        );
        check(429, Some("0"), "", false, limited(Wait::RateLimited));
        check(
            429,
            None,
            "Number of allowed API requests per minute exceeded",
            true,
            limited(Wait::RateLimited),
        );
        check(
            429,
            None,
            "Pagination limit reached for offset model",
            false,
            Decision::Stop(Stop::TooDeep),
        );
        check(
            400,
            None,
            r#"{"errors":[{"code":"InvalidPaginationDepth","title":"Pagination requests using Offset Pagination are limited…"}]}"#,
            false,
            Decision::Stop(Stop::TooDeep),
        );
    }

    #[test]
    fn a_too_recent_start_is_no_error_in_any_spelling() {
        for status in [400, 422] {
            check(
                status,
                None,
                r#"{"error":"InvalidValue","description":"Too recent start_time. Use a start_time older than 5 minutes"}"#,
                false,
                Decision::TooRecent,
            );
            check(
                status,
                None,
                "StartTimeTooRecent",
                true,
                Decision::TooRecent,
            );
        }
    }

    #[test]
    fn a_client_error_with_a_cursor_means_the_cursor() {
        for status in [400, 404, 410, 422] {
            check(status, None, "", true, Decision::CursorLost);
        }
        check(404, None, "", false, Decision::Stop(Stop::NotFound));
        let text = r#"{"error":"InvalidEndpoint","description":"Not found"}"#;
        check(404, None, text, false, Decision::Stop(Stop::NotOffered));
        check(422, None, "", false, Decision::Stop(Stop::Refused));
        check(401, None, "", true, Decision::RenewSignIn);
        check(403, None, "", true, Decision::Stop(Stop::Forbidden));
    }

    #[test]
    fn gateways_that_time_out_get_smaller_requests() {
        check(504, None, "<html>", true, retry(Wait::Backoff, true));
        check(
            500,
            None,
            r#"{"error":"unavailable"}"#,
            true,
            retry(Wait::Backoff, true),
        );
        check(
            503,
            Some("3"),
            "",
            false,
            retry(Wait::Server(Duration::from_secs(3)), false),
        );
    }

    #[test]
    fn server_errors_are_always_tried_again_and_redirects_never_followed() {
        for status in 500..=599 {
            let status = StatusCode::from_u16(status).expect("a status");
            let decision = decide(status, &HeaderMap::new(), b"", true, Timestamp::UNIX_EPOCH);
            assert!(matches!(decision, Decision::Retry { .. }), "{status}");
        }
        for status in [301, 302, 307, 308] {
            check(status, None, "", true, Decision::Stop(Stop::Redirected));
        }
    }
}
