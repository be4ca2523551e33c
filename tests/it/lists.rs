//! Lists, read whole each time: what changed arrives, and what is gone is told.

use std::time::Duration;

use serde_json::{Value, json};
use zendesk_aep::sandbox::{Fault, Gate, Records, Simulator as _};

use crate::support::{INLET, PATIENCE, World, nth};

/// Where the macros are, by cursor.
const MACROS: &str = "/api/v2/macros";

/// A world whose one stream is this one.
async fn world(stream: &str) -> World {
    let mut world = World::new().await;
    world
        .settings
        .only_stream(stream)
        .set("zendesk.page_size", 5);
    world
}

fn records<'w>(world: &'w World, stream: &str) -> Records<'w> {
    world.zendesk.collection(stream).expect("a stream")
}

/// All messages since the `before`-th, in order.
fn messages(world: &World, before: usize) -> Vec<String> {
    let accepted = world.platform.accepted();
    accepted[before..]
        .iter()
        .map(|delivery| String::from_utf8(delivery.json.to_vec()).expect("text"))
        .collect()
}

fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}

fn present(world: &World, stream: &str) -> Vec<String> {
    let present = records(world, stream).present();
    let texts = present
        .iter()
        .map(|record| String::from_utf8(record.json.to_vec()).expect("text"));
    sorted(texts.collect())
}

fn json_of(world: &World, stream: &str, ids: &[String]) -> Vec<String> {
    let records = records(world, stream);
    let texts = ids.iter().map(|id| {
        let record = records.get(id).expect("it is there");
        String::from_utf8(record.json.to_vec()).expect("text")
    });
    sorted(texts.collect())
}

