//! Requests to the inlet: authorized, repeated as the table decides.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret as _;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::Error;
use super::answer::{self, Decision};
use super::ims::Ims;
use super::pace::Pace;
use crate::config::{self, InletUrl, Proxy, Retry};
use crate::http::{self, Attempts, Effort, Reached, Token, Trouble};
use crate::limits;
use crate::meter::{Meter, RequestOutcome};

/// What every stream's inlet shares: the HTTP client, the credentials, the headers.
#[derive(Debug)]
pub struct Connection {
    pub(super) http: http::Client,
    ims: Option<Arc<Ims>>,
    headers: HeaderMap,
    inlet_url: InletUrl,
    pace: Arc<Pace>,
    in_flight: u32,
    pub(super) retry: Retry,
    pub(super) meter: Arc<Meter>,
    pub(super) stop: CancellationToken,
}

/// An answer worth reading, or the word that the request as a whole is refused.
pub(super) enum Reply {
    /// A success, with its body.
    Body(Bytes),
    /// Refused for what it holds.
    Refused { status: u16, text: String },
}

/// Where a request goes, and how an answer from there is told from a stray page.
pub(super) struct Address<'a> {
    /// What is done there, as in "could not …".
    pub(super) what: &'a str,
    pub(super) url: Url,
    pub(super) headers: &'a HeaderMap,
    pub(super) is_answer: fn(&[u8]) -> bool,
}

/// A reply and what it cost.
pub(super) struct Sent {
    pub(super) reply: Reply,
    pub(super) requests: u32,
}

