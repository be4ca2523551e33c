//! Validation and privacy, over users mapped by the standard preset.
//!
//! The schema is made of one of the messages: every field it has, and no other.

use std::hint::black_box;
use std::sync::Arc;

use secrecy::SecretString;
use serde_json::{Value, json};
use zendesk_aep::config::{self, FieldPath, Mask, Preset};
use zendesk_aep::mapping::{Composer, Mapping, Notes, Outcome, Privacy, Raw, Schema, Validation};
use zendesk_aep::record::Record;

use crate::data::{RECORDS, mapping};
use crate::{fastest, print};

pub fn measure_all(records: &[Record]) {
    let preset = || mapping("users", Preset::Standard, None);
    let mapped = Composer::new(preset(), None);
    let messages: Vec<Vec<u8>> = records
        .iter()
        .map(|record| write(&mapped, record))
        .collect();
    let entities: Vec<&[u8]> = messages
        .iter()
        .map(|message| mapped.content(message))
        .collect();
    let bytes: usize = entities.iter().map(|entity| entity.len()).sum();
    let schema = schema_of(&serde_json::from_slice(entities[0]).expect("JSON"));
    let schema = Schema::compile(schema.to_string().as_bytes()).expect("a schema");
    for (name, validation) in [
        ("validate = \"off\"", Validation::Off),
        ("validate = \"fields\"", Validation::Fields),
        (
            "validate = \"schema\"",
            Validation::Schema(Arc::new(schema)),
        ),
    ] {
        let took = fastest(|| {
            let good = entities
                .iter()
                .filter(|entity| validation.check(entity).is_ok());
            assert_eq!(good.count(), RECORDS, "all are good");
        });
        print(name, took, bytes, None);
    }

    let record_bytes = records.iter().map(|record| record.bytes.len()).sum();
    let raw = || Mapping::Raw(Raw::default());
    for (name, composer) in [
        ("raw", Composer::new(raw(), None)),
        (
            "raw, 1 field dropped",
            Composer::new(raw(), Some(privacy(&["notes"], &[], None))),
        ),
        (
            "raw, 20 listed, 2 hashed, 1 masked",
            Composer::new(
                raw(),
                Some(privacy(
                    &["notes"],
                    &["email", "external_id"],
                    Some(&LISTED),
                )),
            ),
        ),
        ("standard preset", mapped),
        (
            "standard preset, 2 hashed",
            Composer::new(
                preset(),
                Some(privacy(
                    &[],
                    &["personalEmail.address", "identityMap.Email.id"],
                    None,
                )),
            ),
        ),
    ] {
        let took = fastest(|| {
            for record in records {
                black_box(write(&composer, record));
            }
        });
        print(name, took, record_bytes, None);
    }
}

const LISTED: [&str; 20] = [
    "id",
    "name",
    "email",
    "created_at",
    "updated_at",
    "time_zone",
    "iana_time_zone",
    "phone",
    "locale",
    "role",
    "verified",
    "external_id",
    "tags",
    "active",
    "suspended",
    "report_csv",
    "moderator",
    "user_fields.loyalty_tier",
    "user_fields.lifetime_value",
    "shared",
];

fn write(composer: &Composer, record: &Record) -> Vec<u8> {
    let mut message = Vec::new();
    let written = composer.write(record, &mut message, &mut Notes::counting());
    assert_eq!(written, Ok(Outcome::Message));
    message
}

fn privacy(drop: &[&str], hash: &[&str], allow: Option<&[&str]>) -> Privacy {
    let paths = |texts: &[&str]| -> Vec<FieldPath> {
        texts
            .iter()
            .map(|text| text.parse().expect("a path"))
            .collect()
    };
    let rules = config::Privacy {
        allow: allow.map(paths),
        drop: paths(drop),
        hash: paths(hash),
        mask: paths(&["phone"])
            .into_iter()
            .map(|path| (path, Mask::Last4))
            .collect(),
        hash_key: None,
    };
    let key = SecretString::from("0123456789abcdef0123456789abcdef");
    Privacy::new(&rules, Some(&key)).expect("rules")
}

/// A schema that declares what the message has.
fn schema_of(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let properties = members
                .iter()
                .map(|(key, value)| (key.clone(), schema_of(value)));
            json!({"type": "object", "properties": Value::Object(properties.collect())})
        }
        Value::Array(elements) => json!({"type": "array", "items": {"anyOf":
            elements.iter().map(schema_of).collect::<Vec<_>>()}}),
        Value::String(text) if text.ends_with('Z') && text.contains('T') => {
            json!({"type": "string", "format": "date-time"})
        }
        Value::String(_) => json!({"type": "string"}),
        Value::Bool(_) => json!({"type": "boolean"}),
        Value::Number(_) => json!({"type": "number"}),
        Value::Null => json!({}),
    }
}
