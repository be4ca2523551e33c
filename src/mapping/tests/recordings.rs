//! Every record that Zendesk was ever recorded to give: it becomes a message that passes the
//! schemas, or is refused for a reason with a name.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::schemas::{Schemas, kind};
use super::shared::{compiled, folder, json, mapped, settings};
use crate::config::Preset;
use crate::mapping::preset::file_of;
use crate::mapping::{Joined, Notes};

/// The key under which records lie, the stream they are of, and its presets.
const RECORDED: &[(&str, &str, &[Preset])] = &[
    ("users", "users", &[Preset::Standard, Preset::B2b]),
    ("user", "users", &[Preset::Standard]),
    ("tickets", "tickets", &[Preset::Standard, Preset::Record]),
    ("ticket", "tickets", &[Preset::Standard]),
    ("organizations", "organizations", &[Preset::Standard]),
    ("organization", "organizations", &[Preset::Standard]),
    (
        "satisfaction_ratings",
        "satisfaction_ratings",
        &[Preset::Standard],
    ),
    ("audits", "ticket_audits", &[Preset::Standard]),
    ("ticket_events", "ticket_events", &[Preset::Standard]),
    ("groups", "groups", &[Preset::Standard]),
];

/// All records below `json` that lie under `key`.
fn records(json: &Value, key: &str, found: &mut Vec<String>) {
    match json {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::Array(elements) if name == key => {
                        let objects = elements.iter().filter(|element| element.is_object());
                        found.extend(objects.map(Value::to_string));
                    }
                    Value::Object(_) if name == key => found.push(value.to_string()),
                    _ => records(value, key, found),
                }
            }
        }
        Value::Array(elements) => {
            for element in elements {
                records(element, key, found);
            }
        }
        _ => {}
    }
}

fn everything(folder: &Path) -> Vec<Value> {
    let list = |path: &Path| std::fs::read_dir(path).into_iter().flatten().flatten();
    let mut recordings = Vec::new();
    for kind in list(folder) {
        // Answers about something else have keys of the same names.
        if ["errors", "job_statuses", "warehouse_rows"]
            .iter()
            .any(|other| kind.path().ends_with(other))
        {
            continue;
        }
        for file in list(&kind.path()) {
            if file.path().extension().is_some_and(|kind| kind == "json") {
                recordings.push(json(&file.path()));
            }
        }
    }
    recordings
}

#[test]
fn every_recorded_record_is_mapped_or_refused_by_name() {
    let (Some(folder), Some(schemas)) = (folder("fixtures/zendesk"), Schemas::load()) else {
        return;
    };
    let recordings = everything(&folder);
    let joined = Joined {
        requester: Some("6106699702801"),
        requester_email: None,
    };
    let mut refused: BTreeMap<String, u32> = BTreeMap::new();
    for (key, stream, presets) in RECORDED {
        let mut found = Vec::new();
        for recording in &recordings {
            records(recording, key, &mut found);
        }
        assert!(!found.is_empty(), "no recorded {key}");
        for preset in *presets {
            let name = file_of(stream, *preset);
            let plan = compiled(stream, *preset, settings(), None).expect("a preset");
            for record in &found {
                match mapped(&plan, record.as_str(), joined, &mut Notes::counting()) {
                    Ok(None) => panic!("skipped: {record}"),
                    Ok(Some(message)) => {
                        let message: Value = serde_json::from_str(&message).expect("JSON");
                        let faults = schemas.faults(kind(name), &message);
                        assert!(faults.is_empty(), "{faults:#?}\nof {record}\nas {message}");
                    }
                    Err(why) => *refused.entry(format!("{name}: {why}")).or_default() += 1,
                }
            }
            println!("{key}: {} records by the preset {name}", found.len());
        }
    }
    println!("{refused:#?}");
    let what_is_missing = "is required, and `";
    assert!(refused.keys().all(|why| why.contains(what_is_missing)));
}
