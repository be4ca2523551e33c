//! The catalogue of what Zendesk and what is before it can do wrong. Nothing is lost by any of
//! it; what passes is waited out, what does not is told.

use std::time::Duration;

use jiff::Timestamp;
use zendesk_aep::sandbox::{Answer, Fault, SeenRequest, Simulator as _};

use crate::support::{Finished, INCREMENTAL, World, assert_settled, nth};

/// Lets the second page's request fail so, and asserts that the sync is none the worse for it.
pub async fn survives(fault: Fault) -> (World, Finished) {
    let world = World::new().await;
    world.zendesk.fault_when(nth(1, INCREMENTAL), fault, 1);
    let sync = world.sync().await;
    sync.assert_code(0);
    assert_eq!(world.zendesk.faults_left(), 0, "the fault has happened");
    assert_settled(&world);
    assert_eq!(world.platform.accepted_count(), 200, "nothing came twice");
    assert!(world.page_requests().len() > 4, "it was asked for again");
    (world, sync)
}

/// The size that a request asks for.
fn page_size(request: &SeenRequest) -> u32 {
    let size = request.head.query("per_page").expect("a page size");
    size.parse().expect("a number")
}

#[tokio::test]
async fn errors_of_the_server_are_tried_again() {
    for status in [500, 502, 503, 520] {
        let (_, sync) = survives(Fault::status(status, "<html>")).await;
        let waits = sync.waits();
        assert_eq!(waits.len(), 1);
        assert!(
            (5..=20).contains(&waits[0]),
            "`initial_delay` and its jitter: {waits:?}"
        );
    }
}

#[tokio::test]
async fn a_gateway_that_times_out_is_asked_for_less_and_slowly_for_more_again() {
    let mut world = World::new().await;
    world.settings.set("zendesk.page_size", 40);
    world.zendesk.fault(
        INCREMENTAL,
        Fault::status(504, "<html>gateway timeout</html>"),
        2,
    );
    world.sync().await.assert_code(0);
    assert_settled(&world);
    let sizes: Vec<u32> = world.page_requests().iter().map(page_size).collect();
    assert_eq!(sizes[..7], [40, 20, 10, 14, 18, 22, 26]);
}

#[tokio::test]
async fn connections_that_break_are_tried_again() {
    for fault in [Fault::Close, Fault::CloseAfter, Fault::Truncate] {
        survives(fault).await;
    }
}

