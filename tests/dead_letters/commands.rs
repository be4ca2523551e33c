//! Each command does what it says, and no more.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use zendesk_aep::sandbox::{Fault, Simulator as _, Sink};

use super::world::{Daemon, World, mode};

#[tokio::test]
async fn before_there_is_a_store_there_is_nothing_to_do() {
    let world = World::new(0).await;
    let run = world.expect(0, &["dead-letters", "list"]).await;
    assert_eq!(run.stdout, "no dead letters\n");
    world.expect(0, &["dead-letters", "retry", "--all"]).await;
    world.expect(0, &["dead-letters", "export"]).await;
    let unknown = ["dead-letters", "show", "0123456789abcdef"];
    world.expect(1, &unknown).await;
    assert!(!world.path("state").exists(), "looking creates nothing");
}

#[tokio::test]
async fn letters_are_counted_listed_and_shown_without_personal_data() {
    let world = World::new(2).await;
    world.expect(4, &["sync"]).await;

    let run = world.expect(0, &["dead-letters", "list"]).await;
    let mut lines = run.stdout.lines();
    assert_eq!(lines.next(), Some("users, rejected: 2"));
    assert_eq!(run.stdout.lines().count(), 5, "{}", run.stdout);
    assert!(!run.stdout.contains("someone"), "{}", run.stdout);

    let letters = world.letters().await;
    let id = letters[0]["id"].as_str().expect("an id");
    assert!(run.stdout.contains(id));
    let shown = world.expect(0, &["dead-letters", "show", id]).await;
    let record = &shown.json()["record"];
    assert_eq!(record["locale"], "«5 characters»");
    assert_eq!(record["id"].to_string(), letters[0]["record_id"]);
    assert!(
        record["updated_at"]
            .as_str()
            .expect("a time")
            .ends_with('Z')
    );
    for personal in ["someone", "sandbox-account"] {
        assert!(!shown.stdout.contains(personal), "{}", shown.stdout);
    }
    let revealed = world
        .expect(0, &["dead-letters", "show", id, "--reveal"])
        .await;
    assert!(revealed.stdout.contains("someone@example.com"));
    assert!(
        revealed.json()["record"]["url"]
            .as_str()
            .expect("text")
            .starts_with("https://")
    );

    let none = ["dead-letters", "list", "--reason", "too_large"];
    assert_eq!(world.expect(0, &none).await.stdout, "no dead letters\n");
    let other = ["dead-letters", "list", "--stream", "tickets"];
    assert_eq!(world.expect(0, &other).await.stdout, "no dead letters\n");
    world
        .expect(2, &["dead-letters", "list", "--reason", "odd"])
        .await;
}

#[tokio::test]
async fn a_retry_removes_what_is_accepted_and_keeps_the_rest_with_its_new_reason() {
    let world = World::new(6).await;
    world.expect(4, &["sync"]).await;
    let before = world.letters().await;
    assert_eq!(before.len(), 6);

    world.refuse(&world.ids()[..2]);
    let run = world
        .expect(
            4,
            &[
                "dead-letters",
                "retry",
                "--stream",
                "users",
                "--output",
                "json",
            ],
        )
        .await;
    assert_eq!(run.json()["accepted"], 4);
    assert_eq!(run.json()["refused"], 2);
    assert_eq!(world.letters().await.len(), 2);

    world.platform.reject_nothing();
    let id = before[0]["id"].as_str().expect("an id");
    world.expect(0, &["dead-letters", "retry", id]).await;
    world.expect(1, &["dead-letters", "retry", id]).await;
    let run = world.expect(0, &["dead-letters", "retry", "--all"]).await;
    assert_eq!(run.stdout, "1 accepted and removed\n");
    assert!(!world.segment().exists());
    assert_eq!(world.platform.latest_by_id().len(), 20);
    for user in world.zendesk.users() {
        assert_eq!(
            world.platform.latest_by_id()[&user.id.to_string()],
            user.json
        );
    }
    world.expect(2, &["dead-letters", "retry"]).await;
}

#[tokio::test]
async fn an_inlet_that_does_not_answer_removes_nothing() {
    let world = World::new(6).await;
    world.expect(4, &["sync"]).await;
    world.platform.reject_nothing();
    world.platform.fault("/collection", Fault::Truncate, 1_000);
    let run = world.expect(1, &["dead-letters", "retry", "--all"]).await;
    assert!(
        run.stderr.contains("error[PLATFORM-UNAVAILABLE]"),
        "{}",
        run.stderr
    );
    assert_eq!(world.letters().await.len(), 6);
}

