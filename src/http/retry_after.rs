//! `Retry-After`, in every form met: integer seconds, seconds with a fraction, an HTTP date.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{HeaderMap, RETRY_AFTER};

use crate::limits;

/// The pause a server asked for, cut to [`limits::RETRY_AFTER_MAX`].
///
/// `None` when the header is missing, unreadable, zero, negative or a date in the past: Zendesk
/// has been seen to answer 429 with `Retry-After: 0`, and taking that literally is a busy loop.
pub fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let pause = match value.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds > 0.0 => {
            Duration::from_secs_f64(seconds.min(limits::RETRY_AFTER_MAX.as_secs_f64()))
        }
        Ok(_) => return None,
        Err(_) => {
            let until = jiff::fmt::rfc2822::parse(value).ok()?.timestamp();
            Duration::try_from(until.duration_since(now)).ok()?
        }
    };
    (!pause.is_zero()).then_some(pause.min(limits::RETRY_AFTER_MAX))
}

#[cfg(test)]
mod fuzz;

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: Option<Duration>) {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER, value.parse().expect("a header value"));
        let now = "2026-11-22T10:00:00Z".parse().expect("a timestamp");
        assert_eq!(retry_after(&headers, now), expected, "for `{value}`");
    }

    #[test]
    fn seconds() {
        check("27", Some(Duration::from_secs(27)));
        check(" 5 ", Some(Duration::from_secs(5)));
        check("0.25", Some(Duration::from_millis(250)));
    }

    #[test]
    fn dates() {
        check(
            "Sun, 22 Nov 2026 10:00:30 GMT",
            Some(Duration::from_secs(30)),
        );
        check("Sun, 22 Nov 2026 09:59:00 GMT", None);
    }

    #[test]
    fn nothing_usable_means_none() {
        for value in [
            "",
            "0",
            "-3",
            "soon",
            "NaN",
            "inf",
            "Sun, 99 Nov 2026 10:00:30 GMT",
        ] {
            check(value, None);
        }
        assert_eq!(retry_after(&HeaderMap::new(), Timestamp::UNIX_EPOCH), None);
    }

    #[test]
    fn mistaken_values_are_cut() {
        check("86400000", Some(limits::RETRY_AFTER_MAX));
        check("1e300", Some(limits::RETRY_AFTER_MAX));
        check(
            "Fri, 22 Nov 2999 10:00:00 GMT",
            Some(limits::RETRY_AFTER_MAX),
        );
    }
}
