//! Whether there is anybody at an address, how far away, and what time it is there. For `check`.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{DATE, HeaderMap};
use tokio::time::Instant;
use url::Url;

use super::{Client, Trouble};

/// What can be told of an answer, whatever it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Its status.
    pub status: u16,
    /// From the beginning of the connection to the answer's headers.
    pub took: Duration,
    /// How far the server's clock is ahead of ours, to a second or so; `None` if it does not tell.
    pub ahead: Option<SignedDuration>,
}

/// Asks for `address`, without credentials, and takes any answer.
///
/// # Errors
/// When there is none.
pub async fn reach(client: &Client, address: Url) -> Result<Reached, Trouble> {
    let begin = Instant::now();
    let response = client.get(address).send().await;
    let response = response.map_err(|error| client.trouble(error))?;
    let took = begin.elapsed();
    Ok(Reached {
        status: response.status().as_u16(),
        took,
        ahead: ahead(response.headers(), Timestamp::now(), took),
    })
}

/// The `Date` of an answer that came at `now`, less our time in the middle of the request.
fn ahead(headers: &HeaderMap, now: Timestamp, took: Duration) -> Option<SignedDuration> {
    let date = headers.get(DATE)?.to_str().ok()?;
    let date = jiff::fmt::rfc2822::parse(date).ok()?.timestamp();
    let asked = now.saturating_sub(took / 2).ok()?;
    // The header counts whole seconds: on average it is half of one too early.
    let date = date.saturating_add(Duration::from_millis(500)).ok()?;
    Some(date.duration_since(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_is_compared_with_the_middle_of_the_request() {
        let now: Timestamp = "2026-11-22T10:00:02Z".parse().expect("a time");
        let ahead = |date: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(DATE, date.parse().expect("a header value"));
            ahead(&headers, now, Duration::from_secs(3)).map(|ahead| ahead.as_millis())
        };
        assert_eq!(ahead("Sun, 22 Nov 2026 10:00:00 GMT"), Some(0));
        assert_eq!(ahead("Sun, 22 Nov 2026 11:00:00 GMT"), Some(3_600_000));
        assert_eq!(ahead("Sun, 22 Nov 2026 09:59:00 GMT"), Some(-60_000));
        assert_eq!(ahead("yesterday"), None);
    }
}
