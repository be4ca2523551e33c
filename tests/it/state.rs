//! The state directory: what is in it, and when the program refuses to touch it.

use serde_json::json;
use zendesk_aep::sandbox::{Fault, Simulator as _};

use crate::support::{FOR_EVER, INLET, World, assert_settled};

#[tokio::test]
async fn the_state_file_says_how_far_each_stream_is() {
    let world = World::new().await;
    world.sync().await.assert_code(0);
    let state = world.state();
    let host = world.zendesk.base_url().replace("http://", "");
    assert_eq!(state["version"], 1);
    assert_eq!(state["account"], host);
    assert_eq!(state["generation"], 4, "one for each page");
    let users = &state["streams"]["users"];
    assert_eq!(users["position"]["cursor"], world.cursor_after(200));
    assert_eq!(users["last_sync"]["outcome"], "complete");
    assert_eq!(users["last_sync"]["ingested"], 200);
    assert_eq!(users["last_sync"]["pages"], 4);
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_may_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new().await;
    let refused = world.zendesk.users()[1].id;
    world
        .platform
        .reject_when(crate::inlet_rejections::user(refused));
    world.sync().await.assert_code(4);
    let mode = |name: &str| {
        let metadata = std::fs::metadata(world.path(name)).expect("it is there");
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(mode("state"), 0o700);
    assert_eq!(mode("state/state.json"), 0o600);
    assert_eq!(mode("state/dead-letters/0000000001.ndjson"), 0o600);
    assert_eq!(mode("state/dead-letters"), 0o700);
}

#[tokio::test]
async fn earlier_generations_are_kept_and_can_be_put_back() {
    let mut world = World::new().await;
    world.settings.set("zendesk.page_size", 10);
    world.sync().await.assert_code(0);
    let mut generations: Vec<_> = std::fs::read_dir(world.path("state/history"))
        .expect("a directory")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    generations.sort();
    assert_eq!(generations.len(), 10, "of twenty, the last ten");

    let newest = generations.last().expect("one");
    std::fs::copy(newest, world.state_file()).expect("a copy");
    let again = world.sync().await;
    again.assert_code(0);
    // Positions, not everything: what the older state remembers is not sent again.
    let report = again.report();
    assert!(report["received"].as_u64() <= Some(20), "{report}");
    assert_settled(&world);
}

#[tokio::test]
async fn state_show_tells_people_and_programs() {
    let world = World::new().await;
    let none = world.run(&["state", "show"]).await;
    none.assert_code(0);
    assert!(
        none.stdout.starts_with("no state yet in "),
        "{}",
        none.stdout
    );
    let none = world.run(&["state", "show", "--output", "json"]).await;
    assert!(none.json().is_null());

    world.sync().await.assert_code(0);
    let json = world.run(&["state", "show", "--output", "json"]).await;
    json.assert_code(0);
    assert_eq!(json.json(), world.state());

    let human = world.run(&["state", "show"]).await;
    human.assert_code(0);
    let users = world.users_state();
    for line in [
        format!(
            "checkpoint    incremental, cursor {}",
            text(&users["position"]["cursor"])
        ),
        format!(
            "recovery time {}",
            text(&users["position"]["recovery_time"])
        ),
        "200 received = 200 ingested + 0 skipped + 0 failed".to_owned(),
    ] {
        assert!(human.stdout.contains(&line), "`{line}` in {}", human.stdout);
    }
}

#[tokio::test]
async fn state_show_and_check_work_beside_a_daemon() {
    let world = World::new().await;
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(1).await;
    world.run(&["state", "show"]).await.assert_code(0);
    world.run(&["check"]).await.assert_code(0);
    daemon.stop().await;
}

#[tokio::test]
async fn a_second_instance_is_refused_and_told_by_whom() {
    let world = World::new().await;
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(1).await;
    for arguments in [&["sync"], &["run"]] {
        let second = world.run(arguments).await;
        second.assert_code(5);
        let holder = format!("is in use by process {}", daemon.pid);
        assert!(second.stderr.contains(&holder), "{}", second.stderr);
        assert!(
            second
                .stderr
                .contains("one daemon owns one state directory")
        );
    }
    daemon.stop().await;
    world.sync().await.assert_code(0);
}

#[tokio::test]
async fn the_lock_of_a_killed_process_does_not_outlive_it() {
    let world = World::new().await;
    world.platform.fault(INLET, Fault::Stall(FOR_EVER), 1);
    let daemon = world.daemon();
    assert!(
        world
            .platform
            .wait_for_requests(INLET, 1, crate::support::PATIENCE)
            .await
    );
    daemon.kill().await;
    world.sync().await.assert_code(0);
    assert_settled(&world);
}

/// Spoils a good state file, and asserts that every command that would need it refuses it,
/// saying so, and leaves it exactly as it is.
async fn assert_refused(spoil: impl Fn(&mut Vec<u8>), says: &str, remedy: &str) {
    let world = World::new().await;
    world.sync().await.assert_code(0);
    let mut content = std::fs::read(world.state_file()).expect("a state file");
    spoil(&mut content);
    std::fs::write(world.state_file(), &content).expect("written");
    let (pages, sent) = (world.page_requests().len(), world.inlet_requests());

    for arguments in [&["sync"][..], &["run"], &["check"]] {
        let refused = world.run(arguments).await;
        refused.assert_code(5);
        let said = format!("{}{}", refused.stdout, refused.stderr);
        assert!(said.contains(says), "`{says}` in {said}");
        assert!(said.contains(remedy), "`{remedy}` in {said}");
    }
    let after = std::fs::read(world.state_file()).expect("a state file");
    assert_eq!(after, content, "the file is untouched");
    // `check` asks for one record of its own.
    assert!(world.page_requests().len() <= pages + 1);
    assert_eq!(
        world.inlet_requests(),
        sent + 1,
        "`check` alone knocks at the inlet"
    );
}

#[tokio::test]
async fn a_damaged_state_file_stops_the_start() {
    let half = |content: &mut Vec<u8>| content.truncate(content.len() / 2);
    assert_refused(
        half,
        "is damaged",
        "put back an earlier generation: `state history` lists them",
    )
    .await;
}

#[tokio::test]
async fn the_remedy_for_a_damaged_state_file_repairs_it() {
    let world = World::new().await;
    world.sync().await.assert_code(0);
    std::fs::write(world.state_file(), "{").expect("written");
    let history = world.run(&["state", "history"]).await;
    history.assert_code(0);
    assert!(history.stdout.contains('3'), "{}", history.stdout);

    let tried = world.run(&["state", "rollback", "3"]).await;
    tried.assert_code(0);
    let content = std::fs::read_to_string(world.state_file()).expect("a file");
    assert_eq!(
        content, "{",
        "without `--yes` it only says what it would do"
    );
    world
        .run(&["state", "rollback", "3", "--yes"])
        .await
        .assert_code(0);
    assert_eq!(
        world.users_state()["position"]["cursor"],
        world.cursor_after(150)
    );
    let again = world.sync().await;
    again.assert_code(0);
    assert_eq!(again.report()["received"], 50, "the last page");
    assert_settled(&world);
}

#[tokio::test]
async fn an_empty_state_file_stops_the_start() {
    let nothing = |content: &mut Vec<u8>| content.clear();
    assert_refused(
        nothing,
        "is damaged",
        "put back an earlier generation: `state history` lists them",
    )
    .await;
}

/// Changes a key of the state file.
fn with(key: &'static str, value: serde_json::Value) -> impl Fn(&mut Vec<u8>) {
    move |content| {
        let mut state: serde_json::Value = serde_json::from_slice(content).expect("JSON");
        state[key] = value.clone();
        *content = state.to_string().into_bytes();
    }
}

#[tokio::test]
async fn another_accounts_state_stops_the_start() {
    let spoil = with("account", json!("other.zendesk.com"));
    let says = "belongs to the zendesk account `other.zendesk.com`";
    assert_refused(spoil, says, "give each account its own `state.directory`").await;
}

#[tokio::test]
async fn a_later_releases_state_stops_the_start() {
    let spoil = with("version", json!(2));
    let says = "has format version 2; this release knows up to 1";
    assert_refused(spoil, says, "run the release that wrote it or a later one").await;
}

#[tokio::test]
async fn a_state_directory_that_cannot_be_made_stops_the_start() {
    let mut world = World::new().await;
    world.write("a-file", "");
    world.settings.set("state.directory", "a-file/state");
    let refused = world.sync().await;
    refused.assert_code(5);
    assert!(
        refused
            .stderr
            .contains("error[STATE]: cannot create the directory")
    );
    assert!(
        refused
            .stderr
            .contains("hint: the state directory must exist or be creatable")
    );
    assert!(world.page_requests().is_empty());
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().expect("text")
}
