//! Pages far larger than a part of one: given while they arrive, never held whole, and not lost or
//! sent twice when they break off.

mod torrent;

use std::collections::BTreeMap;

use serde_json::Value;

use self::torrent::{Plan, Protocol, Torrent};
use crate::support::{Process, SignIn, World, eventually};

/// All but that of the users' export, with the streams that are read by them.
const OTHERS: [(Protocol, &str); 4] = [
    (Protocol::Time, "organizations"),
    (Protocol::Search, "users"),
    (Protocol::List, "groups"),
    (Protocol::Numbers, "ticket_forms"),
];

/// A world whose two ends are a torrent.
async fn world(plan: Plan) -> (World, Torrent) {
    let protocol = plan.protocol;
    let torrent = Torrent::start(plan).await;
    let mut world = World::new().await;
    world
        .settings
        .sign_in(SignIn::AccessToken)
        .set("zendesk.base_url", torrent.base_url())
        .set("zendesk.page_size", 1_000)
        .set("platform.inlet_url", torrent.base_url() + "/collection/abc")
        .set("platform.batch_bytes", "900kB");
    match OTHERS.into_iter().find(|(other, _)| *other == protocol) {
        Some((Protocol::Search, stream)) => {
            let export = format!("streams.{stream}.export");
            world.settings.set(&export, "search");
        }
        Some((_, stream)) => {
            world.settings.only_stream(stream);
        }
        None => {}
    }
    (world, torrent)
}

/// Every record was delivered, and none twice.
#[track_caller]
fn assert_once(torrent: &Torrent, kind: &str, records: usize, what: impl std::fmt::Debug) {
    let times = times(torrent, kind);
    assert_eq!(times.len(), records, "{what:?}: {times:?}");
    assert!(
        times.values().all(|times| *times == 1),
        "{what:?}: {times:?}"
    );
}

/// How often each record was delivered.
fn times(torrent: &Torrent, kind: &str) -> BTreeMap<u64, usize> {
    let mut times = BTreeMap::new();
    for id in torrent.delivered(kind) {
        *times.entry(id).or_default() += 1;
    }
    times
}

/// The most memory that a process ever had, in bytes.
fn peak_memory(process: &Process) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.pid));
    let status = status.expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.trim().strip_suffix(" kB"));
    let kilobytes: usize = kilobytes.expect("a peak").parse().expect("a number");
    kilobytes * 1024
}

#[tokio::test]
async fn a_page_larger_than_memory_may_be_is_delivered() {
    const MB: usize = 1_000_000;
    let plan = Plan {
        records: 800,
        record_bytes: 100_000,
        ..Plan::default()
    };
    let (world, torrent) = world(plan).await;
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(1).await;
    let peak = peak_memory(&daemon);
    println!("{} MB of memory at most", peak / MB);
    daemon.stop().await;
    assert_eq!(
        torrent.pages(),
        2,
        "one page of 80 MB, and one that is empty"
    );
    assert_eq!(times(&torrent, "user").len(), 800);
    assert!(peak < 64 * MB, "{peak} bytes of memory");
}

#[tokio::test]
async fn a_page_that_breaks_off_again_and_again_is_delivered_once() {
    let plan = Plan {
        records: 120,
        record_bytes: 100_000,
        identities: true,
        breaks: vec![3_000_000, 7_000_000, 100, 11_900_000],
        ..Plan::default()
    };
    let (mut world, torrent) = world(plan).await;
    world
        .settings
        .add_stream("user_identities")
        .set("retry.attempts", 10);
    let sync = world.sync().await;
    sync.assert_code(0);
    for kind in ["user", "identity"] {
        assert_once(&torrent, kind, 120, kind);
    }
    let reports = sync.json();
    let users = report(&reports, "users");
    assert_eq!(users["ingested"], 120);
    let requests = users["requests"].as_u64().expect("a number");
    assert!(requests >= torrent.pages() as u64, "{requests} requests");
    let pages = users["pages"].as_u64().expect("a number");
    assert!(pages + 4 <= torrent.pages() as u64, "{pages} pages");
}

