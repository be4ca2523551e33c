//! How Zendesk says that a record is gone.

use super::value::Value;
use crate::record::{Deletion, Record};

/// The fields that tell of a deletion, in one kind of record or another.
pub(super) const SIGNS: [&str; 8] = [
    "deleted",
    "updated_at",
    "active",
    "permanently_deleted",
    "status",
    "deleted_at",
    "subject",
    "is_deleted",
];

/// Whether and how `record` is gone; `signs` are the values of [`SIGNS`]. Records that come back from
/// the dead letters have lost the mark that the export gave them, but not the signs that it went by.
pub(super) fn of(stream: &str, record: &Record, signs: [Value<'_>; 8]) -> Option<Deletion> {
    record.deletion.or_else(|| read(stream, signs))
}

/// Reads the signs: `active` of users, `status` of tickets, `deleted_at` of organizations, `deleted`
/// of the rest.
fn read(stream: &str, signs: [Value<'_>; 8]) -> Option<Deletion> {
    let [
        deleted,
        updated_at,
        active,
        permanently,
        status,
        deleted_at,
        subject,
        is_deleted,
    ] = signs;
    let is = |value: &Value<'_>, wanted: &str| value.as_json() == Some(wanted);
    let is_deleted = is(&deleted, "true") || is(&is_deleted, "true");
    if is(&deleted, "true") && !updated_at.is_there() && stream != "ticket_metric_events" {
        return Some(Deletion::Vanished);
    }
    match stream {
        "users" if is(&permanently, "true") => Some(Deletion::Permanent),
        "users" => is(&active, "false").then_some(Deletion::Soft),
        "tickets" if is(&status, r#""deleted""#) => {
            // Zendesk's own word in the place of a subject.
            if is(&subject, r#""SCRUBBED""#) {
                Some(Deletion::Scrubbed)
            } else {
                Some(Deletion::Soft)
            }
        }
        "tickets" => None,
        _ => (is_deleted || deleted_at.is_there()).then_some(Deletion::Soft),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[test]
    fn each_kind_of_record_says_it_its_own_way() {
        for (stream, record, expected) in [
            ("users", r#"{"active":true,"updated_at":"x"}"#, None),
            ("users", r#"{"active":false}"#, Some(Deletion::Soft)),
            (
                "users",
                r#"{"active":false,"permanently_deleted":true}"#,
                Some(Deletion::Permanent),
            ),
            (
                "users",
                r#"{"id":1,"deleted":true}"#,
                Some(Deletion::Vanished),
            ),
            ("tickets", r#"{"status":"closed"}"#, None),
            (
                "tickets",
                r#"{"status":"deleted","subject":"a"}"#,
                Some(Deletion::Soft),
            ),
            (
                "tickets",
                r#"{"status":"deleted","subject":"SCRUBBED"}"#,
                Some(Deletion::Scrubbed),
            ),
            (
                "organizations",
                r#"{"deleted_at":"2026-03-01T00:00:00Z"}"#,
                Some(Deletion::Soft),
            ),
            ("organizations", r#"{"deleted_at":null}"#, None),
            (
                "groups",
                r#"{"deleted":true,"updated_at":"x"}"#,
                Some(Deletion::Soft),
            ),
            (
                "brands",
                r#"{"is_deleted":true,"updated_at":"x"}"#,
                Some(Deletion::Soft),
            ),
        ] {
            let signs = json::pick(record.as_bytes(), &SIGNS).expect(record);
            assert_eq!(
                read(stream, signs.map(Value::of)),
                expected,
                "{stream} {record}"
            );
        }
    }
}
