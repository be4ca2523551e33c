//! What an answer's headers tell of limits, in every spelling met.
//!
//! Recorded from 2012 to 2025: none at all; `x-rate-limit` alone; `rate-limit-*` beside it (2023),
//! renamed `ratelimit-*` (2024); `zendesk-rate-limit-NAME`, renamed `zendesk-ratelimit-NAME`, with
//! `total=100; remaining=99; resets=17`. Some lines come twice.

use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{DATE, HeaderMap};

/// One limit as told; what is missing or makes no sense is `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) total: Option<u32>,
    pub(super) remaining: Option<u32>,
    /// Whole seconds, rounded up.
    pub(super) resets: Option<Duration>,
}

/// Everything an answer tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Signals {
    /// The limit of the account, or of the service that answered.
    pub(super) general: Told,
    /// Limits by name.
    pub(super) named: Vec<(String, Told)>,
    /// Zendesk's time.
    pub(super) date: Option<Timestamp>,
}

const PREFIXES: [&str; 2] = ["zendesk-ratelimit-", "zendesk-rate-limit-"];

/// Counts jobs that run, not requests.
const NO_BUDGET: &str = "inflight-jobs";

/// No window is longer; the longest documented is 20 minutes. A larger number is no time to wait
/// but a mistake, or a moment in Unix seconds.
const RESETS_MAX: u64 = 60 * 60;

/// Reads all there is.
pub(super) fn read(headers: &HeaderMap) -> Signals {
    let general = Told {
        total: all(headers, &["ratelimit-limit", "rate-limit", "x-rate-limit"]).min(),
        remaining: all(
            headers,
            &[
                "ratelimit-remaining",
                "rate-limit-remaining",
                "x-rate-limit-remaining",
            ],
        )
        .min(),
        resets: all(headers, &["ratelimit-reset", "rate-limit-reset"])
            .filter_map(seconds)
            .max(),
    };
    let mut named: Vec<(String, Told)> = Vec::new();
    for (name, value) in headers {
        let name = PREFIXES
            .iter()
            .find_map(|prefix| name.as_str().strip_prefix(prefix));
        let Some(name) = name.filter(|name| !name.is_empty() && *name != NO_BUDGET) else {
            continue;
        };
        let told = parameters(value.to_str().unwrap_or_default()).sane();
        match named.iter_mut().find(|(known, _)| known == name) {
            // Two spellings of one: the more careful figures count.
            Some((_, known)) => *known = known.stricter(told),
            None => named.push((name.to_owned(), told)),
        }
    }
    let date = headers.get(DATE).and_then(|date| date.to_str().ok());
    let date = date.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    Signals {
        general: general.sane(),
        named,
        date: date.map(|date| date.timestamp()),
    }
}

impl Told {
    /// Whether it says how much is used.
    pub(super) fn used(self) -> Option<(u32, u32)> {
        Some((self.total?, self.total? - self.remaining?))
    }

    /// Without what cannot be: no limit is 0, and no more remains than there was.
    fn sane(self) -> Self {
        let total = self.total.filter(|total| *total > 0);
        Self {
            total,
            remaining: self
                .remaining
                .filter(|remaining| total.is_some_and(|total| *remaining <= total)),
            ..self
        }
    }

    fn stricter(self, other: Self) -> Self {
        let least = |a: Option<u32>, b: Option<u32>| a.into_iter().chain(b).min();
        Self {
            total: least(self.total, other.total),
            remaining: least(self.remaining, other.remaining),
            resets: self.resets.max(other.resets),
        }
        .sane()
    }
}

/// `total=100; remaining=99; resets=17`, in any order.
fn parameters(value: &str) -> Told {
    let mut told = Told::default();
    for parameter in value.split([';', ',']) {
        let Some((key, value)) = parameter.split_once('=') else {
            continue;
        };
        match key.trim() {
            "total" => told.total = number(value),
            "remaining" => told.remaining = number(value),
            "resets" => told.resets = number(value).and_then(seconds),
            _ => {}
        }
    }
    told
}

/// The numbers of all lines with one of these names.
fn all<'h>(headers: &'h HeaderMap, names: &'h [&str]) -> impl Iterator<Item = u32> + 'h {
    names
        .iter()
        .flat_map(|name| headers.get_all(*name))
        .filter_map(|value| number(value.to_str().ok()?))
}

/// The number that a value begins with: some gateways append their policy, as in `100, 100;w=60`.
fn number(value: &str) -> Option<u32> {
    let value = value.trim();
    let end = value.find(|c: char| !c.is_ascii_digit());
    value[..end.unwrap_or(value.len())].parse().ok()
}

