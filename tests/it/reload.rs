//! Changing the configuration of a running daemon: what is wrong changes nothing, what is right is
//! taken without losing or disturbing anything.

use std::time::{Duration, Instant};

use serde_json::Value;
use zendesk_aep::sandbox::{
    Answer, Credentials, Fault, PlatformOptions, SeenRequest, Simulator as _, UserVersion,
};

use crate::support::{
    FOR_EVER, INCREMENTAL, INLET, PATIENCE, Process, SignIn, World, assert_settled, eventually, nth,
};

/// Far below every wait that a reload has to end.
const PROMPTLY: Duration = Duration::from_secs(10);

/// Writes the settings, asks for them, and waits until they are in use.
async fn reload(world: &World, daemon: &Process) -> Value {
    world.write_settings();
    daemon.hang_up();
    reloaded(daemon, 1).await
}

/// Waits until the configuration has changed so many times; the last word of it.
async fn reloaded(daemon: &Process, times: usize) -> Value {
    let is_it = |line: &Value| line["message"] == "configuration reloaded";
    let told = daemon.wait_for_logs("configuration reloaded", times, is_it);
    told.await.pop().expect("one at least")
}

/// Asks for what is in the configuration file, and waits for the word that it is refused.
async fn refused(daemon: &Process) -> Value {
    daemon.hang_up();
    daemon
        .wait_for_log("a refusal", |line| {
            line["level"] == "ERROR"
                && message(line).starts_with("the configuration is not changed")
        })
        .await
}

fn message(line: &Value) -> &str {
    line["message"].as_str().unwrap_or_default()
}

fn deliveries_of(world: &World, flow: &str) -> usize {
    let requests = world.platform.requests_to(INLET);
    let of_flow = |head: &SeenRequest| head.head.header("x-adobe-flow-id") == Some(flow);
    requests.iter().filter(|request| of_flow(request)).count()
}

#[tokio::test]
async fn streams_begin_and_end_and_the_others_are_left_alone() {
    let mut world = World::new().await;
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(1).await;
    assert_eq!(world.platform.accepted_count(), 200);

    world.settings.add_stream("organizations");
    let told = reload(&world, &daemon).await;
    assert_eq!(told["streams_added"], "organizations");
    assert_eq!(told["streams_removed"], Value::Null);
    assert_eq!(told["keys_changed"], Value::Null);
    daemon
        .wait_for_log("the new stream", |line| {
            line["message"] == "sync complete" && line["stream"] == "organizations"
        })
        .await;
    let pages = world.page_requests().len();
    assert!(pages > 0);

    let flow = world.settings.flow();
    world.settings.remove("streams.users");
    world.write_settings();
    daemon.hang_up();
    let told = reloaded(&daemon, 2).await;
    assert_eq!(told["streams_removed"], "users");
    assert!(deliveries_of(&world, &flow) > 0);
    // The state directory is its own all the time.
    world.run(&["sync"]).await.assert_code(5);
    // A stream that is due every second comes by again and again, the one that is gone does not.
    world.settings.set("schedule.every", "1s");
    world.write_settings();
    daemon.hang_up();
    reloaded(&daemon, 3).await;
    let of_organizations =
        |line: &Value| line["stream"] == "organizations" && line["message"] == "sync complete";
    daemon
        .wait_for_logs("organizations", 3, of_organizations)
        .await;
    assert_eq!(
        world.page_requests().len(),
        pages,
        "the users rested until their next tick, and were not read after they had gone"
    );
    daemon.stop().await;
}

