//! History that takes long: live changes overtake it, whatever ends the process, and nothing is
//! lost, altered or out of order.

use std::time::Duration;

use serde_json::Value;
use zendesk_aep::sandbox::Dice;

use crate::support::{PATIENCE, World, assert_settled, eventually};

/// An account whose history takes several ticks.
async fn slow_world(users: usize) -> World {
    let mut world = World::with(|plan| plan.zendesk.users = users).await;
    world
        .settings
        .set("zendesk.page_size", 10)
        .set("schedule.every", "1s")
        .set("streams.users.back_fill", "export")
        .set("platform.max_messages_per_second", 100);
    world
}

fn stretches(world: &World) -> usize {
    world.users_state()["back_fill"]
        .as_array()
        .map_or(0, Vec::len)
}

async fn history_is_loading(world: &World) {
    eventually("the walk is split", || stretches(world) > 0).await;
}

async fn history_is_loaded(world: &World) {
    eventually("history is loaded and the last changes are settled", || {
        stretches(world) == 0
            && world.users_state()["position"]["cursor"]
                == world.cursor_after(world.zendesk.users().len())
    })
    .await;
}

#[tokio::test]
async fn a_change_reaches_the_inlet_long_before_history_is_loaded() {
    let world = slow_world(1_000).await;
    let daemon = world.daemon();
    history_is_loading(&world).await;
    // The last user in the order of the export: history would come to it last.
    let last = world.zendesk.users().last().expect("a user").id;
    assert!(world.zendesk.change_user(last));
    let changed = world.zendesk.users().last().expect("a user").json.clone();
    let arrives = world.platform.wait_until(
        |sink| sink.accepted.iter().any(|sent| sent.json == changed),
        PATIENCE,
    );
    assert!(arrives.await, "the change arrives");
    let arrived = world.platform.accepted_count();
    assert!(arrived < 700, "{arrived} of 1,000 had arrived by then");
    assert!(stretches(&world) > 0, "history is still loading");

    history_is_loaded(&world).await;
    daemon.stop().await;
    world.sync().await.assert_code(0);
    assert_settled(&world);
    let again = world.platform.accepted_count();
    assert!(again < 1_100, "{again} messages for 1,000 users");
}

#[tokio::test]
async fn a_change_goes_before_history_where_the_quota_is_short() {
    let mut world = World::with(|plan| {
        plan.zendesk.users = 600;
        plan.zendesk.minute = Duration::from_secs(2);
        plan.zendesk.quotas.incremental_exports_cursor = 12;
    })
    .await;
    world
        .settings
        .set("zendesk.page_size", 10)
        .set("schedule.every", "3s");
    let daemon = world.daemon();
    history_is_loading(&world).await;
    let last = world.zendesk.users().last().expect("a user").id;
    assert!(world.zendesk.change_user(last));
    let changed = world.zendesk.users().last().expect("a user").json.clone();
    let arrives = world.platform.wait_until(
        |sink| sink.accepted.iter().any(|sent| sent.json == changed),
        PATIENCE,
    );
    assert!(arrives.await, "the change arrives");
    assert!(stretches(&world) > 0, "history is still loading");
    daemon.stop().await;
    let refused = world.page_requests();
    let refused = refused.iter().filter(|page| page.status == Some(429));
    assert_eq!(refused.count(), 0, "within the quota");
}

#[tokio::test]
async fn killed_again_and_again_history_goes_on_where_it_was() {
    let mut world = slow_world(1_500).await;
    let mut dice = Dice::new(7);
    let mut killed_in_history = 0;
    let daemon = world.daemon();
    history_is_loading(&world).await;
    daemon.kill().await;
    for _ in 0..8 {
        let daemon = world.daemon();
        let pause = 300 + dice.below(1_500);
        for _ in 0..4 {
            tokio::time::sleep(Duration::from_millis(pause / 4)).await;
            world.zendesk.change(2);
        }
        daemon.kill().await;
        killed_in_history += usize::from(stretches(&world) > 0);
    }
    assert!(killed_in_history >= 3, "{killed_in_history} of 8");
    world.settings.remove("platform.max_messages_per_second");
    let daemon = world.daemon();
    world.changes_show().await;
    history_is_loaded(&world).await;
    daemon.stop().await;
    world.sync().await.assert_code(0);
    assert_settled(&world);
}

