//! Whatever an error answer says: one line for a person, short and without control characters.

use proptest::prelude::*;
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderValue};

use super::{Trouble, excerpt};
use crate::fuzzing::{Input, deep, fuzz, mutated};
use crate::limits;

const CORPUS: &[&[u8]] = &[
    br#"{"error":"Couldn't authenticate you"}"#,
    br#"{"error":{"title":"Forbidden","message":"You do not have access to this page."}}"#,
    br#"{"error":"RecordNotFound","description":"Not found"}"#,
    br#"{"errors":[{"code":"InvalidPaginationDepth","title":"Too deep","detail":"x"}]}"#,
    br#"{"type":"x","status":"401","title":"Authorization","report":{"message":"[id] Ims service token is empty"}}"#,
    b"Number of allowed\n API requests per minute exceeded",
    b"<html><body>Bad gateway</body></html>",
];

fn check(line: &str, chars_max: usize) {
    assert!(line.chars().count() <= chars_max, "{line}");
    assert!(!line.chars().any(char::is_control), "{line:?}");
}

#[test]
fn any_error_body() {
    let request_id = proptest::collection::vec(any::<u8>(), 0..300);
    fuzz(
        "error bodies",
        &(mutated(CORPUS), request_id),
        |(Input(body), request_id)| {
            check(&excerpt(&body), limits::ERROR_TEXT_CHARS_MAX + 1);
            let mut headers = HeaderMap::new();
            if let Ok(id) = HeaderValue::from_bytes(&request_id) {
                headers.insert("x-request-id", id);
            }
            let trouble = Trouble::status(StatusCode::BAD_GATEWAY, &headers, &body);
            check(&trouble.to_string(), limits::ERROR_TEXT_CHARS_MAX + 200);
        },
    );
}

#[test]
fn a_deep_error_body() {
    for nest in deep() {
        check(&excerpt(&nest), limits::ERROR_TEXT_CHARS_MAX + 1);
    }
}
