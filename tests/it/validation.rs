//! Messages that the platform would refuse are found out before they are sent.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use zendesk_aep::mapping::{Refusal, Schema, Validation};
use zendesk_aep::sandbox::{DataType, Fault, Simulator as _};

use crate::support::{INCREMENTAL, World, shared};

const REGISTRY: &str = "/data/foundation/schemaregistry/";

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
        {"id": 3, "name": "Mixed", "alias": [1, "a"], "updated_at": "2026-01-01T00:00:02Z"},
    ])
}

#[tokio::test]
async fn what_would_be_refused_goes_to_the_dead_letters_unsent_and_the_rest_arrives() {
    let mut world = xdm_world().await;
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
                "_sandboxtenant.alias[1] is text in a list that begins with a number"}),
        ]
    );
    let listed = world
        .run(&["dead-letters", "list", "--reason", "invalid"])
        .await;
    listed.assert_code(0);
    assert!(listed.stdout.contains("invalid"), "{}", listed.stdout);
    // Another configuration, another judgement.
    world.settings.set("streams.users.validate", "off");
    let retry = world
        .run(&["dead-letters", "retry", "--all", "--output", "json"])
        .await;
    retry.assert_code(0);
    assert_eq!(retry.json()["accepted"], 2);
    assert_eq!(world.platform.accepted_count(), 3);
}

#[tokio::test]
async fn switched_off_everything_is_sent() {
    let mut world = xdm_world().await;
    world.settings.set("streams.users.validate", "off");
    world.zendesk.fault(INCREMENTAL, page(&users()), 1);
    world.sync().await.assert_code(0);
    // The simulated inlet knows no schema.
    assert_eq!(world.platform.accepted_count(), 3);
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

/// The shared schemas are closed and made of Adobe's published ones. Which one judges an example?
fn schema_of(example: &str) -> &'static str {
    match example.split(['/', '-']).next() {
        Some("event" | "survey") => "support-event",
        Some("account") => "business-account",
        Some("profile") => "individual-profile",
        Some("user") if example.ends_with("b2b.xdm") => "individual-profile-b2b",
        Some("user") => "individual-profile",
        Some("ticket") if example.starts_with("ticket-record") => "ticket-record",
        Some("ticket" | "metric") => "support-event",
        Some("organization") if example.starts_with("organization-membership") => {
            "account-person-relation"
        }
        Some("organization") => "business-account",
        Some("group") => "group-record",
        _ => panic!("no schema for {example}"),
    }
}

fn by_schema(folder: &Path, example: &str) -> Validation {
    let file = folder.join(format!("derived/{}.schema.json", schema_of(example)));
    let text = std::fs::read(file).expect("the schema");
    Validation::Schema(Arc::new(Schema::compile(&text).expect("a schema")))
}

fn paths(found: &Result<(), Refusal>) -> Vec<&str> {
    match found {
        Ok(()) => Vec::new(),
        Err(refusal) => refusal
            .findings
            .iter()
            .map(|finding| &*finding.path)
            .collect(),
    }
}

#[test]
fn the_shared_good_examples_pass_at_every_level() {
    let Some(folder) = shared("xdm") else {
        return;
    };
    let good = good_examples(&folder.join("examples"));
    assert_eq!(good.len(), 18);
    for (name, message) in good {
        assert_eq!(Validation::Fields.check(&message), Ok(()), "{name}");
        assert_eq!(by_schema(&folder, &name).check(&message), Ok(()), "{name}");
    }
}

#[test]
fn the_shared_bad_examples_are_refused_with_the_right_path() {
    let Some(folder) = shared("xdm") else {
        return;
    };
    let expected = negatives();
    let bad = bad_examples(&folder.join("examples/negative"));
    assert_eq!(bad.len(), expected.len());
    for (name, message) in bad {
        let (path, without_schema) = expected[name.as_str()];
        let by_fields = Validation::Fields.check(&message);
        let by_schema = by_schema(&folder, &name).check(&message);
        if name == "profile-raw-zendesk-record" {
            assert_eq!(paths(&by_fields).first(), Some(&path), "{name}");
            let refusal = by_schema.expect_err("refused");
            assert_eq!((refusal.findings.len(), refusal.further > 20), (5, true));
            continue;
        }
        let fields: &[&str] = if without_schema { &[path] } else { &[] };
        assert_eq!(paths(&by_fields), fields, "{name} by fields");
        assert_eq!(paths(&by_schema), [path], "{name} by its schema");
    }
}

/// A schema that declares some of what Adobe's own source maps.
fn users_schema() -> Value {
    let properties = json!({
        "id": {"type": "integer"}, "name": {"type": "string"}, "updated_at": {"type": "string", "format": "date-time"},
    });
    json!({"type": "object", "properties": {"_sandboxtenant": {"type": "object", "properties": properties}}})
}

