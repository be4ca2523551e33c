//! What arrives when nothing goes wrong.

use zendesk_aep::sandbox::{Endpoint, Simulator as _};

use crate::support::{World, assert_settled, eventually};

#[tokio::test]
async fn a_full_export_then_only_changes() {
    let world = World::new().await;
    let first = world.sync().await;
    first.assert_code(0);
    let report = first.report();
    assert_eq!(report["outcome"], "complete");
    assert_eq!(report["received"], 200);
    assert_eq!(report["ingested"], 200);
    assert_settled(&world);
    assert_eq!(world.platform.accepted_count(), 200, "nothing came twice");

    let changed = world.zendesk.change(3);
    let created = world.zendesk.create(2);
    world.changes_show().await;
    let second = world.sync().await;
    second.assert_code(0);
    assert_eq!(second.report()["received"], 5);
    assert_settled(&world);
    let mut arrived: Vec<String> = world.platform.accepted()[200..]
        .iter()
        .filter_map(|delivery| delivery.id())
        .collect();
    let mut expected: Vec<String> = [changed, created]
        .concat()
        .iter()
        .map(u64::to_string)
        .collect();
    arrived.sort();
    expected.sort();
    assert_eq!(arrived, expected);
}

#[tokio::test]
async fn a_quiet_account_costs_one_request_and_nothing_is_sent() {
    let world = World::new().await;
    world.sync().await.assert_code(0);
    let (pages, sent) = (world.page_requests().len(), world.inlet_requests());
    let before = std::fs::read(world.state_file()).expect("a state file");

    let quiet = world.sync().await;
    quiet.assert_code(0);
    let report = quiet.report();
    assert_eq!(report["received"], 0);
    assert_eq!(report["pages"], 1);
    assert_eq!(world.page_requests().len(), pages + 1);
    assert_eq!(world.inlet_requests(), sent);
    assert_settled(&world);
    let generation = |state: &[u8]| {
        let state: serde_json::Value = serde_json::from_slice(state).expect("JSON");
        state["generation"].clone()
    };
    let after = std::fs::read(world.state_file()).expect("a state file");
    assert_eq!(generation(&before), generation(&after), "nothing moved");
}

#[tokio::test]
async fn deletions_arrive() {
    let world = World::new().await;
    world.sync().await.assert_code(0);
    let deleted = world.zendesk.delete(4);
    world.changes_show().await;
    let sync = world.sync().await;
    sync.assert_code(0);
    assert_eq!(sync.report()["ingested"], 4);
    assert_settled(&world);
    let latest = world.platform.latest_by_id();
    for id in deleted {
        let message: serde_json::Value =
            serde_json::from_slice(&latest[&id.to_string()]).expect("JSON");
        assert_eq!(message["active"], false);
    }
}

#[tokio::test]
async fn many_pages_in_several_batches_each_within_its_size() {
    let mut world = World::with(|plan| plan.zendesk.users = 1_000).await;
    world
        .settings
        .set("zendesk.page_size", 90)
        .set("platform.batch_bytes", "20kB");
    let sync = world.sync().await;
    sync.assert_code(0);
    assert_settled(&world);
    assert_eq!(world.page_requests().len(), 12, "1000 users by 90");
    assert_eq!(sync.report()["pages"], 12);
    let batches = world.platform.requests_to("/collection/batch/");
    assert!(batches.len() > 24, "several a page: {}", batches.len());
    assert!(batches.iter().all(|batch| batch.body_bytes <= 20_000));
    assert!(
        batches.iter().any(|batch| batch.body_bytes > 15_000),
        "and filled"
    );
    assert_eq!(world.platform.accepted_count(), 1_000);
    let accepted = world.platform.accepted();
    assert!(
        accepted
            .iter()
            .all(|delivery| delivery.endpoint == Endpoint::Batch)
    );
}

