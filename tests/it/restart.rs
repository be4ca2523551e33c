//! Whatever ends the process, the next one goes on where the checkpoint stands: nothing is lost,
//! and only pages that were not settled are sent again.

use zendesk_aep::sandbox::{Fault, Simulator as _};

use crate::inlet_rejections;
use crate::support::{
    FOR_EVER, INCREMENTAL, INLET, PATIENCE, World, assert_settled, eventually, nth,
};

/// Users on a page: what may be in flight when the process dies.
const PAGE: usize = 50;

#[tokio::test]
async fn a_restart_continues_from_the_cursor() {
    let world = World::new().await;
    world.sync().await.assert_code(0);
    let cursor = world.users_state()["position"]["cursor"].clone();
    let before = world.page_requests().len();
    world.zendesk.change(1);
    world.changes_show().await;
    world.sync().await.assert_code(0);

    let pages = world.page_requests();
    assert_eq!(pages[before].head.query("cursor"), cursor.as_str());
    let starts = pages
        .iter()
        .filter(|page| page.head.query("start_time").is_some());
    assert_eq!(
        starts.count(),
        1,
        "only the very first request has a start_time"
    );
    assert_settled(&world);
}

#[tokio::test]
async fn killed_during_the_first_page_it_begins_again() {
    let world = World::new().await;
    world
        .platform
        .fault_when(nth(2, INLET), Fault::Stall(FOR_EVER), 1);
    let daemon = world.daemon();
    assert!(world.platform.wait_for_requests(INLET, 3, PATIENCE).await);
    let killed = daemon.kill().await;
    assert_eq!(killed.code, None, "a signal ended it");
    assert!(world.state().is_null(), "no page was settled");
    assert!(
        world.platform.accepted_count() > 0,
        "but something had arrived"
    );

    let before = world.page_requests().len();
    world.sync().await.assert_code(0);
    assert_eq!(
        world.page_requests()[before].head.query("start_time"),
        Some("0")
    );
    assert_settled(&world);
    assert_repeats_at_most(&world, PAGE);
}

#[tokio::test]
async fn killed_in_a_later_page_it_repeats_that_page_only() {
    let world = World::new().await;
    // Six requests settle the first page.
    world
        .platform
        .fault_when(nth(8, INLET), Fault::Stall(FOR_EVER), 1);
    let daemon = world.daemon();
    assert!(world.platform.wait_for_requests(INLET, 9, PATIENCE).await);
    daemon.kill().await;
    let cursor = world.users_state()["position"]["cursor"].clone();
    assert!(cursor.is_string(), "the first page is settled");

    let before = world.page_requests().len();
    world.sync().await.assert_code(0);
    assert_eq!(
        world.page_requests()[before].head.query("cursor"),
        cursor.as_str()
    );
    assert_settled(&world);
    assert_repeats_at_most(&world, PAGE);
}

#[tokio::test]
async fn killed_between_pages_it_repeats_nothing() {
    let world = World::new().await;
    world
        .zendesk
        .fault_when(nth(2, INCREMENTAL), Fault::Stall(FOR_EVER), 1);
    let daemon = world.daemon();
    world
        .state_eventually("two pages are settled", |users| {
            let cursor = users["position"]["cursor"].as_str();
            cursor.is_some_and(|cursor| cursor == world.cursor_after(2 * PAGE))
        })
        .await;
    eventually("the third page is waited for", || {
        world.zendesk.faults_left() == 0
    })
    .await;
    daemon.kill().await;
    assert_eq!(world.platform.accepted_count(), 2 * PAGE);

    world.sync().await.assert_code(0);
    assert_settled(&world);
    assert_repeats_at_most(&world, 0);
}

#[tokio::test]
async fn killed_with_a_refused_record_in_hand_it_comes_to_the_dead_letters_once() {
    let world = World::new().await;
    let refused = world.zendesk.users()[1].id;
    world.platform.reject_when(inlet_rejections::user(refused));
    world
        .platform
        .fault_when(nth(3, INLET), Fault::Stall(FOR_EVER), 1);
    let daemon = world.daemon();
    assert!(world.platform.wait_for_requests(INLET, 4, PATIENCE).await);
    assert_eq!(
        world.platform.rejected().len(),
        1,
        "it is known to be refused"
    );
    daemon.kill().await;
    assert!(world.dead_letters().is_empty(), "its page is not settled");

    world.sync().await.assert_code(4);
    assert_settled(&world);
    assert_repeats_at_most(&world, PAGE);
    let letters = world.dead_letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["record_id"], refused.to_string());
}

#[tokio::test]
async fn a_checkpoint_that_cannot_be_saved_does_not_move() {
    let world = World::new().await;
    let refused = world.zendesk.users()[1].id;
    world.platform.reject_when(inlet_rejections::user(refused));
    // A directory where the new state would be written: every save fails.
    let in_the_way = world.path("state/state.json.tmp");
    std::fs::create_dir_all(&in_the_way).expect("a directory");
    let sync = world.sync().await;
    sync.assert_code(5);
    assert_eq!(sync.report()["outcome"], "STATE");
    assert!(world.state().is_null());
    assert_eq!(
        world.dead_letters().len(),
        1,
        "kept before the checkpoint would pass it"
    );

    std::fs::remove_dir(&in_the_way).expect("it is empty");
    world.sync().await.assert_code(4);
    assert_settled(&world);
    assert_repeats_at_most(&world, PAGE);
}

#[tokio::test]
async fn killed_again_and_again_it_still_gets_everything_there() {
    let world = World::new().await;
    for kill in 0..6 {
        let requests = world.inlet_requests();
        world
            .platform
            .fault_when(nth(kill + 2, INLET), Fault::Stall(FOR_EVER), 1);
        let daemon = world.daemon();
        eventually("the inlet holds a request, or all is there", || {
            world.inlet_requests() >= requests + kill + 3
                || world.users_state()["last_sync"]["outcome"] == "complete"
        })
        .await;
        daemon.kill().await;
        world.platform.clear_faults();
        world.zendesk.change(2);
    }
    world.changes_show().await;
    world.sync().await.assert_code(0);
    assert_settled(&world);
}

#[tokio::test]
async fn a_torn_dead_letter_is_cut_off_and_the_others_stay() {
    let world = World::new().await;
    let refused = world.zendesk.users()[1].id;
    world.platform.reject_when(inlet_rejections::user(refused));
    world.sync().await.assert_code(4);
    let path = world.dead_letters_path();
    let whole = std::fs::read(&path).expect("dead letters");
    std::fs::write(&path, [&whole[..], b"{\"at\":\"2026-"].concat()).expect("written");

    let sync = world.sync().await;
    sync.assert_code(0);
    let warnings = sync.logs_of("WARN");
    assert!(
        warnings.iter().any(|line| line["bytes"] == 12),
        "the cut is told: {warnings:?}"
    );
    assert_eq!(std::fs::read(&path).expect("dead letters"), whole);
}

/// Messages accepted beyond one of each version.
#[track_caller]
fn assert_repeats_at_most(world: &World, most: usize) {
    let accepted = world.platform.accepted();
    let distinct: std::collections::HashSet<_> =
        accepted.iter().map(|delivery| &delivery.json).collect();
    let repeats = accepted.len() - distinct.len();
    assert!(repeats <= most, "{repeats} messages came twice");
}
