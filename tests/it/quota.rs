//! The share of Zendesk's limits: kept to in every window, as the simulator counts them.

use std::time::Duration;

use zendesk_aep::sandbox::{Answer, Fault, OtherUser, PlatformOptions, Simulator as _};

use crate::support::{INCREMENTAL, World, assert_settled};

const CURSOR: &str = "incremental-exports-cursor";

/// Windows of six seconds: `resets` tells whole ones, and a boundary is known to a second and a
/// half, so that shorter ones would be all boundary.
const MINUTE: Duration = Duration::from_secs(6);

async fn world(cursor: u32, others: Vec<OtherUser>) -> World {
    World::with(|plan| {
        plan.zendesk.minute = MINUTE;
        plan.zendesk.quotas.incremental_exports_cursor = cursor;
        plan.zendesk.others = others;
    })
    .await
}

fn steady(bucket: &str, per_minute: u32) -> OtherUser {
    OtherUser {
        bucket: bucket.to_owned(),
        per_minute,
        burst: 1,
    }
}

#[tokio::test]
async fn a_back_fill_keeps_to_its_share_of_every_window_and_is_never_refused() {
    let mut world = world(10, Vec::new()).await;
    // Twenty pages, eight a window.
    world.settings.set("zendesk.page_size", 10);
    let sync = world.sync().await;
    sync.assert_code(0);
    assert_settled(&world);
    assert_eq!(world.zendesk.requests_refused(), 0);
    assert!(sync.waits().is_empty(), "no attempt failed");
    let windows = world.zendesk.requests_by_window(CURSOR);
    assert!(windows.iter().all(|requests| *requests <= 8), "{windows:?}");
    assert!(windows.len() >= 3, "{windows:?}");
    let told = sync.logs();
    let told = told.iter().filter(|line| line["bucket"] == CURSOR);
    assert!(told.count() <= 1, "a wait is told once, not every minute");
}

#[tokio::test]
async fn the_configured_share_counts() {
    let mut world = world(10, Vec::new()).await;
    world
        .settings
        .set("zendesk.page_size", 25)
        .set("zendesk.quota.share", 0.35);
    world.sync().await.assert_code(0);
    assert_settled(&world);
    let windows = world.zendesk.requests_by_window(CURSOR);
    assert!(windows.iter().all(|requests| *requests <= 3), "{windows:?}");
}

#[tokio::test]
async fn beside_a_heavy_user_there_is_no_refusal() {
    let heavy = vec![steady(CURSOR, 12), steady("account", 600)];
    let mut world = World::with(|plan| {
        plan.zendesk.minute = MINUTE;
        plan.zendesk.quotas.incremental_exports_cursor = 20;
        plan.zendesk.quotas.account = 700;
        plan.zendesk.others = heavy;
    })
    .await;
    world.settings.set("zendesk.page_size", 10);
    let sync = world.sync().await;
    sync.assert_code(0);
    assert_settled(&world);
    assert_eq!(world.zendesk.requests_refused(), 0);
}

#[tokio::test]
async fn starting_again_within_the_minute_is_refused_nothing() {
    let mut world = world(10, Vec::new()).await;
    world.settings.set("zendesk.page_size", 25);
    for _ in 0..3 {
        world.settings.set("state.directory", "one");
        world.sync().await.assert_code(0);
        std::fs::remove_dir_all(world.path("one")).expect("a state directory");
    }
    assert_eq!(world.zendesk.requests_refused(), 0);
    // The first request of each life is made without knowing.
    let windows = world.zendesk.requests_by_window(CURSOR);
    assert!(windows.iter().all(|requests| *requests <= 9), "{windows:?}");
}

#[tokio::test]
async fn a_refusal_all_the_same_closes_its_limit_and_other_streams_go_on() {
    let mut world = World::new().await;
    let flow = PlatformOptions::default().flows;
    let flow = flow.first().expect("a flow").as_str();
    world.settings.set("streams.tickets.flow_id", flow);
    let refused = Answer::json(
        429,
        r#"{"error":"APIRateLimitExceeded","description":"Number of allowed incremental export API requests per minute exceeded"}"#,
    );
    let refused = refused.header("retry-after", "25");
    world.zendesk.fault(INCREMENTAL, Fault::Answer(refused), 1);
    let daemon = world.daemon();
    let complete = |stream: &'static str| {
        move |line: &serde_json::Value| {
            line["message"] == "sync complete" && line["stream"] == stream
        }
    };
    daemon.wait_for_log("tickets", complete("tickets")).await;
    let users = world.page_requests();
    assert_eq!(users.len(), 1, "users wait for 25 seconds");
    daemon.wait_for_log("users", complete("users")).await;
    let users = world.page_requests();
    let waited = users[1].head.at - users[0].head.at;
    assert!(waited >= Duration::from_secs(25), "{waited:?}");
    daemon.stop().await;
}

#[tokio::test]
async fn a_wait_for_the_quota_is_told_and_ends_with_the_program() {
    let mut world = World::with(|plan| {
        plan.zendesk.quotas.incremental_exports_cursor = 2;
    })
    .await;
    world.settings.set("zendesk.page_size", 10);
    let daemon = world.daemon();
    // One of two is the share; the wait is for the rest of a real minute.
    let line = daemon.wait_for_log("the wait", |line| line["bucket"] == CURSOR);
    let line = line.await;
    assert_eq!(line["level"], "INFO");
    assert!(line["wait_seconds"].as_u64().is_some_and(|wait| wait <= 62));
    daemon.stop().await;
}
