//! Cursors of the search export live an hour at most: what happens when one is gone.

use jiff::Timestamp;
use zendesk_aep::sandbox::{Fault, Request, Simulator as _};

use crate::search::{bounds, searches, world};
use crate::support::{Expected, FOR_EVER, SEARCH, eventually, nth};

#[tokio::test]
async fn a_cursor_that_expires_in_a_window_begins_the_window_again() {
    let world = world().await;
    let sync = world.sync_held_with_two_pages_read().await;
    world.zendesk.forget_cursors();
    let sync = sync.wait().await;
    sync.assert_code(0);
    let report = sync.report();
    assert_eq!(report["received"], 300, "two pages, and all four again");
    assert_eq!(report["skipped"], 100);
    Expected::Search.assert_settled(&world);
    assert_eq!(world.platform.accepted_count(), 200, "nothing came twice");

    let searches = searches(&world);
    assert_eq!(
        searches.len(),
        7,
        "two pages, a refusal, and all four again"
    );
    assert_eq!(searches[2].status, Some(400));
    assert_eq!(searches[3].head.query("page[after]"), None);
    let warnings = sync.logs_of("WARN");
    assert!(
        warnings.iter().any(|line| line["restarts"] == 1),
        "{warnings:?}"
    );
}

#[tokio::test]
async fn a_window_that_keeps_losing_its_cursor_is_halved() {
    let world = world().await;
    // Every walk loses its cursor at its second page, until the windows are a page long.
    let too_late = |request: &Request| {
        let head = &request.head;
        head.path.starts_with(SEARCH) && head.query("page[after]").is_some()
    };
    world
        .zendesk
        .fault_when(too_late, Fault::status(400, "{}"), 6);
    let sync = world.sync().await;
    sync.assert_code(0);
    assert_eq!(world.zendesk.faults_left(), 0);
    Expected::Search.assert_settled(&world);
    assert_eq!(world.platform.accepted_count(), 200, "nothing came twice");
    let ends: Vec<Timestamp> = searches(&world)
        .iter()
        .map(|search| bounds(search).1)
        .collect();
    assert!(ends.windows(2).any(|pair| pair[1] < pair[0]), "{ends:?}");
    assert_eq!(
        ends.iter().max(),
        ends.last(),
        "and it ends where the first was to end"
    );
}

#[tokio::test]
async fn killed_in_a_window_it_goes_on_from_the_page() {
    let world = world().await;
    world
        .zendesk
        .fault_when(nth(2, SEARCH), Fault::Stall(FOR_EVER), 1);
    let daemon = world.daemon();
    eventually("two pages are settled", || {
        world.platform.accepted_count() == 100
            && world.users_state()["recent"]
                .as_array()
                .is_some_and(|recent| recent.len() == 100)
    })
    .await;
    eventually("the third page is waited for", || {
        world.zendesk.faults_left() == 0
    })
    .await;
    daemon.kill().await;
    let window = world.users_state()["position"]["window"].clone();
    assert!(window["cursor"].is_string());

    world.sync().await.assert_code(0);
    let resumed = &searches(&world)[3];
    assert_eq!(resumed.head.query("page[after]"), window["cursor"].as_str());
    assert_eq!(
        bounds(resumed).1.to_string(),
        window["to"].as_str().expect("a time")
    );
    Expected::Search.assert_settled(&world);
    assert_eq!(world.platform.accepted_count(), 200, "nothing came twice");
}

#[tokio::test]
async fn killed_in_a_window_whose_cursor_is_gone_it_begins_the_window_again() {
    let world = world().await;
    world
        .zendesk
        .fault_when(nth(2, SEARCH), Fault::Stall(FOR_EVER), 1);
    let daemon = world.daemon();
    world
        .state_eventually("a page is settled", |users| {
            users["position"]["window"]["cursor"].is_string()
        })
        .await;
    // The stall is for this life, not for the next.
    eventually("the third page is waited for", || {
        world.zendesk.faults_left() == 0
    })
    .await;
    daemon.kill().await;
    world.zendesk.forget_cursors();

    let sync = world.sync().await;
    sync.assert_code(0);
    Expected::Search.assert_settled(&world);
    assert!(
        sync.report()["skipped"].as_u64() >= Some(50),
        "what was settled is not sent again"
    );
}
