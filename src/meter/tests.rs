use std::time::Duration;

use super::*;
use crate::limits;

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

fn failure(stream: &str, code: &str, at: i64) -> Failure {
    Failure {
        at: time(at),
        since: time(at),
        times: 1,
        stream: Some(stream.to_owned()),
        code: code.to_owned(),
        what: format!("at {at}"),
        remedy: String::new(),
    }
}

fn counts(received: u64) -> Counts {
    Counts {
        received,
        ..Counts::default()
    }
}

fn ended(end: SyncEnd, fresh_until: i64) -> Ended {
    Ended {
        at: time(100),
        took: Duration::from_secs(2),
        end,
        failure: None,
        fresh_until: Some(time(fresh_until)),
    }
}

#[test]
fn totals_hold_what_a_running_sync_has_done_and_count_it_once() {
    let meter = Meter::default();
    let users: Arc<str> = "users".into();
    meter.sync_began("users");
    meter.sync_progressed("users", [(&users, counts(50))], None);
    meter.sync_progressed("users", [(&users, counts(100))], None);
    assert_eq!(meter.stream("users").received, 100);
    assert!(meter.walk("users").is_running);
    meter.sync_ended(
        "users",
        [(&users, counts(120))],
        &ended(SyncEnd::Complete, 1),
    );
    assert_eq!(meter.stream("users").received, 120);
    meter.sync_began("users");
    meter.sync_progressed("users", [(&users, counts(7))], None);
    assert_eq!(meter.stream("users").received, 127);
    assert_eq!(meter.walk("users").syncs.get(SyncEnd::Complete), 1);
    assert_eq!(meter.stream("tickets"), Counts::default());
}

/// A sync that fails proves nothing, and takes back nothing that was proven.
#[test]
fn freshness_never_goes_back() {
    let meter = Meter::default();
    meter.sync_ended("users", [], &ended(SyncEnd::Complete, 90));
    meter.sync_ended("users", [], &ended(SyncEnd::Failed, 20));
    assert_eq!(meter.walk("users").fresh_until, Some(time(90)));
}

#[test]
fn repeated_failures_are_one_until_the_stream_works_again() {
    let meter = Meter::default();
    for at in [1, 2, 3] {
        meter.failed(failure("users", "TLS", at));
        meter.failed(failure("tickets", "TLS", at));
    }
    let told = meter.recent_failures();
    assert_eq!(told.len(), 2);
    assert_eq!(
        (told[1].since, told[1].at, told[1].times),
        (time(1), time(3), 3)
    );
    assert_eq!(told[1].what, "at 3");
    meter.failed(failure("users", "STATE", 4));
    meter.failed(failure("users", "TLS", 5));
    assert_eq!(meter.recent_failures().len(), 4, "another one came between");
    meter.sync_ended("users", [], &ended(SyncEnd::Complete, 1));
    meter.failed(failure("users", "TLS", 6));
    let told = meter.recent_failures();
    assert_eq!((told.len(), told[0].times), (5, 1), "it had worked");
}

#[test]
fn the_list_of_failures_is_bounded() {
    let meter = Meter::default();
    for number in 0..2 * limits::FAILURES_REMEMBERED {
        meter.failed(failure(&format!("stream {number}"), "TLS", number as i64));
    }
    let told = meter.recent_failures();
    assert_eq!(told.len(), limits::FAILURES_REMEMBERED);
    let newest = 2 * limits::FAILURES_REMEMBERED as i64 - 1;
    assert_eq!(told[0].at, time(newest));
}

#[test]
fn durations_fall_under_the_bound_they_do_not_exceed() {
    let durations = Durations::default();
    for ms in [1, 30, 31, 1_000, 100_000_000] {
        durations.add(Duration::from_millis(ms));
    }
    let told = durations.histogram();
    assert_eq!(told.count, 5);
    assert!((told.sum_seconds - 100_001.062).abs() < 1e-6);
    let filled: Vec<(f64, u64)> = told.buckets.into_iter().filter(|it| it.1 > 0).collect();
    assert_eq!(filled, [(0.03, 2), (0.1, 1), (1.0, 1), (f64::INFINITY, 1)]);
}

#[test]
fn a_request_in_flight_lands_however_it_ends() {
    let meter = Meter::default();
    let (one, two) = (meter.sending(), meter.sending());
    assert_eq!(meter.in_flight(), 2);
    drop((one, two));
    assert_eq!(meter.in_flight(), 0);
}

#[test]
fn signing_in_is_known_by_the_last_answer() {
    let side = Side::default();
    assert_eq!(side.sign_ins().accepted, None);
    side.granted(Some(time(9)));
    side.refused();
    assert_eq!(side.sign_ins().accepted, Some(false));
    side.let_in();
    let told = side.sign_ins();
    assert_eq!(
        (told.accepted, told.granted, told.refused),
        (Some(true), 1, 1)
    );
    assert_eq!(told.expires_at, Some(time(9)));
}
