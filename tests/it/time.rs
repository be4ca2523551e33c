//! The incremental time export, page by page.

use serde_json::{Value, json};
use zendesk_aep::sandbox::{Fault, SeenRequest, Simulator as _};

use crate::support::{Plan, World, eventually};

const ORGANIZATIONS: &str = "/api/v2/incremental/organizations";

/// A world whose one stream is that of the organizations.
async fn world() -> World {
    let mut world = World::new().await;
    world.settings.only_stream("organizations");
    world
}

fn organization(id: u64, updated_at: &str) -> Value {
    json!({"id": id, "updated_at": updated_at})
}

/// The next answers of the export: records, `end_time`, `end_of_stream`.
fn answers(world: &World, pages: &[(Vec<Value>, Value, Option<bool>)]) {
    for (records, end_time, end_of_stream) in pages {
        let mut page = json!({
            "organizations": records,
            "count": records.len(),
            "end_time": end_time,
            "next_page": "https://alias.example/api/v2/incremental/organizations.json?start_time=1",
        });
        if let Some(over) = end_of_stream {
            page["end_of_stream"] = (*over).into();
        }
        let answer = Fault::status(200, page.to_string());
        world.zendesk.fault(ORGANIZATIONS, answer, 1);
    }
}

fn requests(world: &World) -> Vec<SeenRequest> {
    world.zendesk.requests_to(ORGANIZATIONS)
}

fn asked(world: &World) -> Vec<String> {
    let requests = requests(world);
    let starts = requests
        .iter()
        .filter_map(|request| request.head.query("start_time"));
    starts.map(str::to_owned).collect()
}

fn delivered(world: &World) -> Vec<String> {
    let accepted = world.platform.accepted();
    accepted
        .iter()
        .filter_map(|delivery| delivery.id())
        .collect()
}

const FIRST: &str = "2023-11-14T22:13:20Z";
const SECOND: &str = "2023-11-14T22:13:21Z";

#[tokio::test]
async fn what_the_end_of_a_page_repeats_is_not_sent_again_and_what_is_late_there_is() {
    let world = world().await;
    let (one, two) = (organization(1, FIRST), organization(2, SECOND));
    let late = organization(3, SECOND);
    answers(
        &world,
        &[
            (vec![one, two.clone()], 1_700_000_001.into(), Some(false)),
            (vec![two.clone(), late], 1_700_000_001.into(), Some(true)),
        ],
    );
    let sync = world.sync().await;
    sync.assert_code(0);
    assert_eq!(delivered(&world), ["1", "2", "3"]);
    assert_eq!(asked(&world), ["0", "1700000001"]);
    assert_eq!(requests(&world)[0].head.query("per_page"), Some("50"));
    assert_eq!(sync.report()["skipped"], 1);
    let state = world.state()["streams"]["organizations"].take();
    assert_eq!(
        state["position"],
        json!({"export": "time", "from": SECOND, "reached": SECOND})
    );

    // Quiet: the last second comes again, and nothing of it is sent.
    answers(&world, &[(vec![two], 1_700_000_001.into(), Some(true))]);
    world.sync().await.assert_code(0);
    assert_eq!(asked(&world)[2], "1700000001");
    assert_eq!(world.platform.accepted_count(), 3);
    let empty = (Vec::new(), Value::Null, Some(true));
    answers(&world, &[empty]);
    world.sync().await.assert_code(0);
    let after = world.state()["streams"]["organizations"].take();
    assert_eq!(after["position"], state["position"], "null moves nothing");
}

#[tokio::test]
async fn a_second_that_fills_a_page_is_left_behind_and_said_so() {
    let mut world = world().await;
    world
        .settings
        .set("zendesk.page_size", 1_000)
        .remove("platform.batch_bytes");
    let full: Vec<Value> = (1..=1_000).map(|id| organization(id, FIRST)).collect();
    let next = vec![organization(2_000, SECOND)];
    answers(
        &world,
        &[
            (full.clone(), 1_700_000_000.into(), Some(false)),
            (full, 1_700_000_000.into(), Some(false)),
            (next, 1_700_000_001.into(), Some(true)),
        ],
    );
    let sync = world.sync().await;
    sync.assert_code(4);
    assert_eq!(asked(&world), ["0", "1700000000", "1700000001"]);
    assert_eq!(world.platform.accepted_count(), 1_001);
    assert_eq!(sync.report()["failed"], 1);
    let letters = world.dead_letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["record"]["in_second"], FIRST);
    let why = letters[0].to_string();
    assert!(why.contains("first 1000 records of this moment"), "{why}");
}

