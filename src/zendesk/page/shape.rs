//! Which fields of a record tell its key, its version and its end.

use std::borrow::Cow;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::catalogue::{DeletionSign, StreamSpec};
use crate::json::{self, scan::FIELDS};
use crate::record::{Deletion, Record, RecordId};

/// Where to look in a record.
#[derive(Clone, Copy, Debug)]
pub struct Shape<'spec> {
    id_field: &'spec str,
    version_field: Option<&'spec str>,
    deletion: DeletionSign,
}

impl<'spec> Shape<'spec> {
    /// Of the records in the pages of an incremental export.
    pub fn exported(spec: &'spec StreamSpec) -> Self {
        Self::new(spec, spec.version_field.as_deref())
    }

    /// Of the records in search results and lists.
    pub fn listed(spec: &'spec StreamSpec) -> Self {
        Self::new(spec, spec.listed_version().map(Cow::as_ref))
    }

    fn new(spec: &'spec StreamSpec, version_field: Option<&'spec str>) -> Self {
        Self {
            id_field: &spec.id_field,
            version_field,
            deletion: spec.deletion,
        }
    }

    /// The fields to look for in a record; an empty name stands for none.
    pub(super) fn fields(&self) -> [&'spec str; FIELDS] {
        let [first, second] = sign_fields(self.deletion);
        let version_field = self.version_field.unwrap_or_default();
        [self.id_field, version_field, first, second]
    }

    /// The record in `value`, a slice of `body`.
    pub(in crate::zendesk) fn read_in(&self, body: &Bytes, value: &RawValue) -> Record {
        self.read(body.slice_ref(value.get().as_bytes()))
    }

    /// The record that is the JSON value `bytes`.
    pub fn read(&self, bytes: Bytes) -> Record {
        let marks = self.look(&bytes);
        marks.record(bytes)
    }

    /// What tells the record in `json`.
    pub(super) fn look(&self, json: &[u8]) -> Marks {
        let fields = json::pick(json, &self.fields()).unwrap_or_default();
        self.tell(
            json,
            fields.map(|value| value.map(|value| value.get().as_bytes())),
        )
    }

    /// What the values of its [`Self::fields`] tell of the record in `json`.
    ///
    /// One whose id or version cannot be read is still a record: what becomes of it is decided
    /// further on, where it can be kept.
    pub(super) fn tell(&self, json: &[u8], values: [Option<&[u8]>; FIELDS]) -> Marks {
        let [id, version, first, second] = values;
        Marks {
            id: match self.id_field.contains(JOINT) {
                true => joint_id(json, self.id_field),
                false => id.and_then(record_id),
            },
            version: version
                .filter(|_| self.version_field.is_some())
                .and_then(version_of),
            deletion: deletion(self.deletion, first, second),
            crc: crc32fast::hash(json),
        }
    }
}

/// What tells a record from others.
#[derive(Debug)]
pub(super) struct Marks {
    id: Option<RecordId>,
    version: Option<Timestamp>,
    deletion: Option<Deletion>,
    crc: u32,
}

impl Marks {
    /// The record that has these, and is `bytes`.
    pub(super) fn record(self, bytes: Bytes) -> Record {
        Record {
            bytes,
            id: self.id,
            version: self.version,
            crc: self.crc,
            deletion: self.deletion,
        }
    }
}

/// The fields that tell of a deletion, at most two; an empty name stands for none.
fn sign_fields(sign: DeletionSign) -> [&'static str; 2] {
    match sign {
        DeletionSign::None => ["", ""],
        DeletionSign::Inactive => ["active", "permanently_deleted"],
        DeletionSign::Status => ["status", "raw_subject"],
        DeletionSign::DeletedAt => ["deleted_at", ""],
        DeletionSign::Flag => ["deleted", ""],
        DeletionSign::IsDeleted => ["is_deleted", ""],
        DeletionSign::Always => ["", "permanently_deleted"],
    }
}

fn deletion(sign: DeletionSign, first: Option<&[u8]>, second: Option<&[u8]>) -> Option<Deletion> {
    let is = |value: Option<&[u8]>, text: &str| value == Some(text.as_bytes());
    let for_good = || {
        if is(second, "true") {
            Deletion::Permanent
        } else {
            Deletion::Soft
        }
    };
    match sign {
        DeletionSign::None => None,
        DeletionSign::Inactive => is(first, "false").then(for_good),
        DeletionSign::Always => Some(for_good()),
        DeletionSign::DeletedAt => first.map(|_| Deletion::Soft),
        DeletionSign::Flag | DeletionSign::IsDeleted => is(first, "true").then_some(Deletion::Soft),
        DeletionSign::Status if !is(first, "\"deleted\"") => None,
        DeletionSign::Status if is(second, "\"SCRUBBED\"") => Some(Deletion::Scrubbed),
        DeletionSign::Status => Some(Deletion::Soft),
    }
}

/// Every number of so many digits is an integer of 64 bits.
const DIGITS_MAX: usize = 18;

