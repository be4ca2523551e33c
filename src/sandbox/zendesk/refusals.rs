//! Error bodies. Zendesk has no single shape for them: `error` is text or an object, or the key
//! is `errors`. Texts are the documented and recorded ones; where none is known, it says so.

use serde_json::json;

use super::options::TooRecent;
use crate::sandbox::answer::{Answer, json};

/// No credentials, or wrong ones other than a bearer token.
pub(super) fn unauthenticated() -> Answer {
    json(401, &json!({"error": "Couldn't authenticate you"}))
        .header("www-authenticate", "Basic realm=\"Web Password\"")
}

/// A bearer token that is unknown, revoked or expired.
pub(super) fn invalid_token() -> Answer {
    let description =
        "The access token provided is expired, revoked, malformed or invalid for other reasons.";
    json(
        401,
        &json!({"error": "invalid_token", "error_description": description}),
    )
}

/// The caller's role does not suffice.
pub(super) fn forbidden() -> Answer {
    let message = "You do not have access to this page. \
                   Please contact the account owner of this help desk for further help.";
    json(
        403,
        &json!({"error": {"title": "Forbidden", "message": message}}),
    )
}

/// Nothing at this path, for this method.
pub(super) fn no_such_endpoint() -> Answer {
    json(
        404,
        &json!({"error": "InvalidEndpoint", "description": "Not found"}),
    )
}

/// A parameter that is missing or out of range; recorded pretty-printed.
pub(super) fn invalid_attribute(message: &str) -> Answer {
    let body = json!({"error": {"title": "Invalid attribute", "message": message}});
    Answer::json(400, format!("{body:#}\n"))
}

/// 403 in the wording of a restricted resource.
pub(super) fn restricted() -> Answer {
    let message = "Access to this resource is restricted. \
                   Please contact the account administrator for assistance.";
    json(403, &json!({"error": {"message": message}}))
}

/// No record with this id.
pub(super) fn no_such_record() -> Answer {
    json(
        404,
        &json!({"error": "RecordNotFound", "description": "Not found"}),
    )
}

/// An offset page beyond the hundredth.
pub(super) fn too_deep() -> Answer {
    let error = json!({
        "code": "InvalidPaginationDepth",
        "title": "Pagination requests using Offset Pagination are limited to 100 pages",
        "detail": "Use cursor pagination to retrieve more records",
    });
    json(400, &json!({"errors": [error]}))
}

/// More ids than can be shown together.
pub(super) fn too_many_values(most: usize) -> Answer {
    // The two blanks are Zendesk's.
    let description = format!("Parameter  cannot specify more than {most} values");
    json(
        400,
        &json!({"error": "TooManyValues", "description": description, "max_count": most}),
    )
}

/// A page that takes the gateway too long to wait for.
pub(super) fn gateway_timeout() -> Answer {
    Answer::html(504, "<html><body>504 Gateway Time-out</body></html>")
}

/// A `start_time` inside the withheld minute. The text is what clients look for; status and body
/// around it have changed over the years.
pub(super) fn too_recent(how: TooRecent, withheld_secs: u64) -> Answer {
    let text =
        format!("Too recent start_time. Use a start_time older than {withheld_secs} seconds");
    let (status, error) = match how {
        TooRecent::BadRequest => (400, "StartTimeTooRecent"),
        TooRecent::Unprocessable => (422, "InvalidValue"),
        TooRecent::UnprocessableText => return Answer::text(422, text),
    };
    json(status, &json!({"error": error, "description": text}))
}

/// A cursor that was not issued here, has expired, or belongs to another request. The documents
/// promise a 4xx and no body; the code is one seen for a damaged cursor.
pub(super) fn invalid_cursor() -> Answer {
    let error = json!({
        "code": "InvalidPaginationParameter",
        "title": "Invalid pagination parameter",
        "detail": "The cursor is invalid or has expired",
    });
    json(400, &json!({"errors": [error]}))
}

/// A search query that cannot be run.
pub(super) fn invalid_search(description: &str) -> Answer {
    json(
        422,
        &json!({"error": "invalid", "description": description}),
    )
}

/// An error of the token endpoint, in OAuth's shape.
pub(super) fn oauth(status: u16, error: &str, description: &str) -> Answer {
    json(
        status,
        &json!({"error": error, "error_description": description}),
    )
}
