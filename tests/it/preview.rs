//! `preview`: seeing what would be sent without sending it.

use serde_json::{Value, json};
use zendesk_aep::sandbox::{DataType, PlatformOptions, Simulator as _};

use crate::support::{Finished, World};

/// A stream of profiles by the standard preset, judged by what holds for every schema.
async fn profiles() -> World {
    let mut world = World::with(|plan| plan.platform.data_type = DataType::Xdm).await;
    world.settings.adobe_source_compatible();
    world.settings.set("streams.users.mapping", "xdm");
    world.settings.set("mapping.instance", "acme");
    world
}

fn jane() -> Value {
    json!({"id": 1, "name": "Jane Doe", "email": "Jane@Example.com", "phone": "ext. 7", "notes": "SECRET",
        "created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T00:00:00Z"})
}

/// The records of a preview for programs.
fn shown(preview: &Finished) -> Vec<Value> {
    preview.json().as_array().expect("a list").clone()
}

#[tokio::test]
async fn records_of_the_account_are_shown_and_nothing_else_happens() {
    let world = World::new().await;
    let preview = world
        .run(&["preview", "users", "--limit", "3", "--output", "json"])
        .await;
    preview.assert_code(0);
    let users = world.zendesk.users();
    let shown = shown(&preview);
    assert_eq!(shown.len(), 3);
    for (shown, user) in shown.iter().zip(&users) {
        let message: Value = serde_json::from_slice(&user.json).expect("JSON");
        assert_eq!(
            (&shown["outcome"], &shown["message"]),
            (&json!("message"), &message)
        );
        assert_eq!(shown["message_bytes"], user.json.len());
        assert_eq!(shown["record_id"], user.id.to_string());
    }
    assert_eq!(
        world.page_requests().len(),
        1,
        "no more is read than is shown"
    );
    assert!(world.platform.requests().is_empty());
    assert!(!world.path("state").exists(), "no state is made");
}

#[tokio::test]
async fn it_works_beside_the_daemon_and_finds_records_by_id() {
    let world = World::new().await;
    let daemon = world.daemon();
    world
        .state_eventually("the first sync is done", |users| {
            users["last_sync"]["outcome"] == "complete"
        })
        .await;
    let (state, sent) = (world.state(), world.inlet_requests());
    let wanted = &world.zendesk.users()[120];
    let id = wanted.id.to_string();
    let preview = world
        .run(&["preview", "users", "--id", &id, "--output", "json"])
        .await;
    preview.assert_code(0);
    let shown = shown(&preview);
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0]["record_id"], id);
    assert_eq!((world.state(), world.inlet_requests()), (state, sent));
    daemon.stop().await.assert_code(0);
}

