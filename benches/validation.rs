//! What validation and privacy cost, for each record: `cargo bench --bench validation`.
//!
//! Each line is the median of many runs over made-up users, mapped by the standard preset. The
//! schema is made of one of the messages: every field it has, and no other. Nothing is asserted here.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use secrecy::SecretString;
use serde_json::{Value, json};
use zendesk_aep::catalogue;
use zendesk_aep::config::{self, FieldPath, Mask};
use zendesk_aep::mapping::{Composer, Mapping, Notes, Outcome, Privacy, Raw, Schema, Validation};
use zendesk_aep::record::Record;

const USERS: usize = 1_000;
const RUNS: usize = 100;

fn main() {
    let records: Vec<Record> = (0..USERS).map(user).collect();
    let mapped = Composer::new(mapping(), None);
    let messages: Vec<Vec<u8>> = records
        .iter()
        .map(|record| write(&mapped, record))
        .collect();
    let entities: Vec<&[u8]> = messages
        .iter()
        .map(|message| mapped.content(message))
        .collect();
    let bytes: usize = entities.iter().map(|entity| entity.len()).sum();
    println!("{} bytes for each mapped object\n", bytes / USERS);
    println!("{:<44} {:>12} {:>10}", "", "µs a record", "MB/s");

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
        measure(name, bytes, || {
            let good = entities
                .iter()
                .filter(|entity| validation.check(entity).is_ok());
            assert_eq!(good.count(), USERS, "all are good");
        });
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
                mapping(),
                Some(privacy(
                    &[],
                    &["personalEmail.address", "identityMap.Email.id"],
                    None,
                )),
            ),
        ),
    ] {
        measure(name, record_bytes, || {
            for record in &records {
                black_box(write(&composer, record));
            }
        });
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

/// Prints the median time of `work` over [`USERS`] records of so many bytes.
fn measure(name: &str, bytes: usize, mut work: impl FnMut()) {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let begin = Instant::now();
            work();
            begin.elapsed()
        })
        .collect();
    times.sort_unstable();
    let seconds = times[RUNS / 2].as_secs_f64();
    println!(
        "{name:<44} {:>12.2} {:>10.0}",
        seconds * 1e6 / USERS as f64,
        bytes as f64 / seconds / 1e6
    );
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

fn mapping() -> Mapping {
    let settings = config::MappingSettings {
        instance: "acme".to_owned(),
        identity_mode: config::IdentityMode::IdentityMap,
        user_namespace: "ZendeskUserID".to_owned(),
        external_id_namespace: None,
        name_split: config::NameSplit::Conservative,
        contact_style: config::ContactStyle::Personal,
        phone_target: config::PhoneTarget::Mobile,
        accept_reserved_email_domains: false,
        events_without_person: config::WithoutPerson::Refuse,
        user_roles: Vec::new(),
        test_tags: Vec::new(),
        test_email_domains: Vec::new(),
        privacy: None,
    };
    let mapped = config::Mapped {
        preset: config::Preset::Standard,
        file: None,
        tenant: "_acme".to_owned(),
        envelope: config::Envelope {
            org_id: "0123456789ABCDEF01234567@AdobeOrg".to_owned(),
            dataset_id: "5f3c3cedb2805c194ff0b69a".to_owned(),
            schema_id: "https://ns.adobe.com/acme/schemas/1".to_owned(),
            flow_id: None,
        },
        settings: Arc::new(settings),
    };
    Mapping::new(
        catalogue::find("users").expect("a row"),
        &config::Mapping::Mapped(mapped),
        &Arc::default(),
    )
    .expect("a preset")
}

fn user(n: usize) -> Record {
    let id = 9_999_990_000_000 + n;
    let user = format!(
        r#"{{"id":{id},"url":"https://acme.zendesk.com/api/v2/users/{id}.json","name":"Zoe Miller","email":"user{n}@example.com","created_at":"2022-05-13T08:04:22Z","updated_at":"2026-03-02T10:15:{second:02}Z","time_zone":"Mumbai","iana_time_zone":"Asia/Kolkata","phone":"+14155550123","shared_phone_number":false,"photo":null,"locale_id":1,"locale":"en-US","organization_id":57542,"role":"end-user","verified":true,"external_id":"CRM-{n}","tags":["vip","newsletter"],"alias":"","active":true,"shared":false,"shared_agent":false,"last_login_at":null,"two_factor_auth_enabled":null,"signature":null,"details":"","notes":"called twice","role_type":null,"custom_role_id":null,"moderator":false,"ticket_restriction":"requested","only_private_comments":false,"restricted_agent":true,"suspended":false,"default_group_id":null,"report_csv":false,"user_fields":{{"loyalty_tier":"gold","lifetime_value":123.45,"legacy_code":null}}}}"#,
        second = n % 60
    );
    Record::new(Bytes::from(user), None, None)
}
