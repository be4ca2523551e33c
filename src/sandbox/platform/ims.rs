//! The identity service: `POST /ims/token/v3`.
//!
//! Adobe publishes no catalogue of its errors; they have OAuth's shape here, with the texts that
//! were seen in the wild.

use std::collections::HashMap;

use serde_json::json;

use crate::sandbox::answer::{Answer, json};
use crate::sandbox::request::Request;
use crate::sandbox::tokens::Tokens;

/// Answers a token request. The parameters must be in the body: Adobe would take them from the
/// query as well and advises against it, as queries are logged.
pub(super) fn grant(
    request: &Request,
    client_id: &str,
    client_secret: &str,
    tokens: &mut Tokens,
) -> Answer {
    if request.head.media_type() != "application/x-www-form-urlencoded" {
        return refusal("invalid_request", "the body must be a form");
    }
    let form: HashMap<_, _> = url::form_urlencoded::parse(&request.body).collect();
    let field = |name: &str| form.get(name).map_or("", |value| &**value);

    if field("grant_type") != "client_credentials" {
        return refusal(
            "unsupported_grant_type",
            "grant_type must be client_credentials",
        );
    }
    if field("client_id") != client_id {
        return refusal("invalid_client", "invalid client_id parameter");
    }
    if field("client_secret") != client_secret {
        return refusal("invalid_client", "invalid client_secret parameter");
    }
    let scope = field("scope");
    if scope.is_empty() || scope.contains(' ') || scope.split(',').any(str::is_empty) {
        return refusal("invalid_scope", "scope must be a list with commas between");
    }
    let (token, lifetime) = tokens.issue();
    let body = json!({"access_token": token, "token_type": "bearer", "expires_in": lifetime});
    json(200, &body)
}

fn refusal(error: &str, description: &str) -> Answer {
    json(
        400,
        &json!({"error": error, "error_description": description}),
    )
}
