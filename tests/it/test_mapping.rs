//! `test-mapping`: users' own cases.

use std::path::Path;

use serde_json::{Value, json};
use zendesk_aep::sandbox::{DataType, PlatformOptions, Simulator as _};

use crate::support::{World, shared};

async fn profiles() -> World {
    let mut world = World::with(|plan| plan.platform.data_type = DataType::Xdm).await;
    world.settings.adobe_source_compatible();
    std::fs::create_dir(world.path("cases")).expect("a directory");
    world
}

fn case(world: &World, name: &str, input: &Value, outcome: (&str, &str)) {
    world.write(&format!("cases/{name}.input.json"), input.to_string());
    let (kind, expected) = outcome;
    if !kind.is_empty() {
        world.write(&format!("cases/{name}.{kind}"), expected);
    }
}

#[tokio::test]
async fn cases_pass_or_fail_with_a_difference_that_can_be_read() {
    let world = profiles().await;
    let good = (
        "expected.json",
        r#"{"_sandboxtenant": {"id": 7, "name": "Zoë"}}"#,
    );
    case(
        &world,
        "a-good-one",
        &json!({"id": 7, "name": "Zoë", "photo": {}}),
        good,
    );
    case(
        &world,
        "b-refused",
        &json!({"photo": {}}),
        ("refused.txt", "none of the mapped"),
    );
    let all_good = world.run(&["test-mapping", "cases"]).await;
    all_good.assert_code(0);
    assert_eq!(
        all_good.stdout,
        "ok      a-good-one\nok      b-refused\n2 passed, 0 failed\n"
    );

    case(
        &world,
        "c-different",
        &json!({"id": 8, "name": "Kim", "tags": ["x"]}),
        good,
    );
    case(
        &world,
        "d-not-refused",
        &json!({"id": 8}),
        ("refused.txt", "none"),
    );
    case(&world, "e-alone", &json!({"id": 8}), ("", ""));
    case(
        &world,
        "f-invalid",
        &json!({"id": 9_007_199_254_740_993_u64}),
        ("expected.json", "{}"),
    );
    case(
        &world,
        "g-other-reason",
        &json!({"photo": {}}),
        ("refused.txt", "too large"),
    );
    let some_bad = world
        .run(&["test-mapping", "cases", "--stream", "users"])
        .await;
    some_bad.assert_code(1);
    insta::assert_snapshot!(some_bad.stdout, @r#"
    ok      a-good-one
    ok      b-refused
    FAILED  c-different
            - _sandboxtenant.id: 7
            + _sandboxtenant.id: 8
            - _sandboxtenant.name: "Zoë"
            + _sandboxtenant.name: "Kim"
    FAILED  d-not-refused
            it becomes a message, and should not
    FAILED  e-alone
            there is neither `.expected.json` nor `.refused.txt`
    FAILED  f-invalid
            REFUSED, the platform would not take it:
              _sandboxtenant.id is beyond 2^53 - 1, the largest whole number the platform takes
    FAILED  g-other-reason
            the reason is another: REFUSED, no message can be made of it: the record has none of the mapped attributes
    2 passed, 5 failed
    (- as expected, + as the mapping makes it)
    "#);
    assert!(world.zendesk.requests().is_empty() && world.platform.requests().is_empty());
    let for_programs = world
        .run(&["test-mapping", "cases", "--output", "json"])
        .await;
    for_programs.assert_code(1);
    assert_eq!(
        for_programs.json()[2]["differences"][0],
        json!({"path": "_sandboxtenant.id", "before": 7, "after": 8})
    );
}

#[tokio::test]
async fn a_directory_without_cases_is_no_success() {
    let world = profiles().await;
    for directory in ["cases", "elsewhere"] {
        let run = world.run(&["test-mapping", directory]).await;
        run.assert_code(2);
        assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
    }
}

/// The shared worked examples are cases like any user's own, under other names. Only what needs no
/// other record: a case cannot say who asked for a ticket, or with which address.
#[tokio::test]
async fn the_shared_examples_of_users_and_tickets_pass_as_cases() {
    let kinds: [(&str, &str, &str, &[&str]); 4] = [
        (
            "user",
            "users",
            "standard",
            &["full", "minimal", "bad-contact-data", "permanently-deleted"],
        ),
        ("user", "users", "b2b", &["b2b"]),
        (
            "ticket-event",
            "tickets",
            "event",
            &["created-unknown-channel", "deleted", "updated"],
        ),
        ("ticket-record", "tickets", "record", &["open"]),
    ];
    let mut tested = 0;
    for (kind, stream, preset, names) in kinds {
        let Some(folder) = shared(&format!("xdm/examples/{kind}")) else {
            return;
        };
        let mut world = profiles().await;
        let section = |key: &str| format!("streams.{stream}.{key}");
        let platform = PlatformOptions::default();
        let (dataset_id, schema_id) = platform.datasets.first_key_value().expect("a dataset");
        world.settings.remove("streams");
        world
            .settings
            .set("platform.tenant", "_examplecorp")
            .set("mapping.instance", "acme")
            .set(&section("mapping"), "xdm")
            .set(&section("preset"), preset)
            .set(&section("dataset_id"), dataset_id.as_str())
            .set(&section("schema_id"), schema_id.as_str());
        let link = |from: &Path, to: String| {
            std::os::unix::fs::symlink(from, world.path(&format!("cases/{to}"))).expect("linked");
        };
        for name in names {
            link(
                &folder.join(format!("{name}.zendesk.json")),
                format!("{name}.input.json"),
            );
            link(
                &folder.join(format!("{name}.xdm.json")),
                format!("{name}.expected.json"),
            );
        }
        let run = world.run(&["test-mapping", "cases"]).await;
        run.assert_code(0);
        let passed = format!("{} passed, 0 failed\n", names.len());
        assert!(run.stdout.ends_with(&passed), "{kind}: {}", run.stdout);
        tested += names.len();
    }
    assert_eq!(tested, 9);
}