#[tokio::test]
async fn a_back_log_after_days_of_downtime_is_history_too() {
    let mut world = slow_world(100).await;
    world.settings.set("streams.users.overlap", "0s");
    world.sync().await.assert_code(0);
    // As if all that is read now had come to be while we were down.
    let text = std::fs::read_to_string(world.state_file()).expect("a state file");
    let mut state: Value = serde_json::from_str(&text).expect("JSON");
    state["streams"]["users"]["position"] = serde_json::json!({
        "export": "incremental",
        "recovery_time": "2021-01-01T00:00:00Z",
    });
    state["streams"]["users"]["recent"] = serde_json::json!([]);
    world.write("state/state.json", state.to_string());
    world.settings.set("platform.max_messages_per_second", 20);
    let daemon = world.daemon();
    history_is_loading(&world).await;
    world.zendesk.change(1);
    world.changes_show().await;
    history_is_loaded(&world).await;
    let finished = daemon.stop().await;
    let outcomes: Vec<_> = finished
        .logs()
        .into_iter()
        .filter(|line| line["lag_seconds"].is_u64())
        .collect();
    assert!(
        outcomes[0]["lag_seconds"].as_u64() > outcomes[1]["lag_seconds"].as_u64(),
        "the split itself makes nothing look fresh: {outcomes:?}"
    );
    world.sync().await.assert_code(0);
    assert_settled(&world);
}

#[tokio::test]
async fn one_pass_loads_what_a_daemon_has_left() {
    let mut world = slow_world(600).await;
    let daemon = world.daemon();
    history_is_loading(&world).await;
    daemon.stop().await;
    assert!(stretches(&world) > 0, "a stop keeps it");
    world.zendesk.change(5);
    world.changes_show().await;
    world.settings.remove("platform.max_messages_per_second");
    let sync = world.sync().await;
    sync.assert_code(0);
    assert_eq!(stretches(&world), 0);
    assert_settled(&world);
}

#[tokio::test]
async fn state_commands_know_history() {
    let world = slow_world(600).await;
    let daemon = world.daemon();
    history_is_loading(&world).await;
    daemon.stop().await;
    let until = world.users_state()["back_fill"][0]["until"].clone();
    let until = until.as_str().expect("a time");

    let show = world.run(&["state", "show"]).await;
    let line = show.stdout.lines().find(|line| line.contains("back-fill"));
    let line = line.expect("a line");
    assert!(line.contains(&format!("to {until}, for users")), "{line}");
    let listed = world.run(&["state", "history"]).await;
    assert!(
        listed.stdout.contains("(stretches of back-fill left: 1)"),
        "{}",
        listed.stdout
    );

    let set = ["state", "set", "users", "--start", "2026-01-01T00:00:00Z"];
    let dry = world.run(&set).await;
    dry.assert_code(0);
    assert!(
        dry.stdout
            .contains("the history that was still to be loaded")
            && dry.stdout.contains("is dropped: it is NOT read"),
        "{}",
        dry.stdout
    );
    assert_eq!(stretches(&world), 1, "it was a dry run");
    let before = world.state()["generation"].as_u64().expect("a number");
    world
        .run(&[&set[..], &["--yes"]].concat())
        .await
        .assert_code(0);
    assert_eq!(stretches(&world), 0);

    let back = ["state", "rollback", &before.to_string(), "--yes"];
    world.run(&back).await.assert_code(0);
    assert_eq!(stretches(&world), 1, "a rollback brings it back");
    world.zendesk.change(1);
    world.changes_show().await;
    world.sync().await.assert_code(0);
    assert_settled(&world);
}

#[tokio::test]
async fn a_stream_with_an_end_is_complete_when_it_has_reached_it() {
    let mut world = World::new().await;
    let users = world.zendesk.users();
    let end = users[120].updated_at;
    let before = users.iter().filter(|user| user.updated_at < end).count();
    world
        .settings
        .set("streams.users.end", end.to_string())
        .set("schedule.every", "1s");
    let daemon = world.daemon();
    daemon
        .wait_for_log("the end is reached", |line| {
            let text = line["message"].as_str().unwrap_or_default();
            text.contains("the stream is not read any more")
        })
        .await;
    assert_eq!(world.platform.accepted_count(), before);
    let requests = world.page_requests().len();
    tokio::time::sleep(Duration::from_millis(2_500)).await;
    assert_eq!(world.page_requests().len(), requests, "no further polls");
    daemon.stop().await;
    let sync = world.sync().await;
    sync.assert_code(0);
    assert_eq!(sync.report()["received"], 0);
    assert_eq!(world.page_requests().len(), requests);
    let show = world.run(&["state", "show"]).await;
    assert!(
        show.stdout.contains("it is not read any more"),
        "{}",
        show.stdout
    );

    world.settings.remove("streams.users.end");
    world.sync().await.assert_code(0);
    assert_settled(&world);
}
