//! A stream that needs a person: paused, not hammering; telling what is wrong; found again
//! without a restart.

use std::time::Duration;

use zendesk_aep::sandbox::{Fault, Simulator as _};

use crate::support::{INCREMENTAL, World, assert_settled};

#[tokio::test]
async fn a_paused_stream_is_tried_only_now_and_then_and_recovers_by_itself() {
    let mut world = World::new().await;
    world
        .settings
        .set("schedule.every", "1s")
        .set("attention.retry_every", "3s");
    world
        .zendesk
        .fault(INCREMENTAL, Fault::status(403, "{}"), 1);
    let daemon = world.daemon();
    daemon
        .wait_for_log("the pause", |line| line["retry_every_seconds"] == 3)
        .await;
    daemon.wait_for_complete_syncs(1).await;
    daemon.stop().await;
    let pages = world.page_requests();
    let pause = pages[1].head.at - pages[0].head.at;
    assert!(
        pause >= Duration::from_secs(3),
        "not at the next tick: {pause:?}"
    );
    assert_settled(&world);
    assert!(world.users_state()["attention"].is_null());
}

#[tokio::test]
async fn what_a_stream_needs_is_in_the_state_until_it_is_done() {
    let world = World::new().await;
    world
        .zendesk
        .fault(INCREMENTAL, Fault::status(403, "{}"), 2);
    world.sync().await.assert_code(3);
    let needs = world.users_state()["attention"].take();
    assert_eq!(needs["code"], "ZENDESK-FORBIDDEN");
    world.sync().await.assert_code(3);
    let still = world.users_state()["attention"].take();
    assert_eq!(
        still["since"], needs["since"],
        "since it began, not since the last try"
    );
    let shown = world.run(&["state", "show"]).await;
    assert!(
        shown.stdout.contains("ZENDESK-FORBIDDEN"),
        "{}",
        shown.stdout
    );
    assert!(
        shown.stdout.contains("incremental exports need an admin"),
        "{}",
        shown.stdout
    );

    world.sync().await.assert_code(0);
    assert!(world.users_state()["attention"].is_null());
    assert_settled(&world);
}

#[tokio::test]
async fn sigterm_ends_a_pause() {
    let world = World::new().await;
    world
        .zendesk
        .fault(INCREMENTAL, Fault::status(403, "{}"), 1);
    let daemon = world.daemon();
    daemon
        .wait_for_log("the refusal", |line| line["code"] == "ZENDESK-FORBIDDEN")
        .await;
    daemon.stop().await;
}
