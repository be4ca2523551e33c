//! What a record becomes on its way.

use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value, json};
use zendesk_aep::sandbox::{DataType, Fault, PlatformOptions, Simulator as _};

use crate::support::{INCREMENTAL, World, eventually, shared};

/// An inlet that takes XDM only and checks every envelope, and a stream that sends it.
async fn xdm_world() -> World {
    let mut world = World::with(|plan| plan.platform.data_type = DataType::Xdm).await;
    world.settings.adobe_source_compatible();
    world
}

/// A user without what says nothing, and without what Adobe's own source does not take.
fn as_adobes_source_has_it(user: &[u8]) -> Value {
    let user: Map<String, Value> = serde_json::from_slice(user).expect("an object");
    let not_taken = [
        "photo",
        "tags",
        "ticket_restriction",
        "user_fields",
        "permanently_deleted",
    ];
    let says_nothing = |value: &Value| {
        value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
    };
    let kept = user
        .into_iter()
        .filter(|(key, value)| !not_taken.contains(&key.as_str()) && !says_nothing(value));
    kept.collect()
}

#[tokio::test]
async fn users_become_what_adobes_own_source_makes_of_them() {
    let world = xdm_world().await;
    world.zendesk.delete(2);
    world.changes_show().await;
    let sync = world.sync().await;
    sync.assert_code(0);
    let accepted = world.platform.accepted();
    assert_eq!(accepted.len(), 200, "the strict inlet takes every message");

    let platform = PlatformOptions::default();
    let (dataset_id, schema_id) = platform.datasets.first_key_value().expect("a dataset");
    let schema_ref = json!({
        "id": schema_id,
        "contentType": "application/vnd.adobe.xed-full+json;version=1",
    });
    let header = json!({
        "schemaRef": schema_ref,
        "imsOrgId": platform.org_id,
        "datasetId": dataset_id,
        "source": {"name": "zendesk-aep"},
        "flowId": platform.flows.first(),
    });
    let mut messages: HashMap<u64, Value> = accepted
        .iter()
        .map(|delivery| {
            let message: Value = serde_json::from_slice(&delivery.json).expect("JSON");
            let id = &message["body"]["xdmEntity"]["_sandboxtenant"]["id"];
            (id.as_u64().expect("an id"), message)
        })
        .collect();
    for user in world.zendesk.users() {
        let message = messages.remove(&user.id).expect("it arrived");
        assert_eq!(message["header"], header);
        assert_eq!(message["body"]["xdmMeta"], json!({"schemaRef": schema_ref}));
        let entity = json!({"_sandboxtenant": as_adobes_source_has_it(&user.json)});
        assert_eq!(message["body"]["xdmEntity"], entity);
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_mapped_goes_to_the_dead_letters_unsent() {
    let world = xdm_world().await;
    world.sync().await.assert_code(0);
    let sent = world.inlet_requests();
    let page = r#"{"users":[{"photo":null},7,{"id":1,"name":"Zoë","updated_at":"2026-01-01T00:00:00Z"}],
        "after_url":null,"before_url":null,"after_cursor":"MQ==","before_cursor":null,"end_of_stream":true}"#;
    world
        .zendesk
        .fault(INCREMENTAL, Fault::status(200, page), 1);
    let sync = world.sync().await;
    sync.assert_code(4);
    assert_eq!(sync.report()["ingested"], 1);
    assert_eq!(world.inlet_requests(), sent + 1);
    let letters = world.dead_letters();
    let reasons: Vec<_> = letters
        .iter()
        .map(|letter| &letter["reason"]["code"])
        .collect();
    assert_eq!(reasons, ["unmappable", "unmappable"]);
    assert_eq!(letters[0]["record"], json!({"photo": null}));
    assert_eq!(letters[1]["record"], json!(7));
    let last = world.platform.accepted().pop().expect("a message");
    let message: Value = serde_json::from_slice(&last.json).expect("JSON");
    assert_eq!(
        message["body"]["xdmEntity"]["_sandboxtenant"]["name"],
        "Zoë"
    );
}

#[tokio::test]
async fn adobes_own_example_becomes_adobes_own_result() {
    let Some(folder) = shared("xdm/examples/adobe-source-compatible") else {
        return;
    };
    let read = |name: &str| -> Value {
        let text = std::fs::read(folder.join(name)).expect("the example");
        serde_json::from_slice(&text).expect("JSON")
    };
    let (raw, expected) = (read("user.raw.json"), read("user.xdm.json"));
    let tenant = expected
        .as_object()
        .and_then(|xdm| xdm.keys().next())
        .expect("a tenant");
    let mut world = xdm_world().await;
    world.settings.set("platform.tenant", tenant.as_str());
    let page = json!({"users": [raw["result"]], "after_url": null, "before_url": null,
        "after_cursor": "MQ==", "before_cursor": null, "end_of_stream": true});
    world
        .zendesk
        .fault(INCREMENTAL, Fault::status(200, page.to_string()), 1);
    world.sync().await.assert_code(0);
    let accepted = world.platform.accepted();
    assert_eq!(accepted.len(), 1);
    let message: Value = serde_json::from_slice(&accepted[0].json).expect("JSON");
    assert_eq!(message["body"]["xdmEntity"], expected);
}

#[tokio::test]
async fn users_become_profiles_with_the_fields_of_a_mapping_file() {
    let mut world = xdm_world().await;
    world.write(
        "users.toml",
        r#"
        [promote.user_fields]
        plan = { path = "_{TENANT}.plan", type = "string", titles = true }
        [fields]
        "_{TENANT}.zendesk.user.alias" = "concat('user ', id)"
        "#,
    );
    world
        .settings
        .set("streams.users.mapping", "xdm")
        .set("streams.users.mapping_file", "users.toml")
        .set("mapping.instance", "acme")
        .set("mapping.accept_reserved_email_domains", true);
    let options: Vec<Value> = ["free", "gold"]
        .iter()
        .map(|plan| json!({"name": plan.to_uppercase(), "value": plan}))
        .collect();
    let definitions = json!({"user_fields": [{"id": 1, "key": "plan", "type": "dropdown",
        "title": "Plan", "custom_field_options": options}]});
    world.zendesk.fault(
        "/api/v2/user_fields.json",
        Fault::status(200, definitions.to_string()),
        1,
    );
    world.zendesk.delete(1);
    world.changes_show().await;
    world.sync().await.assert_code(0);
    let accepted = world.platform.accepted();
    assert_eq!(accepted.len(), 200, "the strict inlet takes every message");
    let users: HashMap<String, Value> = world
        .zendesk
        .users()
        .iter()
        .map(|user| {
            let json = serde_json::from_slice(&user.json).expect("JSON");
            (user.id.to_string(), json)
        })
        .collect();
    for delivery in accepted {
        let message: Value = serde_json::from_slice(&delivery.json).expect("JSON");
        let entity = &message["body"]["xdmEntity"];
        let id = entity["personID"].as_str().expect("an id");
        let user = &users[id];
        assert_eq!(entity["identityMap"]["ZendeskUserID"][0]["id"], id);
        let tenant = &entity["_sandboxtenant"];
        if user["active"] == false {
            assert_eq!(tenant["zendesk"]["user"]["active"], false);
            assert_eq!(entity.get("person"), None, "a tombstone names nobody");
            continue;
        }
        assert_eq!(tenant["zendesk"]["user"]["alias"], format!("user {id}"));
        let plan = user["user_fields"]["plan"].as_str().unwrap_or_default();
        let title = tenant["plan"].as_str().unwrap_or_default();
        assert_eq!(title, plan.to_uppercase());
    }
}

#[tokio::test]
async fn a_faulty_mapping_file_keeps_the_program_from_starting() {
    let mut world = xdm_world().await;
    world.write("users.toml", "[fields]\n\"a.b\" = \"trmi(name)\"\n");
    world
        .settings
        .set("streams.users.mapping", "xdm")
        .set("streams.users.mapping_file", "users.toml");
    let sync = world.sync().await;
    sync.assert_code(2);
    assert_eq!(world.platform.accepted().len(), 0);
}

#[tokio::test]
async fn wrapped_records_are_what_adobes_own_source_passes_on() {
    let result_of = |json: &[u8]| {
        let mut message: Value = serde_json::from_slice(json).expect("JSON");
        let result = message["result"].take();
        assert_eq!(
            message,
            json!({"result": null}),
            "nothing besides the result"
        );
        result
    };
    for export in ["incremental", "search"] {
        let mut world = World::new().await;
        world
            .settings
            .set("streams.users.export", export)
            .set("streams.users.settle", "100ms")
            .set("streams.users.wrap", "result")
            .set("streams.users.privacy.drop", vec!["user_fields", "photo"]);
        if export == "incremental" {
            world.settings.remove("streams.users.settle");
        }
        let preview = world
            .run(&["preview", "users", "--limit", "1", "--output", "json"])
            .await;
        preview.assert_code(0);
        let previewed = &preview.json()[0]["message"]["result"];
        assert_eq!(previewed["result_type"], "user", "{}", preview.stdout);
        world.sync().await.assert_code(0);
        let mut messages: HashMap<u64, Value> = HashMap::new();
        for delivery in world.platform.accepted() {
            let result = result_of(&delivery.json);
            messages.insert(result["id"].as_u64().expect("an id"), result);
        }
        let users = world.zendesk.users();
        assert_eq!(messages.len(), users.len());
        for user in users {
            let mut expected: Value = serde_json::from_slice(&user.json).expect("JSON");
            let members = expected.as_object_mut().expect("an object");
            members.insert("result_type".to_owned(), "user".into());
            members.retain(|key, _| key != "user_fields" && key != "photo");
            let mut result = messages.remove(&user.id).expect("it arrived");
            // Search results and exports differ in a few fields more, which are none of ours.
            assert_eq!(result["result_type"], "user");
            let result = result.as_object_mut().expect("an object");
            result.retain(|key, _| members.contains_key(key));
            members.retain(|key, _| result.contains_key(key));
            assert!(members.len() > 20);
            assert_eq!(result, members);
        }
    }
}

/// Streams and presets whose records all become messages, and whether their ends do: events are never
/// taken back.
const PRESETS: [(&str, &str, bool); 10] = [
    ("users", "standard", true),
    ("users", "b2b", true),
    ("tickets", "event", true),
    ("tickets", "record", true),
    ("organizations", "b2b", true),
    ("organizations", "custom", true),
    ("organization_memberships", "standard", true),
    ("groups", "standard", true),
    ("satisfaction_ratings", "standard", false),
    ("brands", "standard", true),
];

/// A world that sends this stream alone, by the preset.
async fn xdm_world_of(stream: &str, preset: &str) -> World {
    let mut world = World::with(|plan| plan.platform.data_type = DataType::Xdm).await;
    world.settings.only_stream(stream);
    send_by_preset(&mut world, stream, preset);
    world
}

/// Sends this stream by the preset.
fn send_by_preset(world: &mut World, stream: &str, preset: &str) {
    let platform = PlatformOptions::default();
    let (dataset_id, schema_id) = platform.datasets.first_key_value().expect("a dataset");
    world
        .settings
        .set("platform.tenant", "_sandboxtenant")
        .set("mapping.instance", "acme")
        .set("mapping.accept_reserved_email_domains", true)
        .set(&format!("streams.{stream}.mapping"), "xdm")
        .set(&format!("streams.{stream}.validate"), "fields")
        .set(&format!("streams.{stream}.preset"), preset)
        .set(&format!("streams.{stream}.dataset_id"), dataset_id.as_str())
        .set(&format!("streams.{stream}.schema_id"), schema_id.as_str());
}

/// Why records are in the dead letters, and how many for each reason.
fn refusals(world: &World) -> BTreeMap<String, usize> {
    let mut refusals = BTreeMap::new();
    for letter in world.dead_letters() {
        let reason = &letter["reason"];
        let why = format!("{}: {} {}", letter["stream"], reason["code"], reason);
        *refusals.entry(why).or_default() += 1;
    }
    refusals
}

/// How many of the messages since the `before`-th one say that something is gone.
fn deletions_told(world: &World, before: usize) -> usize {
    let accepted = world.platform.accepted();
    let says_so = |entity: &Value| {
        let text = entity.to_string();
        let signs = [
            r#""active":false"#,
            r#""isDeleted":true"#,
            r#""deleted":true"#,
            "support.ticketDeleted",
            r#""status":"deleted""#,
            r#""deletedAt""#,
        ];
        signs.iter().any(|sign| text.contains(sign))
    };
    let entities = accepted[before..].iter().map(|delivery| {
        let message: Value = serde_json::from_slice(&delivery.json).expect("JSON");
        message["body"]["xdmEntity"].clone()
    });
    entities.filter(says_so).count()
}

#[tokio::test]
async fn events_of_tickets_belong_to_whoever_asked() {
    let audits = ["ticket_audits", "ticket_events", "ticket_metric_events"];
    let mut world = World::with(|plan| plan.platform.data_type = DataType::Xdm).await;
    world.settings.only_stream("tickets");
    send_by_preset(&mut world, "tickets", "event");
    for stream in audits {
        world.settings.add_stream(stream);
        send_by_preset(&mut world, stream, "standard");
    }
    for stream in ["tickets", "ticket_metric_events"] {
        let records = world.zendesk.collection(stream).expect("a stream");
        records.delete(2);
    }
    for stream in ["tickets", "ticket_events", "ticket_metric_events"] {
        shown(&world, stream).await;
    }
    let sync = world.sync().await;
    let lines = sync.json();
    for line in lines.as_array().expect("a list") {
        let count = |key: &str| line[key].as_u64().expect("a count");
        println!("{line}");
        let ended = count("ingested") + count("failed") + count("skipped");
        assert_eq!(count("received"), ended);
        assert!(count("ingested") > 0, "{line}");
    }
    for (why, count) in refusals(&world) {
        println!("{count} × {why}");
        assert!(
            why.contains("who asked for its ticket is not known"),
            "{why}"
        );
    }
    for delivery in world.platform.accepted() {
        let message: Value = serde_json::from_slice(&delivery.json).expect("JSON");
        let person = &message["body"]["xdmEntity"]["identityMap"]["ZendeskUserID"][0]["id"];
        assert!(person.is_string(), "{message}");
    }
}

#[tokio::test]
async fn users_of_other_roles_are_counted_and_said_once() {
    let mut world = xdm_world_of("users", "standard").await;
    world.settings.set("mapping.user_roles", vec!["end-user"]);
    let users = world.zendesk.users();
    let is_wanted = |user: &[u8]| {
        let user: Value = serde_json::from_slice(user).expect("JSON");
        user["role"] == "end-user"
    };
    let wanted = users.iter().filter(|user| is_wanted(&user.json)).count();
    assert!(0 < wanted && wanted < users.len());
    let sync = world.sync().await;
    sync.assert_code(0);
    assert_eq!(world.platform.accepted_count(), wanted);
    assert_eq!(sync.report()["skipped"], users.len() - wanted);
    let logs = sync.logs();
    let said: Vec<&Value> = logs.iter().filter(|line| line["why"].is_string()).collect();
    assert_eq!(said.len(), 1, "not once for each page");
    assert_eq!(said[0]["level"], "INFO");
    assert_eq!(said[0]["records"], users.len() - wanted);
}

/// Waits until every change of a stream so far shows in its export.
async fn shown(world: &World, stream: &str) {
    let records = world.zendesk.collection(stream).expect("a stream");
    eventually("the changes show", || {
        records.visible() == records.present()
    })
    .await;
}

#[tokio::test]
async fn every_preset_takes_a_whole_account_and_its_deletions() {
    for (stream, preset, tells_ends) in PRESETS {
        let world = xdm_world_of(stream, preset).await;
        let records = world.zendesk.collection(stream).expect("a stream");
        records.delete(3);
        shown(&world, stream).await;
        let sync = world.sync().await;
        assert_eq!(refusals(&world), BTreeMap::new(), "{stream} {preset}");
        sync.assert_code(0);
        let count = records.present().len();
        assert!(count > 0);
        assert_eq!(world.platform.accepted_count(), count, "{stream} {preset}");

        // A second time with what happens while the daemon runs.
        let gone = records.delete(2);
        records.change(2);
        shown(&world, stream).await;
        // What is gone from a list is told when a second walk has missed it.
        world.sync().await.assert_code(0);
        world.sync().await.assert_code(0);
        assert_eq!(refusals(&world), BTreeMap::new(), "{stream} {preset}");
        let told = deletions_told(&world, count);
        let expected = if tells_ends { gone.len() } else { 0 };
        assert_eq!(told, expected, "{stream} {preset}: {gone:?}");
    }
}