fn seconds(number: u32) -> Option<Duration> {
    let seconds = u64::from(number);
    (1..=RESETS_MAX)
        .contains(&seconds)
        .then_some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod fuzz;

#[cfg(test)]
mod tests {
    use super::*;
    use reqwest::header::{HeaderName, HeaderValue};

    fn signals(lines: &[(&str, &str)]) -> Signals {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).expect("a name"),
                HeaderValue::from_str(value).expect("a value"),
            );
        }
        read(&headers)
    }

    fn told(total: u32, remaining: u32, resets: u64) -> Told {
        Told {
            total: Some(total),
            remaining: Some(remaining),
            resets: Some(Duration::from_secs(resets)),
        }
    }

    #[test]
    fn every_spelling_says_the_same() {
        let of_2023 = signals(&[
            ("rate-limit", "700"),
            ("rate-limit-remaining", "694"),
            ("rate-limit-reset", "59"),
            ("x-rate-limit", "700"),
            ("x-rate-limit-remaining", "694"),
            (
                "zendesk-rate-limit-tickets-index",
                "total=100; remaining=99; resets=59",
            ),
        ]);
        let of_2024 = signals(&[
            ("ratelimit-limit", "700"),
            ("ratelimit-remaining", "694"),
            ("ratelimit-reset", "59"),
            (
                "zendesk-ratelimit-tickets-index",
                "remaining=99;total=100;resets=59",
            ),
        ]);
        assert_eq!(of_2023.general, told(700, 694, 59));
        assert_eq!(
            of_2023.named,
            [("tickets-index".to_owned(), told(100, 99, 59))]
        );
        assert_eq!(of_2023, of_2024);
    }

    #[test]
    fn the_old_pair_alone_tells_no_end() {
        let old = signals(&[
            ("X-Rate-Limit", "400"),
            ("X-Rate-Limit-Remaining", "390"),
            ("Date", "Sat, 22 Apr 2017 17:02:35 GMT"),
        ]);
        assert_eq!(old.general.used(), Some((400, 10)));
        assert_eq!(old.general.resets, None);
        assert_eq!(
            old.date.map(|date| date.to_string()).as_deref(),
            Some("2017-04-22T17:02:35Z")
        );
    }

    #[test]
    fn doubles_count_once_and_the_careful_one_wins() {
        let doubled = signals(&[
            ("x-rate-limit", "700"),
            ("x-rate-limit", "700, 700;w=60"),
            ("x-rate-limit-remaining", "10"),
            ("ratelimit-remaining", "9"),
            (
                "zendesk-ratelimit-incremental-exports",
                "total=10; remaining=3; resets=9",
            ),
            (
                "zendesk-rate-limit-incremental-exports",
                "total=10; remaining=2; resets=8",
            ),
        ]);
        assert_eq!(doubled.general.used(), Some((700, 691)));
        assert_eq!(
            doubled.named,
            [("incremental-exports".to_owned(), told(10, 2, 9))]
        );
    }

    #[test]
    fn nonsense_tells_nothing() {
        let nonsense = signals(&[
            ("x-rate-limit", "0"),
            ("x-rate-limit-remaining", "-5"),
            ("ratelimit-reset", "1700000000"),
            (
                "zendesk-ratelimit-odd",
                "total=10; remaining=99; resets=0; =; x",
            ),
            (
                "zendesk-ratelimit-inflight-jobs",
                "total=30; remaining=0; resets=9",
            ),
            ("zendesk-ratelimit-", "total=1; remaining=0; resets=1"),
            ("date", "yesterday"),
        ]);
        assert_eq!(nonsense.general, Told::default());
        let odd = Told {
            total: Some(10),
            ..Told::default()
        };
        assert_eq!(nonsense.named, [("odd".to_owned(), odd)]);
        assert_eq!(nonsense.date, None);
    }

    /// Recordings lie outside of this project, where `tests/it/support/recorded.rs` looks too.
    #[test]
    fn everything_recorded_is_understood() {
        #[derive(serde::Deserialize)]
        struct Exchange {
            response: Response,
        }
        #[derive(serde::Deserialize)]
        struct Response {
            headers: Vec<(String, String)>,
        }
        let root = std::env::var_os("ZENDESK_AEP_SHARED").map_or_else(
            || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
            Into::into,
        );
        let folder = root.join("fixtures/zendesk/rate_limit_headers");
        let Ok(files) = std::fs::read_dir(&folder) else {
            println!("skipped: there is no {}", folder.display());
            return;
        };
        for file in files {
            let path = file.expect("a file").path();
            let text = std::fs::read_to_string(&path).expect("the recording");
            let exchanges: Vec<Exchange> = serde_json::from_str(&text).expect("exchanges");
            for Exchange { response } in exchanges {
                let lines = &response.headers;
                let pairs: Vec<(&str, &str)> = lines
                    .iter()
                    .map(|(name, value)| (&**name, &**value))
                    .collect();
                let told = signals(&pairs);
                let has = |wanted: &str| {
                    let mut names = pairs.iter().map(|(name, _)| name.to_lowercase());
                    names.any(|name| name.starts_with(wanted))
                };
                assert_eq!(
                    told.general.used().is_some(),
                    has("x-rate-limit"),
                    "{pairs:?}"
                );
                assert_eq!(!told.named.is_empty(), has("zendesk-rate"), "{pairs:?}");
                assert!(told.named.iter().all(|(_, told)| told.used().is_some()));
                // Windows end on the minute of Zendesk's clock.
                if let Some(resets) = told.general.resets {
                    let date = told.date.expect("a date").as_second();
                    let minute = (date % 60) as u64 + resets.as_secs();
                    assert!((60..=61).contains(&minute), "{pairs:?}");
                }
            }
        }
    }
}
