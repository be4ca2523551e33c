//! What is declared private does not leave, or not as it is.

use serde_json::{Value, json};
use zendesk_aep::sandbox::{DataType, Fault, Simulator as _};

use crate::support::{INCREMENTAL, World};

const KEY: &str = "00112233445566778899aabbccddeeff";

/// A world that serves these users, on the last page there is.
pub async fn world_with(users: &Value, data_type: DataType) -> World {
    let world = World::with(|plan| plan.platform.data_type = data_type).await;
    world.write("hash-key", KEY);
    let page = json!({"users": users, "after_url": null, "before_url": null, "after_cursor": "MQ==",
        "before_cursor": null, "end_of_stream": true});
    let fault = Fault::status(200, page.to_string());
    world.zendesk.fault(INCREMENTAL, fault, 1);
    world
}

fn jane() -> Value {
    json!({"id": 1, "name": "Jane Doe", "email": "jane@example.com", "phone": "+14155550123",
        "notes": "SECRET", "user_fields": {"ssn": "SECRET", "tier": "gold"},
        "updated_at": "2026-01-01T00:00:00Z"})
}

fn accepted(world: &World) -> Value {
    let accepted = world.platform.accepted();
    assert_eq!(accepted.len(), 1);
    serde_json::from_slice(&accepted[0].json).expect("JSON")
}

#[tokio::test]
async fn a_raw_record_leaves_without_what_is_private() {
    let mut world = world_with(&json!([jane()]), DataType::Raw).await;
    world
        .settings
        .set("mapping.privacy.drop", vec!["notes", "user_fields.ssn"])
        .set("mapping.privacy.hash", vec!["email"])
        .set("mapping.privacy.mask.phone", "last4")
        .set_secret("mapping.privacy.hash_key", "hash-key");
    world.sync().await.assert_code(0);
    let user = accepted(&world);
    let hash = "d402d8094b18c05e";
    assert!(
        user["email"]
            .as_str()
            .is_some_and(|email| email.starts_with(hash)),
        "{user}"
    );
    assert_eq!(user["phone"], "***0123");
    assert_eq!(user["user_fields"], json!({"tier": "gold"}));
    assert_eq!(user.get("notes"), None);
    assert_eq!(user["name"], "Jane Doe");
}

#[tokio::test]
async fn of_a_mapped_object_only_what_is_listed_leaves_and_it_is_judged_after_that() {
    let nobody = json!({"name": "Nobody", "updated_at": "2026-01-01T00:00:01Z"});
    let mut world = world_with(&json!([jane(), nobody]), DataType::Xdm).await;
    world
        .settings
        .adobe_source_compatible()
        .set(
            "streams.users.privacy.allow",
            vec!["_sandboxtenant.id", "_sandboxtenant.email"],
        )
        .set(
            "streams.users.privacy.mask",
            toml::Table::from_iter([("_sandboxtenant.email".to_owned(), "domain".into())]),
        );
    world.sync().await.assert_code(4);
    let entity = json!({"_sandboxtenant": {"id": 1, "email": "***@example.com"}});
    assert_eq!(accepted(&world)["body"]["xdmEntity"], entity);
    let letters = world.dead_letters();
    assert_eq!(letters.len(), 1, "a message of nothing is none");
    assert_eq!(letters[0]["reason"]["code"], "unmappable");
    assert_eq!(
        letters[0]["record"], nobody,
        "what stays here is the record as it was"
    );
}

#[tokio::test]
async fn without_its_key_nothing_is_sent() {
    let mut world = world_with(&json!([jane()]), DataType::Raw).await;
    world
        .settings
        .set("mapping.privacy.hash", vec!["email"])
        .set_secret("mapping.privacy.hash_key", "missing");
    let sync = world.run(&["sync"]).await;
    sync.assert_code(2);
    assert!(
        sync.stderr.contains("error[PRIVACY]: cannot read the key"),
        "{}",
        sync.stderr
    );
    world.write("missing", "short");
    let sync = world.run(&["sync"]).await;
    sync.assert_code(2);
    assert!(
        sync.stderr.contains("it needs 32 or more"),
        "{}",
        sync.stderr
    );
    assert_eq!(world.inlet_requests(), 0);
}
