//! The catalogue of what the inlet and what is before it can do wrong: to a batch as a whole,
//! and to the acknowledgement.

use std::time::Duration;

use zendesk_aep::sandbox::{Answer, Endpoint, Fault, Request, Simulator as _};

use crate::support::{INLET, World, assert_settled, nth};

const BATCH: &str = "/collection/batch/";

/// Lets the second batch fail so, and asserts that everything arrives all the same; gives the
/// messages that came twice.
async fn survives(fault: Fault) -> (World, usize) {
    let world = World::new().await;
    world.platform.fault_when(nth(1, BATCH), fault, 1);
    world.sync().await.assert_code(0);
    assert_eq!(world.platform.faults_left(), 0, "the fault has happened");
    assert_settled(&world);
    assert!(world.dead_letters().is_empty());
    let repeats = world.platform.accepted_count() - 200;
    (world, repeats)
}

#[tokio::test]
async fn errors_of_the_server_are_tried_again_and_nothing_comes_twice() {
    for status in [408, 429, 500, 502, 503, 504] {
        let (_, repeats) = survives(Fault::status(status, "<html>")).await;
        assert_eq!(repeats, 0, "a batch answered with {status} was not taken");
    }
}

#[tokio::test]
async fn a_connection_closed_before_the_answer_is_tried_again() {
    let (_, repeats) = survives(Fault::Close).await;
    assert_eq!(repeats, 0);
}

#[tokio::test]
async fn a_lost_acknowledgement_leads_to_a_repeat_never_to_a_loss() {
    for fault in [Fault::CloseAfter, Fault::Truncate] {
        let (_, repeats) = survives(fault).await;
        assert!(
            (1..=12).contains(&repeats),
            "one batch came twice: {repeats}"
        );
    }
}

#[tokio::test]
async fn an_acknowledgement_that_comes_too_late_leads_to_a_repeat() {
    let mut world = World::new().await;
    world.settings.set("platform.idle_timeout", "500ms");
    let late = Fault::Stall(crate::support::FOR_EVER);
    world.platform.fault_when(nth(1, BATCH), late, 1);
    world.sync().await.assert_code(0);
    assert_settled(&world);
    assert!(world.platform.accepted_count() > 200);
}

#[tokio::test]
async fn a_success_that_says_nothing_of_the_messages_is_none() {
    for body in [
        "garbage",
        "{}",
        "[]",
        r#"{"responses":[]}"#,
        r#"{"responses":{}}"#,
        r#"{"responses":[null,1,"x"]}"#,
    ] {
        let (_, repeats) = survives(Fault::Answer(Answer::json(207, body))).await;
        assert_eq!(repeats, 0, "not taken, and known not to be: {body}");
    }
    let (_, repeats) = survives(Fault::Html).await;
    assert_eq!(repeats, 0, "a page for people with 200 is no acceptance");
    let (_, repeats) = survives(Fault::Replace("garbage".into())).await;
    assert!(repeats > 0, "taken, but who could know");
}

#[tokio::test]
async fn messages_said_to_be_rejected_for_a_passing_reason_are_sent_again() {
    let world = World::new().await;
    let busy = r#"{"batchId":"b","responses":[{"xactionId":"b:0","status":503,"message":"busy"}]}"#;
    world
        .platform
        .fault(BATCH, Fault::Answer(Answer::json(207, busy)), 1);
    world.sync().await.assert_code(0);
    assert_settled(&world);
    assert!(world.dead_letters().is_empty());
}

/// Whether a request, or one message, brings the user whose id is `id`.
fn brings(id: u64) -> impl Fn(&Request) -> bool + Send + Sync + Clone {
    let needle = format!("{{\"id\":{id},").into_bytes();
    move |request| {
        request.head.path.starts_with(INLET)
            && request
                .body
                .windows(needle.len())
                .any(|part| part == needle)
    }
}

#[tokio::test]
async fn a_batch_refused_for_one_message_loses_that_message_only() {
    for status in [400, 413, 422] {
        let world = World::new().await;
        let culprit = world.zendesk.users()[57].id;
        let body = r#"{"title":"Invalid","report":{"message":"[value] is no good"}}"#;
        world
            .platform
            .fault_when(brings(culprit), Fault::status(status, body), usize::MAX);
        let sync = world.sync().await;
        sync.assert_code(4);
        assert_settled(&world);
        let letters = world.dead_letters();
        assert_eq!(letters.len(), 1);
        assert_eq!(letters[0]["record_id"], culprit.to_string());
        assert_eq!(letters[0]["reason"]["code"], "rejected");
        assert_eq!(letters[0]["reason"]["status"], status);
        assert_eq!(
            letters[0]["reason"]["message"],
            "Invalid: [value] is no good"
        );
        assert_eq!(world.platform.accepted_count(), 199, "nothing came twice");
        // A culprit among ten is found by halving: the whole, then at most two for each half.
        let usual = 20;
        assert!(
            world.inlet_requests() <= usual + 8,
            "{}",
            world.inlet_requests()
        );
    }
}

#[tokio::test]
async fn several_culprits_are_each_isolated() {
    let world = World::new().await;
    let users = world.zendesk.users();
    let culprits = [3, 4, 8, 99, 199].map(|place: usize| users[place].id);
    let rules = culprits.map(brings);
    let any = move |request: &Request| rules.iter().any(|brings| brings(request));
    world
        .platform
        .fault_when(any, Fault::status(400, "{}"), usize::MAX);
    let sync = world.sync().await;
    sync.assert_code(4);
    assert_eq!(sync.report()["failed"], 5);
    assert_settled(&world);
    let mut ids: Vec<String> = world
        .dead_letters()
        .iter()
        .map(|letter| letter["record_id"].as_str().expect("an id").to_owned())
        .collect();
    let mut expected = culprits.map(|id| id.to_string());
    ids.sort();
    expected.sort();
    assert_eq!(ids, expected);
}

