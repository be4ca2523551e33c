//! Stopping: what is in hand is finished, waits end, and nobody waits for ever.

use std::time::{Duration, Instant};

use serde_json::Value;
use zendesk_aep::sandbox::{Answer, Fault, Simulator as _};

use crate::support::{FOR_EVER, INCREMENTAL, INLET, PATIENCE, Process, World, assert_settled, nth};

/// Far below every wait that a stop has to end, far above what a stop takes.
const PROMPTLY: Duration = Duration::from_secs(10);

#[tokio::test]
async fn sigterm_in_a_page_finishes_what_is_in_hand() {
    let world = World::with(|plan| plan.zendesk.users = 1_000).await;
    let held = Duration::from_millis(500);
    world
        .platform
        .fault_when(nth(2, INLET), Fault::Stall(held), 1);
    let daemon = world.daemon();
    assert!(world.platform.wait_for_requests(INLET, 3, PATIENCE).await);
    daemon.terminate();
    let stopped = daemon.wait().await;
    stopped.assert_code(0);

    // In hand are the page being delivered and the two read ahead at most.
    let settled = world.platform.accepted_count();
    assert!(
        [50, 100, 150].contains(&settled),
        "{settled} in whole pages"
    );
    let users = world.users_state();
    assert_eq!(users["position"]["cursor"], world.cursor_after(settled));
    assert_eq!(users["last_sync"]["outcome"], "stopped");
    assert_eq!(users["last_sync"]["ingested"], settled);
    let last = stopped.logs().pop().expect("a line");
    assert_eq!(last["message"], "stopped; everything in hand was finished");

    world.sync().await.assert_code(0);
    assert_settled(&world);
    assert_eq!(world.platform.accepted_count(), 1_000, "nothing came twice");
}

#[tokio::test]
async fn a_sync_that_is_interrupted_says_so() {
    let world = World::with(|plan| plan.zendesk.users = 1_000).await;
    let held = Duration::from_millis(500);
    world
        .platform
        .fault_when(nth(2, INLET), Fault::Stall(held), 1);
    let sync = world.start(&["sync", "--output", "json"]);
    assert!(world.platform.wait_for_requests(INLET, 3, PATIENCE).await);
    sync.interrupt();
    let stopped = sync.wait().await;
    stopped.assert_code(130);
    assert_eq!(stopped.report()["outcome"], "stopped");
    assert_eq!(
        stopped.report()["ingested"],
        world.platform.accepted_count()
    );
}

#[tokio::test]
async fn a_second_signal_leaves_at_once() {
    let world = World::new().await;
    world
        .platform
        .fault_when(nth(2, INLET), Fault::Stall(FOR_EVER), 1);
    let daemon = world.daemon();
    assert!(world.platform.wait_for_requests(INLET, 3, PATIENCE).await);
    daemon.terminate();
    wait_for_stopping(&daemon).await;
    let begin = Instant::now();
    daemon.terminate();
    let left = daemon.wait().await;
    left.assert_code(130);
    assert!(begin.elapsed() < PROMPTLY);
    assert!(world.state().is_null(), "nothing was settled");

    world.sync().await.assert_code(0);
    assert_settled(&world);
}

#[tokio::test]
async fn a_drain_beyond_the_grace_is_given_up_and_told() {
    let mut world = World::new().await;
    world.settings.set("shutdown_grace", "300ms");
    world
        .platform
        .fault_when(nth(2, INLET), Fault::Stall(FOR_EVER), 1);
    let daemon = world.daemon();
    assert!(world.platform.wait_for_requests(INLET, 3, PATIENCE).await);
    daemon.terminate();
    let given_up = daemon.wait().await;
    given_up.assert_code(130);
    let errors = given_up.logs_of("ERROR");
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0]["code"], "INTERRUPTED");
    assert!(
        errors[0]["hint"]
            .as_str()
            .is_some_and(|hint| hint.contains("shutdown_grace"))
    );

    world.sync().await.assert_code(0);
    assert_settled(&world);
}

