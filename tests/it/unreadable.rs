//! A record that Zendesk cannot give, whatever the size of the page.

use std::collections::BTreeSet;

use zendesk_aep::sandbox::Simulator as _;

use crate::support::{INCREMENTAL, World};

fn delivered(world: &World) -> BTreeSet<u64> {
    let id = |delivery: &zendesk_aep::sandbox::Delivery| delivery.id()?.parse().ok();
    world.platform.accepted().iter().filter_map(id).collect()
}

#[tokio::test]
async fn it_is_noted_and_everybody_else_gets_through() {
    let mut world = World::new().await;
    world.settings.set("retry.attempts", 3);
    let users = world.zendesk.users();
    let bad = &users[70];
    world.zendesk.fail_pages_with(bad.id);
    let sync = world.sync().await;
    sync.assert_code(4);
    assert_eq!(sync.report()["failed"], 1);

    let everybody_else: BTreeSet<u64> = users
        .iter()
        .map(|user| user.id)
        .filter(|id| *id != bad.id)
        .collect();
    assert!(delivered(&world).is_superset(&everybody_else));
    let letters = world.dead_letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["reason"]["code"], "unreadable");
    assert_eq!(
        letters[0]["record"]["in_second"],
        bad.updated_at.to_string()
    );
    assert_eq!(
        letters[0]["record"]["unreadable_after_cursor"],
        world.cursor_after(70)
    );
    assert_eq!(sync.logs_of("ERROR").len(), 1, "an alarm");

    let quiet = world.sync().await;
    quiet.assert_code(0);
    assert_eq!(quiet.report()["received"], 0, "it stays behind");
}

#[tokio::test]
async fn pages_shrink_down_to_it() {
    let mut world = World::new().await;
    world.settings.set("retry.attempts", 3);
    world.zendesk.fail_pages_with(world.zendesk.users()[70].id);
    world.sync().await;
    let sizes: Vec<u32> = world
        .page_requests()
        .iter()
        .filter_map(|request| request.head.query("per_page")?.parse().ok())
        .collect();
    assert!(
        sizes.contains(&50) && sizes.contains(&25) && sizes.contains(&1),
        "{sizes:?}"
    );
    assert!(sizes.len() < 120, "{} requests", sizes.len());
}

#[tokio::test]
async fn an_outage_is_never_taken_for_a_bad_record() {
    let mut world = World::new().await;
    world.settings.set("retry.attempts", 3);
    let timeout = zendesk_aep::sandbox::Fault::status(504, "<html>");
    world.zendesk.fault(INCREMENTAL, timeout, usize::MAX);
    let sync = world.sync().await;
    sync.assert_code(1);
    assert!(world.dead_letters().is_empty());
    assert_eq!(world.platform.accepted_count(), 0);
    world.zendesk.clear_faults();
    world.sync().await.assert_code(0);
    crate::support::assert_settled(&world);
}

#[tokio::test]
async fn cursors_that_fail_are_never_taken_for_a_bad_record() {
    let mut world = World::new().await;
    world.settings.set("retry.attempts", 3);
    let cursors = |request: &zendesk_aep::sandbox::Request| {
        request.head.path.starts_with(INCREMENTAL) && request.head.query("cursor").is_some()
    };
    let timeout = zendesk_aep::sandbox::Fault::status(504, "<html>");
    world.zendesk.fault_when(cursors, timeout, usize::MAX);
    world.sync().await.assert_code(1);
    assert!(world.dead_letters().is_empty());
    world.zendesk.clear_faults();
    world.sync().await.assert_code(0);
    crate::support::assert_settled(&world);
}

#[tokio::test]
async fn with_nothing_behind_it_the_sync_fails_and_goes_on_when_there_is() {
    let mut world = World::new().await;
    world.settings.set("retry.attempts", 3);
    let last = world.zendesk.users().pop().expect("a user");
    world.zendesk.fail_pages_with(last.id);
    world.sync().await.assert_code(1);
    assert!(world.dead_letters().is_empty(), "nothing is held up yet");
    assert_eq!(delivered(&world).len(), 199);
}
