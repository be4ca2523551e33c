//! Whatever Zendesk may ever give: it becomes something valid or is refused, and nothing panics.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::schemas::{Schemas, kind};
use super::shared::{compiled, mapped, settings};
use crate::config::Preset;
use crate::fuzzing::{deep, fuzz, mutated};
use crate::mapping::plan::Plan;
use crate::mapping::preset::file_of;
use crate::mapping::{Change, Joined, MappingError, Notes};

const EVERY_PRESET: [(&str, Preset); 11] = [
    ("users", Preset::Standard),
    ("users", Preset::B2b),
    ("tickets", Preset::Standard),
    ("tickets", Preset::Record),
    ("ticket_events", Preset::Standard),
    ("ticket_audits", Preset::Standard),
    ("ticket_metric_events", Preset::Standard),
    ("satisfaction_ratings", Preset::Standard),
    ("organizations", Preset::Standard),
    ("organization_memberships", Preset::Standard),
    ("groups", Preset::Standard),
];

/// Everything that presets read, of all streams in one: each picks its own.
const RECORD: &str = r#"{
    "id": 6106699702801, "ticket_id": 35436, "user_id": 7, "organization_id": 57542,
    "requester_id": 7, "assignee_id": 8, "group_id": 9, "updater_id": -1,
    "name": "Jane Doe", "email": "jane.doe@example.com", "phone": "+1 415 555 0123",
    "shared_phone_number": false, "verified": true, "locale": "en-us", "active": true,
    "iana_time_zone": "Asia/Kolkata", "time_zone": "Mumbai", "role": "end-user", "role_type": 1,
    "photo": {"content_url": "https://example.com/a.png"}, "external_id": "CRM-1",
    "created_at": "2026-03-02T10:15:30Z", "updated_at": "2026-03-02T10:15:31Z",
    "deleted_at": null, "time": "2026-03-02T10:15:30Z", "timestamp": 1772446530,
    "generated_timestamp": 1772446531, "due_at": "2026-04-01",
    "status": "open", "priority": "high", "type": "incident", "subject": "Login",
    "via": {"channel": "email"}, "satisfaction_rating": {"score": "good"},
    "score": "good", "comment": "Thank you", "reason": "Fast", "reason_code": 5,
    "tags": ["vip", "new"], "domain_names": ["example.com"], "details": "Reseller",
    "user_fields": {"plan": "gold", "seats": 250, "open": true, "of": ["a", "b"], "x": null},
    "organization_fields": {"plan": "gold"},
    "custom_fields": [{"id": 1, "value": "a"}, {"id": 2, "value": ["b"]}, {"id": 3, "value": null}],
    "child_events": [{"id": 4, "event_type": "Comment", "public": true, "author_id": 5, "body": "a"},
    {"event_type": "Change", "status": "open", "previous_value": "solved"},
    {"event_type": "Change", "tags": ["a"], "added_tags": ["a"], "removed_tags": ["b"]}],
    "metric": "reply_time", "instance_id": 1, "default": true, "description": "Escalations",
    "sla": {"target": 30, "business_hours": false, "policy": {"id": 1, "title": "a"}},
    "deleted": false, "is_public": true, "suspended": false
}"#;

fn record() -> Value {
    serde_json::from_str(RECORD).expect("JSON")
}

/// Values that do not belong where they are put.
const MISFITS: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-1",
    "-0",
    "1.5",
    "1e999",
    "-1e-999",
    "1E5",
    "[]",
    "{}",
    "\"\"",
    "\" \"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"a\\u0001\\u007f\"",
    "\"-1\"",
    "\"0\"",
    "\"NULL\"",
    "\"anonymous\"",
    "\"solved\"",
    "\"deleted\"",
    "\"a@b.test\"",
    "\"+0\"",
    "9007199254740993",
    "18446744073709551616",
    "-9223372036854775809",
    "253402300800",
    "\"9999-12-31T23:59:60Z\"",
    "\"-009999-01-01T00:00:00Z\"",
    "\"2026-02-30\"",
    "[null]",
    "[[[]]]",
    "[{\"id\":1}]",
    "[{\"id\":{},\"value\":[1,null,{},\"\"]}]",
    "{\"channel\":7}",
    "{\"channel\":\"sms\"}",
    "{\"a\":{\"b\":{\"c\":1}}}",
    "{\"\":1,\" \":2}",
    "[{\"event_type\":7},{\"type\":[]}]",
];

/// A value that does not belong there.
fn value() -> impl Strategy<Value = String> {
    let text = ".{0,40}".prop_map(|text| Value::from(text).to_string());
    let depth = (1..200_usize).prop_map(|depth| "[".repeat(depth) + &"]".repeat(depth));
    let large = (1..30_usize).prop_map(|size| format!("\"{}\"", "ä".repeat(size * 500)));
    prop_oneof![
        60 => proptest::sample::select(MISFITS).prop_map(str::to_owned),
        10 => text,
        5 => any::<f64>().prop_map(|number| json!(number).to_string()),
        5 => depth,
        1 => large,
    ]
}

/// [`record`] with some of its values replaced, and some of those in it.
fn any_record() -> impl Strategy<Value = String> {
    let places = any::<proptest::sample::Index>();
    proptest::collection::vec((places, value()), 0..12).prop_map(|changes| {
        let Value::Object(members) = record() else {
            return String::new();
        };
        let mut members: Vec<(String, String)> = members
            .into_iter()
            .map(|(key, value)| (key, value.to_string()))
            .collect();
        for (place, value) in changes {
            let place = place.index(members.len());
            members[place].1 = value;
        }
        let members: Vec<String> = members
            .into_iter()
            .map(|(key, value)| format!("{}:{value}", Value::from(key)))
            .collect();
        format!("{{{}}}", members.join(","))
    })
}

