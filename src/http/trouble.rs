//! One failed attempt, described for a person: never with a secret, an inlet's address or a
//! record in it.

use std::fmt;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;

use super::Cause;
use crate::limits;
use crate::meter::RequestOutcome;

/// Why one attempt at a request did not give a usable answer.
#[derive(Debug)]
pub enum Trouble {
    /// The server answered with an error.
    Status {
        /// The status.
        status: StatusCode,
        /// What it said, cut to a line.
        text: String,
        /// The server's name for the request, to quote to its support.
        request_id: Option<String>,
    },
    /// No answer, or not the whole of it: refused, reset, timed out, cut short.
    Network {
        /// What happened, without the address.
        error: reqwest::Error,
        /// The proxy that the host is reached through, without credentials.
        proxy: Option<String>,
    },
    /// The body is larger than we take.
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The answer is not what this endpoint gives.
    Unexpected(String),
}

impl Trouble {
    /// Describes an error answer.
    pub fn status(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Self {
        Self::Status {
            status,
            text: excerpt(body),
            request_id: request_id(headers).or_else(|| request_id_within(body)),
        }
    }

    /// The server's name for the request, where it told one.
    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Status { request_id, .. } => request_id.as_deref(),
            Self::Network { .. } | Self::TooLarge { .. } | Self::Unexpected(_) => None,
        }
    }

    /// The status of the answer, if it is one.
    pub fn http_status(&self) -> Option<u16> {
        match self {
            Self::Status { status, .. } => Some(status.as_u16()),
            Self::Network { .. } | Self::TooLarge { .. } | Self::Unexpected(_) => None,
        }
    }

    /// What is counted for the attempt.
    pub fn outcome(&self) -> RequestOutcome {
        match self {
            Self::Status { status, .. } => match status.as_u16() {
                429 => RequestOutcome::RateLimited,
                401 | 403 => RequestOutcome::Unauthorized,
                500.. => RequestOutcome::ServerError,
                _ => RequestOutcome::ClientError,
            },
            Self::Network { .. } => RequestOutcome::Network,
            Self::TooLarge { .. } | Self::Unexpected(_) => RequestOutcome::Unusable,
        }
    }

    /// Wraps a transport error. Its address is dropped: an inlet's is a secret of sorts.
    pub(super) fn network(error: reqwest::Error, proxy: Option<String>) -> Self {
        Self::Network {
            error: error.without_url(),
            proxy,
        }
    }

    /// Whether there was no connection, so that nothing was sent.
    pub fn is_unsent(&self) -> bool {
        matches!(self, Self::Network { error, .. } if error.is_connect())
    }

    /// The first cause of a failed connection, where it can be told.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::Network { error, .. } => Cause::of(error),
            Self::Status { .. } | Self::TooLarge { .. } | Self::Unexpected(_) => None,
        }
    }

    /// What a person can do, where that is known and waiting would not help.
    pub fn hint(&self) -> Option<&'static str> {
        let lasting = self.cause().filter(|cause| !cause.may_pass());
        let of_proxy = match self {
            Self::Network {
                error,
                proxy: Some(_),
            } if error.is_connect() => Some(
                "the environment names this proxy (`HTTPS_PROXY`): check its address, the credentials in it and that it lets the host through, or list the host in `NO_PROXY`",
            ),
            _ => None,
        };
        lasting.map(Cause::remedy).or(of_proxy)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status {
                status,
                text,
                request_id,
            } => {
                write!(f, "HTTP {}", status.as_u16())?;
                if !text.is_empty() {
                    write!(f, ": {text}")?;
                }
                if let Some(id) = request_id {
                    write!(f, " (request {id})")?;
                }
                Ok(())
            }
            Self::Network { error, proxy } => {
                // The outermost layer of such an error says little ("error sending request"); the
                // innermost says what happened.
                let mut root: &dyn std::error::Error = error;
                while let Some(source) = root.source() {
                    root = source;
                }
                let kind = if error.is_timeout() {
                    "timed out"
                } else if error.is_connect() {
                    "cannot connect"
                } else if error.is_body() || error.is_decode() {
                    "the answer was cut short"
                } else {
                    "no answer"
                };
                match proxy {
                    Some(proxy) if error.is_connect() => {
                        write!(f, "{kind} through the proxy {proxy}: {root}")
                    }
                    _ => write!(f, "{kind}: {root}"),
                }
            }
            Self::TooLarge { limit } => write!(f, "the answer is larger than {limit} bytes"),
            Self::Unexpected(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Trouble {}

/// The server's own name for a request. Zendesk sends `x-request-id` (twice, equal), older
/// answers `X-Zendesk-Request-Id`; Adobe's gateway `x-request-id`.
fn request_id(headers: &HeaderMap) -> Option<String> {
    ["x-request-id", "x-zendesk-request-id"]
        .into_iter()
        .find_map(|name| headers.get(name)?.to_str().ok())
        .and_then(printable)
}

/// The same where an answer of Adobe's has it in its report: services behind the gateway call it
/// `requestId`, the Schema Registry `registryRequestId`.
fn request_id_within(body: &[u8]) -> Option<String> {
    let json: serde_json::Value = serde_json::from_slice(body).ok()?;
    let report = json.get("report")?;
    ["requestId", "registryRequestId"]
        .into_iter()
        .find_map(|name| report.get(name)?.as_str())
        .and_then(printable)
}

/// Others wrote it: cut to what a request's name can be.
fn printable(id: &str) -> Option<String> {
    let graphic = id.chars().filter(char::is_ascii_graphic);
    let id: String = graphic.take(limits::REQUEST_ID_CHARS_MAX).collect();
    (!id.is_empty()).then_some(id)
}

/// What an error body says, on one line and cut to [`limits::ERROR_TEXT_CHARS_MAX`]: the
/// explanation if the body is one of the known JSON shapes, else its beginning.
pub fn excerpt(body: &[u8]) -> String {
    let text = match serde_json::from_slice::<serde_json::Value>(body) {
        Ok(json) => explanation(&json).unwrap_or_else(|| json.to_string()),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    };
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().filter(|c| !c.is_control()));
        if line.chars().count() > limits::ERROR_TEXT_CHARS_MAX {
            return line
                .chars()
                .take(limits::ERROR_TEXT_CHARS_MAX)
                .chain(['…'])
                .collect();
        }
    }
    line
}