/// Ids are integers, or strings on newer objects.
fn record_id(value: &[u8]) -> Option<RecordId> {
    if value.len() <= DIGITS_MAX && value.iter().all(u8::is_ascii_digit) {
        return Some(RecordId::new(std::str::from_utf8(value).ok()?));
    }
    match serde_json::from_slice::<serde_json::Value>(value).ok()? {
        serde_json::Value::Number(number) if number.is_i64() || number.is_u64() => {
            Some(RecordId::new(number.to_string()))
        }
        serde_json::Value::String(text) if !text.is_empty() => Some(RecordId::new(text)),
        _ => None,
    }
}

/// Stands between the fields of an id that is made of several.
const JOINT: char = '+';

/// The values of several fields, which only together are an id; one of them may be null.
fn joint_id(record: &[u8], fields: &str) -> Option<RecordId> {
    let parts: Vec<Option<RecordId>> = fields
        .split(JOINT)
        .map(|field| {
            let [value] = json::pick(record, &[field]).ok()?;
            record_id(value?.get().as_bytes())
        })
        .collect();
    parts.iter().any(Option::is_some).then(|| {
        let parts = parts
            .iter()
            .map(|part| part.as_ref().map_or("", RecordId::as_str));
        RecordId::new(parts.collect::<Vec<_>>().join(":"))
    })
}

/// Beyond this, a number counts microseconds: as seconds it would be the year 5138.
const SECONDS_MAX: u64 = 100_000_000_000;

/// RFC 3339 text, Unix seconds or Unix microseconds.
fn version_of(value: &[u8]) -> Option<Timestamp> {
    if let [b'"', ..] = value {
        return match serde_json::from_slice::<&str>(value) {
            Ok(plain) => plain.parse().ok(),
            Err(_) => serde_json::from_slice::<String>(value).ok()?.parse().ok(),
        };
    }
    let number: i64 = serde_json::from_slice(value).ok()?;
    if number.unsigned_abs() < SECONDS_MAX {
        Timestamp::from_second(number).ok()
    } else {
        Timestamp::from_microsecond(number).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::find;

    fn read(stream: &str, json: &'static str) -> Record {
        let spec = find(stream).expect("a row");
        Shape::exported(spec).read(Bytes::from_static(json.as_bytes()))
    }

    #[test]
    fn deletions_show_as_recorded() {
        for (stream, json, expected) in [
            ("users", r#"{"id":1,"active":true}"#, None),
            ("users", r#"{"id":1}"#, None),
            (
                "users",
                r#"{"active":false,"permanently_deleted":false}"#,
                Some(Deletion::Soft),
            ),
            (
                "users",
                r#"{"active":false,"permanently_deleted":true}"#,
                Some(Deletion::Permanent),
            ),
            (
                "tickets",
                r#"{"status":"open","raw_subject":"SCRUBBED"}"#,
                None,
            ),
            (
                "tickets",
                r#"{"status":"deleted","raw_subject":"x"}"#,
                Some(Deletion::Soft),
            ),
            (
                "tickets",
                r#"{"status":"deleted","raw_subject":"SCRUBBED"}"#,
                Some(Deletion::Scrubbed),
            ),
            ("organizations", r#"{"deleted_at":null}"#, None),
            (
                "organizations",
                r#"{"deleted_at":"2026-01-02T03:04:05Z"}"#,
                Some(Deletion::Soft),
            ),
            ("groups", r#"{"deleted":false}"#, None),
            ("groups", r#"{"deleted":true}"#, Some(Deletion::Soft)),
            ("brands", r#"{"is_deleted":true}"#, Some(Deletion::Soft)),
            ("deleted_tickets", r#"{"id":1}"#, Some(Deletion::Soft)),
            ("macros", r#"{"deleted":true,"active":false}"#, None),
        ] {
            assert_eq!(read(stream, json).deletion, expected, "{stream} {json}");
        }
    }

    #[test]
    fn an_id_may_be_made_of_several_fields() {
        let id = |json| read("agent_timeline", json).id;
        assert_eq!(
            id(r#"{"agent_id":7,"start_time":1700000000000000,"engagement_id":"e"}"#),
            Some(RecordId::new("7:1700000000000000:e"))
        );
        assert_eq!(
            id(r#"{"agent_id":7,"start_time":5,"engagement_id":null}"#),
            Some(RecordId::new("7:5:"))
        );
        assert_eq!(id("{}"), None);
    }

    #[test]
    fn versions_come_in_three_spellings() {
        let second = Timestamp::from_second(1_700_000_000).ok();
        for (stream, json) in [
            ("users", r#"{"updated_at":"2023-11-14T22:13:20Z"}"#),
            (
                "tickets",
                r#"{"generated_timestamp":1700000000,"updated_at":"2020-01-01T00:00:00Z"}"#,
            ),
            ("agent_timeline", r#"{"start_time":1700000000000000}"#),
        ] {
            assert_eq!(read(stream, json).version, second, "{stream}");
        }
        assert_eq!(read("tags", r#"{"name":"x","":1}"#).version, None);
    }
}