struct World {
    plans: Vec<(&'static str, Plan)>,
    schemas: Option<Schemas>,
}

impl World {
    fn new() -> Self {
        let plans = EVERY_PRESET.map(|(stream, preset)| {
            let plan = compiled(stream, preset, settings(), None).expect("a preset");
            (file_of(stream, preset), plan)
        });
        Self {
            plans: plans.into(),
            schemas: Schemas::load(),
        }
    }

    fn check(&self, record: &[u8]) {
        for (name, plan) in &self.plans {
            let joined = Joined {
                requester: Some("7"),
                requester_email: Some("a@example.com"),
            };
            let once = mapped(plan, record, joined, &mut Notes::keeping());
            let twice = mapped(plan, record, joined, &mut Notes::counting());
            assert_eq!(once, twice, "{name}: the same bytes for the same bytes");
            let message = match once {
                Ok(Some(message)) => message,
                Ok(None) | Err(_) => continue,
            };
            assert!(message.len() <= 100_000, "{name}: {} bytes", message.len());
            let message: Value = serde_json::from_str(&message).expect("JSON");
            assert!(is_full(&message), "{name}: something empty in {message}");
            check_identities(&message);
            if let Some(schemas) = &self.schemas {
                let faults = schemas.closed_faults(kind(name), &message);
                assert!(faults.is_empty(), "{name}: {faults:#?} in {message}");
            }
        }
    }
}

/// Neither null nor empty, at any depth.
fn is_full(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.trim().is_empty() && !text.contains('\0'),
        Value::Array(elements) => !elements.is_empty() && elements.iter().all(is_full),
        Value::Object(members) => !members.is_empty() && members.values().all(is_full),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn check_identities(message: &Value) {
    let none = Map::new();
    let map = message["identityMap"].as_object().unwrap_or(&none);
    let ids: Vec<&Value> = map.values().filter_map(Value::as_array).flatten().collect();
    assert!(ids.len() <= 20);
    for id in &ids {
        let id = id["id"].as_str().expect("a string");
        assert!(id.trim() == id && id.chars().count() <= 1024);
        let forbidden = ["null", "anonymous", "invalid"];
        assert!(!forbidden.contains(&id.to_lowercase().as_str()), "{id}");
    }
    let primary = ids.iter().filter(|id| id["primary"] == true).count();
    let is_b2b = message.get("b2b").is_some();
    assert!(ids.is_empty() || primary == usize::from(!is_b2b), "{map:?}");
}

#[test]
fn anything_zendesk_may_give_becomes_valid_or_is_refused() {
    let world = World::new();
    fuzz("mapping/values", &any_record(), |record| {
        world.check(record.as_bytes());
    });
}

#[test]
fn damaged_records_do_no_harm() {
    let world = World::new();
    let record = record().to_string();
    fuzz("mapping/bytes", &mutated(&[record.as_bytes()]), |input| {
        // A record is one JSON value of UTF-8: that was seen to before it got here.
        if serde_json::from_slice::<&serde_json::value::RawValue>(&input.0).is_ok() {
            world.check(&input.0);
        }
    });
    for input in deep() {
        world.check(&input);
    }
}

#[test]
fn a_megabyte_in_any_field_is_mapped_or_refused() {
    let world = World::new();
    let Value::Object(members) = record() else {
        panic!("the record is an object");
    };
    // With escapes, so that nothing gets by without being decoded.
    let megabyte = Value::from("é\"".repeat(350_000));
    for key in ["name", "subject", "external_id", "tags", "user_fields"] {
        let mut members = members.clone();
        members[key] = megabyte.clone();
        world.check(Value::Object(members).to_string().as_bytes());
    }
}

#[test]
fn text_is_given_up_before_fields_and_fields_before_tags() {
    let plan = compiled("tickets", Preset::Standard, settings(), None).expect("a preset");
    let shed = |fields: usize, tags: usize| {
        let mut ticket = record();
        ticket["subject"] = "s".repeat(300).into();
        ticket["custom_fields"] = (0..fields)
            .map(|id| json!({"id": id, "value": "f".repeat(50)}))
            .collect();
        ticket["tags"] = (0..tags).map(|tag| format!("tag_{tag:05}")).collect();
        let mut notes = Notes::keeping();
        let message = mapped(&plan, ticket.to_string(), Joined::default(), &mut notes);
        let message = message.expect("mapped").expect("a message");
        assert!(message.len() <= 10_000, "{} bytes", message.len());
        let paths = notes
            .kept()
            .iter()
            .filter(|note| note.change == Change::Shed);
        let names = paths.filter_map(|note| note.path.rsplit('.').next());
        names.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(shed(10, 10), [""; 0]);
    assert_eq!(shed(115, 30), ["subject"]);
    assert_eq!(shed(200, 30), ["subject", "customFields"]);
    assert_eq!(shed(200, 3000), ["subject", "tags", "customFields"]);
}

#[test]
fn what_stays_too_large_is_refused_with_its_size() {
    let plan = compiled("tickets", Preset::Standard, settings(), None).expect("a preset");
    let mut ticket = record();
    ticket["external_id"] = "x".repeat(20_000).into();
    let refused = mapped(
        &plan,
        ticket.to_string(),
        Joined::default(),
        &mut Notes::counting(),
    );
    let Err(MappingError::TooLarge { bytes, limit }) = refused else {
        panic!("{refused:?}");
    };
    assert!(bytes > 20_000);
    assert_eq!(limit, 10_000);
}