/// Zendesk explains itself in at least six shapes and Adobe in three more
/// (`error` a string or an object, `errors` an array, `description`, `detail`, `report.message`).
fn explanation(json: &serde_json::Value) -> Option<String> {
    let said = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    let parts: Vec<String> = [
        json.get("error").and_then(said),
        json.pointer("/error/title").and_then(said),
        json.pointer("/error/message").and_then(said),
        json.pointer("/errors/0/code").and_then(said),
        json.pointer("/errors/0/title").and_then(said),
        json.pointer("/errors/0/detail").and_then(said),
        json.get("title").and_then(said),
        json.get("error_description").and_then(said),
        json.get("description").and_then(said),
        json.get("detail").and_then(said),
        json.get("message").and_then(said),
        json.pointer("/report/message").and_then(said),
    ]
    .into_iter()
    .flatten()
    .filter(|part| !part.trim().is_empty())
    .collect();
    (!parts.is_empty()).then(|| parts.join(": "))
}

#[cfg(test)]
mod fuzz;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_shapes_are_explained() {
        let check = |body: &str, expected: &str| assert_eq!(excerpt(body.as_bytes()), expected);
        check(
            r#"{"error":"Couldn't authenticate you"}"#,
            "Couldn't authenticate you",
        );
        check(
            r#"{"error":{"title":"Forbidden","message":"You do not have access to this page."}}"#,
            "Forbidden: You do not have access to this page.",
        );
        check(
            r#"{"error":"RecordNotFound","description":"Not found"}"#,
            "RecordNotFound: Not found",
        );
        check(
            r#"{"errors":[{"code":"InvalidPaginationDepth","title":"Too deep"}]}"#,
            "InvalidPaginationDepth: Too deep",
        );
        check(
            r#"{"type":"x","status":"401","title":"Authorization","report":{"message":"[id] Ims service token is empty"}}"#,
            "Authorization: [id] Ims service token is empty",
        );
        check(
            "Number of allowed\n API requests ",
            "Number of allowed API requests",
        );
        check("", "");
        check(r#"{"a":1}"#, r#"{"a":1}"#);
    }

    #[test]
    fn the_servers_name_of_a_request_is_told_and_cut() {
        let told = |name: &'static str, id: &str, body: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(name, id.parse().expect("a header value"));
            let trouble = Trouble::status(StatusCode::BAD_GATEWAY, &headers, body.as_bytes());
            trouble.request_id().map(str::to_owned)
        };
        assert_eq!(told("x-request-id", "a-1", "").as_deref(), Some("a-1"));
        assert_eq!(
            told("x-zendesk-request-id", "b 2", "").as_deref(),
            Some("b2")
        );
        let report = r#"{"title":"no","report":{"registryRequestId":"c-3"}}"#;
        assert_eq!(told("date", "x", report).as_deref(), Some("c-3"));
        assert_eq!(told("x-request-id", "a-1", report).as_deref(), Some("a-1"));
        let long = told("x-request-id", &"x".repeat(5_000), "").expect("told");
        assert_eq!(long.len(), limits::REQUEST_ID_CHARS_MAX);
        assert_eq!(
            told("x-request-id", " ", r#"{"report":{"requestId":""}}"#),
            None
        );
    }

    #[test]
    fn long_and_dirty_bodies_are_cut_and_cleaned() {
        let shown = excerpt("x".repeat(10_000).as_bytes());
        assert_eq!(shown.chars().count(), limits::ERROR_TEXT_CHARS_MAX + 1);
        assert_eq!(excerpt(b"a\x1b[31mb\xff"), "a[31mb\u{fffd}");
    }
}