#[tokio::test]
async fn bodies_that_are_no_page_are_tried_again() {
    for fault in [
        Fault::Html,
        Fault::NotJson,
        Fault::status(200, "{}"),
        Fault::status(200, r#"{"users":[],"after_cursor":null}"#),
        Fault::status(200, "null"),
        Fault::status(200, ""),
        Fault::status(204, ""),
    ] {
        survives(fault).await;
    }
}

#[tokio::test]
async fn what_a_broken_body_holds_is_not_logged() {
    let body = r#"{"users":[{"id":1,"email":"jane@example.com"}],"after_cursor":jane@example.com"#;
    let (_, sync) = survives(Fault::status(200, body)).await;
    assert!(!sync.stderr.contains("jane@"), "{}", sync.stderr);
}

#[tokio::test]
async fn a_slow_body_is_read_to_its_end() {
    let world = World::new().await;
    let pause = Duration::from_millis(60);
    world
        .zendesk
        .fault_when(nth(1, INCREMENTAL), Fault::SlowBody(pause), 1);
    let sync = world.sync().await;
    sync.assert_code(0);
    assert_settled(&world);
    assert_eq!(world.page_requests().len(), 4, "slow is not broken");
}

#[tokio::test]
async fn an_answer_that_stalls_is_given_up_and_asked_for_again() {
    let mut world = World::new().await;
    world.settings.set("zendesk.idle_timeout", "500ms");
    world.zendesk.fault_when(
        nth(1, INCREMENTAL),
        Fault::Stall(crate::support::FOR_EVER),
        1,
    );
    world.sync().await.assert_code(0);
    assert_settled(&world);
    let pages = world.page_requests();
    assert_eq!(pages[1].head.query("cursor"), pages[2].head.query("cursor"));
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let world = World::new().await;
    let elsewhere = format!("{}/login?token=abc", world.platform.ims_url());
    let moved = Answer::empty(302).header("Location", &elsewhere);
    world.zendesk.fault(INCREMENTAL, Fault::Answer(moved), 1);
    let sync = world.sync().await;
    sync.assert_code(1);
    let report = sync.report();
    assert_eq!(report["outcome"], "ZENDESK-ADDRESS");
    let error = report["error"].as_str().expect("an error");
    assert!(error.contains(&world.platform.ims_url()), "{error}");
    assert!(
        !error.contains("token=abc"),
        "only the host is told: {error}"
    );
    assert!(
        world.platform.requests().is_empty(),
        "no credentials went there"
    );
    assert_eq!(world.page_requests().len(), 1);
}

#[tokio::test]
async fn a_refused_cursor_falls_back_to_the_recovery_time() {
    let mut world = World::new().await;
    world.settings.set("streams.users.overlap", "30d");
    world.sync().await.assert_code(0);
    let position = world.users_state()["position"].take();
    let recovery: Timestamp = position["recovery_time"]
        .as_str()
        .expect("a time")
        .parse()
        .expect("a time");
    world.zendesk.change(3);
    world.changes_show().await;
    world.zendesk.forget_cursors();
    let before = world.page_requests().len();
    let sync = world.sync().await;
    sync.assert_code(0);
    assert_settled(&world);

    let pages = world.page_requests();
    assert_eq!(
        pages[before].head.query("cursor"),
        position["cursor"].as_str()
    );
    assert_eq!(pages[before].status, Some(400));
    let start = (recovery - Duration::from_secs(30 * 86_400))
        .as_second()
        .to_string();
    assert_eq!(pages[before + 1].head.query("start_time"), Some(&*start));
    let warnings = sync.logs_of("WARN");
    assert_eq!(warnings.len(), 1);
    assert_eq!(warnings[0]["recovery_time"], recovery.to_string());
    let report = sync.report();
    assert!(
        report["skipped"].as_u64() >= Some(1),
        "the overlap repeats some: {report}"
    );
    assert_eq!(report["ingested"], 3);
    assert_eq!(
        world.platform.accepted_count(),
        203,
        "what is known is not sent again"
    );
}

#[tokio::test]
async fn an_address_that_does_not_exist_is_told() {
    let world = World::new().await;
    let body = r#"{"error":"InvalidEndpoint","description":"Not found"}"#;
    world
        .zendesk
        .fault(INCREMENTAL, Fault::status(404, body), 1);
    let sync = world.sync().await;
    sync.assert_code(1);
    let report = sync.report();
    assert_eq!(report["outcome"], "ZENDESK-ADDRESS");
    assert!(
        report["error"]
            .as_str()
            .is_some_and(|text| text.contains("InvalidEndpoint: Not found"))
    );
    assert!(
        report["hint"]
            .as_str()
            .is_some_and(|hint| hint.contains("zendesk.subdomain"))
    );
    assert_eq!(
        world.page_requests().len(),
        1,
        "asking again would not help"
    );
}

#[tokio::test]
async fn attempts_end_and_the_next_sync_goes_on() {
    let world = World::new().await;
    let first = nth(0, INCREMENTAL);
    world.zendesk.fault_when(
        move |request| request.head.path.starts_with(INCREMENTAL) && !first(request),
        Fault::status(500, r#"{"error":"unavailable"}"#),
        usize::MAX,
    );
    let failed = world.sync().await;
    failed.assert_code(1);
    let report = failed.report();
    assert_eq!(report["outcome"], "ZENDESK-UNAVAILABLE");
    let error = report["error"].as_str().expect("an error");
    assert!(
        error.contains("HTTP 500: unavailable (attempts made: 4)"),
        "{error}"
    );
    assert_eq!(report["ingested"], 50, "the first page was delivered");
    assert_eq!(
        world.users_state()["position"]["cursor"],
        world.cursor_after(50)
    );
    assert_eq!(
        world.users_state()["last_sync"]["outcome"],
        "ZENDESK-UNAVAILABLE"
    );

    world.zendesk.clear_faults();
    world.sync().await.assert_code(0);
    assert_settled(&world);
    assert_eq!(world.platform.accepted_count(), 200, "nothing came twice");
}

#[tokio::test]
async fn a_daemon_outlives_an_outage() {
    let mut world = World::new().await;
    world.settings.set("schedule.every", "1s");
    world.zendesk.stop().await;
    let daemon = world.daemon();
    daemon
        .wait_for_log("an outage", |line| line["code"] == "ZENDESK-UNAVAILABLE")
        .await;
    world.zendesk.resume().await.expect("the port is free");
    daemon.wait_for_complete_syncs(1).await;
    daemon.stop().await;
    assert_settled(&world);
}

#[tokio::test]
async fn a_cursor_that_does_not_move_is_no_endless_walk() {
    let world = World::new().await;
    world.sync().await.assert_code(0);
    let cursor = world.users_state()["position"]["cursor"].take();
    let same = serde_json::json!({"users": [], "after_url": null, "before_url": null,
        "after_cursor": cursor, "before_cursor": null, "end_of_stream": false});
    world
        .zendesk
        .fault(INCREMENTAL, Fault::status(200, same.to_string()), 100);
    let before = world.page_requests().len();
    let stuck = world.sync().await;
    stuck.assert_code(1);
    assert_eq!(stuck.report()["outcome"], "ZENDESK-EXPORT");
    assert_eq!(world.page_requests().len(), before + 1);
    assert_eq!(world.users_state()["position"]["cursor"], cursor);
}

#[tokio::test]
async fn a_start_inside_the_withheld_minute_is_not_an_error() {
    let world = World::new().await;
    let body = r#"{"error":"StartTimeTooRecent","description":"Too recent start_time."}"#;
    world
        .zendesk
        .fault(INCREMENTAL, Fault::status(400, body), 1);
    let early = world.sync().await;
    early.assert_code(0);
    assert_eq!(early.report()["received"], 0);
    world.sync().await.assert_code(0);
    assert_settled(&world);
}
