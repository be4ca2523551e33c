//! Adobe's published schemas, and closed ones in the form of the wire: what the messages must pass.

use std::collections::HashMap;
use std::path::Path;

use jsonschema::{Draft, Registry, Validator};
use serde_json::{Map, Value, json};

use super::shared;

/// The validators of one kind of message.
struct Pair {
    published: Validator,
    closed: Validator,
}

pub(super) struct Schemas(HashMap<&'static str, Pair>);

/// Kinds of messages: the closed schema, and the entry points of the published ones.
const KINDS: [(&str, &[&str]); 7] = [
    ("individual-profile", &["individual-profile"]),
    (
        "individual-profile-b2b",
        &["individual-profile", "individual-profile-optional"],
    ),
    ("support-event", &["experience-event"]),
    ("business-account", &["business-account"]),
    ("account-person-relation", &["account-person-relation"]),
    ("ticket-record", &["custom-record-base"]),
    ("group-record", &["custom-record-base"]),
];

/// The kind of message that a preset makes.
pub(super) fn kind(preset: &str) -> &'static str {
    match preset {
        "users" => "individual-profile",
        "users-b2b" => "individual-profile-b2b",
        "tickets-record" => "ticket-record",
        "organizations" => "business-account",
        "organization-memberships" => "account-person-relation",
        "reference" => "group-record",
        _ => "support-event",
    }
}

impl Schemas {
    /// All of them, if they can be found.
    pub(super) fn load() -> Option<Self> {
        let folder = shared::folder("xdm")?;
        let manifest = shared::json(&folder.join("manifest.json"));
        let files = manifest["files"].as_array().expect("files");
        let schemas = files.iter().filter(|file| file["kind"] == "schema");
        let documents = schemas.map(|file| {
            let path = file["path"].as_str().expect("a path");
            let id = file["id"].as_str().expect("an id");
            (id.to_owned(), shared::json(&folder.join(path)))
        });
        let registry = Registry::new()
            .draft(Draft::Draft6)
            .extend(documents)
            .expect("schemas")
            .prepare()
            .expect("all that they refer to is there");
        let pairs = KINDS.map(|(kind, entries)| {
            let references: Vec<Value> = entries
                .iter()
                .flat_map(|entry| manifest["entry_points"][entry].as_array().cloned())
                .flatten()
                .map(|id| json!({"$ref": id}))
                .collect();
            let composed = json!({
                "$schema": "http://json-schema.org/draft-06/schema#",
                "allOf": references,
            });
            let published = jsonschema::options()
                .with_draft(Draft::Draft6)
                .with_registry(&registry)
                .should_validate_formats(true)
                .build(&composed)
                .expect("a validator");
            let closed = closed(&folder, kind);
            (kind, Pair { published, closed })
        });
        Some(Self(pairs.into_iter().collect()))
    }

    /// What either schema of `kind` says against `message`.
    pub(super) fn faults(&self, kind: &str, message: &Value) -> Vec<String> {
        let published = published_form(message);
        let mut faults = self.closed_faults(kind, message);
        faults.extend(self.0[kind].published.iter_errors(&published).map(told));
        faults
    }

    /// What the closed schema says, which is stricter in all but a few formats, and much faster.
    pub(super) fn closed_faults(&self, kind: &str, message: &Value) -> Vec<String> {
        self.0[kind].closed.iter_errors(message).map(told).collect()
    }
}

fn told(error: jsonschema::ValidationError<'_>) -> String {
    format!("{}: {error}", error.instance_path())
}

fn closed(folder: &Path, kind: &str) -> Validator {
    let schema = shared::json(&folder.join(format!("derived/{kind}.schema.json")));
    jsonschema::options()
        .with_draft(Draft::Draft6)
        .should_validate_formats(true)
        .build(&schema)
        .expect("a validator")
}

/// A message with the names of the published schemas, without the tenant's part.
fn published_form(message: &Value) -> Value {
    let Value::Object(members) = message else {
        return message.clone();
    };
    let renamed = members
        .iter()
        .filter(|(key, _)| *key != "_examplecorp")
        .map(|(key, value)| renamed(key, value));
    Value::Object(renamed.collect())
}

fn renamed(key: &str, value: &Value) -> (String, Value) {
    match key {
        "_id" => ("@id".to_owned(), values(value)),
        "_type" => ("@type".to_owned(), values(value)),
        "identityMap" => {
            let namespaces = value.as_object().into_iter().flatten();
            let kept = namespaces.map(|(namespace, ids)| (namespace.clone(), values(ids)));
            ("xdm:identityMap".to_owned(), Value::Object(kept.collect()))
        }
        key => (format!("xdm:{key}"), values(value)),
    }
}

fn values(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let renamed = members.iter().map(|(key, value)| renamed(key, value));
            Value::Object(renamed.collect::<Map<_, _>>())
        }
        Value::Array(elements) => elements.iter().map(values).collect(),
        value => value.clone(),
    }
}

#[test]
fn the_closed_schemas_refuse_every_broken_message() {
    let Some(folder) = shared::folder("xdm") else {
        return;
    };
    let broken = shared::json(&folder.join("examples/negative/index.json"));
    let broken = broken.as_array().expect("a list");
    assert!(!broken.is_empty());
    for entry in broken {
        let name = entry["file"].as_str().expect("a file");
        let schema = entry["schema"].as_str().expect("a schema");
        let message = shared::json(&folder.join("examples/negative").join(name));
        assert!(!closed(&folder, schema).is_valid(&message), "{name}");
    }
}