/// A world whose stream is judged by a schema that the registry holds.
async fn registry_world(schema: Option<Value>) -> World {
    let mut world = World::with(|plan| {
        plan.platform.data_type = DataType::Xdm;
        let id = plan
            .platform
            .datasets
            .values()
            .next()
            .expect("a schema")
            .clone();
        plan.platform
            .schemas
            .extend(schema.map(|schema| (id, schema)));
    })
    .await;
    let (ims_url, api_url) = (world.platform.ims_url(), world.platform.api_url());
    world
        .settings
        .adobe_source_compatible()
        .sign_in_to_inlet(&ims_url);
    world.settings.set("platform.api_url", api_url);
    world.settings.set("streams.users.validate", "schema");
    world
}

fn users_with_an_unknown_attribute() -> Value {
    json!([
        {"id": 1, "name": "Zoë", "updated_at": "2026-01-01T00:00:00Z"},
        {"id": 2, "name": "Kim", "role": "admin", "updated_at": "2026-01-01T00:00:01Z"},
        {"id": 3, "name": 7, "updated_at": "yesterday"},
    ])
}

/// What the letters say, in order.
fn messages(world: &World) -> Vec<String> {
    let letters = world.dead_letters();
    let messages = letters.iter().map(|letter| &letter["reason"]["message"]);
    messages
        .map(|message| message.as_str().expect("text").to_owned())
        .collect()
}

const BY_USERS_SCHEMA: [&str; 2] = [
    "_sandboxtenant.role is not in the schema",
    "_sandboxtenant.name is not of the type string; _sandboxtenant.updated_at does not have the format date-time",
];

#[tokio::test]
async fn the_registrys_schema_judges_and_is_fetched_once() {
    let world = registry_world(Some(users_schema())).await;
    world
        .zendesk
        .fault(INCREMENTAL, page(&users_with_an_unknown_attribute()), 1);
    // Passing trouble and a token that has expired are no reason to give up.
    world.platform.fault(REGISTRY, Fault::status(503, ""), 1);
    world.platform.fault(
        REGISTRY,
        Fault::status(
            401,
            r#"{"error_code":"401013","message":"Oauth token is not valid"}"#,
        ),
        1,
    );
    let sync = world.sync().await;
    sync.assert_code(4);
    let report = sync.report();
    let counts = ["received", "ingested", "skipped", "failed"].map(|count| report[count].as_u64());
    assert_eq!(counts, [Some(3), Some(1), Some(0), Some(2)]);
    assert_eq!(messages(&world), BY_USERS_SCHEMA);
    assert_eq!(world.platform.requests_to(REGISTRY).len(), 3);
    let copies = std::fs::read_dir(world.path("state/schemas")).expect("the copies");
    assert_eq!(copies.count(), 1);
}

#[tokio::test]
async fn without_the_registry_the_copy_judges() {
    let mut world = registry_world(Some(users_schema())).await;
    world.run(&["check"]).await.assert_code(0);
    world.settings.set("platform.api_url", "http://127.0.0.1:9");
    world
        .zendesk
        .fault(INCREMENTAL, page(&users_with_an_unknown_attribute()), 1);
    let sync = world.sync().await;
    sync.assert_code(4);
    assert!(
        sync.stderr.contains("going on with the copy"),
        "{}",
        sync.stderr
    );
    assert_eq!(messages(&world), BY_USERS_SCHEMA);
}

#[tokio::test]
async fn without_registry_and_copy_nothing_is_sent_and_nothing_lost() {
    let world = registry_world(None).await;
    let sync = world.sync().await;
    sync.assert_code(1);
    assert_eq!(sync.report()["outcome"], "SCHEMA");
    assert_eq!((world.inlet_requests(), world.dead_letters().len()), (0, 0));
    let check = world.run(&["check", "--output", "json"]).await;
    check.assert_code(1);
    let findings = check.json();
    let mut findings = findings.as_array().expect("a list").iter();
    let failed = findings.find(|finding| finding["verdict"] == "failed");
    assert_eq!(failed.expect("a failure")["subject"], "schema users");
}

#[tokio::test]
async fn a_schema_may_stand_in_a_file() {
    let mut world = xdm_world().await;
    world.write("users.schema.json", users_schema().to_string());
    world.settings.set("streams.users.validate", "schema");
    world
        .settings
        .set("streams.users.schema_file", "users.schema.json");
    world
        .zendesk
        .fault(INCREMENTAL, page(&users_with_an_unknown_attribute()), 1);
    world.sync().await.assert_code(4);
    assert_eq!(messages(&world), BY_USERS_SCHEMA);
    assert!(world.platform.requests_to(REGISTRY).is_empty());
    world.write(
        "users.schema.json",
        r#"{"$ref": "https://ns.adobe.com/xdm/context/profile"}"#,
    );
    let check = world.run(&["check"]).await;
    check.assert_code(1);
    assert!(
        check
            .stdout
            .contains("only schemas with all references resolved"),
        "{}",
        check.stdout
    );
}
