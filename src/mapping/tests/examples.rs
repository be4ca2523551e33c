//! Each example record becomes the example message, to the byte.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::schemas::{Schemas, kind};
use super::shared::{compiled, folder, json, mapped, settings};
use crate::config::Preset;
use crate::mapping::preset::file_of;
use crate::mapping::{Joined, Notes};

/// Stream, preset and example.
const EXAMPLES: &[(&str, Preset, &str)] = &[
    ("users", Preset::Standard, "user/full"),
    ("users", Preset::Standard, "user/minimal"),
    ("users", Preset::Standard, "user/bad-contact-data"),
    ("users", Preset::Standard, "user/permanently-deleted"),
    ("users", Preset::B2b, "user/b2b"),
    (
        "tickets",
        Preset::Standard,
        "ticket-event/created-unknown-channel",
    ),
    ("tickets", Preset::Standard, "ticket-event/updated"),
    ("tickets", Preset::Standard, "ticket-event/solved"),
    ("tickets", Preset::Standard, "ticket-event/deleted"),
    ("tickets", Preset::Record, "ticket-record/open"),
    (
        "ticket_events",
        Preset::Standard,
        "ticket-event/audit-comment-and-change",
    ),
    (
        "satisfaction_ratings",
        Preset::Standard,
        "survey-event/offered",
    ),
    (
        "satisfaction_ratings",
        Preset::Standard,
        "survey-event/responded",
    ),
    (
        "ticket_metric_events",
        Preset::Standard,
        "metric-event/apply-sla",
    ),
    ("organizations", Preset::Standard, "organization/full"),
    ("organizations", Preset::Standard, "organization/deleted"),
    (
        "organization_memberships",
        Preset::Standard,
        "organization-membership/default",
    ),
    ("groups", Preset::Standard, "group/tier-2"),
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

/// The names of all examples there are.
fn records(folder: &Path) -> BTreeSet<String> {
    let list = |path: &Path| std::fs::read_dir(path).into_iter().flatten().flatten();
    let mut names = BTreeSet::new();
    for kind in list(folder) {
        for file in list(&kind.path()) {
            let file = file.file_name().to_string_lossy().into_owned();
            if let Some(name) = file.strip_suffix(".zendesk.json") {
                names.insert(format!("{}/{name}", kind.file_name().to_string_lossy()));
            }
        }
    }
    names
}

fn example(folder: &Path, stream: &'static str, preset: Preset, name: &str) -> Value {
    let record = std::fs::read(folder.join(format!("{name}.zendesk.json"))).expect("the record");
    let expected = json(&folder.join(format!("{name}.xdm.json")));
    let plan = compiled(stream, preset, settings(), None).expect("a preset without faults");
    let message = mapped(&plan, record, joined(name), &mut Notes::counting())
        .expect("it can be mapped")
        .expect("it is not skipped");
    let message: Value = serde_json::from_str(&message).expect("JSON");
    assert_eq!(canonical(&message), canonical(&expected), "{name}");
    message
}

#[test]
fn every_example_becomes_its_message() {
    let Some(folder) = folder("xdm/examples") else {
        return;
    };
    let schemas = Schemas::load().expect("the schemas lie beside the examples");
    for (stream, preset, name) in EXAMPLES {
        let message = example(&folder, stream, *preset, name);
        let kind = kind(file_of(stream, *preset));
        assert_eq!(schemas.faults(kind, &message), [""; 0], "{name}");
    }
    assert_eq!(
        records(&folder),
        EXAMPLES
            .iter()
            .map(|(_, _, name)| (*name).to_owned())
            .collect()
    );
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
