//! Streams that are read with others: inside their pages, or as a list under each of their
//! records.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use serde_json::Value;
use zendesk_aep::sandbox::{Fault, SeenRequest, ServedRecord, Simulator as _};

use crate::support::{INLET, World, eventually};

const EVENTS: &str = "/api/v2/incremental/ticket_events";

/// A world with these streams, a flow for each.
async fn world(streams: &[&str]) -> World {
    let mut world = World::with(|plan| {
        plan.zendesk.users = 60;
        // Few enough for what the quota leaves to a fresh process: no header tells of the audits'.
        plan.zendesk.records = BTreeMap::from([("tickets".to_owned(), 70)]);
        plan.platform.flows.extend(FLOWS.map(flow_of));
    })
    .await;
    world.settings.remove("streams.users");
    for stream in streams {
        add(&mut world, stream);
    }
    world
}

const FLOWS: [&str; 13] = [
    "tickets",
    "ticket_metrics",
    "ticket_audits",
    "ticket_events",
    "ticket_comments",
    "users",
    "user_identities",
    "side_conversations",
    "articles",
    "article_comments",
    "article_comment_votes",
    "posts",
    "post_comments",
];

fn flow_of(stream: &str) -> String {
    format!("flow-of-{stream}")
}

fn add(world: &mut World, stream: &str) {
    let key = format!("streams.{stream}.flow_id");
    world.settings.set(&key, flow_of(stream));
    // A complete read is compared with all that there is.
    if matches!(stream, "tickets" | "ticket_events") {
        let key = format!("streams.{stream}.support_type_scope");
        world.settings.set(&key, "all");
    }
}

/// The messages that the inlet has accepted of a stream, in order.
fn messages(world: &World, stream: &str) -> Vec<Bytes> {
    let flow = flow_of(stream);
    let of_flow: Vec<u64> = world
        .platform
        .requests_to(INLET)
        .iter()
        .filter(|request| {
            let header = request.head.headers.get("x-adobe-flow-id");
            header.is_some_and(|value| value.as_bytes() == flow.as_bytes())
        })
        .map(|request| request.head.number)
        .collect();
    let accepted = world.platform.accepted().into_iter();
    accepted
        .filter(|delivery| of_flow.contains(&delivery.request))
        .map(|delivery| delivery.json)
        .collect()
}

fn id(message: &[u8]) -> String {
    let message: Value = serde_json::from_slice(message).expect("JSON");
    match &message["id"] {
        Value::String(id) => id.clone(),
        id => id.to_string(),
    }
}

/// The newest message of each record, by id.
fn newest(messages: &[Bytes]) -> BTreeMap<String, Bytes> {
    let by_id = messages.iter();
    by_id
        .map(|message| (id(message), message.clone()))
        .collect()
}

/// What a stream shows at present, by id.
fn present(world: &World, stream: &str) -> BTreeMap<String, ServedRecord> {
    let records = world
        .zendesk
        .collection(stream)
        .expect("a stream")
        .present();
    records
        .into_iter()
        .map(|record| (record.id.clone(), record))
        .collect()
}

/// The tickets that are not deleted.
fn living(world: &World) -> BTreeSet<String> {
    let tickets = present(world, "tickets").into_iter();
    let living = tickets.filter(|(_, ticket)| !ticket.deleted);
    living.map(|(id, _)| id).collect()
}

/// The ticket that a record belongs to.
fn ticket_of(record: &[u8]) -> String {
    let record: Value = serde_json::from_slice(record).expect("JSON");
    record["ticket_id"].to_string()
}

fn tickets_of(messages: &[Bytes]) -> BTreeSet<String> {
    messages.iter().map(|message| ticket_of(message)).collect()
}

/// Waits until every change so far shows in the export.
async fn shown(world: &World, stream: &str) {
    let records = world.zendesk.collection(stream).expect("a stream");
    eventually("the changes show in the export", || {
        records.visible() == records.present()
    })
    .await;
}

fn requests(world: &World, path: &str, holds: impl Fn(&SeenRequest) -> bool) -> usize {
    let requests = world.zendesk.requests_to(path);
    requests.iter().filter(|request| holds(request)).count()
}

fn is_audits(request: &SeenRequest) -> bool {
    request.head.path.ends_with("/audits.json")
}

/// The counts of one stream in what a sync printed.
fn report(finished: &crate::support::Finished, stream: &str) -> Value {
    let lines = finished.json();
    let lines = lines.as_array().expect("a list");
    let line = lines.iter().find(|line| line["stream"] == stream);
    line.unwrap_or_else(|| panic!("no line about {stream}"))
        .clone()
}