#[tokio::test]
async fn people_see_the_message_what_was_changed_and_the_verdict() {
    let mut world = profiles().await;
    world.settings.set(
        "streams.users.privacy.mask",
        toml::Table::from_iter([("person.name".to_owned(), "initial".into())]),
    );
    let nobody = json!({"name": "Nobody"});
    world.write("users.json", json!([jane(), nobody]).to_string());
    let preview = world
        .run(&["preview", "users", "--from", "users.json"])
        .await;
    preview.assert_code(4);
    insta::assert_snapshot!(preview.stdout, @r#"
    ── record 1, version 2026-01-02T00:00:00Z: 159 bytes, message 1,210 bytes
    {
      "_id": "a3489fdfbb57e60b33019f254fab9868b0de46e2a1c4c993830df9e534e0db98",
      "_sandboxtenant": {
        "zendesk": {
          "instance": "acme",
          "user": {
            "createdAt": "2026-01-01T00:00:00.000Z",
            "id": "1",
            "phoneRaw": "ext. 7",
            "updatedAt": "2026-01-02T00:00:00.000Z"
          }
        }
      },
      "extSourceSystemAudit": {
        "createdDate": "2026-01-01T00:00:00.000Z",
        "lastUpdatedDate": "2026-01-02T00:00:00.000Z"
      },
      "identityMap": {
        "Email": [
          {
            "authenticatedState": "ambiguous",
            "id": "jane@example.com",
            "primary": false
          }
        ],
        "ZendeskUserID": [
          {
            "authenticatedState": "ambiguous",
            "id": "1",
            "primary": true
          }
        ]
      },
      "person": {
        "name": {
          "firstName": "J***",
          "fullName": "J***",
          "lastName": "D***"
        }
      },
      "personID": "1",
      "personalEmail": {
        "address": "jane@example.com",
        "primary": true
      }
    }
    omitted    mobilePhone.number: it is no phone number with its country code
    masked     person.name.fullName: part of it is hidden
    masked     person.name.firstName: part of it is hidden
    masked     person.name.lastName: part of it is hidden
    valid

    ── record without an id: 17 bytes, message 0 bytes
    REFUSED, no message can be made of it: `_id` is required, and `id` gives no value
    "#);
    assert!(world.zendesk.requests().is_empty() && world.platform.requests().is_empty());
}

#[tokio::test]
async fn another_mapping_is_compared() {
    let mut world = profiles().await;
    world.write("users.ndjson", format!("{}\n", jane()));
    world.write("mapping.toml", "[fields]\n\"_sandboxtenant.nick\" = \"upper(name)\"\ntimeZone = false\n\"person.name.lastName\" = false\n");
    let arguments = [
        "preview",
        "users",
        "--from",
        "users.ndjson",
        "--diff",
        "mapping.toml",
        "--output",
        "json",
    ];
    let preview = world.run(&arguments).await;
    preview.assert_code(0);
    assert_eq!(
        shown(&preview)[0]["diff"],
        json!([
            {"path": "_sandboxtenant.nick", "after": "JANE DOE"},
            {"path": "person.name.lastName", "before": "Doe"},
        ])
    );
    world
        .settings
        .set("streams.users.mapping_file", "mapping.toml");
    let arguments = [
        "preview",
        "users",
        "--from",
        "users.ndjson",
        "--diff",
        "preset",
    ];
    let preview = world.run(&arguments).await;
    preview.assert_code(0);
    let diff = "- _sandboxtenant.nick: \"JANE DOE\"\n+ person.name.lastName: \"Doe\"\n";
    assert!(preview.stdout.contains(diff), "{}", preview.stdout);
    world
        .settings
        .remove("streams.users.mapping_file")
        .set("streams.users.mapping", "raw");
    let raw = world.run(&arguments).await;
    raw.assert_code(2);
    assert!(
        raw.stderr.contains("which no mapping file can change"),
        "{}",
        raw.stderr
    );
}

#[tokio::test]
async fn the_kept_schema_judges_without_the_network() {
    let mut world = profiles().await;
    let schema_id = PlatformOptions::default()
        .datasets
        .into_values()
        .next()
        .expect("a schema");
    let ims_url = world.platform.ims_url();
    world.settings.sign_in_to_inlet(&ims_url);
    world
        .settings
        .set("streams.users.validate", "schema")
        .set("platform.api_url", "http://127.0.0.1:9");
    world.write("users.json", jane().to_string());
    let arguments = ["preview", "users", "--from", "users.json"];
    let preview = world.run(&arguments).await;
    preview.assert_code(0);
    assert!(
        preview
            .stderr
            .contains("judging by the checks that hold for every schema"),
        "{}",
        preview.stderr
    );
    let schema = json!({"type": "object", "properties": {"_id": {"type": "string"}}});
    std::fs::create_dir_all(world.path("state/schemas")).expect("a directory");
    let name = crc32(format!("\n{schema_id}").as_bytes());
    world.write(
        &format!("state/schemas/{name:08x}.json"),
        schema.to_string(),
    );
    let preview = world.run(&arguments).await;
    preview.assert_code(4);
    assert_eq!(preview.stderr, "");
    assert!(
        preview.stdout.contains("person is not in the schema"),
        "{}",
        preview.stdout
    );
}

fn crc32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(!0, |crc: u32, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg())
        })
    }) ^ !0
}

#[tokio::test]
async fn what_cannot_be_read_is_told() {
    let world = World::new().await;
    for (file, content, code, what) in [
        (
            "missing.json",
            None,
            1,
            "cannot read records from `missing.json`",
        ),
        (
            "text.json",
            Some("hello"),
            1,
            "line 1 is not a record in JSON",
        ),
    ] {
        if let Some(content) = content {
            world.write(file, content);
        }
        let preview = world.run(&["preview", "users", "--from", file]).await;
        preview.assert_code(code);
        assert!(preview.stderr.contains(what), "{}", preview.stderr);
    }
    let unknown = world.run(&["preview", "tickets"]).await;
    unknown.assert_code(2);
    assert!(
        unknown.stderr.contains("configured are: users"),
        "{}",
        unknown.stderr
    );
    world.write("none.json", "[]");
    let none = world
        .run(&["preview", "users", "--from", "none.json"])
        .await;
    none.assert_code(0);
    assert_eq!(none.stdout, "there is no such record\n");
}
