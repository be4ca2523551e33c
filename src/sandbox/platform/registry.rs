//! The Schema Registry: `GET …/schemaregistry/tenant/schemas/{id}`, as strict as Adobe's gateway.
//!
//! The gateway's mix is kept: a missing token is 403, a bad one 401.

use serde_json::{Value, json};

use super::options::PlatformOptions;
use crate::sandbox::answer::{Answer, json};
use crate::sandbox::request::Head;
use crate::sandbox::tokens::Tokens;

/// Where single schemas are; the percent-encoded `$id` comes after it.
pub(super) const SCHEMAS: &str = "/data/foundation/schemaregistry/tenant/schemas/";

/// Answers a request for the schema whose `$id` stands in the path.
pub(super) fn schema(head: &Head, options: &PlatformOptions, tokens: &Tokens) -> Answer {
    if let Some(refusal) = gateway(head, options, tokens) {
        return refusal;
    }
    if let Some(refusal) = accept(head) {
        return refusal;
    }
    let written = head.path.strip_prefix(SCHEMAS).unwrap_or_default();
    let found = options
        .schemas
        .iter()
        .find(|(id, _)| encoded(id) == written.to_ascii_lowercase());
    match found {
        Some((_, schema)) => json(200, schema),
        None => problem(
            404,
            "XDM-1010-404",
            "Resource not found",
            "The requested resource was not found in the tenant container",
        ),
    }
}

/// An `$id` as one segment of a path: everything but letters, digits and `-._~` encoded.
fn encoded(id: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    id.bytes()
        .map(|byte| match plain(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02x}"),
        })
        .collect::<String>()
        .to_ascii_lowercase()
}

/// What Adobe's gateway refuses before the registry is asked.
fn gateway(head: &Head, options: &PlatformOptions, tokens: &Tokens) -> Option<Answer> {
    let refusal = |status, code: &str, message: &str| {
        Some(json(
            status,
            &json!({"error_code": code, "message": message}),
        ))
    };
    match head.bearer() {
        None => return refusal(403, "403010", "Oauth token is missing."),
        Some(token) if !tokens.is_valid(token) => {
            return refusal(401, "401013", "Oauth token is not valid");
        }
        Some(_) => {}
    }
    match head.header("x-api-key") {
        None => return refusal(403, "403000", "Api Key is required"),
        Some(key) if key != options.client_id => {
            return refusal(403, "403003", "Api Key is invalid");
        }
        Some(_) => {}
    }
    match head.header("x-gw-ims-org-id") {
        None => return refusal(400, "400003", "Missing header"),
        Some(org) if org != options.org_id => {
            return refusal(403, "403025", "Profile is not valid");
        }
        Some(_) => {}
    }
    // Without a name it is the production sandbox.
    let sandbox = head.header("x-sandbox-name").unwrap_or("prod");
    if sandbox != options.sandbox_name {
        return refusal(403, "403027", "User is not authorized for the sandbox");
    }
    None
}

/// A single resource needs a version.
fn accept(head: &Head) -> Option<Answer> {
    let accept = head.header("accept").unwrap_or_default();
    let (media_type, version) = accept.split_once(';').unwrap_or((accept, ""));
    if media_type.trim() != "application/vnd.adobe.xed-full+json" {
        let detail = "The Accept header supplied is not supported for this resource";
        return Some(problem(
            406,
            "XDM-1005-406",
            "Accept header invalid",
            detail,
        ));
    }
    let versioned = version.trim().strip_prefix("version=");
    if versioned.is_none_or(|number| number.parse::<u32>().is_err()) {
        let detail = "The Accept header for a single resource must name a version";
        return Some(problem(
            400,
            "XDM-1007-400",
            "Accept header invalid",
            detail,
        ));
    }
    None
}

fn problem(status: u16, code: &str, title: &str, detail: &str) -> Answer {
    let body: Value = json!({
        "type": format!("http://ns.adobe.com/aep/errors/{code}"),
        "title": title,
        "status": status,
        "report": {"registryRequestId": "sandbox", "detailed-message": detail, "sub-errors": []},
        "detail": detail,
    });
    json(status, &body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::time::Duration;

    use hyper::Request;

    const ID: &str = "https://ns.adobe.com/acme/schemas/1";
    const GOOD: [(&str, &str); 3] = [
        ("x-api-key", "sandbox-client"),
        ("x-gw-ims-org-id", "0123456789ABCDEF01234567@AdobeOrg"),
        ("accept", "application/vnd.adobe.xed-full+json; version=1"),
    ];

    /// The status of a request with these headers changed; an empty value leaves one out.
    fn status(path: &str, changed: &[(&str, &str)]) -> u16 {
        let options = PlatformOptions {
            schemas: BTreeMap::from([(ID.to_owned(), json!({"type": "object"}))]),
            ..PlatformOptions::default()
        };
        let mut tokens = Tokens::new("t", Duration::from_secs(60));
        let bearer = format!("Bearer {}", tokens.issue().0);
        let mut headers: BTreeMap<&str, &str> = GOOD.into();
        headers.insert("authorization", &bearer);
        headers.extend(changed.iter().copied());
        let mut request = Request::get(path);
        for (name, value) in headers.iter().filter(|(_, value)| !value.is_empty()) {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        let head = Head::new(0, Duration::ZERO, parts);
        schema(&head, &options, &tokens).status.as_u16()
    }

    #[test]
    fn every_header_is_checked() {
        let path = format!("{SCHEMAS}https%3A%2F%2Fns.adobe.com%2Facme%2Fschemas%2F1");
        assert_eq!(status(&path, &[]), 200);
        for (name, value, expected) in [
            ("authorization", "", 403),
            ("authorization", "Bearer other", 401),
            ("x-api-key", "", 403),
            ("x-api-key", "other", 403),
            ("x-gw-ims-org-id", "", 400),
            ("x-gw-ims-org-id", "other", 403),
            ("x-sandbox-name", "other", 403),
            ("accept", "", 406),
            ("accept", "application/json", 406),
            ("accept", "application/vnd.adobe.xed-full+json", 400),
        ] {
            assert_eq!(status(&path, &[(name, value)]), expected, "{name}: {value}");
        }
        assert_eq!(status(&format!("{SCHEMAS}other"), &[]), 404);
        assert_eq!(status(&format!("{SCHEMAS}{ID}"), &[]), 404, "unencoded");
    }
}