#[tokio::test]
async fn metrics_come_with_their_tickets_and_cost_no_request() {
    let world = world(&["tickets", "ticket_metrics"]).await;
    world.sync().await.assert_code(0);
    let tickets = present(&world, "tickets");
    assert_eq!(newest(&messages(&world, "tickets")).len(), tickets.len());
    let measured = tickets_of(&messages(&world, "ticket_metrics"));
    assert!(measured.len() > 50);
    assert_eq!(measured, living(&world), "each, and no other");
    let pages = tickets.len() / 50 + 1;
    let asked = |request: &SeenRequest| request.head.query("include") == Some("metric_sets");
    assert_eq!(requests(&world, "/api/v2/", asked), pages);
    assert_eq!(requests(&world, "/api/v2/", |_| true), pages, "no other");

    let collection = world.zendesk.collection("tickets").expect("tickets");
    let changed = collection.change(3);
    let deleted = collection.delete(2);
    shown(&world, "tickets").await;
    let second = world.sync().await;
    second.assert_code(0);
    let touched: BTreeSet<&String> = changed.iter().chain(&deleted).collect();
    assert_eq!(report(&second, "tickets")["received"], touched.len());
    let living = changed.iter().filter(|id| !deleted.contains(id)).count();
    assert_eq!(
        report(&second, "ticket_metrics")["received"],
        living,
        "a deleted ticket has none"
    );
}

#[tokio::test]
async fn tickets_may_be_read_for_their_metrics_only() {
    let mut world = world(&["tickets", "ticket_metrics"]).await;
    world.settings.set("streams.tickets.deliver", false);
    world.sync().await.assert_code(0);
    assert!(messages(&world, "tickets").is_empty());
    let measured = tickets_of(&messages(&world, "ticket_metrics"));
    assert_eq!(measured, living(&world));

    // Wanted after all: their past is read for them, and the metrics are not sent again.
    let sent = messages(&world, "ticket_metrics").len();
    world.settings.set("streams.tickets.deliver", true);
    world.sync().await.assert_code(0);
    let delivered = newest(&messages(&world, "tickets"));
    assert!(delivered.keys().eq(present(&world, "tickets").keys()));
    assert_eq!(messages(&world, "ticket_metrics").len(), sent);
}

#[tokio::test]
async fn comments_come_with_the_events_and_say_of_which_ticket_and_when() {
    let mut world = world(&["ticket_events", "ticket_comments"]).await;
    world.settings.set("zendesk.page_size", 1_000);
    world.sync().await.assert_code(0);
    let comments = present(&world, "ticket_comments");
    let delivered = newest(&messages(&world, "ticket_comments"));
    assert!(comments.len() > 20);
    assert!(delivered.keys().eq(comments.keys()));
    for (id, message) in &delivered {
        let value: Value = serde_json::from_slice(message).expect("JSON");
        let added = format!(
            "{{\"ticket_id\":{},\"timestamp\":{},",
            value["ticket_id"], value["timestamp"]
        );
        let own = &comments[id].json[1..];
        assert_eq!(*message, [added.as_bytes(), own].concat());
        assert!(value["ticket_id"].is_u64() && value["timestamp"].is_u64());
    }
    let events = world.zendesk.requests_to(EVENTS);
    assert_eq!(events[0].head.query("include"), Some("comment_events"));
    assert_eq!(
        events[0].head.query("per_page"),
        Some("250"),
        "they are heavy"
    );
    assert_eq!(requests(&world, "/api/v2/", |_| true), events.len());
}

#[tokio::test]
async fn identities_come_with_their_users() {
    let world = world(&["users", "user_identities"]).await;
    world.sync().await.assert_code(0);
    let delivered = newest(&messages(&world, "user_identities"));
    let identities = present(&world, "user_identities");
    assert!(identities.len() > 20);
    for (id, message) in &delivered {
        assert_eq!(*message, identities[id].json, "to the byte");
    }
    assert_eq!(delivered.len(), identities.len());
}