impl Connection {
    /// Connects nothing yet; `stop` ends every wait.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up, or a configured value cannot be a header.
    pub fn new(
        config: &config::Platform,
        retry: &Retry,
        stop: &CancellationToken,
    ) -> Result<Self, Error> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(name) = &config.sandbox_name {
            insert(&mut headers, "x-sandbox-name", name)?;
        }
        if let Some(auth) = &config.auth {
            // Asked for by some of Adobe's pages and samples for authenticated inlets.
            insert(&mut headers, "x-api-key", &auth.client_id)?;
            if let Some(org_id) = &config.org_id {
                insert(&mut headers, "x-gw-ims-org-id", org_id)?;
            }
        }
        for (name, value) in &config.headers {
            insert(&mut headers, name, value.expose_secret())?;
        }
        Ok(Self {
            http: http::Client::new(&config.timeouts, &config.network)?,
            ims: config.auth.clone().map(Ims::new).map(Arc::new),
            headers,
            inlet_url: config.inlet_url.clone(),
            pace: Pace::new(config.in_flight, config.max_messages_per_second).into(),
            in_flight: config.in_flight,
            retry: *retry,
            meter: Arc::default(),
            stop: stop.clone(),
        })
    }

    /// Counts what it does with this meter.
    #[must_use]
    pub fn metered(mut self, meter: &Arc<Meter>) -> Self {
        self.meter = meter.clone();
        self
    }

    /// A connection by another configuration. It goes on with the token of this one, if it is to
    /// sign in alike, and at its pace, if the bounds of that are the same.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn heir(
        &self,
        config: &config::Platform,
        retry: &Retry,
        stop: &CancellationToken,
    ) -> Result<Self, Error> {
        let mut heir = Self::new(config, retry, stop)?;
        if let (Some(ims), Some(auth)) = (&self.ims, &config.auth)
            && ims.serves(auth)
        {
            heir.ims = Some(ims.clone());
        }
        if self
            .pace
            .has_bounds(config.in_flight, config.max_messages_per_second)
        {
            heir.pace = self.pace.clone();
        }
        Ok(heir.metered(&self.meter))
    }

    /// Whether it shares its sign-in with `other`, or needs none.
    pub fn signs_in_with(&self, other: &Self) -> bool {
        match (&self.ims, &other.ims) {
            (Some(ours), Some(theirs)) => Arc::ptr_eq(ours, theirs),
            (ours, _) => ours.is_none(),
        }
    }

    /// Forgets the token: the next request signs in, and reads the secret for it.
    pub async fn sign_in_anew(&self) {
        if let Some(ims) = &self.ims {
            ims.forget().await;
        }
    }

    /// Whether the secret is another one by now than was used last.
    pub fn has_new_secret(&self) -> bool {
        self.ims.as_ref().is_some_and(|ims| ims.has_new_secret())
    }

    /// The common headers and, for raw messages, the dataflow that maps them.
    pub(super) fn headers(&self, flow_id: Option<&str>) -> Result<HeaderMap, Error> {
        let mut headers = self.headers.clone();
        if let Some(flow_id) = flow_id {
            insert(&mut headers, "x-adobe-flow-id", flow_id)?;
        }
        Ok(headers)
    }

    /// Requests in flight at a time, at most.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight as usize
    }

    /// Where the inlet is.
    pub(super) fn inlet_url(&self) -> &InletUrl {
        &self.inlet_url
    }

    /// Signs in, if the inlet requires it.
    ///
    /// # Errors
    /// When the identity service refuses or cannot be reached.
    pub async fn sign_in(&self, effort: Effort) -> Result<(), Error> {
        self.token(effort).await.map(drop)
    }

    /// Knocks at `address`, of the inlet or of what stands behind it. For `check`: nothing is sent
    /// that could be ingested.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn reach(&self, address: Url) -> Result<Reached, Trouble> {
        http::reach(&self.http, address).await
    }

    /// The proxy that an address is reached through, without credentials.
    pub fn proxy_to(&self, address: &Url) -> Option<&Proxy> {
        self.http.proxy_to(address)
    }

    /// Posts `body`, which holds so many `messages`, at the common pace and again and again if need
    /// be, until it is taken or refused.
    pub(super) async fn post(
        &self,
        to: &Address<'_>,
        body: Bytes,
        messages: usize,
        effort: Effort,
    ) -> Result<Sent, Error> {
        // Not ended by `stop`: the rest of a page in hand is still to go. Turns are short, and one
        // that sits out a pause is given back when the stop ends that.
        let turn = self.pace.turn(messages).await;
        let mut attempts = Attempts::new(&self.retry, effort, &self.stop);
        let sent = self.post_until(to, body, &mut attempts).await;
        turn.end(attempts.made() > 1 || sent.is_err());
        sent
    }

    async fn post_until(
        &self,
        to: &Address<'_>,
        body: Bytes,
        attempts: &mut Attempts,
    ) -> Result<Sent, Error> {
        let mut renewed = false;
        let side = &self.meter.adobe;
        loop {
            let token = self.token(Effort::Full).await?;
            let sent = Instant::now();
            let sending = self.meter.sending();
            let attempt = self.attempt(to, token.as_ref(), body.clone()).await;
            drop(sending);
            let outcome = match &attempt {
                Ok(_) => RequestOutcome::Success,
                Err((_, trouble)) => trouble.outcome(),
            };
            side.request(outcome, sent.elapsed());
            let (decision, trouble) = match attempt {
                Ok(body) => {
                    side.let_in();
                    attempts.answered(to.what);
                    return Ok(Sent {
                        reply: Reply::Body(body),
                        requests: attempts.made() + u32::from(renewed),
                    });
                }
                Err(failed) => failed,
            };
            match (decision, &self.ims, &token) {
                (Decision::RenewSignIn, Some(ims), Some(token)) if !renewed => {
                    tracing::info!(
                        request = to.what,
                        request_id = trouble.request_id(),
                        "the inlet no longer accepts the token: signing in again"
                    );
                    ims.discard(token).await;
                    renewed = true;
                }
                (Decision::RenewSignIn, _, token) => {
                    self.discard(token.as_ref()).await;
                    side.refused();
                    return Err(unauthorized(trouble));
                }
                (Decision::Split, ..) => {
                    return Ok(Sent {
                        reply: refused(trouble),
                        requests: attempts.made() + u32::from(renewed),
                    });
                }
                (Decision::NotFound, ..) => return Err(Error::NotFound(trouble)),
                (Decision::Refused, ..) => return Err(Error::Refused(trouble)),
                (Decision::Retry(wait), ..) => attempts
                    .pause(wait, to.what, trouble)
                    .await
                    .map_err(|gave_up| Error::gave_up(to.what, gave_up))?,
            }
            side.retries.count();
        }
    }

    async fn attempt(
        &self,
        to: &Address<'_>,
        token: Option<&Token>,
        body: Bytes,
    ) -> Result<Bytes, (Decision, Trouble)> {
        let failed = |trouble| (answer::decide_trouble(), trouble);
        let mut request = self
            .http
            .post(to.url.clone())
            .headers(to.headers.clone())
            .body(body);
        if let Some(token) = token {
            request = request.header("authorization", token.header.clone());
        }
        let response = request
            .send()
            .await
            .map_err(|error| failed(self.http.trouble(error)))?;
        let status = response.status();
        if status.is_success() {
            let body = http::read_body(response, limits::ANSWER_BYTES_MAX)
                .await
                .map_err(failed)?;
            return if (to.is_answer)(&body) {
                Ok(body)
            } else {
                Err(failed(Trouble::Unexpected(
                    "the answer does not come from an inlet".to_owned(),
                )))
            };
        }
        let headers = response.headers().clone();
        let body = http::read_error_body(response).await;
        let decision = answer::decide(status, &headers, Timestamp::now());
        Err((decision, Trouble::status(status, &headers, &body)))
    }

    /// The present token, if we have credentials to get one.
    pub(super) async fn token(&self, effort: Effort) -> Result<Option<Token>, Error> {
        match &self.ims {
            Some(ims) => ims
                .token(
                    &self.http,
                    &self.retry,
                    effort,
                    &self.stop,
                    &self.meter.adobe,
                )
                .await
                .map(Some),
            None => Ok(None),
        }
    }

    /// Forgets a token that was refused.
    pub(super) async fn discard(&self, refused: Option<&Token>) {
        if let (Some(ims), Some(token)) = (&self.ims, refused) {
            ims.discard(token).await;
        }
    }
}

fn unauthorized(trouble: Trouble) -> Error {
    if answer::is_blocked(&trouble) {
        Error::Blocked(trouble)
    } else {
        Error::Unauthorized(trouble)
    }
}

fn refused(trouble: Trouble) -> Reply {
    match trouble {
        Trouble::Status { status, text, .. } => Reply::Refused {
            status: status.as_u16(),
            text,
        },
        other => Reply::Refused {
            status: 0,
            text: other.to_string(),
        },
    }
}

/// Sets a header to a configured value.
pub(super) fn insert(headers: &mut HeaderMap, name: &str, value: &str) -> Result<(), Error> {
    let unusable = || Error::Header(name.to_owned());
    let key = HeaderName::try_from(name).map_err(|_| unusable())?;
    headers.insert(key, HeaderValue::try_from(value).map_err(|_| unusable())?);
    Ok(())
}
