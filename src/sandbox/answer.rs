//! An answer, and the many ways of sending it.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use hyper::header::{CONTENT_ENCODING, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use tokio::time::{Sleep, sleep};

/// Time between the last piece of a body that is cut and the cut. It gives the connection a
/// moment to send that piece, which it would otherwise throw away.
const BEFORE_THE_CUT: Duration = Duration::from_millis(10);

/// Pieces into which a slow body is divided.
const SLOW_PIECES: usize = 8;

/// A status, headers and a body.
#[derive(Clone, Debug)]
pub struct Answer {
    pub(super) status: StatusCode,
    /// Lines in order; a name may repeat.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
    /// Sent in chunks, without a Content-Length.
    pub(super) chunked: bool,
}

impl Answer {
    /// An answer without a body. A number that is no HTTP status becomes 500.
    pub fn empty(status: u16) -> Self {
        Self {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            headers: Vec::new(),
            body: Bytes::new(),
            chunked: false,
        }
    }

    /// An answer that calls its body JSON; nobody checks that it is.
    pub fn json(status: u16, body: impl Into<Bytes>) -> Self {
        Self::empty(status)
            .header("content-type", "application/json; charset=utf-8")
            .body(body)
    }

    /// An answer in plain text, as gateways send them.
    pub fn text(status: u16, body: impl Into<Bytes>) -> Self {
        Self::empty(status)
            .header("content-type", "text/plain; charset=utf-8")
            .body(body)
    }

    /// A page for people, as gateways and maintenance screens send them.
    pub fn html(status: u16, body: impl Into<Bytes>) -> Self {
        Self::empty(status)
            .header("content-type", "text/html; charset=UTF-8")
            .body(body)
    }

    /// Adds a header line, keeping earlier ones of the same name. What cannot be a header is
    /// left out.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let (Ok(name), Ok(value)) = (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(value),
        ) {
            self.headers.push((name, value));
        }
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The same answer with another body, uncompressed.
    pub(super) fn replaced(mut self, body: Bytes) -> Self {
        self.headers.retain(|(name, _)| name != CONTENT_ENCODING);
        self.chunked = false;
        self.body(body)
    }

    /// Sent as it should be.
    pub(super) fn whole(self) -> Response<Pieces> {
        let body = self.body.clone();
        self.sent([Step::Data(body)])
    }

    /// Sent up to the middle of the body; then the connection ends.
    pub(super) fn cut(self) -> Response<Pieces> {
        let half = self.body.slice(..self.body.len() / 2);
        self.sent([Step::Data(half), Step::Pause(BEFORE_THE_CUT), Step::Cut])
    }

    /// Sent in eight pieces with `pause` before each.
    pub(super) fn slow(self, pause: Duration) -> Response<Pieces> {
        let size = self.body.len().div_ceil(SLOW_PIECES).max(1);
        let steps: Vec<Step> = (0..self.body.len())
            .step_by(size)
            .map(|from| self.body.slice(from..self.body.len().min(from + size)))
            .flat_map(|piece| [Step::Pause(pause), Step::Data(piece)])
            .collect();
        self.sent(steps)
    }

    fn sent(self, steps: impl IntoIterator<Item = Step>) -> Response<Pieces> {
        let declared = (!self.chunked).then_some(self.body.len() as u64);
        let mut response = Response::new(Pieces {
            steps: steps.into_iter().collect(),
            pause: None,
            declared,
        });
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        response
    }

    #[cfg(test)]
    pub(super) fn value(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    #[cfg(test)]
    pub(super) fn header_value(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|(key, _)| key == name)?;
        value.to_str().ok()
    }
}

/// [`Answer::json`] of a body that is.
pub(super) fn json(status: u16, body: &serde_json::Value) -> Answer {
    Answer::json(status, body.to_string())
}

/// What happens next while a body is sent.
#[derive(Debug)]
enum Step {
    Data(Bytes),
    Pause(Duration),
    Cut,
}

/// A body that is sent step by step.
#[derive(Debug)]
pub(super) struct Pieces {
    steps: VecDeque<Step>,
    pause: Option<Pin<Box<Sleep>>>,
    /// What Content-Length promises, in bytes, whatever the steps then do.
    declared: Option<u64>,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        loop {
            if let Some(pause) = &mut self.pause {
                std::task::ready!(pause.as_mut().poll(context));
                self.pause = None;
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Data(piece)) => return Poll::Ready(Some(Ok(Frame::data(piece)))),
                Some(Step::Pause(pause)) => self.pause = Some(Box::pin(sleep(pause))),
                Some(Step::Cut) => {
                    let cut = io::Error::new(io::ErrorKind::ConnectionAborted, "cut on purpose");
                    return Poll::Ready(Some(Err(cut)));
                }
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.declared
            .map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
