//! The status server: what can be asked of a running daemon, and by whom.

use std::io::Write as _;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;
use zendesk_aep::sandbox::{Fault, Simulator as _};

use crate::support::{
    Asked, Exposition, FOR_EVER, INCREMENTAL, INLET, PATIENCE, Process, World, eventually, nth,
};

const USERS: [(&str, &str); 1] = [("stream", "users")];

async fn world() -> World {
    let mut world = World::new().await;
    world.settings.set("status.listen", "127.0.0.1:0");
    world
}

/// What the daemon answers to a scrape, read strictly.
async fn scrape(status: SocketAddr) -> Exposition {
    let answer = Asked::get(status, "/metrics").await;
    assert_eq!(answer.status, 200);
    let expected = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!(answer.content_type, expected);
    Exposition::read(&answer.body)
}

/// Scrapes until `holds`.
async fn scrape_until(
    status: SocketAddr,
    what: &str,
    holds: impl Fn(&Exposition) -> bool,
) -> Exposition {
    let waiting = async {
        loop {
            let scraped = scrape(status).await;
            if holds(&scraped) {
                return scraped;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, waiting).await;
    found.unwrap_or_else(|_| panic!("not in time: {what}"))
}

async fn report(status: SocketAddr) -> Value {
    let answer = Asked::get(status, "/status.json").await;
    assert_eq!(
        (answer.status, &*answer.content_type),
        (200, "application/json")
    );
    serde_json::from_str(&answer.body).expect("JSON")
}

#[tokio::test]
async fn metrics_say_what_was_done() {
    let mut world = world().await;
    world.settings.set("schedule.every", "1s");
    let refused = world.zendesk.users()[3].id;
    world
        .platform
        .reject_when(crate::inlet_rejections::user(refused));
    world.zendesk.fault(INCREMENTAL, Fault::status(503, ""), 1);
    let daemon = world.daemon();
    let status = daemon.status_address().await;
    daemon.wait_for_complete_syncs(1).await;

    let first = scrape(status).await;
    let of_users = |name: &str| first.value(name, &USERS);
    assert_eq!(of_users("zendesk_aep_records_received_total"), 200.0);
    assert_eq!(of_users("zendesk_aep_records_ingested_total"), 199.0);
    assert_eq!(of_users("zendesk_aep_records_failed_total"), 1.0);
    assert_eq!(of_users("zendesk_aep_records_skipped_total"), 0.0);
    assert_eq!(of_users("zendesk_aep_pages_settled_total"), 4.0);
    assert_eq!(of_users("zendesk_aep_stream_interval_seconds"), 1.0);
    let request = |side, outcome| {
        let labels = [("side", side), ("outcome", outcome)];
        first.value("zendesk_aep_requests_total", &labels)
    };
    assert_eq!(request("zendesk", "server_error"), 1.0);
    assert!(request("zendesk", "success") >= 4.0);
    assert_eq!(request("adobe", "success"), world.inlet_requests() as f64);
    let zendesk = [("side", "zendesk")];
    assert_eq!(
        first.value("zendesk_aep_request_retries_total", &zendesk),
        1.0
    );
    assert_eq!(first.value("zendesk_aep_sign_in_accepted", &zendesk), 1.0);
    assert!(first.value("zendesk_aep_token_expiry_timestamp_seconds", &zendesk) > 1.7e9);
    let message = |outcome| first.value("zendesk_aep_messages_total", &[("outcome", outcome)]);
    assert_eq!((message("accepted"), message("rejected")), (199.0, 1.0));
    let letters = [("stream", "users"), ("reason", "rejected")];
    assert_eq!(first.value("zendesk_aep_dead_letters", &letters), 1.0);
    assert!(first.value("zendesk_aep_dead_letter_store_bytes", &[]) > 100.0);
    let account = [("limit", "account")];
    assert!(first.value("zendesk_aep_quota_requests_used", &account) >= 4.0);
    assert_eq!(first.value("zendesk_aep_ready", &[]), 1.0);

    // The counters go on; a letter that a person discards is gone at the next scrape.
    let id = world.dead_letters()[0]["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    world
        .run(&["dead-letters", "discard", &id, "--yes"])
        .await
        .assert_code(0);
    world.platform.reject_when(|_| None);
    world.zendesk.change(3);
    world.changes_show().await;
    // Pages are counted as they are settled, so before the sync that has them ends.
    let complete = [("stream", "users"), ("outcome", "complete")];
    let later = scrape_until(status, "the changes are counted", |scraped| {
        scraped.value("zendesk_aep_records_ingested_total", &USERS) == 202.0
            && scraped.value("zendesk_aep_syncs_total", &complete) >= 2.0
    })
    .await;
    assert_eq!(later.find("zendesk_aep_dead_letters", &letters), None);
    let syncs = later.value("zendesk_aep_sync_duration_seconds_count", &USERS);
    assert!(syncs >= 2.0);
    daemon.stop().await;
}

/// Everything that has a name is there, and what is there is bounded by what is configured.
#[tokio::test]
async fn series_are_as_many_as_streams_make_them() {
    let mut world = world().await;
    world.settings.set("schedule.every", "1s");
    let daemon = world.daemon();
    let status = daemon.status_address().await;
    daemon.wait_for_complete_syncs(1).await;
    let of_one = scrape(status).await.series();
    daemon.wait_for_complete_syncs(3).await;
    world.zendesk.fault(INCREMENTAL, Fault::status(500, ""), 2);
    daemon.wait_for_complete_syncs(4).await;
    let later = scrape(status).await.series();
    let new: Vec<_> = later.difference(&of_one).collect();
    assert!(
        new.is_empty(),
        "the same streams make the same series: {new:?}"
    );
    daemon.stop().await;

    world
        .settings
        .add_stream("tickets")
        .add_stream("organizations");
    let daemon = world.daemon();
    let status = daemon.status_address().await;
    daemon.wait_for_complete_syncs(3).await;
    let of_three = scrape(status).await.series();
    let of = |stream: &str| {
        let labels = of_three.iter().map(|(_, labels)| labels.get("stream"));
        labels
            .filter(|label| label.is_some_and(|it| it == stream))
            .count()
    };
    assert!(of("users") <= 50, "{}", of("users"));
    let of_none = of_three
        .iter()
        .filter(|(_, labels)| !labels.contains_key("stream"));
    assert!(of_none.count() <= 100);
    daemon.stop().await;
}

#[tokio::test]
async fn a_quiet_stream_does_not_age() {
    let mut world = world().await;
    world.settings.set("schedule.every", "1s");
    let daemon = world.daemon();
    let status = daemon.status_address().await;
    daemon.wait_for_complete_syncs(1).await;
    let newest = world
        .zendesk
        .users()
        .iter()
        .map(|user| user.updated_at)
        .max();
    let age = jiff::Timestamp::now()
        .duration_since(newest.expect("users"))
        .as_secs();
    assert!(age > 600, "nothing has changed for long: {age}");
    // Two minutes are what Zendesk may still withhold.
    let lag = scrape(status)
        .await
        .value("zendesk_aep_stream_lag_seconds", &USERS);
    assert!((110.0..=140.0).contains(&lag), "{lag}");

    // Between syncs it grows, whether or not anybody asks.
    world.zendesk.stop().await;
    let before = Instant::now();
    let grown = scrape_until(status, "it grows while zendesk is away", |scraped| {
        scraped.value("zendesk_aep_stream_lag_seconds", &USERS) >= lag + 3.0
    })
    .await;
    let grown = grown.value("zendesk_aep_stream_lag_seconds", &USERS) - lag;
    let passed = before.elapsed().as_secs_f64();
    assert!(grown <= passed + 3.0, "{grown} in {passed}");
    let told = report(status).await;
    assert!(told["streams"][0]["lag_seconds"].as_f64() >= Some(lag + 3.0));
    daemon.stop().await;
}

#[tokio::test]
async fn readiness_turns_with_the_sign_in_and_back() {
    let mut world = world().await;
    world
        .settings
        .set("schedule.every", "1s")
        .set("attention.retry_every", "200ms");
    world
        .zendesk
        .fault("/api/", Fault::status(401, "{}"), usize::MAX);
    let daemon = world.daemon();
    let status = daemon.status_address().await;
    daemon
        .wait_for_log("the refusal", |line| line["code"] == "ZENDESK-SIGN-IN")
        .await;
    let answer = Asked::until(status, "/readyz", |answer| {
        answer.body.contains("ZENDESK-SIGN-IN")
    })
    .await;
    assert_eq!(answer.status, 503);
    assert!(answer.body.starts_with("not ready\n"), "{}", answer.body);
    assert!(
        answer.body.contains("check `[zendesk.auth]`"),
        "{}",
        answer.body
    );
    assert_eq!(
        Asked::get(status, "/livez").await.status,
        200,
        "a restart would not help"
    );
    let as_json = Asked::get(status, "/readyz?format=json").await;
    let health: Value = serde_json::from_str(&as_json.body).expect("JSON");
    assert_eq!(
        (as_json.status, &health["ready"]),
        (503, &Value::Bool(false))
    );
    let scraped = scrape(status).await;
    let paused = [("stream", "users"), ("condition", "paused")];
    assert_eq!(scraped.value("zendesk_aep_stream_condition", &paused), 1.0);
    assert_eq!(scraped.value("zendesk_aep_ready", &[]), 0.0);
    let told = report(status).await;
    assert_eq!(told["failures"][0]["code"], "ZENDESK-SIGN-IN");

    world.zendesk.clear_faults();
    let answer = Asked::until(status, "/readyz", |answer| answer.status == 200).await;
    assert_eq!(answer.body, "ready\n");
    daemon.stop().await;
}

#[tokio::test]
async fn counts_move_while_a_sync_runs() {
    let world = world().await;
    world
        .platform
        .fault_when(nth(12, INLET), Fault::Stall(FOR_EVER), 1);
    let daemon = world.daemon();
    let status = daemon.status_address().await;
    let scraped = scrape_until(status, "a page is counted", |scraped| {
        scraped.value("zendesk_aep_records_received_total", &USERS) >= 50.0
    })
    .await;
    assert_eq!(scraped.value("zendesk_aep_stream_syncing", &USERS), 1.0);
    // The age of the past is no alarm.
    let back_filling = [("stream", "users"), ("condition", "back_filling")];
    assert_eq!(
        scraped.value("zendesk_aep_stream_condition", &back_filling),
        1.0
    );
    let complete = [("stream", "users"), ("outcome", "complete")];
    assert_eq!(scraped.value("zendesk_aep_syncs_total", &complete), 0.0);
    let held = scrape_until(status, "the inlet holds a request", |scraped| {
        scraped.value("zendesk_aep_inlet_requests_in_flight", &[]) >= 1.0
    });
    held.await;
    daemon.kill().await;
}

#[tokio::test]
async fn counters_outlive_a_change_of_the_configuration() {
    let mut world = world().await;
    let daemon = world.daemon();
    let status = daemon.status_address().await;
    daemon.wait_for_complete_syncs(1).await;
    world.settings.set("zendesk.page_size", 20);
    world.write("config.toml", world.settings.to_string());
    daemon.hang_up();
    daemon
        .wait_for_log("the reload", |line| {
            line["message"] == "configuration reloaded"
        })
        .await;
    let after = scrape(status).await;
    assert_eq!(
        after.value("zendesk_aep_records_ingested_total", &USERS),
        200.0
    );
    let labels = [("side", "zendesk"), ("outcome", "success")];
    assert!(after.value("zendesk_aep_requests_total", &labels) >= 4.0);
    daemon.stop().await;
}

#[tokio::test]
async fn the_report_tells_all_there_is() {
    let mut world = world().await;
    world.settings.set("schedule.every", "1h");
    let daemon = world.daemon();
    let status = daemon.status_address().await;
    daemon.wait_for_complete_syncs(1).await;
    eventually_due(status).await;
    let told = report(status).await;
    assert_eq!(told["source"], "daemon");
    assert_eq!(told["health"]["ready"], true);
    let users = &told["streams"][0];
    assert_eq!(users["name"], "users");
    assert_eq!(users["condition"], "fresh");
    assert_eq!(users["totals"]["ingested"], 200);
    assert_eq!(users["totals"]["syncs"], 1);
    assert_eq!(users["last_sync"]["outcome"], "complete");
    assert_eq!(users["every_seconds"], 3_600);
    assert_eq!(users["running"], false);
    let due: jiff::Timestamp = users["next_sync_at"]
        .as_str()
        .and_then(|text| text.parse().ok())
        .expect("a time");
    let ahead = due.duration_since(jiff::Timestamp::now()).as_secs();
    assert!((3_500..=3_600).contains(&ahead), "{ahead}");
    assert!(
        users["samples"]
            .as_array()
            .is_some_and(|points| !points.is_empty())
    );
    assert_eq!(told["tokens"][0]["side"], "zendesk");
    assert_eq!(told["tokens"][0]["accepted"], true);
    // It is what the library reads back.
    let read: zendesk_aep::status::report::Report = serde_json::from_value(told).expect("a report");
    assert_eq!(read.streams.len(), 1);
    daemon.stop().await;
}

/// Waits until the daemon has told when the next sync is due.
async fn eventually_due(status: SocketAddr) {
    Asked::until(status, "/status.json", |answer| {
        let told: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        told["streams"][0]["next_sync_at"].is_string()
    })
    .await;
}

#[tokio::test]
async fn a_port_that_is_taken_ends_the_start_and_says_what_to_do() {
    let mut world = World::new().await;
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    world.settings.set("status.listen", &*address);
    let ended = world.run(&["run"]).await;
    ended.assert_code(1);
    let errors = ended.logs_of("ERROR");
    assert_eq!(errors[0]["code"], "STATUS-ADDRESS");
    let message = errors[0]["message"].as_str().unwrap_or_default();
    assert!(
        message.contains(&address) && message.contains("status.listen"),
        "{message}"
    );
    let hint = errors[0]["hint"].as_str().unwrap_or_default();
    assert!(hint.contains("ss -ltnp"), "{hint}");
    assert!(world.state().is_null() && world.zendesk.requests().is_empty());
}

#[tokio::test]
async fn without_an_address_there_is_no_server() {
    let world = World::new().await;
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(1).await;
    let ended = daemon.stop().await;
    let listens = |line: &Value| line["message"] == "the status server listens";
    assert!(!ended.logs().iter().any(listens));
}

#[tokio::test]
async fn strangers_get_nothing() {
    let world = world().await;
    let daemon = world.daemon();
    let status = daemon.status_address().await;
    for (host, expected) in [
        ("evil.example", 421),
        ("localhost", 200),
        ("127.0.0.1", 200),
    ] {
        let request = format!("GET /livez HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        let answer = Asked::raw(status, &request).await;
        assert_eq!(answer.status, expected, "{host}");
    }
    let post = "POST /metrics HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    assert_eq!(Asked::raw(status, post).await.status, 405);
    let other = Asked::get(status, "/etc/passwd").await;
    assert_eq!(other.status, 404);
    let long = format!(
        "GET / HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n",
        "x".repeat(32 * 1024)
    );
    assert_eq!(Asked::raw(status, &long).await.status, 431);
    daemon.stop().await;
}

/// Neither a caller who sends half a request nor one who keeps the connection holds the process.
#[tokio::test]
async fn callers_do_not_hold_up_the_stop() {
    let world = world().await;
    let daemon = world.daemon();
    let status = daemon.status_address().await;
    let mut half = TcpStream::connect(status).expect("it listens");
    half.write_all(b"GET /metrics HT").expect("sent");
    let _kept = TcpStream::connect(status).expect("it listens");
    daemon.wait_for_complete_syncs(1).await;
    let begin = Instant::now();
    daemon.stop().await;
    assert!(
        begin.elapsed() < Duration::from_secs(10),
        "{:?}",
        begin.elapsed()
    );
}

/// Many callers who say nothing leave no room for others; the daemon goes on all the same.
#[tokio::test]
async fn callers_are_bounded() {
    let mut world = world().await;
    world.settings.set("schedule.every", "1s");
    let daemon = world.daemon();
    let status = daemon.status_address().await;
    let silent: Vec<TcpStream> = (0..100)
        .map(|_| TcpStream::connect(status).expect("the system takes it"))
        .collect();
    let descriptors = || descriptors_of(&daemon);
    eventually("connections are taken", || descriptors() > 30).await;
    daemon.wait_for_complete_syncs(2).await;
    assert!(descriptors() < 90, "{} descriptors", descriptors());
    drop(silent);
    assert_eq!(Asked::until(status, "/livez", |_| true).await.status, 200);
    daemon.stop().await;
}

fn descriptors_of(daemon: &Process) -> usize {
    let directory = format!("/proc/{}/fd", daemon.pid);
    std::fs::read_dir(directory).map_or(0, Iterator::count)
}
