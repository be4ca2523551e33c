//! Tokens from Adobe's identity service, by OAuth server-to-server credentials.

use std::time::Duration;

use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use tokio_util::sync::CancellationToken;

use super::Error;
use super::answer::{self, Decision};
use crate::config::{KeptSecret, PlatformAuth, Retry};
use crate::http::{self, Attempts, Effort, Granted, Token, TokenCache, Trouble};
use crate::limits;
use crate::meter::Side;

const WHAT: &str = "sign in to adobe's identity service";

/// The credential and the token it last gave.
#[derive(Debug)]
pub(super) struct Ims {
    auth: PlatformAuth,
    secret: KeptSecret,
    cache: TokenCache,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    /// Seconds. Older endpoints gave milliseconds; the token cache does not trust so long a life.
    #[serde(default)]
    expires_in: Option<u64>,
}

impl Ims {
    pub(super) fn new(auth: PlatformAuth) -> Self {
        Self {
            secret: KeptSecret::new(auth.client_secret.clone()),
            auth,
            cache: TokenCache::default(),
        }
    }

    /// Whether it is to sign in like this, with the secret that it used last.
    pub(super) fn serves(&self, auth: &PlatformAuth) -> bool {
        self.auth == *auth && !self.secret.is_new()
    }

    /// Whether the secret is another one by now than was used last.
    pub(super) fn has_new_secret(&self) -> bool {
        self.secret.is_new()
    }

    /// The present token, signing in first if need be.
    pub(super) async fn token(
        &self,
        http: &http::Client,
        retry: &Retry,
        effort: Effort,
        stop: &CancellationToken,
        side: &Side,
    ) -> Result<Token, Error> {
        let unusable = || {
            Error::SignIn(Trouble::Unexpected(
                "the token holds characters that cannot travel in a header".to_owned(),
            ))
        };
        self.cache
            .get(
                async || {
                    let attempts = Attempts::new(retry, effort, stop);
                    let granted = self.request_token(http, attempts).await;
                    match &granted {
                        Ok(granted) => side.granted(granted.expires_at(Timestamp::now())),
                        Err(Error::SignIn(_)) => side.refused(),
                        Err(_) => {}
                    }
                    granted
                },
                unusable,
            )
            .await
    }

    /// Forgets the token, whatever it is.
    pub(super) async fn forget(&self) {
        self.cache.clear().await;
    }

    /// Forgets a token that was refused; the secret is read anew for the next one.
    pub(super) async fn discard(&self, refused: &Token) {
        self.cache.discard(refused).await;
    }

    async fn request_token(
        &self,
        http: &http::Client,
        mut attempts: Attempts,
    ) -> Result<Granted, Error> {
        let secret = self.secret.read()?;
        loop {
            let (wait, trouble) = match self.post(http, &secret).await {
                Ok(granted) => {
                    attempts.answered(WHAT);
                    return Ok(granted);
                }
                Err((Decision::Retry(wait), trouble)) => (wait, trouble),
                Err((_, trouble)) => return Err(Error::SignIn(trouble)),
            };
            attempts
                .pause(wait, WHAT, trouble)
                .await
                .map_err(|gave_up| Error::gave_up(WHAT, gave_up))?;
        }
    }

    async fn post(
        &self,
        http: &http::Client,
        secret: &SecretString,
    ) -> Result<Granted, (Decision, Trouble)> {
        let failed = |trouble| (answer::decide_trouble(), trouble);
        let mut url = self.auth.ims_url.clone();
        url.set_path("/ims/token/v3");
        // Joined by commas, not by blanks as in plain OAuth.
        let scope = self.auth.scopes.join(",");
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", &self.auth.client_id),
            ("client_secret", secret.expose_secret()),
            ("scope", &scope),
        ];
        let response = http
            .post(url)
            .header("accept", "application/json")
            .form(&form)
            .send()
            .await
            .map_err(|error| failed(http.trouble(error)))?;
        let status = response.status();
        if !status.is_success() {
            let headers = response.headers().clone();
            let body = http::read_error_body(response).await;
            let decision = answer::decide(status, &headers, Timestamp::now());
            return Err((decision, Trouble::status(status, &headers, &body)));
        }
        let body = http::read_body(response, limits::ANSWER_BYTES_MAX)
            .await
            .map_err(failed)?;
        // The answer is not quoted: it may hold the token.
        let answer: TokenAnswer = serde_json::from_slice(&body).map_err(|_| {
            failed(Trouble::Unexpected(
                "the answer holds no access token".to_owned(),
            ))
        })?;
        Ok(Granted {
            authorization: format!("Bearer {}", answer.access_token.expose_secret()).into(),
            expires_in: answer.expires_in.map(Duration::from_secs),
        })
    }
}
