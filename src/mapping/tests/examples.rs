//! Each example record becomes the example message, to the byte.

use std::path::Path;

use serde_json::Value;

use super::shared::{compiled, folder, json, mapped, settings};
use crate::config::Preset;
use crate::mapping::{Joined, Notes};

/// Stream, preset and example.
const EXAMPLES: &[(&str, Preset, &str)] = &[
    ("users", Preset::Standard, "user/full"),
    ("users", Preset::Standard, "user/minimal"),
    ("users", Preset::Standard, "user/bad-contact-data"),
    ("users", Preset::Standard, "user/permanently-deleted"),
    ("users", Preset::B2b, "user/b2b"),
];

/// What the examples' own description says was known besides the record.
fn joined(example: &str) -> Joined<'static> {
    let is_joined = example.contains("audit") || example.starts_with("metric");
    Joined {
        requester: is_joined.then_some("6106699702801"),
        requester_email: (example == "ticket-event/solved").then_some("jane.doe@example.com"),
    }
}

/// Keys in one order, no blanks; lists as they are.
fn canonical(json: &Value) -> String {
    json.to_string()
}

fn example(folder: &Path, stream: &'static str, preset: Preset, name: &str) {
    let record = std::fs::read(folder.join(format!("{name}.zendesk.json"))).expect("the record");
    let expected = json(&folder.join(format!("{name}.xdm.json")));
    let plan = compiled(stream, preset, settings(), None).expect("a preset without faults");
    let message = mapped(&plan, record, joined(name), &mut Notes::counting())
        .expect("it can be mapped")
        .expect("it is not skipped");
    let message: Value = serde_json::from_str(&message).expect("JSON");
    assert_eq!(canonical(&message), canonical(&expected), "{name}");
}

#[test]
fn every_example_becomes_its_message() {
    let Some(folder) = folder("xdm/examples") else {
        return;
    };
    for (stream, preset, name) in EXAMPLES {
        example(&folder, stream, *preset, name);
    }
}

#[test]
fn adobes_own_example_becomes_adobes_own_result() {
    let Some(folder) = folder("xdm/examples/adobe-source-compatible") else {
        return;
    };
    let raw = json(&folder.join("user.raw.json"));
    let expected = json(&folder.join("user.xdm.json"));
    let preset = Preset::AdobeSourceCompatible;
    let plan = compiled("users", preset, settings(), None).expect("a preset");
    let record = raw["result"].to_string();
    let message = mapped(&plan, record, Joined::default(), &mut Notes::counting());
    let message: Value =
        serde_json::from_str(&message.expect("mapped").expect("a message")).expect("JSON");
    assert_eq!(message, expected);
}