#[tokio::test]
async fn a_reload_does_not_begin_the_grace_anew() {
    let mut world = World::new().await;
    world.settings.set("shutdown_grace", "2s");
    world
        .platform
        .fault_when(nth(2, INLET), Fault::Stall(FOR_EVER), 1);
    let daemon = world.daemon();
    assert!(world.platform.wait_for_requests(INLET, 3, PATIENCE).await);
    daemon.terminate();
    wait_for_stopping(&daemon).await;
    world.settings.set("schedule.every", "1s");
    world.write_settings();
    daemon.hang_up();
    let given_up = daemon.wait().await;
    given_up.assert_code(130);
    let of_reload = |line: &Value| line["message"] == "configuration reloaded";
    assert!(!given_up.logs().iter().any(of_reload));
}

#[tokio::test]
async fn sigterm_ends_a_long_retry_after_of_zendesks() {
    let world = World::new().await;
    let limited = Answer::text(429, "slow down").header("Retry-After", "600");
    world
        .zendesk
        .fault_when(nth(1, INCREMENTAL), Fault::Answer(limited), 1);
    stops_while_waiting(&world, 50).await;
}

#[tokio::test]
async fn sigterm_ends_a_long_retry_after_of_the_inlets() {
    let mut world = World::new().await;
    world.settings.set("platform.in_flight", 1);
    let limited = Answer::empty(429).header("Retry-After", "600");
    world.platform.fault(INLET, Fault::Answer(limited), 1);
    stops_while_waiting(&world, 0).await;
}

#[tokio::test]
async fn sigterm_ends_a_long_retry_after_of_the_sign_in() {
    let world = World::new().await;
    let limited = Answer::empty(429).header("Retry-After", "600");
    world
        .zendesk
        .fault("/oauth/tokens", Fault::Answer(limited), 1);
    stops_while_waiting(&world, 0).await;
}

/// Starts the daemon, waits for it to wait 600 seconds and stops it with the first `settled` users
/// delivered; then everything else arrives.
async fn stops_while_waiting(world: &World, settled: usize) {
    let daemon = world.daemon();
    daemon
        .wait_for_log("a wait of 600 s", |line| line["wait_ms"] == 600_000)
        .await;
    let begin = Instant::now();
    daemon.terminate();
    daemon.wait().await.assert_code(0);
    assert!(begin.elapsed() < PROMPTLY);
    // What waits may be the first sign-in, and the stop come before the first sync.
    let began = !world.page_requests().is_empty();
    let outcome = world.users_state()["last_sync"]["outcome"].take();
    assert!(outcome == "stopped" || outcome.is_null() && !began);
    assert_eq!(world.platform.accepted_count(), settled);

    world.sync().await.assert_code(0);
    assert_settled(world);
    assert_eq!(world.platform.accepted_count(), 200, "nothing came twice");
}

#[tokio::test]
async fn sigterm_ends_an_idle_daemon() {
    let world = World::new().await;
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(1).await;
    let begin = Instant::now();
    daemon.stop().await;
    assert!(begin.elapsed() < PROMPTLY);
    assert_settled(&world);
}

#[tokio::test]
async fn sigterm_ends_a_sync_that_zendesk_does_not_answer() {
    let world = World::new().await;
    world.zendesk.fault(INCREMENTAL, Fault::Stall(FOR_EVER), 1);
    let daemon = world.daemon();
    assert!(
        world
            .zendesk
            .wait_for_requests(INCREMENTAL, 1, PATIENCE)
            .await
    );
    let begin = Instant::now();
    daemon.terminate();
    daemon.wait().await.assert_code(0);
    assert!(
        begin.elapsed() < PROMPTLY,
        "a page that is not there yet is not waited for"
    );
}

async fn wait_for_stopping(daemon: &Process) {
    daemon
        .wait_for_log("stopping", |line| {
            line["message"] == "stopping: finishing what is in hand"
        })
        .await;
}