#[tokio::test]
async fn killed_within_a_page_it_goes_on_without_a_loss() {
    let plan = Plan {
        records: 100,
        record_bytes: 100_000,
        silent_after: Some(5),
        ..Plan::default()
    };
    let (world, torrent) = world(plan).await;
    let daemon = world.daemon();
    eventually("a part is settled", || {
        !world.users_state()["recent"].is_null()
    })
    .await;
    daemon.kill().await;
    let position = world.users_state()["position"].clone();
    assert!(position["cursor"].is_null(), "within the page: {position}");

    torrent.speak();
    world.sync().await.assert_code(0);
    let times = times(&torrent, "user");
    assert_eq!(times.len(), 100);
    assert!(
        times.values().any(|times| *times == 1),
        "what was settled is not sent again: {times:?}"
    );
    assert_eq!(world.users_state()["position"]["cursor"], "o100");
}

#[tokio::test]
async fn pages_of_every_protocol_are_delivered_while_they_arrive() {
    for (protocol, stream) in OTHERS {
        let plan = Plan {
            protocol,
            records: 60,
            record_bytes: 100_000,
            waits_after: Some(40),
            ..Plan::default()
        };
        let (mut world, torrent) = world(plan).await;
        world
            .settings
            .set("retry.attempts", 1)
            .set("zendesk.idle_timeout", "10s");
        let sync = world.sync().await;
        sync.assert_code(0);
        assert_once(&torrent, "user", 60, protocol);
        let reports = sync.json();
        let report = report(&reports, stream);
        assert_eq!(report["pages"], 1, "{protocol:?}: {report}");
        assert_eq!(torrent.pages(), 1, "{protocol:?}: asked for once");
    }
}

#[tokio::test]
async fn pages_of_every_protocol_that_break_off_are_delivered_once() {
    for (protocol, stream) in OTHERS {
        let plan = Plan {
            protocol,
            records: 120,
            record_bytes: 100_000,
            breaks: vec![3_000_000, 7_000_000, 100, 3_000_000],
            ..Plan::default()
        };
        let (mut world, torrent) = world(plan).await;
        world.settings.set("retry.attempts", 10);
        let sync = world.sync().await;
        sync.assert_code(0);
        assert_once(&torrent, "user", 120, protocol);
        let reports = sync.json();
        assert_eq!(report(&reports, stream)["ingested"], 120);
        // What was delivered of a list in parts is known the next time.
        if matches!(protocol, Protocol::List | Protocol::Numbers) {
            world.sync().await.assert_code(0);
            assert_once(&torrent, "user", 120, protocol);
        }
    }
}

#[tokio::test]
async fn what_is_no_page_in_the_end_is_asked_for_again() {
    for (protocol, _) in OTHERS.into_iter().chain([(Protocol::Cursor, "users")]) {
        let plan = Plan {
            protocol,
            records: 60,
            record_bytes: 100_000,
            spoilt: 2,
            ..Plan::default()
        };
        let (world, torrent) = world(plan).await;
        world.sync().await.assert_code(0);
        assert_once(&torrent, "user", 60, protocol);
        assert!(torrent.pages() > 2, "{protocol:?}");
    }
}

#[tokio::test]
async fn killed_within_a_page_every_protocol_goes_on_without_a_loss() {
    for (protocol, stream) in OTHERS {
        let plan = Plan {
            protocol,
            records: 80,
            record_bytes: 100_000,
            silent_after: Some(5),
            ..Plan::default()
        };
        let (world, torrent) = world(plan).await;
        let daemon = world.daemon();
        eventually("a part is settled", || {
            torrent.delivered("user").len() >= 30
        })
        .await;
        daemon.kill().await;
        let position = world.state()["streams"][stream]["position"].clone();
        assert!(position["page"].is_null(), "within the page: {position}");
        assert!(position["window"].is_null(), "within the page: {position}");

        torrent.speak();
        world.sync().await.assert_code(0);
        assert_eq!(times(&torrent, "user").len(), 80, "{protocol:?}");
    }
}

/// What `sync` reports of a stream.
fn report<'r>(reports: &'r Value, stream: &str) -> &'r Value {
    let reports = reports.as_array().expect("reports");
    let found = reports.iter().find(|report| report["stream"] == stream);
    found.expect("a report")
}
