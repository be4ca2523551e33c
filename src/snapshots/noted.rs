//! What is noted of one record, and what is said of one that is gone.

use std::hash::Hasher as _;

use serde_json::value::RawValue;
use siphasher::sip128::{Hasher128 as _, SipHasher24};

use crate::json;
use crate::record::{Deletion, Record, RecordId};

/// A record as it is noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    pub(super) key: String,
    pub(super) content: u128,
    pub(super) spelling: Spelling,
}

/// A record that is gone from its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    pub(super) key: String,
    pub(super) spelling: Spelling,
}

/// How an id stands in its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    Number = 0,
    Text = 1,
    /// The record has none: its content stands for it.
    Nameless = 2,
}

impl Noted {
    /// What is noted of `record`, whose id stands in the field `id_field`.
    pub fn new(record: &Record, id_field: &str) -> Self {
        // Without keys of its own a hash of this kind is the same in every release.
        let mut hasher = SipHasher24::new();
        hasher.write(&record.bytes);
        let content = hasher.finish128().as_u128();
        match &record.id {
            Some(id) => Self {
                key: id.as_str().to_owned(),
                content,
                spelling: match json::pick(&record.bytes, &[id_field]) {
                    Ok([Some(value)]) if !is_text(value) => Spelling::Number,
                    Ok(_) | Err(_) => Spelling::Text,
                },
            },
            None => Self {
                key: format!("{content:032x}"),
                content,
                spelling: Spelling::Nameless,
            },
        }
    }
}

fn is_text(value: &RawValue) -> bool {
    value.get().starts_with('"')
}

impl Gone {
    /// What is delivered for the record: its end, with its id as it was spelled, in the field
    /// `id_field`. `None` for one that never had an id.
    pub fn end(&self, id_field: &str) -> Option<Record> {
        let id = match self.spelling {
            Spelling::Number => self.key.clone(),
            Spelling::Text => serde_json::Value::from(self.key.as_str()).to_string(),
            Spelling::Nameless => return None,
        };
        let field = serde_json::Value::from(id_field);
        let bytes = format!("{{{field}:{id},\"deleted\":true}}");
        let mut record = Record::new(bytes.into(), Some(RecordId::new(self.key.as_str())), None);
        record.deletion = Some(Deletion::Vanished);
        Some(record)
    }
}

impl Spelling {
    pub(super) fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Number,
            1 => Self::Text,
            _ => Self::Nameless,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_record_has_its_id_as_it_was_spelled() {
        let check = |json: &'static str, id: Option<&str>, expected: Option<&str>| {
            let record = Record::new(json.into(), id.map(RecordId::new), None);
            let Noted { key, spelling, .. } = Noted::new(&record, "id");
            let end = Gone { key, spelling }.end("id");
            assert_eq!(
                end.as_ref().map(|end| &end.bytes[..]),
                expected.map(str::as_bytes)
            );
            assert!(end.is_none_or(|end| end.deletion == Some(Deletion::Vanished)));
        };
        check(r#"{"id":7}"#, Some("7"), Some(r#"{"id":7,"deleted":true}"#));
        check(
            r#"{"id":"8\"x"}"#,
            Some("8\"x"),
            Some(r#"{"id":"8\"x","deleted":true}"#),
        );
        check("{}", None, None);
    }
}