#[tokio::test]
async fn the_start_leaves_out_what_is_older() {
    let mut world = World::new().await;
    let users = world.zendesk.users();
    let start = users[120].updated_at;
    world.settings.set("streams.users.start", start.to_string());
    world.sync().await.assert_code(0);
    let expected = users.iter().filter(|user| user.updated_at >= start).count();
    assert_eq!(world.platform.accepted_count(), expected);
    let first = &world.page_requests()[0];
    assert_eq!(
        first.head.query("start_time"),
        Some(&*start.as_second().to_string())
    );
}

#[tokio::test]
async fn the_daemon_picks_up_live_changes_on_schedule() {
    let mut world = World::new().await;
    world.settings.set("schedule.every", "1s");
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(1).await;
    assert_eq!(world.platform.accepted_count(), 200);
    let changed = world.zendesk.change(5).len();
    world.zendesk.create(5);
    world.zendesk.delete(2);
    let arrived = world.platform.wait_until(
        |sink| sink.accepted.len() >= 200 + changed + 7,
        crate::support::PATIENCE,
    );
    assert!(arrived.await, "the changes arrive");
    daemon.stop().await;
    assert_settled(&world);
}

#[tokio::test]
async fn a_stream_named_on_the_command_line_is_synced() {
    let world = World::new().await;
    let sync = world.run(&["sync", "users"]).await;
    sync.assert_code(0);
    assert!(
        sync.stdout.starts_with("users: complete in "),
        "{}",
        sync.stdout
    );
    assert!(
        sync.stdout
            .contains("200 received = 200 ingested + 0 skipped + 0 failed; 4 pages"),
        "{}",
        sync.stdout
    );
    assert_settled(&world);
}

#[tokio::test]
async fn a_proxy_in_the_environment_is_not_asked_for_loopback() {
    let mut world = World::new().await;
    for variable in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        world.set_env(variable, "http://127.0.0.1:9");
    }
    world.sync().await.assert_code(0);
    assert_settled(&world);
}

/// A world whose one stream is that of the tickets, in pages of five.
async fn tickets() -> World {
    let mut world = World::new().await;
    world
        .settings
        .only_stream("tickets")
        .set("streams.tickets.support_type_scope", "all")
        .set("zendesk.page_size", 5);
    world
}

async fn tickets_show(world: &World) {
    let tickets = world.zendesk.collection("tickets").expect("a stream");
    eventually("the changes show in the export", || {
        tickets.visible() == tickets.present()
    })
    .await;
}

#[tokio::test]
async fn more_tickets_in_one_second_than_a_page_holds_arrive_exactly() {
    let world = tickets().await;
    world.sync().await.assert_code(0);
    let before = world.platform.accepted_count();
    let tickets = world.zendesk.collection("tickets").expect("a stream");
    let mut tied = tickets.tie(33);
    tickets_show(&world).await;
    world.sync().await.assert_code(0);
    let accepted = world.platform.accepted();
    let arrived = accepted[before..].iter().filter_map(|one| one.id());
    let mut arrived: Vec<String> = arrived.collect();
    arrived.sort();
    tied.sort();
    assert_eq!(arrived, tied);
}

#[tokio::test]
async fn what_the_system_does_to_a_ticket_arrives_although_its_update_time_stays() {
    let world = tickets().await;
    world.sync().await.assert_code(0);
    let before = world.platform.accepted_count();
    let tickets = world.zendesk.collection("tickets").expect("a stream");
    let ids = tickets.update_by_system(2);
    assert_eq!(ids.len(), 2);
    tickets_show(&world).await;
    world.sync().await.assert_code(0);
    let accepted = world.platform.accepted();
    assert_eq!(accepted.len() - before, 2);
    let history = tickets.history();
    for delivery in &accepted[before..] {
        let id = delivery.id().expect("an id");
        let versions = &history[&id];
        let updated_at = |json: &[u8]| -> serde_json::Value {
            let json: serde_json::Value = serde_json::from_slice(json).expect("JSON");
            json["updated_at"].clone()
        };
        let [.., earlier, latest] = &versions[..] else {
            panic!("two versions of {id}");
        };
        assert_eq!(delivery.json, latest.json);
        assert_eq!(updated_at(&latest.json), updated_at(&earlier.json));
    }
}
