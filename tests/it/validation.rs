//! Messages that the platform would refuse are found out before they are sent.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use zendesk_aep::mapping::Validation;
use zendesk_aep::sandbox::{DataType, Fault, Simulator as _};

use crate::support::{INCREMENTAL, World, shared};

/// A page of the incremental export with these users, the last there is.
fn page(users: &Value) -> Fault {
    let page = json!({"users": users, "after_url": null, "before_url": null, "after_cursor": "MQ==",
        "before_cursor": null, "end_of_stream": true});
    Fault::status(200, page.to_string())
}

async fn xdm_world() -> World {
    let mut world = World::with(|plan| plan.platform.data_type = DataType::Xdm).await;
    world.settings.adobe_source_compatible();
    world
}

/// Two users whose messages would be refused, and one that is fine.
fn users() -> Value {
    json!([
        {"id": 1, "name": "Zoë", "updated_at": "2026-01-01T00:00:00Z"},
        {"id": 9_007_199_254_740_993_u64, "name": "Too Large", "updated_at": "2026-01-01T00:00:01Z"},
        {"id": 3, "name": "Nested", "alias": [null], "role": {"a": " "}, "updated_at": "2026-01-01T00:00:02Z"},
    ])
}

#[tokio::test]
async fn what_would_be_refused_goes_to_the_dead_letters_unsent_and_the_rest_arrives() {
    let world = xdm_world().await;
    world.zendesk.fault(INCREMENTAL, page(&users()), 1);
    let sync = world.sync().await;
    sync.assert_code(4);
    let report = sync.report();
    let counts = ["received", "ingested", "skipped", "failed"].map(|count| report[count].as_u64());
    assert_eq!(counts, [Some(3), Some(1), Some(0), Some(2)]);
    assert_eq!(world.platform.accepted_count(), 1);
    assert!(world.platform.rejected().is_empty(), "nothing bad was sent");
    let reasons: Vec<Value> = world
        .dead_letters()
        .iter()
        .map(|letter| letter["reason"].clone())
        .collect();
    assert_eq!(
        reasons,
        [
            json!({"code": "invalid", "message":
                "_sandboxtenant.id is beyond 2^53 - 1, the largest whole number the platform takes"}),
            json!({"code": "invalid", "message":
                "_sandboxtenant.alias[0] is null; the platform takes no empty values, so leave it out; \
                 _sandboxtenant.role.a is empty; the platform takes no empty values, so leave it out"}),
        ]
    );
    let listed = world
        .run(&["dead-letters", "list", "--reason", "invalid"])
        .await;
    listed.assert_code(0);
    assert!(listed.stdout.contains("invalid"), "{}", listed.stdout);
}

#[tokio::test]
async fn switched_off_everything_is_sent_and_the_inlet_decides() {
    let mut world = xdm_world().await;
    world.settings.set("streams.users.validate", "off");
    world.zendesk.fault(INCREMENTAL, page(&users()), 1);
    let sync = world.sync().await;
    sync.assert_code(4);
    // The inlet minds emptiness, but not a number that the lake cannot hold.
    assert_eq!(world.platform.accepted_count(), 2);
    assert_eq!(world.platform.rejected().len(), 1);
    let letters = world.dead_letters();
    assert_eq!(letters[0]["reason"]["code"], "rejected");
}

/// Where each of the shared bad examples is bad, and whether that can be told without its schema.
fn negatives() -> BTreeMap<&'static str, (&'static str, bool)> {
    BTreeMap::from([
        ("account-currency-pattern", ("defaultCurrencyCode", true)),
        (
            "account-employees-string",
            ("accountOrganization.numberOfEmployees", true),
        ),
        ("account-key-as-string", ("accountKey", true)),
        ("account-rating-range", ("accountOrganization.rating", true)),
        ("account-unknown-field", ("domainNames", false)),
        ("event-channel-without-id", ("channel._id", true)),
        ("event-id-with-spaces", ("_id", true)),
        ("event-missing-id", ("_id", true)),
        ("event-missing-timestamp", ("timestamp", true)),
        (
            "event-survey-answer-not-string",
            ("surveyResponse.surveyAnswers[1]", true),
        ),
        ("event-timestamp-epoch", ("timestamp", true)),
        ("event-timestamp-not-rfc3339", ("timestamp", true)),
        (
            "profile-bad-authenticated-state",
            ("identityMap.Email[0].authenticatedState", true),
        ),
        (
            "profile-date-without-offset",
            ("extSourceSystemAudit.lastUpdatedDate", true),
        ),
        ("profile-email-format", ("personalEmail.address", true)),
        ("profile-email-lax", ("personalEmail.address", true)),
        (
            "profile-identity-id-number",
            ("identityMap.ZendeskUserID[0].id", true),
        ),
        (
            "profile-integer-too-large",
            ("_examplecorp.zendesk.user.localeId", true),
        ),
        ("profile-language-pattern", ("preferredLanguage", true)),
        ("profile-null-value", ("person.name.middleName", true)),
        (
            "profile-phone-country-code",
            ("mobilePhone.countryCode", true),
        ),
        // A record as Zendesk gives it: the names are wrong too, but the empty values come first.
        ("profile-raw-zendesk-record", ("alias", true)),
        ("profile-unknown-field", ("nickname", false)),
    ])
}

fn stem(file: &Path) -> String {
    file.file_stem()
        .expect("a name")
        .to_string_lossy()
        .into_owned()
}

/// The shared bad examples by name, without their index.
fn bad_examples(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let files = std::fs::read_dir(folder).expect("the folder");
    let files = files.map(|file| file.expect("a file").path());
    let mut examples: Vec<_> = files
        .filter(|file| stem(file) != "index")
        .map(|file| (stem(&file), std::fs::read(&file).expect("the example")))
        .collect();
    examples.sort();
    examples
}

/// The shared good messages: what the default mappings make.
fn good_examples(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut examples = Vec::new();
    for kind in std::fs::read_dir(folder).expect("the folder") {
        let kind = kind.expect("a folder").path();
        if kind.ends_with("adobe-source-compatible") {
            continue;
        }
        for file in std::fs::read_dir(&kind).expect("the folder") {
            let file = file.expect("a file").path();
            if stem(&file).ends_with(".xdm") {
                let name = format!("{}/{}", stem(&kind), stem(&file));
                examples.push((name, std::fs::read(&file).expect("the example")));
            }
        }
    }
    examples
}

#[test]
fn the_shared_examples_are_told_apart_without_their_schemas() {
    let Some(folder) = shared("xdm/examples") else {
        return;
    };
    let good = good_examples(&folder);
    assert_eq!(good.len(), 18);
    for (name, message) in good {
        assert_eq!(Validation::Fields.check(&message), Ok(()), "{name}");
    }
    let expected = negatives();
    let bad = bad_examples(&folder.join("negative"));
    assert_eq!(bad.len(), expected.len());
    for (name, message) in bad {
        let (path, without_schema) = expected[name.as_str()];
        let found = Validation::Fields.check(&message);
        let paths: Vec<String> = match &found {
            Ok(()) => Vec::new(),
            Err(refusal) => refusal
                .findings
                .iter()
                .map(|finding| finding.path.clone())
                .collect(),
        };
        let expected: &[&str] = if without_schema { &[path] } else { &[] };
        if name == "profile-raw-zendesk-record" {
            assert_eq!(paths.first().map(String::as_str), Some(path), "{name}");
        } else {
            assert_eq!(paths, expected, "{name}");
        }
    }
}