#[tokio::test]
async fn an_inlet_that_takes_less_than_we_thought_gets_less() {
    let world = World::new().await;
    let too_large = |request: &Request| request.body.len() > 3_000;
    world
        .platform
        .fault_when(too_large, Fault::status(413, ""), usize::MAX);
    world.sync().await.assert_code(0);
    assert_settled(&world);
    assert!(world.dead_letters().is_empty());
    assert_eq!(world.platform.accepted_count(), 200, "nothing came twice");
}

#[tokio::test]
async fn a_record_larger_than_any_batch_goes_to_the_dead_letters_unsent() {
    let mut world = World::new().await;
    // Users have 800 to 1,100 bytes.
    world.settings.set("platform.batch_bytes", "1000B");
    let sync = world.sync().await;
    let too_large = world.dead_letters();
    assert!(!too_large.is_empty(), "some do not fit");
    sync.assert_code(4);
    assert_eq!(sync.report()["failed"], too_large.len());
    assert_settled(&world);
    for letter in &too_large {
        assert_eq!(letter["reason"]["code"], "too_large");
    }
    let sent = world.platform.requests_to(INLET);
    assert!(sent.iter().all(|request| request.body_bytes <= 1_000));
}

#[tokio::test]
async fn the_single_endpoint_gets_messages_one_by_one() {
    let mut world = World::with(|plan| plan.zendesk.users = 60).await;
    world.settings.set("platform.endpoint", "single");
    let refused = world.zendesk.users()[7].id;
    world
        .platform
        .reject_when(crate::inlet_rejections::user(refused));
    world.sync().await.assert_code(4);
    assert_settled(&world);
    let accepted = world.platform.accepted();
    assert!(
        accepted
            .iter()
            .all(|delivery| delivery.endpoint == Endpoint::Single)
    );
    assert_eq!(accepted.len(), 59);
    assert_eq!(world.inlet_requests(), 60);
    assert_eq!(world.dead_letters()[0]["reason"]["status"], 400);
}

#[tokio::test]
async fn a_page_for_people_is_no_receipt_of_a_single_message() {
    let mut world = World::with(|plan| plan.zendesk.users = 20).await;
    world.settings.set("platform.endpoint", "single");
    world.platform.fault_when(nth(3, INLET), Fault::Html, 1);
    world.sync().await.assert_code(0);
    assert_settled(&world);
    assert_eq!(world.platform.accepted_count(), 20);
}

#[tokio::test]
async fn an_inlet_that_does_not_exist_is_told() {
    let world = World::new().await;
    world.platform.fault(INLET, Fault::status(404, "{}"), 1);
    let sync = world.sync().await;
    sync.assert_code(1);
    assert_eq!(sync.report()["outcome"], "PLATFORM-ADDRESS");
    assert!(
        sync.report()["hint"]
            .as_str()
            .is_some_and(|hint| hint.contains("inlet_url"))
    );
    assert!(world.users_state()["position"].is_null());
    assert!(world.dead_letters().is_empty());
}

#[tokio::test]
async fn an_inlet_that_is_down_leaves_the_checkpoint_where_it_is() {
    let world = World::new().await;
    world.sync().await.assert_code(0);
    world.zendesk.change(5);
    world.changes_show().await;
    let position = world.users_state()["position"].take();
    world.platform.stop().await;
    let failed = world.sync().await;
    failed.assert_code(1);
    assert_eq!(failed.report()["outcome"], "PLATFORM-UNAVAILABLE");
    assert_eq!(world.users_state()["position"], position);

    world.platform.resume().await.expect("the port is free");
    world.sync().await.assert_code(0);
    assert_settled(&world);
    assert_eq!(world.platform.accepted_count(), 205);
}

#[tokio::test]
async fn a_daemon_outlives_an_outage_and_then_everything_arrives() {
    let mut world = World::new().await;
    world.settings.set("schedule.every", "1s");
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(1).await;
    world.platform.stop().await;
    world.zendesk.change(10);
    world.zendesk.delete(3);
    daemon
        .wait_for_logs("failed syncs", 2, |line| {
            line["code"] == "PLATFORM-UNAVAILABLE"
        })
        .await;
    world.zendesk.change(10);
    world.platform.resume().await.expect("the port is free");
    world.changes_show().await;
    world
        .state_eventually("everything is settled", |users| {
            users["position"]["cursor"] == world.cursor_after(200)
        })
        .await;
    daemon.stop().await;
    assert_settled(&world);
}

#[tokio::test]
async fn a_long_wait_that_the_inlet_asks_for_is_kept() {
    let mut world = World::new().await;
    world.settings.set("platform.in_flight", 1);
    let limited = Answer::empty(429).header("Retry-After", "1");
    world
        .platform
        .fault_when(nth(1, BATCH), Fault::Answer(limited), 1);
    let sync = world.sync().await;
    sync.assert_code(0);
    assert_eq!(sync.waits(), [1_000]);
    let sent = world.platform.requests_to(BATCH);
    assert!(sent[2].head.at - sent[1].head.at >= Duration::from_secs(1));
    assert_settled(&world);
}