#[tokio::test]
async fn an_old_version_never_overtakes_a_new_one() {
    let world = World::new(2).await;
    world.expect(4, &["sync"]).await;
    world.platform.reject_nothing();
    let refused = world.ids()[0];
    assert!(world.zendesk.change_user(refused));
    // A second shows in the export when it is over.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    world.expect(0, &["sync"]).await;

    let run = world.expect(0, &["dead-letters", "list"]).await;
    assert!(
        run.stdout
            .starts_with("users, rejected: 2, 1 of them superseded\n"),
        "{}",
        run.stdout
    );
    let run = world.expect(0, &["dead-letters", "retry", "--all"]).await;
    assert!(
        run.stdout
            .starts_with("1 accepted and removed\n1 skipped, superseded"),
        "{}",
        run.stdout
    );
    assert_eq!(
        world.versions_of(refused).len(),
        1,
        "the old version stays at home"
    );

    let superseded = ["dead-letters", "discard", "--superseded"];
    world.expect(0, &superseded).await;
    assert_eq!(world.letters().await.len(), 1);
    world
        .expect(0, &[&superseded[..], &["--yes"]].concat())
        .await;
    assert_eq!(world.letters().await, Vec::<Value>::new());
}

#[tokio::test]
async fn everything_works_beside_a_running_daemon() {
    let world = World::new(2).await;
    let mut daemon = world.command(env!("CARGO_BIN_EXE_zendesk-aep"), &["run"]);
    let daemon = daemon.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let _daemon = Daemon(daemon.expect("starts"));
    let delivered = |sink: &Sink| sink.accepted.len() == 18;
    assert!(
        world
            .platform
            .wait_until(delivered, Duration::from_secs(20))
            .await
    );
    while world.letters().await.len() < 2 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    world.platform.reject_nothing();
    world.expect(0, &["dead-letters", "retry", "--all"]).await;
    // The daemon goes on appending to what the command has emptied.
    let changed = world.ids()[4];
    world.refuse(&[changed]);
    assert!(world.zendesk.change_user(changed));
    let mut letters = Vec::new();
    for _ in 0..400 {
        letters = world.letters().await;
        if !letters.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["record_id"], changed.to_string());
}

#[tokio::test]
async fn an_export_holds_whole_letters_and_overwrites_nothing() {
    let world = World::new(6).await;
    world.expect(4, &["sync"]).await;
    let stored = fs::read_to_string(world.segment()).expect("reads");
    let run = world.expect(0, &["dead-letters", "export"]).await;
    assert_eq!(run.stdout, stored);

    let file = world.path("letters.ndjson");
    let arguments = [
        "dead-letters",
        "export",
        "--output-file",
        file.to_str().expect("text"),
    ];
    world.expect(0, &arguments).await;
    assert_eq!(fs::read_to_string(&file).expect("reads"), stored);
    assert_eq!(mode(&file), 0o600);
    fs::write(&file, "mine").expect("writes");
    world.expect(1, &arguments).await;
    assert_eq!(fs::read_to_string(&file).expect("reads"), "mine");
}

#[tokio::test]
async fn a_discard_needs_a_clear_word() {
    let world = World::new(6).await;
    world.expect(4, &["sync"]).await;
    world.expect(2, &["dead-letters", "discard", "--yes"]).await;
    let run = world.expect(0, &["dead-letters", "discard", "--all"]).await;
    assert!(
        run.stdout
            .contains("6 would be removed for good; this was a dry run"),
        "{}",
        run.stdout
    );
    let rehearsal = ["dead-letters", "discard", "--all", "--output", "json"];
    let told: Value =
        serde_json::from_str(&world.expect(0, &rehearsal).await.stdout).expect("JSON");
    assert_eq!(told["dry_run"], true);
    let letters = world.letters().await;
    assert_eq!(letters.len(), 6);

    let id = letters[2]["id"].as_str().expect("an id");
    world
        .expect(0, &["dead-letters", "discard", id, "--yes"])
        .await;
    assert_eq!(world.letters().await.len(), 5);
    world
        .expect(2, &["dead-letters", "discard", id, "--all", "--yes"])
        .await;
    let run = world
        .expect(
            0,
            &["dead-letters", "discard", "--reason", "rejected", "--yes"],
        )
        .await;
    assert_eq!(run.stdout, "users, rejected: 5\nremoved 5\n");
    assert_eq!(world.letters().await.len(), 0);
}
