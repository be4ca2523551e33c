//! Signing in: who is let through, and the token endpoint.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

use super::options::{Credentials, ZendeskOptions};
use super::refusals;
use crate::sandbox::answer::{Answer, json};
use crate::sandbox::request::{Head, Request};
use crate::sandbox::tokens::Tokens;

/// Lifetimes a client may ask for, in seconds.
const EXPIRES_IN: std::ops::RangeInclusive<u64> = 300..=172_800;

#[derive(Debug)]
pub(super) struct SignIn {
    credentials: Credentials,
    pub(super) tokens: Tokens,
}

/// Body of a token request.
#[derive(Deserialize)]
struct Grant {
    grant_type: String,
    client_id: Option<String>,
    client_secret: Option<String>,
    scope: Option<String>,
    expires_in: Option<u64>,
}

impl SignIn {
    pub(super) fn new(options: &ZendeskOptions) -> Self {
        Self {
            credentials: options.credentials.clone(),
            tokens: Tokens::new("sandbox-zendesk-token", options.token_lifetime),
        }
    }

    /// Lets nobody in any more but by these.
    pub(super) fn rotate(&mut self, credentials: Credentials) {
        self.credentials = credentials;
        self.tokens.revoke();
    }

    /// Lets a request through, or says why not.
    pub(super) fn check(&self, head: &Head) -> Result<(), Answer> {
        if let Some(token) = head.bearer() {
            let known = token == self.credentials.access_token || self.tokens.is_valid(token);
            return if known {
                Ok(())
            } else {
                Err(refusals::invalid_token())
            };
        }
        let Credentials {
            email, api_token, ..
        } = &self.credentials;
        if basic(head) == Some(format!("{email}/token:{api_token}")) {
            Ok(())
        } else {
            Err(refusals::unauthenticated())
        }
    }

    /// `POST /oauth/tokens`: JSON only, and of the grants the one made for daemons.
    pub(super) fn grant(&mut self, request: &Request) -> Answer {
        if request.head.media_type() != "application/json" {
            return refusals::oauth(415, "invalid_request", "The body must be application/json");
        }
        let Ok(grant) = serde_json::from_slice::<Grant>(&request.body) else {
            return refusals::oauth(400, "invalid_request", "The body cannot be read");
        };
        if grant.grant_type != "client_credentials" {
            let description = "Only client_credentials is served here";
            return refusals::oauth(400, "unsupported_grant_type", description);
        }
        let known = &self.credentials;
        if grant.client_id.as_ref() != Some(&known.client_id)
            || grant.client_secret.as_ref() != Some(&known.client_secret)
        {
            return refusals::oauth(401, "invalid_client", "Client authentication failed");
        }
        let Some(scope) = grant.scope.filter(|scope| self.may_ask_for(scope)) else {
            let description = "The requested scope is invalid, unknown, or malformed";
            return refusals::oauth(400, "invalid_scope", description);
        };
        if grant
            .expires_in
            .is_some_and(|secs| !EXPIRES_IN.contains(&secs))
        {
            return refusals::oauth(400, "invalid_request", "expires_in is out of range");
        }
        let (token, lifetime) = self.tokens.issue();
        let body = json!({
            "access_token": token,
            "token_type": "bearer",
            "scope": scope,
            "refresh_token": null,
            "expires_in": lifetime,
            "refresh_token_expires_in": null,
        });
        json(201, &body)
    }

    fn may_ask_for(&self, scope: &str) -> bool {
        scope
            .split(' ')
            .all(|one| self.credentials.scopes.iter().any(|known| known == one))
    }
}

/// The decoded text of `Authorization: Basic …`.
fn basic(head: &Head) -> Option<String> {
    let (scheme, encoded) = head.header("authorization")?.split_once(' ')?;
    let decoded = STANDARD.decode(encoded.trim()).ok()?;
    let text = String::from_utf8(decoded).ok()?;
    scheme.eq_ignore_ascii_case("basic").then_some(text)
}

/// The 17 keys that `/users/me` gives to whom it does not know, with status 200.
pub(super) fn anonymous() -> serde_json::Value {
    json!({"user": {
        "id": null,
        "url": null,
        "name": "Anonymous user",
        "email": "invalid@example.com",
        "created_at": null,
        "updated_at": null,
        "time_zone": "Eastern Time (US & Canada)",
        "iana_time_zone": "America/New_York",
        "phone": null,
        "shared_phone_number": null,
        "photo": null,
        "locale_id": 1,
        "locale": "en-US",
        "organization_id": null,
        "role": "end-user",
        "verified": false,
        "authenticity_token": AUTHENTICITY_TOKEN,
    }})
}

/// In every answer of `/users/me`; a client must keep it out of its logs.
pub(super) const AUTHENTICITY_TOKEN: &str = "sandbox-authenticity-token";