#[tokio::test]
async fn a_changed_mapping_applies_from_the_next_page() {
    let mut world = World::with(|plan| plan.zendesk.users = 1_000).await;
    let held = Duration::from_millis(1_500);
    world
        .platform
        .fault_when(nth(2, INLET), Fault::Stall(held), 1);
    let daemon = world.daemon();
    assert!(world.platform.wait_for_requests(INLET, 3, PATIENCE).await);
    world.settings.set("streams.users.wrap", "result");
    let told = reload(&world, &daemon).await;
    assert_eq!(told["keys_changed"], "streams.users.wrap");
    daemon.wait_for_complete_syncs(1).await;
    let accepted = world.platform.accepted();
    let is_wrapped = |json: &[u8]| json.starts_with(br#"{"result":"#);
    let first = accepted.iter().position(|one| is_wrapped(&one.json));
    let first = first.expect("messages by the new mapping");
    assert!(
        [50, 100, 150].contains(&first),
        "{first}: the pages in hand, whole, by the old one"
    );
    assert!(accepted[first..].iter().all(|one| is_wrapped(&one.json)));
    assert_eq!(accepted.len(), 1_000, "nothing came twice");
    daemon.stop().await;
}

#[tokio::test]
async fn what_is_wrong_changes_nothing_and_is_told_with_its_line() {
    let mut world = World::new().await;
    world.settings.set("schedule.every", "1s");
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(1).await;

    world.write(
        "config.toml",
        "[zendesk]\npage_size = \"many\"\nsubdomian = \"x\"\n",
    );
    let told = refused(&daemon).await;
    assert_eq!(told["code"], "CONFIGURATION");
    for part in [
        "config.toml:2",
        "zendesk.page_size",
        "config.toml:3",
        "write `subdomain`",
    ] {
        assert!(
            message(&told).contains(part),
            "`{part}` in `{}`",
            message(&told)
        );
    }
    world.zendesk.change(3);
    world.changes_show().await;
    let cursor = world.cursor_after(200);
    world
        .state_eventually("the old one goes on", |users| {
            users["position"]["cursor"] == cursor
        })
        .await;

    // A right one is taken afterwards.
    world.settings.set("zendesk.page_size", 100);
    reload(&world, &daemon).await;
    daemon.stop().await;
    assert_settled(&world);
}

#[tokio::test]
async fn what_fails_beyond_the_file_changes_nothing_either() {
    let mut world = World::new().await;
    let ims_url = world.platform.ims_url();
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(1).await;
    let before = world.settings.clone();

    let elsewhere = world.path("elsewhere");
    for (key, value, named) in [
        ("zendesk.base_url", "http://127.0.0.1:1", "the account"),
        ("state.directory", "elsewhere", "`state.directory`"),
        ("log.format", "pretty", "`log.format`"),
    ] {
        world.settings = before.clone();
        world.settings.set(key, value);
        world.write_settings();
        daemon.hang_up();
        let told = daemon
            .wait_for_log(named, |line| {
                line["level"] == "ERROR" && message(line).contains(named)
            })
            .await;
        assert_eq!(told["code"], "CONFIGURATION");
        assert!(
            told["hint"]
                .as_str()
                .is_some_and(|hint| hint.contains("restart"))
        );
    }
    assert!(!elsewhere.exists());

    world.settings = before.clone();
    world.write("wrong", "a wrong secret");
    world
        .settings
        .set_secret("zendesk.auth.client_secret", "wrong");
    world.write_settings();
    daemon.hang_up();
    daemon
        .wait_for_log("a refused sign-in", |line| {
            line["level"] == "ERROR" && line["code"] == "ZENDESK-SIGN-IN"
        })
        .await;
    world.settings = before.clone();
    world
        .settings
        .sign_in_to_inlet(&ims_url)
        .set_secret("platform.auth.client_secret", "wrong");
    world.write_settings();
    daemon.hang_up();
    daemon
        .wait_for_log("a refused sign-in", |line| {
            line["level"] == "ERROR" && line["code"] == "PLATFORM-SIGN-IN"
        })
        .await;

    // The place is the same, and what is there is wrong.
    let right = std::fs::read(world.path("zendesk-client-secret")).expect("the secret");
    world.settings = before;
    world.write_settings();
    world.write("zendesk-client-secret", "a wrong secret");
    daemon.hang_up();
    let is_refused = |line: &Value| line["level"] == "ERROR" && line["code"] == "ZENDESK-SIGN-IN";
    daemon
        .wait_for_logs("a refused sign-in", 2, is_refused)
        .await;
    world.write("zendesk-client-secret", right);
    daemon.hang_up();
    daemon
        .wait_for_log("nothing new", |line| {
            message(line).ends_with("nothing has changed")
        })
        .await;
    let finished = daemon.stop().await;
    assert!(!finished.stderr.contains("a wrong secret"));
    assert_settled(&world);
    assert_eq!(world.zendesk.tokens_issued(), 1);
}

#[tokio::test]
async fn the_level_of_the_log_changes() {
    let mut world = World::new().await;
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(1).await;
    let pages = world.page_requests().len();
    world.settings.set("log.level", "debug");
    let told = reload(&world, &daemon).await;
    assert_eq!(told["keys_changed"], "log.level");
    world.settings.set("schedule.every", "1s");
    world.write_settings();
    daemon.hang_up();
    reloaded(&daemon, 2).await;
    daemon
        .wait_for_log("a line below the old level", |line| {
            line["level"] == "DEBUG"
        })
        .await;
    assert!(world.page_requests().len() >= pages);
    daemon.stop().await;
}

#[tokio::test]
async fn a_secret_that_is_rotated_is_found_when_the_old_one_is_refused() {
    for method in [SignIn::ClientCredentials, SignIn::AccessToken] {
        let mut world = World::with(|plan| plan.platform.authentication_required = true).await;
        let ims_url = world.platform.ims_url();
        world
            .settings
            .sign_in(method)
            .sign_in_to_inlet(&ims_url)
            .set("schedule.every", "1s");
        let daemon = world.daemon();
        daemon.wait_for_complete_syncs(1).await;
        // Being replaced: what was read last serves meanwhile, and the token is good still.
        let adobe = world.path("adobe-client-secret");
        std::fs::remove_file(&adobe).expect("it was there");
        world.write("zendesk-client-secret", "");
        world.zendesk.revoke_tokens();
        world.platform.revoke_tokens();
        changes_arrive(&world).await;

        let rotated = Credentials {
            client_secret: "the-next-zendesk-secret".to_owned(),
            access_token: "the-next-access-token".to_owned(),
            ..Credentials::default()
        };
        world.write("zendesk-client-secret", &rotated.client_secret);
        world.write("zendesk-access-token", &rotated.access_token);
        world.write("adobe-client-secret", "the-next-adobe-secret");
        world.zendesk.rotate(rotated);
        world.platform.rotate("the-next-adobe-secret");
        changes_arrive(&world).await;
        let finished = daemon.stop().await;
        assert!(finished.logs_of("ERROR").is_empty());
        assert!(!finished.stderr.contains("the-next"));
        assert_settled(&world);
    }
}

/// Changes some users and waits until they are delivered.
async fn changes_arrive(world: &World) {
    world.zendesk.change(3);
    world.changes_show().await;
    let cursor = world.cursor_after(world.zendesk.users().len());
    world
        .state_eventually("the changes are settled", |users| {
            users["position"]["cursor"] == cursor
        })
        .await;
}

#[tokio::test]
async fn a_stream_that_was_refused_is_tried_again_when_the_secret_changes() {
    let mut world = World::with(|plan| plan.platform.authentication_required = true).await;
    let ims_url = world.platform.ims_url();
    // It would wait for a quarter of an hour.
    world.settings.sign_in_to_inlet(&ims_url);
    let zendesk = std::fs::read(world.path("zendesk-client-secret")).expect("the secret");
    world.write("zendesk-client-secret", "not yet valid");
    world.write("adobe-client-secret", "not yet valid");
    let daemon = world.daemon();
    let refused_by = async |code| {
        daemon
            .wait_for_log("a refused sign-in", |line| {
                line["code"] == code && line["level"] == "ERROR"
            })
            .await;
    };
    refused_by("ZENDESK-SIGN-IN").await;
    world.write("zendesk-client-secret", zendesk);
    refused_by("PLATFORM-SIGN-IN").await;
    world.write(
        "adobe-client-secret",
        &PlatformOptions::default().client_secret,
    );
    daemon.wait_for_complete_syncs(1).await;
    daemon.stop().await;
    assert_settled(&world);
}

#[tokio::test]
async fn changes_of_files_are_noticed_if_that_is_wanted() {
    let mut world = World::new().await;
    world.settings.set("reload_on_change", true);
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(1).await;
    world.write("config.toml", "page_size = 3");
    let is_refusal = |line: &Value| line["level"] == "ERROR" && line["code"] == "CONFIGURATION";
    daemon.wait_for_log("a refusal", is_refusal).await;
    world.settings.set("zendesk.page_size", 100);
    // As a ConfigMap changes: a link is replaced.
    let real = world.write("config-2.toml", world.settings.to_string());
    let link = world.path("link");
    std::os::unix::fs::symlink(real, &link).expect("a link");
    std::fs::rename(link, world.path("config.toml")).expect("replaced");
    let told = reloaded(&daemon, 1).await;
    assert_eq!(told["keys_changed"], "zendesk.page_size");
    world.settings.set("reload_on_change", false);
    world.write("config-2.toml", world.settings.to_string());
    reloaded(&daemon, 2).await;
    let finished = daemon.stop().await;
    assert_eq!(finished.logs_of("ERROR").len(), 1, "told once");
    assert_settled(&world);
}

#[tokio::test]
async fn a_long_wait_of_the_old_configuration_does_not_hold_up_the_new_one() {
    let mut world = World::new().await;
    world.settings.set("platform.in_flight", 1);
    let limited = Answer::empty(429).header("Retry-After", "600");
    world.platform.fault(INLET, Fault::Answer(limited), 1);
    let daemon = world.daemon();
    daemon
        .wait_for_log("a wait of 600 s", |line| line["wait_ms"] == 600_000)
        .await;
    world.settings.set("zendesk.page_size", 100);
    let begin = Instant::now();
    reload(&world, &daemon).await;
    daemon.wait_for_complete_syncs(1).await;
    assert!(begin.elapsed() < PROMPTLY);
    daemon.stop().await;
    assert_settled(&world);
    assert_eq!(world.platform.accepted_count(), 200, "nothing came twice");
}

#[tokio::test]
async fn what_zendesk_said_of_its_limits_stays_known() {
    let mut world = World::new().await;
    let limited = Answer::text(429, "slow down").header("Retry-After", "600");
    world
        .zendesk
        .fault_when(nth(1, INCREMENTAL), Fault::Answer(limited), 1);
    let daemon = world.daemon();
    daemon
        .wait_for_log("a wait of 600 s", |line| line["wait_ms"] == 600_000)
        .await;
    world.settings.set("zendesk.page_size", 100);
    reload(&world, &daemon).await;
    daemon
        .wait_for_log("the wait of the new walk", |line| {
            message(line).starts_with("waiting to")
                && line["wait_seconds"].as_u64().is_some_and(|wait| wait > 500)
        })
        .await;
    assert_eq!(world.page_requests().len(), 2, "it is not asked again");
    let begin = Instant::now();
    daemon.stop().await;
    assert!(begin.elapsed() < PROMPTLY);
}

#[tokio::test]
async fn a_page_that_takes_its_time_is_waited_for_and_a_stop_meanwhile_stops() {
    let mut world = World::with(|plan| plan.zendesk.users = 1_000).await;
    world
        .settings
        .set("shutdown_grace", "500ms")
        .add_stream("organizations");
    world
        .platform
        .fault_when(nth(2, INLET), Fault::Stall(FOR_EVER), 1);
    let daemon = world.daemon();
    assert!(world.platform.wait_for_requests(INLET, 3, PATIENCE).await);
    world.settings.set("zendesk.page_size", 100);
    reload(&world, &daemon).await;
    let waits = |line: &Value| message(line).contains("finish what is in hand first");
    let told = daemon.wait_for_log("a word about it", waits).await;
    let streams = told["streams"].as_str().expect("their names").to_owned();
    assert!(
        ["users", "organizations"].contains(&streams.as_str()),
        "{streams}"
    );
    // The other one goes on by the new configuration.
    let other = if streams == "users" {
        "organizations"
    } else {
        "users"
    };
    daemon
        .wait_for_log("the other stream", |line| {
            line["stream"] == other && line["message"] == "sync complete"
        })
        .await;
    daemon.terminate();
    daemon.wait().await.assert_code(130);

    world.sync().await.assert_code(0);
    let accepted = world.platform.accepted();
    let arrived = |user: &UserVersion| accepted.iter().any(|one| one.json == user.json);
    assert!(world.zendesk.users().iter().all(arrived), "nothing is lost");
}

#[tokio::test]
async fn a_burst_of_signals_is_a_few_reloads_and_the_last_word_counts() {
    let mut world = World::new().await;
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(1).await;
    let signals = 200;
    for number in 0..signals {
        world.settings.set("zendesk.page_size", 100 + number);
        match number % 2 {
            0 => world.write_settings(),
            _ => world.write("config.toml", "[zendesk"),
        };
        daemon.hang_up();
    }
    world
        .settings
        .set("zendesk.page_size", 7)
        .set("schedule.every", "1s");
    world.write_settings();
    daemon.hang_up();
    let asks_for_seven = |request: &SeenRequest| {
        let mut query = request.head.query.iter();
        query.any(|(key, value)| key == "per_page" && value == "7")
    };
    eventually("the last one is in use", || {
        world.page_requests().iter().any(asks_for_seven)
    })
    .await;
    let finished = daemon.stop().await;
    let reloads = finished.logs().into_iter().filter(|line| {
        message(line) == "configuration reloaded" || line["code"] == "CONFIGURATION"
    });
    assert!(
        reloads.count() < signals as usize,
        "several signals, one reload"
    );
    // The stop may have ended a sync.
    world.sync().await.assert_code(0);
    assert_settled(&world);
}

/// What a process holds of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    descriptors: usize,
    threads: usize,
}

