//! Requests to Zendesk: signed in, repeated as the table decides, answered with a value or an
//! explained error.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::Response;
use reqwest::header::LOCATION;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::Error;
use super::answer::{self, Decision, Stop};
use super::clock::ServerClock;
use super::quota::{Governor, Permit, Urgency};
use super::sign_in::SignIn;
use crate::clock::Clock;
use crate::config::{self, Proxy, Retry};
use crate::http::{self, Attempts, Effort, GaveUp, Reached, Token, Trouble, Wait};
use crate::limits;
use crate::meter::{Meter, RequestOutcome};

/// A signed-in connection to one Zendesk account; every request to it goes through here.
#[derive(Debug)]
pub struct Client {
    http: http::Client,
    base_url: Url,
    sign_in: Arc<SignIn>,
    clock: Arc<ServerClock>,
    governor: Arc<Governor>,
    retry: Retry,
    meter: Arc<Meter>,
    stop: CancellationToken,
}

/// One request for one page or object.
pub(super) struct Request<'a> {
    /// What it is for, as in "could not …".
    pub(super) what: &'a str,
    /// Path below the account's address.
    pub(super) path: &'a str,
    /// Query, not yet encoded.
    pub(super) query: Vec<(&'a str, String)>,
    /// It continues from a cursor, so that a client error may mean the cursor.
    pub(super) carries_cursor: bool,
    /// How hard to try.
    pub(super) effort: Effort,
    /// Who goes first when the quota is short.
    pub(super) urgency: Urgency,
}

/// How many records to ask for; shrinks under heavy pages and grows back slowly.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageSize {
    present: u32,
    max: u32,
}

impl PageSize {
    pub(super) fn new(max: u32) -> Self {
        Self { present: max, max }
    }

    pub(super) fn get(self) -> u32 {
        self.present
    }

    pub(super) fn max(self) -> u32 {
        self.max
    }

    fn shrink(&mut self) {
        self.present = (self.present / 2).max(1);
    }

    pub(super) fn shrink_to_one(&mut self) {
        self.present = 1;
    }

    fn is_one(self) -> bool {
        self.present == 1
    }

    /// A tenth of the maximum for each page that went well: a page too heavy by half is met
    /// again after five good ones, not at once.
    pub(super) fn grow(&mut self) {
        self.present = (self.present + self.max.div_ceil(10)).min(self.max);
    }
}

/// A page size and the query parameter that carries it.
pub(super) struct Sized<'a> {
    pub(super) parameter: &'a str,
    pub(super) size: &'a mut PageSize,
    /// Whether it may change now. A search cursor is bound to the size it was made with.
    pub(super) may_change: bool,
}

/// Turns the answer to a request into a value.
pub(super) trait Receive: Sync {
    /// What it becomes.
    type Value: Send;

    /// Receives the body of a successful answer.
    ///
    /// # Errors
    /// When it breaks off, or is not what it should be.
    fn receive(
        &self,
        response: Response,
    ) -> impl Future<Output = Result<Self::Value, Trouble>> + Send;

    /// Whether a value is all of its answer.
    fn is_whole(value: &Self::Value) -> bool;
}

/// Takes a body as a whole. What the reading function cannot read counts as a failed attempt, since
/// gateways send HTML with any status.
struct Whole<F>(F);

impl<T: Send, F: Fn(Bytes) -> Result<T, String> + Sync> Receive for Whole<F> {
    type Value = T;

    async fn receive(&self, response: Response) -> Result<T, Trouble> {
        let body = http::read_body(response, limits::PAGE_BYTES_MAX).await?;
        (self.0)(body).map_err(Trouble::Unexpected)
    }

    fn is_whole(_: &T) -> bool {
        true
    }
}

/// The attempts at one request, so far.
#[derive(Debug)]
pub(super) struct Tries {
    attempts: Attempts,
    /// The sign-in was renewed.
    renewed: bool,
    /// Attempts made before the page shrank to one record.
    spent: u32,
}

impl Tries {
    /// Requests this took, the one under way included.
    pub(super) fn requests(&self) -> u32 {
        self.spent + self.attempts.made() + u32::from(self.renewed)
    }
}