#[tokio::test]
async fn a_small_page_that_does_not_move_is_asked_for_in_full_size() {
    let world = world().await;
    let small: Vec<Value> = (1..=50).map(|id| organization(id, FIRST)).collect();
    let mut whole = small.clone();
    whole.extend((51..=70).map(|id| organization(id, FIRST)));
    let stuck = 1_700_000_000;
    answers(
        &world,
        &[
            (small.clone(), stuck.into(), Some(false)),
            (small, stuck.into(), Some(false)),
            (whole, stuck.into(), Some(true)),
        ],
    );
    let sync = world.sync().await;
    sync.assert_code(0);
    assert_eq!(world.platform.accepted_count(), 70);
    let sizes: Vec<Option<String>> = requests(&world)
        .iter()
        .map(|request| request.head.query("per_page").map(str::to_owned))
        .collect();
    let sizes: Vec<&str> = sizes.iter().flatten().map(String::as_str).collect();
    assert_eq!(sizes, ["50", "50", "1000"]);
}

#[tokio::test]
async fn a_start_that_is_too_recent_means_nothing_yet() {
    let world = world().await;
    for (status, body) in [
        (400, r#"{"error":"StartTimeTooRecent"}"#),
        (
            422,
            "Too recent start_time. Use a start_time older than 5 minutes",
        ),
    ] {
        let answer = Fault::status(status, body);
        world.zendesk.fault(ORGANIZATIONS, answer, 1);
        world.sync().await.assert_code(0);
    }
    assert_eq!(world.platform.accepted_count(), 0);
}

#[tokio::test]
async fn a_body_without_its_records_is_no_empty_page() {
    let world = world().await;
    for body in ["{}", r#"{"organizations":null,"end_of_stream":true}"#] {
        let answer = Fault::status(200, body);
        world.zendesk.fault(ORGANIZATIONS, answer, usize::MAX);
        let sync = world.sync().await;
        sync.assert_failed("ZENDESK-UNAVAILABLE", "the checkpoint stands");
        world.zendesk.clear_faults();
    }
}

/// A world of organizations that Zendesk itself serves, in pages of five.
async fn served(change: impl FnOnce(&mut Plan)) -> World {
    let mut world = World::with(change).await;
    world
        .settings
        .only_stream("organizations")
        .set("zendesk.page_size", 5);
    world
}

async fn shows(world: &World) {
    let organizations = world.zendesk.collection("organizations").expect("a stream");
    eventually("the changes show", || {
        organizations.visible() == organizations.present()
    })
    .await;
}

#[tokio::test]
async fn more_than_a_page_in_one_second_arrives_exactly() {
    let world = served(|_| {}).await;
    world.sync().await.assert_code(0);
    let organizations = world.zendesk.collection("organizations").expect("a stream");
    let before = world.platform.accepted_count();
    let mut tied = organizations.tie(23);
    organizations.create(2);
    shows(&world).await;
    world.sync().await.assert_code(0);
    let mut arrived = delivered(&world).split_off(before);
    assert_eq!(arrived.len(), 25, "each once");
    arrived.sort();
    tied.sort();
    assert!(tied.iter().all(|id| arrived.binary_search(id).is_ok()));
}

#[tokio::test]
async fn an_endpoint_that_keeps_to_its_pages_is_asked_for_larger_ones() {
    let world = served(|plan| {
        plan.zendesk.stuck.insert("organizations".to_owned());
    })
    .await;
    world.sync().await.assert_code(0);
    let organizations = world.zendesk.collection("organizations").expect("a stream");
    let before = world.platform.accepted_count();
    organizations.tie(23);
    shows(&world).await;
    world.sync().await.assert_code(0);
    assert_eq!(delivered(&world).len() - before, 23, "each once");
    world.sync().await.assert_code(0);
    assert_eq!(delivered(&world).len() - before, 23);
}