#[tokio::test]
async fn each_ticket_that_changed_costs_one_request_for_its_audits() {
    let world = world(&["tickets", "ticket_audits"]).await;
    world.sync().await.assert_code(0);
    let asked = living(&world).len();
    assert_eq!(requests(&world, "/api/v2/tickets/", is_audits), asked);
    let audits = present(&world, "ticket_audits");
    let delivered = newest(&messages(&world, "ticket_audits"));
    assert!(delivered.len() > 50);
    let living = living(&world);
    for (id, audit) in &audits {
        if living.contains(&ticket_of(&audit.json)) {
            assert_eq!(delivered[id], audit.json, "to the byte");
        }
    }

    let changed = world
        .zendesk
        .collection("tickets")
        .expect("tickets")
        .change(4);
    shown(&world, "tickets").await;
    let second = world.sync().await;
    second.assert_code(0);
    assert_eq!(
        requests(&world, "/api/v2/tickets/", is_audits),
        asked + changed.len()
    );
    let after = newest(&messages(&world, "ticket_audits"));
    assert_eq!(
        after.len(),
        delivered.len() + changed.len(),
        "one audit each"
    );
}

#[tokio::test]
async fn a_daemon_sends_only_the_audits_it_has_not_sent() {
    let mut world = world(&["tickets", "ticket_audits"]).await;
    world.settings.set("schedule.every", "1s");
    let daemon = world.daemon();
    let tickets = world.zendesk.collection("tickets").expect("tickets");
    let read = || {
        let position = world.state()["streams"]["tickets"].take();
        position["last_sync"]["outcome"] == "complete"
    };
    eventually("the first sync is over", read).await;
    let before = messages(&world, "ticket_audits").len();
    let changed = tickets.change(5);
    shown(&world, "tickets").await;
    eventually("the new audits are there", || {
        messages(&world, "ticket_audits").len() >= before + changed.len()
    })
    .await;
    daemon.stop().await.assert_code(0);
    let sent = messages(&world, "ticket_audits");
    assert_eq!(sent.len(), newest(&sent).len(), "none came twice");
}

#[tokio::test]
async fn a_ticket_that_is_gone_by_then_has_no_audits_and_stops_nothing() {
    let world = world(&["tickets", "ticket_audits"]).await;
    let gone = r#"{"error":"RecordNotFound","description":"Not found"}"#;
    let audits =
        |request: &zendesk_aep::sandbox::Request| request.head.path.ends_with("/audits.json");
    world
        .zendesk
        .fault_when(audits, Fault::status(404, gone), 2);
    let sync = world.sync().await;
    sync.assert_code(0);
    assert_eq!(report(&sync, "tickets")["outcome"], "complete");
    assert_eq!(
        newest(&messages(&world, "tickets")).len(),
        present(&world, "tickets").len()
    );
}

#[tokio::test]
async fn what_died_among_the_children_is_read_again() {
    let world = world(&["tickets", "ticket_audits"]).await;
    let refused = Fault::status(503, "busy");
    // The first page of tickets arrives, its audits do not.
    world.platform.fault_when(from(6, INLET), refused, 1_000);
    let failed = world.sync().await;
    assert_eq!(
        report(&failed, "tickets")["outcome"],
        "PLATFORM-UNAVAILABLE"
    );
    world.platform.clear_faults();
    let before = messages(&world, "ticket_audits").len();
    world.sync().await.assert_code(0);
    let delivered = newest(&messages(&world, "ticket_audits"));
    assert!(delivered.len() > before);
    let living = living(&world);
    let audits = present(&world, "ticket_audits").into_iter();
    let expected = audits.filter(|(_, audit)| living.contains(&ticket_of(&audit.json)));
    for (id, audit) in expected {
        assert_eq!(delivered[&id], audit.json, "to the byte");
    }
}

/// Claims every request after the first `skipped`.
fn from(
    skipped: usize,
    path: &'static str,
) -> impl Fn(&zendesk_aep::sandbox::Request) -> bool + Send + Sync {
    let seen = std::sync::atomic::AtomicUsize::new(0);
    move |request| {
        request.head.path.starts_with(path)
            && seen.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= skipped
    }
}

#[tokio::test]
async fn a_stream_that_joins_gets_its_past_and_the_others_nothing_twice() {
    let mut world = world(&["tickets"]).await;
    world.sync().await.assert_code(0);
    let tickets = messages(&world, "tickets").len();
    add(&mut world, "ticket_metrics");
    world.sync().await.assert_code(0);
    let measured = tickets_of(&messages(&world, "ticket_metrics"));
    assert_eq!(measured, living(&world));
    assert_eq!(messages(&world, "tickets").len(), tickets, "nothing twice");
}

