//! A request as a simulator sees it, and the record that is kept of it.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use hyper::http::request::Parts;
use hyper::{HeaderMap, Method};

/// Requests remembered by each simulator; older ones are forgotten.
const REMEMBERED_MAX: usize = 10_000;

/// Everything of a request but its body.
#[derive(Clone, Debug)]
pub struct Head {
    /// Counts the requests of one simulator from 0, in the order in which they were served.
    pub number: u64,
    /// Time since the simulator was started.
    pub at: Duration,
    /// The method.
    pub method: Method,
    /// The path as sent, percent-encoding included.
    pub path: String,
    /// The query's names and values in order, decoded (`+` is a space).
    pub query: Vec<(String, String)>,
    /// All headers, credentials included.
    pub headers: HeaderMap,
}

impl Head {
    pub(super) fn new(number: u64, at: Duration, parts: Parts) -> Self {
        let query = parts.uri.query().unwrap_or_default();
        Self {
            number,
            at,
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: url::form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
            headers: parts.headers,
        }
    }

    /// The first query parameter of that name, decoded.
    pub fn query(&self, name: &str) -> Option<&str> {
        let (_, value) = self.query.iter().find(|(key, _)| key == name)?;
        Some(value)
    }

    /// The first header of that name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The token of `Authorization: Bearer …`.
    pub fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    }

    /// The media type of the body: `Content-Type` in lower case, without its parameters.
    pub fn media_type(&self) -> String {
        let value = self.header("content-type").unwrap_or_default();
        let (essence, _) = value.split_once(';').unwrap_or((value, ""));
        essence.trim().to_ascii_lowercase()
    }
}

/// A request, whole.
#[derive(Clone, Debug)]
pub struct Request {
    /// All that came before the body.
    pub head: Head,
    /// The body as sent.
    pub body: Bytes,
}

/// A request that has been answered, or not.
#[derive(Clone, Debug)]
pub struct SeenRequest {
    /// All that came before the body.
    pub head: Head,
    /// Size of the body in bytes.
    pub body_bytes: usize,
    /// Status of the answer; `None` while there is none and if the connection was closed instead.
    pub status: Option<u16>,
}

/// The last requests of one simulator.
#[derive(Debug, Default)]
pub(super) struct RequestLog {
    next_number: u64,
    seen: VecDeque<SeenRequest>,
}

impl RequestLog {
    /// Gives a request its number and remembers it.
    pub(super) fn admit(&mut self, at: Duration, parts: Parts, body: Bytes) -> Request {
        let head = Head::new(self.next_number, at, parts);
        self.next_number += 1;
        if self.seen.len() == REMEMBERED_MAX {
            self.seen.pop_front();
        }
        self.seen.push_back(SeenRequest {
            head: head.clone(),
            body_bytes: body.len(),
            status: None,
        });
        Request { head, body }
    }

    /// Notes the status given to request `number`.
    pub(super) fn answered(&mut self, number: u64, status: u16) {
        // The log ends with the newest number, so the distance from the end is the place.
        let from_end = (self.next_number - number) as usize;
        let place = self.seen.len().checked_sub(from_end);
        if let Some(seen) = place.and_then(|place| self.seen.get_mut(place)) {
            seen.status = Some(status);
        }
    }

    /// How many remembered requests have a path that begins so.
    pub(super) fn count(&self, path_prefix: &str) -> usize {
        let paths = self.seen.iter().map(|seen| &seen.head.path);
        paths.filter(|path| path.starts_with(path_prefix)).count()
    }

    /// What is remembered, oldest first.
    pub(super) fn to_vec(&self) -> Vec<SeenRequest> {
        self.seen.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(uri: &str) -> Parts {
        let request = hyper::Request::builder().uri(uri).body(()).expect("a URI");
        request.into_parts().0
    }

    #[test]
    fn decodes_the_query() {
        let head = Head::new(0, Duration::ZERO, parts("/s?page%5Bsize%5D=5&q=a+b%2Bc"));
        assert_eq!(head.query("page[size]"), Some("5"));
        assert_eq!(head.query("q"), Some("a b+c"));
        assert_eq!(head.query("none"), None);
    }

    #[test]
    fn forgets_the_oldest_and_still_finds_the_rest() {
        let mut log = RequestLog::default();
        for _ in 0..=REMEMBERED_MAX {
            log.admit(Duration::ZERO, parts("/"), Bytes::new());
        }
        log.answered(0, 200);
        log.answered(1, 201);
        log.answered(REMEMBERED_MAX as u64, 202);

        let seen = log.to_vec();
        assert_eq!(seen.len(), REMEMBERED_MAX);
        assert_eq!(seen.first().and_then(|seen| seen.status), Some(201));
        assert_eq!(seen.last().and_then(|seen| seen.status), Some(202));
    }
}