/// A value and what it cost.
#[derive(Debug)]
pub(super) struct Fetched<T> {
    pub(super) value: T,
    pub(super) requests: u32,
    /// The page size that was answered to, where one was asked for.
    pub(super) size: Option<u32>,
    /// When the request was sent that was answered.
    pub(super) sent: Instant,
}

impl Client {
    /// Connects nothing yet; `stop` ends every wait. `clock` is the one that waits for the quota.
    ///
    /// # Errors
    /// When the HTTP client cannot be set up.
    pub fn new(
        config: &config::Zendesk,
        retry: &Retry,
        stop: &CancellationToken,
        clock: &Clock,
    ) -> Result<Self, Error> {
        Ok(Self {
            http: http::Client::new(&config.timeouts, &config.network)?,
            base_url: config.base_url.clone(),
            sign_in: SignIn::new(config.auth.clone(), config.base_url.clone()).into(),
            clock: ServerClock::new(*clock).into(),
            governor: Governor::new(config.quota.clone(), *clock).into(),
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

    /// A client to the same account by another configuration. It goes on with what this one knows
    /// of the account's limits and clock, and with its token, if it is to sign in alike. Our share
    /// of the limits stays what it was until [`Governor::set_quota`].
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn heir(
        &self,
        config: &config::Zendesk,
        retry: &Retry,
        stop: &CancellationToken,
    ) -> Result<Self, Error> {
        let mut heir = Self::new(config, retry, stop, &self.clock.ours())?;
        heir.clock = self.clock.clone();
        heir.governor = self.governor.clone();
        if self.sign_in.serves(&config.auth, &config.base_url) {
            heir.sign_in = self.sign_in.clone();
        }
        Ok(heir.metered(&self.meter))
    }

    /// Whether it shares its sign-in with `other`.
    pub fn signs_in_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.sign_in, &other.sign_in)
    }

    /// Forgets the token: the next request signs in, and reads the secret for it.
    pub async fn sign_in_anew(&self) {
        self.sign_in.forget().await;
    }

    /// Whether the secret is another one by now than was used last.
    pub fn has_new_secret(&self) -> bool {
        self.sign_in.has_new_secret()
    }

    /// Signs in, if that is not done yet. A token that is not asked for but configured is shown to Zendesk.
    ///
    /// # Errors
    /// When Zendesk does not accept us, or gives no answer.
    pub async fn sign_in(&self, effort: Effort) -> Result<(), Error> {
        if self.sign_in.is_asked_for() {
            self.token(effort).await.map(drop)
        } else {
            self.caller(effort).await.map(drop)
        }
    }

    /// The present token, signing in first if need be.
    async fn token(&self, effort: Effort) -> Result<Token, Error> {
        let (http, retry, side) = (&self.http, &self.retry, &self.meter.zendesk);
        self.sign_in
            .token(http, retry, effort, &self.stop, side)
            .await
    }

    /// The account's quota: how it stands, and what may be expected of it.
    pub fn governor(&self) -> &Governor {
        &self.governor
    }

    /// Knocks at the account's door. For `check`.
    ///
    /// # Errors
    /// When there is no answer.
    pub async fn reach(&self) -> Result<Reached, Trouble> {
        http::reach(&self.http, self.base_url.clone()).await
    }

    /// The proxy that the account is reached through, without credentials.
    pub fn proxy(&self) -> Option<&Proxy> {
        self.http.proxy_to(&self.base_url)
    }

    /// Zendesk's clock.
    pub(super) fn clock(&self) -> &ServerClock {
        &self.clock
    }

    /// Fetches one answer and reads it as a whole.
    pub(super) async fn fetch<T: Send>(
        &self,
        request: &Request<'_>,
        sized: Option<Sized<'_>>,
        read: impl Fn(Bytes) -> Result<T, String> + Sync,
    ) -> Result<Fetched<T>, Error> {
        let mut tries = self.tries(request.effort);
        let mut sized = sized;
        self.receive(&mut tries, request, sized.as_mut(), &Whole(read))
            .await
    }

    /// Before the first attempt.
    pub(super) fn tries(&self, effort: Effort) -> Tries {
        Tries {
            attempts: self.attempts(effort),
            renewed: false,
            spent: 0,
        }
    }

    fn attempts(&self, effort: Effort) -> Attempts {
        Attempts::new(&self.retry, effort, &self.stop).by(self.clock.ours())
    }

    /// Asks until there is an answer that `receiver` can receive.
    pub(super) async fn receive<R: Receive>(
        &self,
        tries: &mut Tries,
        request: &Request<'_>,
        mut sized: Option<&mut Sized<'_>>,
        receiver: &R,
    ) -> Result<Fetched<R::Value>, Error> {
        let side = &self.meter.zendesk;
        loop {
            let token = self.token(Effort::Full).await?;
            let url = self.url(request, sized.as_deref());
            let queued = Instant::now();
            let permit = self
                .governor
                .admit(request.path, request.urgency, request.what, &self.stop)
                .await
                .ok_or_else(|| Error::Stopped {
                    what: request.what.to_owned(),
                })?;
            side.waited_ms.add(millis(queued));
            let sent = Instant::now();
            let attempt = self.attempt(url, &token, request, &permit, receiver).await;
            drop(permit);
            let outcome = match &attempt {
                Ok(_) => RequestOutcome::Success,
                Err((_, trouble)) => trouble.outcome(),
            };
            side.request(outcome, sent.elapsed());
            let (decision, trouble) = match attempt {
                Ok(value) => {
                    side.let_in();
                    tries.attempts.answered(request.what);
                    let size = sized.as_ref().map(|sized| sized.size.get());
                    let sized = sized.filter(|sized| sized.may_change && R::is_whole(&value));
                    if let Some(sized) = sized {
                        sized.size.grow();
                    }
                    return Ok(Fetched {
                        value,
                        requests: tries.requests(),
                        size,
                        sent,
                    });
                }
                Err(failed) => failed,
            };
            if decision == Decision::RenewSignIn {
                // If it was renewed before, the next sync must not begin with a token known to be
                // refused.
                self.sign_in.discard(&token).await;
                if tries.renewed {
                    side.refused();
                    return Err(Error::SignIn(trouble));
                }
                tracing::info!(
                    request = request.what,
                    request_id = trouble.request_id(),
                    "zendesk no longer accepts the token: signing in again"
                );
                tries.renewed = true;
            } else {
                self.pause(tries, request, sized.as_deref_mut(), decision, trouble)
                    .await?;
            }
            side.retries.count();
        }
    }

    /// Waits before the next attempt, after one that ended with `trouble` in the middle of an
    /// answer.
    pub(super) async fn pause_after(
        &self,
        tries: &mut Tries,
        request: &Request<'_>,
        sized: Option<&mut Sized<'_>>,
        trouble: Trouble,
    ) -> Result<(), Error> {
        let decision = answer::decide_trouble(&trouble);
        self.pause(tries, request, sized, decision, trouble).await?;
        self.meter.zendesk.retries.count();
        Ok(())
    }

    /// Waits before the next attempt, if there is to be one.
    async fn pause(
        &self,
        tries: &mut Tries,
        request: &Request<'_>,
        sized: Option<&mut Sized<'_>>,
        decision: Decision,
        trouble: Trouble,
    ) -> Result<(), Error> {
        let what = || request.what.to_owned();
        let attempts = &mut tries.attempts;
        match decision {
            Decision::RenewSignIn => Err(Error::SignIn(trouble)),
            Decision::CursorLost => Err(Error::CursorLost(trouble)),
            Decision::TooRecent => Err(Error::TooRecent(trouble)),
            Decision::Stop(stop) => Err(stopped(stop, what(), trouble)),
            Decision::RateLimited { wait } => attempts
                .pause(wait, request.what, trouble)
                .await
                .map_err(|gave_up| Error::gave_up(request.what, gave_up)),
            Decision::Retry { wait, smaller } => {
                let sized = sized.filter(|sized| smaller && sized.may_change);
                match (attempts.pause(wait, request.what, trouble).await, sized) {
                    (Ok(()), None) => Ok(()),
                    (Ok(()), Some(sized)) => {
                        sized.size.shrink();
                        Ok(())
                    }
                    // A page of one record is given as many attempts as a whole one.
                    (Err(GaveUp::Exhausted { attempts: made, .. }), Some(sized))
                        if !sized.size.is_one() =>
                    {
                        sized.size.shrink_to_one();
                        tries.spent += made;
                        tries.attempts = self.attempts(request.effort);
                        Ok(())
                    }
                    (Err(GaveUp::Exhausted { attempts, last }), Some(_)) => {
                        Err(Error::Unreadable {
                            what: what(),
                            attempts,
                            last,
                        })
                    }
                    (Err(gave_up), _) => Err(Error::gave_up(request.what, gave_up)),
                }
            }
        }
    }

    async fn attempt<R: Receive>(
        &self,
        url: Url,
        token: &Token,
        request: &Request<'_>,
        permit: &Permit<'_>,
        receiver: &R,
    ) -> Result<R::Value, (Decision, Trouble)> {
        let failed = |trouble: Trouble| (answer::decide_trouble(&trouble), trouble);
        let response = self
            .http
            .get(url)
            .header("authorization", token.header.clone())
            .header("accept", "application/json")
            .send()
            .await
            .map_err(|error| {
                let trouble = self.http.trouble(error);
                if trouble.is_unsent() {
                    permit.unsent();
                }
                failed(trouble)
            })?;
        self.clock.learn(response.headers());
        permit.learn(response.headers());
        let status = response.status();
        if status.is_success() {
            return receiver.receive(response).await.map_err(failed);
        }
        let headers = response.headers().clone();
        let body = http::read_error_body(response).await;
        let decision = answer::decide(
            status,
            &headers,
            &body,
            request.carries_cursor,
            Timestamp::now(),
        );
        if let Decision::RateLimited { wait } = decision {
            let wait = match wait {
                Wait::Server(wait) => wait,
                Wait::RateLimited | Wait::Backoff => self.retry.rate_limit_delay,
            };
            permit.refused(&headers, &body, wait);
        }
        let mut trouble = Trouble::status(status, &headers, &body);
        if decision == Decision::Stop(Stop::Redirected) {
            let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
            trouble = Trouble::Unexpected(host_of(location.unwrap_or_default()));
        }
        Err((decision, trouble))
    }

    fn url(&self, request: &Request<'_>, sized: Option<&Sized<'_>>) -> Url {
        let mut url = self.base_url.clone();
        url.set_path(request.path);
        if !request.query.is_empty() || sized.is_some() {
            let mut query = url.query_pairs_mut();
            query.extend_pairs(&request.query);
            if let Some(sized) = sized {
                query.append_pair(sized.parameter, &sized.size.get().to_string());
            }
        }
        url
    }
}

fn stopped(stop: Stop, what: String, trouble: Trouble) -> Error {
    match stop {
        Stop::Forbidden => Error::Forbidden { what, trouble },
        Stop::NotFound => Error::NotFound { what, trouble },
        Stop::NotOffered => Error::NotOffered { what, trouble },
        Stop::Refused => Error::Refused { what, trouble },
        Stop::TooDeep => Error::TooDeep(trouble),
        Stop::Redirected => Error::Redirected {
            what,
            location: trouble.to_string(),
        },
    }
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Scheme and host of an address; what follows may hold anything.
fn host_of(location: &str) -> String {
    Url::parse(location).map_or_else(
        |_| "another path".to_owned(),
        |url| url.origin().ascii_serialization(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_sizes_halve_and_recover() {
        let mut size = PageSize::new(1_000);
        for expected in [500, 250, 125] {
            size.shrink();
            assert_eq!(size.get(), expected);
        }
        size.grow();
        assert_eq!(size.get(), 225);
        for _ in 0..20 {
            size.grow();
        }
        assert_eq!(size.get(), 1_000);
        let mut one = PageSize::new(1);
        one.shrink();
        assert_eq!(one.get(), 1);
    }

    #[test]
    fn redirects_are_named_without_their_path() {
        assert_eq!(
            host_of("https://elsewhere.example/login?token=x"),
            "https://elsewhere.example"
        );
        assert_eq!(host_of("/login"), "another path");
    }
}
