//! Live changes and history in one walk.

use std::collections::HashMap;

use tokio_util::sync::CancellationToken;

use super::account::Export;
use super::world::World;
use crate::checkpoint::StreamState;
use crate::sync::{End, Progress, Summary, Walk};

fn export(world: &World) -> Export {
    Export::new(&world.account, 10)
}

/// A pass in which the next tick is due after so many pages.
async fn run_until_due(walk: &mut Walk<Export>, pages: u64) -> Summary {
    let (stop, due) = (CancellationToken::new(), CancellationToken::new());
    let progress = |progress: &Progress| {
        if progress.counts.pages >= pages {
            due.cancel();
        }
    };
    walk.run(&stop, &due, &progress).await
}

async fn run(walk: &mut Walk<Export>) -> Summary {
    let never = CancellationToken::new();
    walk.run(&never, &never.child_token(), &|_| {}).await
}

/// The places in the order of arrival at which each record came, with its edits.
fn arrivals(world: &World) -> HashMap<String, Vec<u64>> {
    let mut arrivals: HashMap<String, Vec<u64>> = HashMap::new();
    for message in world.platform.accepted() {
        let json: serde_json::Value = serde_json::from_slice(&message.json).expect("JSON");
        let id = json["id"].as_str().expect("an id").to_owned();
        arrivals
            .entry(id)
            .or_default()
            .push(json["edits"].as_u64().expect("a number"));
    }
    arrivals
}

#[track_caller]
fn assert_all_arrived(world: &World, streams: &[&str]) {
    for stream in streams {
        assert_eq!(world.arrived(stream), world.account.messages(stream));
    }
    for (id, edits) in arrivals(world) {
        assert!(edits.is_sorted(), "{id} arrived as {edits:?}");
    }
}

#[tokio::test]
async fn a_long_first_walk_is_split_and_changes_overtake_history() {
    let world = World::new().await;
    for id in 1..=200 {
        world.account.change([id], 100 + id as i64);
    }
    let streams = ["tickets", "metrics"];
    let mut walk = world.walk(export(&world), &streams);
    let first = run_until_due(&mut walk, 3).await;
    assert!(matches!(first.end, End::Split), "{first:?}");
    let state = world.state("tickets");
    assert_eq!(state.back_fill.len(), 1);
    assert_eq!(state.back_fill[0].streams, streams);
    assert_eq!(state.last_sync.expect("a sync").outcome, "split");

    // One that history has, one that it has not yet, and a new one.
    world.account.change([5, 180, 201], 1_000);
    let second = run_until_due(&mut walk, 2).await;
    assert!(matches!(second.end, End::Complete), "{second:?}");
    let arrived = world.arrived("metrics");
    for id in [5, 180, 201] {
        let id = format!("metrics-{id}");
        assert_eq!(arrived.get(&id), world.account.messages("metrics").get(&id));
    }
    assert!(arrived.len() < 150, "history is still loading");
    assert_eq!(world.state("tickets").back_fill.len(), 1);

    // A restart goes on with it.
    drop(walk);
    let mut walk = world.walk(export(&world), &streams);
    world.account.change([7, 190], 2_000);
    let last = run(&mut walk).await;
    assert!(matches!(last.end, End::Complete), "{last:?}");
    assert!(world.state("tickets").back_fill.is_empty());
    assert_all_arrived(&world, &streams);
    let changed = [5, 7, 180, 190];
    let again = world.times().into_iter().filter(|(id, times)| {
        // What has changed is beyond the history, and may be in its last page all the same.
        let is_changed = changed.iter().any(|it| id.ends_with(&format!("-{it}")));
        *times > 1 && !is_changed
    });
    let again: Vec<_> = again.collect();
    assert!(again.is_empty(), "sent again for nothing: {again:?}");
}

#[tokio::test]
async fn after_days_of_downtime_the_back_log_is_split_too() {
    let world = World::new().await;
    world.account.change(1..=20, 100);
    let streams = ["tickets"];
    let mut walk = world.walk(export(&world), &streams);
    run(&mut walk).await;
    for id in 1..=120 {
        world.account.change([id], 100_000 + id as i64);
    }
    let behind = run_until_due(&mut walk, 2).await;
    assert!(matches!(behind.end, End::Split), "{behind:?}");
    world.account.change([500], 200_000);
    run_until_due(&mut walk, 1).await;
    assert!(world.arrived("tickets").contains_key("tickets-500"));
    assert!(!world.state("tickets").back_fill.is_empty());
    run(&mut walk).await;
    assert_all_arrived(&world, &streams);
}

#[tokio::test]
async fn a_stream_that_joins_gets_its_past_while_live_changes_flow() {
    let world = World::new().await;
    for id in 1..=100 {
        world.account.change([id], 100 + id as i64);
    }
    world.sync(export(&world), &["tickets"]).await;
    let of_tickets = world.times();
    world.account.change([3, 101], 1_000);

    let streams = ["tickets", "metrics"];
    let mut walk = world.walk(export(&world), &streams);
    let first = run_until_due(&mut walk, 1).await;
    assert!(matches!(first.end, End::Complete), "{first:?}");
    let arrived = world.arrived("metrics");
    assert!(arrived.contains_key("metrics-3") && arrived.contains_key("metrics-101"));
    assert!(arrived.len() < 100, "its past is still loading");
    let state: StreamState = world.state("tickets");
    assert_eq!(state.back_fill[0].streams, ["metrics"]);
    assert_eq!(state.members, streams);

    run(&mut walk).await;
    assert_all_arrived(&world, &streams);
    let mut expected = of_tickets;
    *expected.entry("tickets-3".to_owned()).or_default() += 1;
    expected.insert("tickets-101".to_owned(), 1);
    let mut times = world.times();
    times.retain(|id, _| id.starts_with("tickets-"));
    assert_eq!(
        times, expected,
        "nothing is sent again to the one that was there"
    );
}

#[tokio::test]
async fn a_failure_in_history_loses_nothing() {
    let world = World::new().await;
    for id in 1..=100 {
        world.account.change([id], 100 + id as i64);
    }
    let streams = ["tickets", "metrics"];
    let mut walk = world.walk(export(&world), &streams);
    run_until_due(&mut walk, 2).await;
    world.platform.reject_when(|_| Some("no".to_owned()));
    let failed = run(&mut walk).await;
    assert!(matches!(failed.end, End::Failed(_)), "{failed:?}");
    assert_eq!(world.state("tickets").back_fill.len(), 1);
    world.platform.reject_nothing();
    run(&mut walk).await;
    assert_all_arrived(&world, &streams);
}
