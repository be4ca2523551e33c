//! `check` on what is on this machine: the state directory, the disk, the dead letters.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;
use zendesk_aep::sandbox::Role;

use crate::support::{Finished, World};

async fn check(world: &World) -> Finished {
    world.run(&["check", "--output", "json"]).await
}

/// What is said of `subject`; null if nothing is.
fn finding(check: &Finished, subject: &str) -> Value {
    let findings = check.json();
    let mut findings = findings.as_array().expect("a list").iter();
    let found = findings.find(|finding| finding["subject"] == subject);
    found.cloned().unwrap_or_default()
}

#[track_caller]
fn assert_finding(check: &Finished, subject: &str, verdict: &str, what: &str, remedy: &str) {
    let finding = finding(check, subject);
    assert_eq!(finding["verdict"], verdict, "{finding}");
    for (key, expected) in [("what", what), ("remedy", remedy)] {
        let text = finding[key].as_str().unwrap_or_default();
        assert!(text.contains(expected), "`{expected}` in `{text}`");
    }
}

#[tokio::test]
async fn a_file_in_the_place_of_the_directory() {
    let world = World::new().await;
    world.write("state", "");
    let check = check(&world).await;
    check.assert_code(5);
    assert_finding(
        &check,
        "state directory",
        "failed",
        "is no directory",
        "install -d -m 0700",
    );
}

#[tokio::test]
async fn a_directory_that_cannot_be_written_to() {
    let mut world = World::new().await;
    // Nobody can create files there, not even root.
    world.settings.set("state.directory", "/proc/self");
    let check = check(&world).await;
    check.assert_code(5);
    assert_finding(
        &check,
        "state directory",
        "failed",
        "cannot write to `/proc/self`",
        "",
    );
}

#[tokio::test]
async fn a_directory_that_others_may_look_into() {
    let world = World::new().await;
    world.sync().await.assert_code(0);
    check(&world).await.assert_code(0);
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(world.path("state"), open).expect("it is ours");
    let check = check(&world).await;
    check.assert_code(0);
    assert_finding(&check, "state directory", "ok", "can write to", "");
    let findings = check.json();
    let warned = findings.as_array().expect("a list").iter();
    let warned: Vec<&Value> = warned.filter(|one| one["verdict"] == "warning").collect();
    assert_eq!(warned.len(), 1, "{warned:#?}");
    let remedy = warned[0]["remedy"].as_str().expect("text");
    assert!(remedy.starts_with("`chmod 700"), "{remedy}");
}

#[tokio::test]
async fn more_dead_letters_than_the_disk_has_room_for() {
    let mut world = World::new().await;
    world.settings.set("dead_letters.max_size", "1000000GB");
    let check = check(&world).await;
    check.assert_code(0);
    assert_finding(
        &check,
        "disk",
        "warning",
        "dead letters alone may take 1,000,000,000 MB",
        "lower `dead_letters.max_size`",
    );
}

#[tokio::test]
async fn a_running_daemon_is_named_and_not_disturbed() {
    let world = World::new().await;
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(1).await;
    let check = check(&world).await;
    check.assert_code(0);
    let what = format!("in use by process {}", daemon.pid);
    assert_finding(&check, "state", "ok", &what, "");
    daemon.stop().await;
    let check = self::check(&world).await;
    let state = finding(&check, "state");
    assert!(!state.to_string().contains("in use"), "{state}");
}

#[tokio::test]
async fn dead_letters_are_counted_by_reason() {
    let mut world = World::new().await;
    // Too large for a batch of one: the longest of them.
    world.settings.set("platform.batch_bytes", "1kB");
    world.sync().await;
    let letters = world.dead_letters().len();
    assert!(letters > 0, "there are some");
    let check = check(&world).await;
    let what = format!("{letters} wait for a decision (users, too_large: {letters})");
    assert_finding(
        &check,
        "dead letters",
        "warning",
        &what,
        "dead-letters list",
    );
}

#[tokio::test]
async fn a_stream_that_waits_for_a_person_is_told_with_its_remedy() {
    let world = World::with(|plan| plan.zendesk.role = Role::Agent).await;
    world.sync().await.assert_code(3);
    let check = check(&world).await;
    assert_finding(
        &check,
        "attention users",
        "warning",
        "[ZENDESK-FORBIDDEN]",
        "incremental exports need an admin",
    );
}