#[tokio::test]
async fn a_list_that_joins_is_asked_for_alone() {
    let mut world = world(&["tickets", "ticket_audits"]).await;
    world.sync().await.assert_code(0);
    let audits = requests(&world, "/api/v2/tickets/", is_audits);
    add(&mut world, "side_conversations");
    world.sync().await.assert_code(0);
    assert_eq!(requests(&world, "/api/v2/tickets/", is_audits), audits);
    let lists = |request: &SeenRequest| request.head.path.ends_with("/side_conversations.json");
    assert_eq!(
        requests(&world, "/api/v2/tickets/", lists),
        living(&world).len()
    );
}

#[tokio::test]
async fn lists_under_lists_are_read_down_to_the_last() {
    let streams = ["articles", "article_comments", "article_comment_votes"];
    let world = world(&streams).await;
    world.sync().await.assert_code(0);
    for stream in streams {
        let delivered = newest(&messages(&world, stream));
        let expected = present(&world, stream);
        assert!(!expected.is_empty());
        assert!(delivered.keys().eq(expected.keys()), "{stream}");
    }
    let before = world.zendesk.requests().len();
    world.sync().await.assert_code(0);
    let quiet = world.zendesk.requests().len() - before;
    assert!(
        quiet < 20,
        "only what the export gives again is asked: {quiet}"
    );
}

#[tokio::test]
async fn a_list_that_the_account_does_not_have_stops_the_walk_and_says_so() {
    let mut world = world(&["tickets", "side_conversations"]).await;
    let none = r#"{"error":"InvalidEndpoint","description":"Not found"}"#;
    let lists = |request: &zendesk_aep::sandbox::Request| {
        request.head.path.ends_with("/side_conversations.json")
    };
    world
        .zendesk
        .fault_when(lists, Fault::status(404, none), 1_000);
    let sync = world.sync().await;
    let line = report(&sync, "side_conversations");
    assert_eq!(line["outcome"], "ZENDESK-ADDRESS");
    let error = line["error"].as_str().expect("a text");
    assert!(error.contains("list side_conversations"), "{error}");
    // Without it everything goes on where it was.
    world.settings.remove("streams.side_conversations");
    world.sync().await.assert_code(0);
    assert_eq!(
        newest(&messages(&world, "tickets")).len(),
        present(&world, "tickets").len()
    );
}

#[tokio::test]
async fn what_left_a_list_is_told_and_what_stayed_is_not_sent_again() {
    let world = world(&["articles", "article_comments"]).await;
    world.sync().await.assert_code(0);
    let before = messages(&world, "article_comments").len();
    let comments = world.zendesk.collection("article_comments");
    let comments = comments.expect("a stream");
    let gone = comments.delete(3);
    let articles = world.zendesk.collection("articles").expect("a stream");
    let changed = articles.change(articles.count());
    assert_eq!(changed.len(), articles.count(), "all of them");
    shown(&world, "articles").await;
    let second = world.sync().await;
    second.assert_code(0);
    let sent = messages(&world, "article_comments").split_off(before);
    let ends: BTreeSet<String> = sent.iter().map(|message| id(message)).collect();
    assert_eq!(ends, gone.iter().cloned().collect());
    for message in &sent {
        let end = format!("{{\"id\":{},\"deleted\":true}}", id(message));
        assert_eq!(message, end.as_bytes());
    }
    let line = report(&second, "article_comments");
    let known = present(&world, "article_comments").len();
    assert_eq!(line["received"], known + gone.len());
    assert_eq!(line["skipped"], known);
}

#[tokio::test]
async fn a_list_that_is_read_again_and_again_asks_under_what_changed_only() {
    let mut world = world(&["posts", "post_comments"]).await;
    world.settings.set("schedule.every", "1s");
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(3).await;
    let lists = |request: &SeenRequest| request.head.path.ends_with("/comments.json");
    let posts = world.zendesk.collection("posts").expect("a stream");
    assert_eq!(
        requests(&world, "/api/v2/community/posts/", lists),
        posts.count()
    );
    for stream in ["posts", "post_comments"] {
        let sent = messages(&world, stream);
        assert_eq!(newest(&sent).len(), sent.len(), "nothing came twice");
        assert!(newest(&sent).keys().eq(present(&world, stream).keys()));
    }
    let changed = posts.change(2);
    eventually("the changed posts are looked under", || {
        requests(&world, "/api/v2/community/posts/", lists) == posts.count() + changed.len()
    })
    .await;
    daemon.stop().await.assert_code(0);
}
