//! What the server answers to whom.

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderValue,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Method, Request, Response, StatusCode, Uri};

use super::Shared;
use crate::status::page;
use crate::status::report::Health;

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

const HTML: &str = "text/html; charset=utf-8";

const PAGES: &str = "/ /livez /readyz /metrics /status.json\n";

/// An answer before it is on its way.
struct Answer {
    status: StatusCode,
    content_type: &'static str,
    body: String,
}

impl Answer {
    fn text(status: StatusCode, body: impl Into<String>) -> Self {
        Self {
            status,
            content_type: TEXT,
            body: body.into(),
        }
    }

    fn json(status: StatusCode, value: &impl serde::Serialize) -> Self {
        match serde_json::to_string(value) {
            Ok(body) => Self {
                status,
                content_type: JSON,
                body,
            },
            Err(error) => Self::text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
        }
    }
}

impl Shared {
    pub(super) async fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let refused = self.refusal(request);
        let is_wrong_method = refused.is_none() && !is_reading(request.method());
        let answer = match refused {
            Some(refused) => refused,
            None if is_wrong_method => Answer::text(
                StatusCode::METHOD_NOT_ALLOWED,
                "only GET is answered here\n",
            ),
            None => self.page(request).await,
        };
        let mut response = Response::new(Full::new(Bytes::from(answer.body)));
        *response.status_mut() = answer.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(answer.content_type));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        let policy = HeaderValue::from_static(&page::CONTENT_SECURITY_POLICY);
        headers.insert(CONTENT_SECURITY_POLICY, policy);
        if is_wrong_method {
            headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        }
        response
    }

    /// Why a caller gets nothing, if so.
    fn refusal(&self, request: &Request<Incoming>) -> Option<Answer> {
        if !self.on_loopback {
            // Whoever listens elsewhere is called by names that nobody here knows.
            return None;
        }
        let host = request.headers().get(HOST);
        let is_known = host.is_none_or(|host| host.to_str().is_ok_and(is_local_name));
        (!is_known).then(|| {
            Answer::text(
                StatusCode::MISDIRECTED_REQUEST,
                "ask for it by its address, or as localhost\n",
            )
        })
    }

    async fn page(&self, request: &Request<Incoming>) -> Answer {
        match request.uri().path() {
            "/" => Answer {
                status: StatusCode::OK,
                content_type: HTML,
                body: page::page(&self.watched.report_with_samples().await),
            },
            "/livez" => liveness(&self.watched.stuck()),
            "/readyz" => {
                let health = self.watched.report().await.health;
                let status = match health.ready {
                    true => StatusCode::OK,
                    false => StatusCode::SERVICE_UNAVAILABLE,
                };
                if wants_json(request) {
                    Answer::json(status, &health)
                } else {
                    Answer::text(status, readiness(&health))
                }
            }
            "/metrics" => {
                let report = self.watched.report().await;
                let (body, content_type) = (self.exposition)(report, self.watched.meter());
                Answer {
                    status: StatusCode::OK,
                    content_type,
                    body,
                }
            }
            "/status.json" => {
                Answer::json(StatusCode::OK, &self.watched.report_with_samples().await)
            }
            _ => Answer::text(StatusCode::NOT_FOUND, PAGES),
        }
    }
}

fn is_reading(method: &Method) -> bool {
    method == Method::GET || method == Method::HEAD
}

fn wants_json(request: &Request<Incoming>) -> bool {
    let accepted = request.headers().get(ACCEPT);
    let accepted = accepted.and_then(|accept| accept.to_str().ok());
    accepted.is_some_and(|accept| accept.contains(JSON))
        || request
            .uri()
            .query()
            .is_some_and(|query| query == "format=json")
}

/// Whether a `Host` names this machine for itself: an address, or `localhost`.
fn is_local_name(host: &str) -> bool {
    let Ok(uri) = host.parse::<Uri>() else {
        return false;
    };
    let name = uri.host().unwrap_or_default();
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost") || address.parse::<std::net::IpAddr>().is_ok()
}

/// Whether it helps to start the daemon anew.
fn liveness(stuck: &[String]) -> Answer {
    if stuck.is_empty() {
        return Answer::text(StatusCode::OK, "alive\n");
    }
    let tasks = stuck.join(", ");
    let text = format!(
        "not alive\nthese tasks do not get on although every wait of theirs is over: {tasks}; start the daemon anew, and report it\n"
    );
    Answer::text(StatusCode::SERVICE_UNAVAILABLE, text)
}

/// A line for each reason, with its remedy.
fn readiness(health: &Health) -> String {
    if health.ready {
        return "ready\n".to_owned();
    }
    let mut text = "not ready\n".to_owned();
    for finding in &health.findings {
        let about = [&finding.code, &finding.stream];
        let about: Vec<&str> = about.into_iter().filter_map(|it| it.as_deref()).collect();
        if !about.is_empty() {
            text.push_str(&about.join(" "));
            text.push_str(": ");
        }
        text.push_str(&finding.what);
        if !finding.remedy.is_empty() {
            text.push_str("; ");
            text.push_str(&finding.remedy);
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn on_loopback_only_addresses_and_localhost_are_known() {
        for host in [
            "127.0.0.1:9464",
            "localhost",
            "LOCALHOST:9464",
            "[::1]:9464",
            "10.0.0.7",
        ] {
            assert!(is_local_name(host), "{host}");
        }
        for host in [
            "evil.example",
            "localhost.evil.example:9464",
            "",
            "127.0.0.1.evil.example",
        ] {
            assert!(!is_local_name(host), "{host}");
        }
    }
}