fn held(daemon: &Process) -> Held {
    let count = |what: &str| {
        let entries = std::fs::read_dir(format!("/proc/{}/{what}", daemon.pid));
        entries.expect("it runs").count()
    };
    Held {
        descriptors: count("fd"),
        threads: count("task"),
    }
}

/// Resident memory in bytes.
fn memory(daemon: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid));
    let status = status.expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.and_then(|line| line.trim().split(' ').next());
    let kilobytes: u64 = kilobytes.and_then(|it| it.parse().ok()).expect("a number");
    kilobytes * 1024
}

/// 200 signals, every other one with a broken file, while users change and batches are on their way.
#[tokio::test]
async fn a_storm_of_reloads_loses_nothing_and_leaks_nothing() {
    let mut world = World::with(|plan| {
        plan.zendesk.users = 2_000;
        plan.platform.authentication_required = true;
    })
    .await;
    let ims_url = world.platform.ims_url();
    world
        .settings
        .sign_in_to_inlet(&ims_url)
        .set("zendesk.page_size", 20);
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(1).await;
    // Half a second of work every second.
    let slow = Fault::Stall(Duration::from_millis(50));
    world.platform.fault(INLET, slow, usize::MAX);
    let rest = at_rest(&daemon).await;
    let memory_before = memory(&daemon);

    for round in 0..100 {
        world.write("config.toml", format!("[zendesk\n# {round}"));
        daemon.hang_up();
        daemon
            .wait_for_logs("a refusal", round + 1, |line| {
                line["code"] == "CONFIGURATION"
            })
            .await;
        world.zendesk.change(80);
        // Another size, so that every walk is left and begun.
        world
            .settings
            .set("zendesk.page_size", if round % 2 == 0 { 10 } else { 12 })
            .set("schedule.every", "1s");
        world.write_settings();
        daemon.hang_up();
        reloaded(&daemon, round + 1).await;
    }
    let left = |line: &Value| message(line).starts_with("sync stopped");
    daemon.wait_for_logs("walks left at work", 10, left).await;
    world.platform.clear_faults();
    world.settings.set("zendesk.page_size", 500);
    world.write_settings();
    daemon.hang_up();
    reloaded(&daemon, 101).await;
    world.changes_show().await;
    let cursor = world.cursor_after(2_000);
    world
        .state_eventually("everything is settled", |users| {
            users["position"]["cursor"] == cursor && users["last_sync"]["outcome"] == "complete"
        })
        .await;
    world.settings.set("schedule.every", "1h");
    world.write_settings();
    daemon.hang_up();
    reloaded(&daemon, 102).await;
    // The connections of the work before are closed after a while, and threads end; a connection that
    // was open at the rest before may be closed now.
    let is_back = |now: Held| now.descriptors <= rest.descriptors && now.threads <= rest.threads;
    let mut now = held(&daemon);
    let begin = Instant::now();
    while !is_back(now) && begin.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(100)).await;
        now = held(&daemon);
    }
    assert!(is_back(now), "{rest:?} → {now:?}");
    let memory_after = memory(&daemon);
    let grown = memory_after.saturating_sub(memory_before);
    assert!(grown < 32 * 1024 * 1024, "{memory_before} → {memory_after}");
    daemon.stop().await;
    assert_settled(&world);
    assert_eq!(world.zendesk.tokens_issued(), 1);
    assert_eq!(world.platform.tokens_issued(), 1);
    assert_eq!(world.zendesk.requests_refused(), 0);
}

/// What the daemon holds when it has had nothing to do for so long that the connections are closed
/// and the threads ended which it keeps for work to come.
async fn at_rest(daemon: &Process) -> Held {
    let mut rest = held(daemon);
    let mut since = Instant::now();
    while since.elapsed() < Duration::from_secs(16) {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let now = held(daemon);
        if now != rest {
            (rest, since) = (now, Instant::now());
        }
    }
    rest
}
