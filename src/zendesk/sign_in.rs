//! Signing in by client credentials, a ready token, or an API token.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use reqwest::StatusCode;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::Error;
use super::answer::{self, Decision};
use crate::config::{KeptSecret, Retry, ZendeskAuth};
use crate::http::{self, Attempts, Effort, Granted, Token, TokenCache, Trouble};
use crate::limits;
use crate::meter::Side;

const WHAT: &str = "sign in to zendesk";

/// How this program proves to Zendesk who it is.
#[derive(Debug)]
pub(super) struct SignIn {
    auth: ZendeskAuth,
    secret: KeptSecret,
    base_url: Url,
    cache: TokenCache,
}

#[derive(Serialize)]
struct TokenRequest<'a> {
    grant_type: &'static str,
    client_id: &'a str,
    client_secret: &'a str,
    scope: &'a str,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: SecretString,
    /// Seconds; null or absent for clients whose tokens do not expire.
    #[serde(default)]
    expires_in: Option<u64>,
}

impl SignIn {
    pub(super) fn new(auth: ZendeskAuth, base_url: Url) -> Self {
        Self {
            secret: KeptSecret::new(auth.secret().clone()),
            auth,
            base_url,
            cache: TokenCache::default(),
        }
    }

    /// Whether it is to sign in like this, with the secret that it used last.
    pub(super) fn serves(&self, auth: &ZendeskAuth, base_url: &Url) -> bool {
        self.auth == *auth && self.base_url == *base_url && !self.secret.is_new()
    }

    /// Whether the secret is another one by now than was used last.
    pub(super) fn has_new_secret(&self) -> bool {
        self.secret.is_new()
    }

    /// Whether Zendesk is asked for the token, and so has a say in it.
    pub(super) fn is_asked_for(&self) -> bool {
        matches!(self.auth, ZendeskAuth::ClientCredentials { .. })
    }

    /// What to send as `Authorization`, signing in first if need be.
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
        let grant = async || match &self.auth {
            ZendeskAuth::ClientCredentials {
                client_id, scope, ..
            } => {
                // Read for each request, so that a rotated secret is picked up without a restart.
                let client_secret = self.secret.read()?;
                let request = TokenRequest {
                    grant_type: "client_credentials",
                    client_id,
                    client_secret: client_secret.expose_secret(),
                    scope,
                };
                let attempts = Attempts::new(retry, effort, stop);
                let granted = self.request_token(http, &request, attempts).await;
                match &granted {
                    Ok(granted) => side.granted(granted.expires_at(Timestamp::now())),
                    Err(Error::SignIn(_)) => side.refused(),
                    Err(_) => {}
                }
                granted
            }
            ZendeskAuth::AccessToken { .. } => Ok(Granted {
                authorization: bearer(&self.secret.read()?),
                expires_in: None,
            }),
            ZendeskAuth::ApiToken { email, .. } => {
                let pair = format!("{email}/token:{}", self.secret.read()?.expose_secret());
                Ok(Granted {
                    authorization: format!("Basic {}", BASE64_STANDARD.encode(pair)).into(),
                    expires_in: None,
                })
            }
        };
        self.cache.get(grant, unusable).await
    }

    /// Forgets the token, whatever it is.
    pub(super) async fn forget(&self) {
        self.cache.clear().await;
    }

    /// Forgets a token that was refused: the next request signs in anew, and reads its secret anew.
    pub(super) async fn discard(&self, refused: &Token) {
        self.cache.discard(refused).await;
    }

    async fn request_token(
        &self,
        http: &http::Client,
        request: &TokenRequest<'_>,
        mut attempts: Attempts,
    ) -> Result<Granted, Error> {
        let mut url = self.base_url.clone();
        url.set_path("/oauth/tokens");
        loop {
            let (decision, trouble) = match post(http, &url, request).await {
                Ok(granted) => {
                    attempts.answered(WHAT);
                    return Ok(granted);
                }
                Err(failed) => failed,
            };
            let (Decision::Retry { wait, .. } | Decision::RateLimited { wait }) = decision else {
                return Err(Error::SignIn(trouble));
            };
            attempts
                .pause(wait, WHAT, trouble)
                .await
                .map_err(|gave_up| Error::gave_up(WHAT, gave_up))?;
        }
    }
}

/// One request for a token. The endpoint takes JSON, not a form.
async fn post(
    http: &http::Client,
    url: &Url,
    request: &TokenRequest<'_>,
) -> Result<Granted, (Decision, Trouble)> {
    let failed = |trouble: Trouble| (answer::decide_trouble(&trouble), trouble);
    let body = serde_json::to_vec(request)
        .map_err(|error| failed(Trouble::Unexpected(error.to_string())))?;
    let response = http
        .post(url.clone())
        .header("content-type", "application/json")
        .header("accept", "application/json")
        .body(body)
        .send()
        .await
        .map_err(|error| failed(http.trouble(error)))?;
    let status = response.status();
    if !status.is_success() {
        return Err(refused(status, response).await);
    }
    let body = http::read_body(response, limits::ANSWER_BYTES_MAX)
        .await
        .map_err(failed)?;
    // The answer is not quoted: it may hold the token.
    let answer: TokenAnswer = serde_json::from_slice(&body).map_err(|_| {
        failed(Trouble::Unexpected(
            "the token endpoint's answer holds no access token".to_owned(),
        ))
    })?;
    Ok(Granted {
        authorization: bearer(&answer.access_token),
        expires_in: answer.expires_in.map(Duration::from_secs),
    })
}

async fn refused(status: StatusCode, response: reqwest::Response) -> (Decision, Trouble) {
    let headers = response.headers().clone();
    let body = http::read_error_body(response).await;
    let decision = answer::decide(status, &headers, &body, false, Timestamp::now());
    (decision, Trouble::status(status, &headers, &body))
}

fn bearer(token: &SecretString) -> SecretString {
    format!("Bearer {}", token.expose_secret()).into()
}