#[tokio::test]
async fn only_what_changed_arrives_and_what_two_walks_miss_is_deleted() {
    let world = world("macros").await;
    world.sync().await.assert_code(0);
    assert_eq!(sorted(messages(&world, 0)), present(&world, "macros"));
    let pages = world.zendesk.requests_to(MACROS);
    assert_eq!(pages.len(), 3, "12 macros by 5");
    assert_eq!(pages[0].head.query("page[size]"), Some("5"));

    let macros = records(&world, "macros");
    let changed = [macros.change(2), macros.create(1)].concat();
    let sync = world.sync().await;
    sync.assert_code(0);
    let expected = json_of(&world, "macros", &changed);
    assert_eq!(sorted(messages(&world, 12)), expected);
    let report = sync.report();
    assert_eq!(
        (&report["received"], &report["skipped"]),
        (&json!(13), &json!(10))
    );

    let sent = world.inlet_requests();
    world.sync().await.assert_code(0);
    assert_eq!(world.inlet_requests(), sent, "nothing changed");

    let gone = macros.delete(1).remove(0);
    world.sync().await.assert_code(0);
    assert_eq!(world.inlet_requests(), sent, "one walk proves nothing");
    let sync = world.sync().await;
    sync.assert_code(0);
    assert_eq!(
        messages(&world, 15),
        [format!(r#"{{"id":{gone},"deleted":true}}"#)]
    );
    let report = sync.report();
    assert_eq!(
        (&report["received"], &report["ingested"]),
        (&json!(13), &json!(1))
    );
    world.sync().await.assert_code(0);
    assert_eq!(world.platform.accepted_count(), 16, "it is told once");
}

/// Answers the next walk with these macros.
fn walk(world: &World, ids: &[u64]) {
    let macros: Vec<Value> = ids
        .iter()
        .map(|id| json!({"id": id, "updated_at": "2026-01-01T00:00:00Z"}))
        .collect();
    let body = json!({"macros": macros, "meta": {"has_more": false}, "links": {"next": "x"}});
    let answer = Fault::status(200, body.to_string());
    world.zendesk.fault(MACROS, answer, 1);
}

#[tokio::test]
async fn a_record_that_slips_through_one_walk_is_not_deleted_and_one_that_returns_is_sent() {
    let world = world("macros").await;
    let whole = [1, 2, 3];
    for (ids, expected) in [
        (&whole[..], 3),
        (&[1, 3], 3),
        (&whole, 3),
        (&[1, 2], 3),
        // 3 is missing twice.
        (&[1, 2], 4),
        (&whole, 5),
    ] {
        walk(&world, ids);
        world.sync().await.assert_code(0);
        assert_eq!(world.platform.accepted_count(), expected, "{ids:?}");
    }
    let last = messages(&world, 3);
    assert_eq!(last[0], r#"{"id":3,"deleted":true}"#);
    assert_eq!(last[1], r#"{"id":3,"updated_at":"2026-01-01T00:00:00Z"}"#);
}

#[tokio::test]
async fn a_list_that_loses_all_it_had_is_doubted_until_somebody_says_so() {
    let mut world = world("macros").await;
    world.sync().await.assert_code(0);
    records(&world, "macros").delete(12);
    for _ in 0..3 {
        let sync = world.sync().await;
        sync.assert_code(1);
        sync.assert_failed("LIST-SHRANK", "vanished_percent");
    }
    assert_eq!(world.platform.accepted_count(), 12, "nothing was deleted");
    let state = world.state()["streams"]["macros"].take();
    assert_eq!(state["attention"]["code"], "LIST-SHRANK");

    world.set_env("ZENDESK_AEP__ATTENTION__VANISHED_PERCENT", "100");
    world.sync().await.assert_code(0);
    let ends = messages(&world, 12);
    assert_eq!(ends.len(), 12);
    assert!(ends.iter().all(|end| end.ends_with(r#","deleted":true}"#)));
    let state = world.state()["streams"]["macros"].take();
    assert_eq!(state["attention"], Value::Null);
}

#[tokio::test]
async fn an_answer_without_its_records_deletes_nothing() {
    let world = world("macros").await;
    world.sync().await.assert_code(0);
    for body in [r#"{"meta":{"has_more":false}}"#, r#"{"macros":null}"#] {
        world
            .zendesk
            .fault(MACROS, Fault::status(200, body), usize::MAX);
        for _ in 0..2 {
            let sync = world.sync().await;
            sync.assert_failed("ZENDESK-UNAVAILABLE", "nothing is lost");
        }
        world.zendesk.clear_faults();
    }
    world.sync().await.assert_code(0);
    assert_eq!(world.platform.accepted_count(), 12);
}

#[tokio::test]
async fn a_list_of_more_than_a_hundred_pages_is_read_that_far_and_said_to_be_cut_off() {
    let mut world = World::with(|plan| {
        plan.zendesk.records.insert("workspaces".to_owned(), 104);
    })
    .await;
    world
        .settings
        .only_stream("workspaces")
        .set("zendesk.page_size", 1);
    let sync = world.sync().await;
    sync.assert_code(1);
    sync.assert_failed("LIST-CUT-OFF", "100 pages");
    assert_eq!(world.platform.accepted_count(), 100);
    assert_eq!(world.zendesk.requests_to("/api/v2/workspaces").len(), 100);

    // What changed in the part that can be read still arrives.
    records(&world, "workspaces").change(104);
    let sync = world.sync().await;
    sync.assert_failed("LIST-CUT-OFF", "100 pages");
    assert_eq!(world.platform.accepted_count(), 200);
}

#[tokio::test]
async fn pages_by_number_and_lists_without_pages_are_read_to_their_end() {
    let mut world = world("workspaces").await;
    world.settings.add_stream("locales").add_stream("targets");
    world.sync().await.assert_code(0);
    let expected = ["workspaces", "locales", "targets"].map(|stream| present(&world, stream));
    assert_eq!(sorted(messages(&world, 0)), sorted(expected.concat()));
    let pages = world.zendesk.requests_to("/api/v2/workspaces");
    let numbers: Vec<Option<&str>> = pages.iter().map(|page| page.head.query("page")).collect();
    assert_eq!(numbers, [None, Some("2"), Some("3")]);
    assert!(
        pages
            .iter()
            .all(|page| page.head.query("per_page") == Some("5"))
    );
}

#[tokio::test]
async fn a_stream_that_the_account_does_not_have_disturbs_no_other() {
    let mut world = World::with(|plan| {
        let gated = &mut plan.zendesk.gated;
        gated.insert("workspaces".to_owned(), Gate::Forbidden);
        gated.insert("sla_policies".to_owned(), Gate::NotFound);
    })
    .await;
    world
        .settings
        .only_stream("workspaces")
        .add_stream("sla_policies")
        .add_stream("macros");
    let sync = world.sync().await;
    sync.assert_code(4);
    assert_eq!(sorted(messages(&world, 0)), present(&world, "macros"));
    let state = world.state();
    let code = |stream: &str| state["streams"][stream]["attention"]["code"].clone();
    assert_eq!(code("workspaces"), "ZENDESK-FORBIDDEN");
    assert_eq!(code("sla_policies"), "ZENDESK-ADDRESS");
    assert_eq!(code("macros"), Value::Null);
}

#[tokio::test]
async fn a_page_cursor_that_is_lost_begins_the_walk_again_and_nothing_comes_twice() {
    let world = world("macros").await;
    let refused = r#"{"error":"InvalidPaginationParameter"}"#;
    let lost = Fault::status(400, refused);
    world.zendesk.fault_when(nth(1, MACROS), lost, 1);
    let sync = world.sync().await;
    sync.assert_code(0);
    assert_eq!(sorted(messages(&world, 0)), present(&world, "macros"));
    assert_eq!(sync.report()["skipped"], 5, "the first page came again");
}

#[tokio::test]
async fn a_crash_in_the_middle_of_a_page_sends_that_page_again_and_no_other() {
    let world = world("macros").await;
    let held = Fault::Stall(Duration::from_millis(600_000));
    world.platform.fault_when(nth(1, INLET), held, 1);
    let sync = world.start(&["sync"]);
    let holds = world.platform.wait_for_requests(INLET, 2, PATIENCE);
    assert!(holds.await, "the second page is on its way");
    sync.kill().await;
    world.platform.clear_faults();
    let mut first = messages(&world, 0);
    first.truncate(5);
    world.sync().await.assert_code(0);
    let all = sorted(messages(&world, 0));
    let mut once = all.clone();
    once.dedup();
    assert_eq!(once, present(&world, "macros"));
    for settled in first {
        let times = all.iter().filter(|message| **message == settled).count();
        assert_eq!(times, 1, "what was settled is not sent again");
    }
}

#[tokio::test]
async fn a_checkpoint_behind_the_notes_sends_nothing_twice() {
    let world = world("macros").await;
    world.sync().await.assert_code(0);
    let before = std::fs::read(world.state_file()).expect("a state");
    records(&world, "macros").change(3);
    world.sync().await.assert_code(0);
    assert_eq!(world.platform.accepted_count(), 15);
    std::fs::write(world.state_file(), before).expect("written");
    world.sync().await.assert_code(0);
    assert_eq!(world.platform.accepted_count(), 15);
}

#[tokio::test]
async fn all_of_a_list_is_sent_again_on_demand() {
    let world = world("macros").await;
    world.sync().await.assert_code(0);
    let gone = records(&world, "macros").delete(1).remove(0);
    let refused = world
        .run(&["state", "set", "macros", "--start", "2026-01-01T00:00:00Z"])
        .await;
    refused.assert_code(2);
    assert!(refused.stderr.contains("--beginning"), "{}", refused.stderr);
    let set = world
        .run(&["state", "set", "macros", "--beginning", "--yes"])
        .await;
    set.assert_code(0);
    assert!(
        set.stdout.contains("all of the list is sent again"),
        "{}",
        set.stdout
    );
    world.sync().await.assert_code(0);
    assert_eq!(sorted(messages(&world, 12)), present(&world, "macros"));
    // What vanished before that is still told.
    world.sync().await.assert_code(0);
    assert_eq!(
        messages(&world, 23),
        [format!(r#"{{"id":{gone},"deleted":true}}"#)]
    );
}

#[tokio::test]
async fn snapshots_that_cannot_be_read_stop_the_start_and_say_what_to_do() {
    let world = world("macros").await;
    world.sync().await.assert_code(0);
    let path = world.path("state/snapshots.redb");
    let whole = std::fs::read(&path).expect("the snapshots");
    std::fs::write(&path, &whole[..whole.len() / 3]).expect("written");
    let sync = world.sync().await;
    sync.assert_code(5);
    assert!(sync.stderr.contains("error[STATE]"), "{}", sync.stderr);
    assert!(sync.stderr.contains("move it away"), "{}", sync.stderr);
    assert_eq!(world.platform.accepted_count(), 12);

    std::fs::remove_file(&path).expect("it is there");
    world.sync().await.assert_code(0);
    assert_eq!(world.platform.accepted_count(), 24, "all came again");
}

#[tokio::test]
async fn what_leaves_a_list_of_recent_things_is_not_said_to_be_deleted() {
    let world = world("suspended_tickets").await;
    world.sync().await.assert_code(0);
    let all = world.platform.accepted_count();
    records(&world, "suspended_tickets").delete(all);
    for _ in 0..3 {
        world.sync().await.assert_code(0);
    }
    assert_eq!(world.platform.accepted_count(), all);
}
