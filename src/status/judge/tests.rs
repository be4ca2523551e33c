use super::*;
use crate::checkpoint::Counts;
use crate::status::fixture;
use crate::status::report::Finding;

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

fn sync(outcome: &str) -> SyncReport {
    SyncReport {
        started_at: time(90),
        finished_at: time(100),
        outcome: outcome.to_owned(),
        counts: Counts::default(),
    }
}

fn attention(code: &str, since: i64) -> NeedsAttention {
    NeedsAttention {
        since: time(since),
        code: code.to_owned(),
        what: "refused".to_owned(),
        remedy: "check it".to_owned(),
    }
}

#[test]
fn the_worst_that_holds_is_the_condition() {
    let (complete, failed) = (sync("complete"), sync("ZENDESK-UNAVAILABLE"));
    let paused = attention("ZENDESK-SIGN-IN", 1);
    let now = time(100_000);
    let check =
        |facts: Facts<'_>, expected| assert_eq!(condition(&facts, now), expected, "{facts:?}");
    let fresh = Facts {
        last_sync: Some(&complete),
        lag_seconds: Some(60),
        every_seconds: Some(300),
        ..Facts::default()
    };
    let late = Facts {
        lag_seconds: Some(300 * 2 + 15 * 60 + 1),
        ..fresh
    };
    let failing = Facts {
        last_sync: Some(&failed),
        ..late
    };
    check(Facts::default(), Condition::Starting);
    check(fresh, Condition::Fresh);
    check(
        Facts {
            lag_seconds: Some(300 * 2 + 15 * 60),
            ..fresh
        },
        Condition::Fresh,
    );
    check(late, Condition::Late);
    check(failing, Condition::Failing);
    check(
        Facts {
            attention: Some(&paused),
            ..failing
        },
        Condition::Paused,
    );
    let back_filling = |facts| Facts {
        back_filling: true,
        ..facts
    };
    check(back_filling(fresh), Condition::BackFilling);
    check(back_filling(late), Condition::Late);
    check(
        back_filling(Facts {
            last_sync: None,
            ..late
        }),
        Condition::BackFilling,
    );
    let ended = |facts| Facts {
        ended: true,
        ..facts
    };
    check(ended(late), Condition::Finished);
    check(ended(back_filling(late)), Condition::BackFilling);
}

#[test]
fn without_an_interval_a_missed_time_is_late() {
    let complete = sync("complete");
    let facts = |due| Facts {
        last_sync: Some(&complete),
        lag_seconds: Some(1_000_000),
        next_sync_at: due,
        ..Facts::default()
    };
    let now = time(100_000);
    for (due, expected) in [
        (None, Condition::Fresh),
        (Some(time(100_060)), Condition::Fresh),
        (Some(time(100_000 - 900)), Condition::Fresh),
        (Some(time(100_000 - 901)), Condition::Late),
    ] {
        assert_eq!(condition(&facts(due), now), expected, "{due:?}");
    }
}

/// The findings as lines.
fn lines(health: &Health) -> String {
    let line = |finding: &Finding| {
        let Finding {
            severity,
            stream,
            code,
            what,
            remedy,
            ..
        } = finding;
        let (stream, code) = (
            stream.as_deref().unwrap_or("-"),
            code.as_deref().unwrap_or("-"),
        );
        format!("{severity:?} {stream} {code}: {what} → {remedy}\n")
    };
    health.findings.iter().map(line).collect()
}

fn judged(report: &crate::status::report::Report, daemon: Daemon) -> Health {
    health(&Known {
        daemon,
        streams: &report.streams,
        tokens: &report.tokens,
        dead_letters: &report.dead_letters,
        failures: &report.failures,
    })
}

#[test]
fn where_all_is_well_there_is_nothing_to_say() {
    let health = judged(&fixture::healthy(), Daemon::Answers);
    assert!(health.ready);
    assert_eq!(lines(&health), "");
}

#[test]
fn a_daemon_that_is_down_is_said_first_and_explains_what_is_late() {
    let mut report = fixture::healthy();
    report.tokens.clear();
    report.streams[0].condition = Condition::Late;
    let health = judged(&report, Daemon::Down);
    assert!(!health.ready);
    assert_eq!(
        lines(&health),
        "Error - -: the daemon is not running: nothing is read → start it; if it does not stay, the end of its log says why\n"
    );
    let stopping = judged(&fixture::healthy(), Daemon::Stopping);
    assert!(!stopping.ready);
    assert!(lines(&stopping).starts_with("Warning - -: the daemon is stopping"));
    let health = judged(&report, Daemon::Silent);
    assert!(health.ready, "as far as is known");
    assert!(lines(&health).contains("Warning users -: the newest data is"));
}

#[test]
fn streams_with_the_same_trouble_are_one_finding_since_its_beginning() {
    let mut report = fixture::healthy();
    for (place, stream) in report.streams.iter_mut().enumerate() {
        stream.condition = Condition::Paused;
        stream.attention = Some(attention("ZENDESK-SIGN-IN", 1_000 - place as i64));
    }
    report.tokens[0].accepted = Some(false);
    let health = judged(&report, Daemon::Answers);
    assert!(!health.ready);
    assert_eq!(
        lines(&health),
        "Error - ZENDESK-SIGN-IN: 4 streams (users, tickets, ticket_events and 1 more): refused → check it\n"
    );
    assert_eq!(health.findings[0].since, Some(time(997)));
    report.tokens[1].accepted = Some(false);
    let lines = lines(&judged(&report, Daemon::Answers));
    assert!(
        lines.starts_with(
            "Error - -: the last sign-in to adobe did not go well → `zendesk-aep check` says"
        ),
        "{lines}"
    );
}

#[test]
fn a_failure_is_told_in_its_own_words_and_does_not_make_unready() {
    let mut report = fixture::healthy();
    for stream in &mut report.streams[1..3] {
        stream.condition = Condition::Failing;
        stream.last_sync = Some(sync("ZENDESK-UNAVAILABLE"));
    }
    let health = judged(&report, Daemon::Answers);
    assert!(health.ready);
    assert_eq!(
        lines(&health),
        "Warning - ZENDESK-UNAVAILABLE: 2 streams (tickets, ticket_events): the last sync failed; the next one tries again → the log says more\n"
    );
    report.failures = vec![fixture::failure("tickets", "ZENDESK-UNAVAILABLE")];
    report.streams[2].condition = Condition::Fresh;
    let health = judged(&report, Daemon::Answers);
    assert_eq!(
        lines(&health),
        "Warning tickets ZENDESK-UNAVAILABLE: zendesk did not answer: HTTP 503 → look at status.zendesk.com if it stays\n"
    );
}

#[test]
fn dead_letters_are_worse_the_fuller_they_are() {
    let mut report = fixture::healthy();
    let mut of = |letters, bytes| {
        report.dead_letters = DeadLetters {
            letters,
            bytes,
            bytes_max: 1_000_000,
            groups: Vec::new(),
        };
        let health = judged(&report, Daemon::Answers);
        let line = lines(&health);
        (
            health.ready,
            line.split(" → ").next().unwrap_or_default().to_owned(),
        )
    };
    assert_eq!(of(0, 0), (true, String::new()));
    let (ready, line) = of(1, 799_000);
    assert!(
        ready && line.starts_with("Warning - -: 1 record was refused"),
        "{line}"
    );
    let (ready, line) = of(1_234, 850_000);
    assert!(ready && line.contains("85 % of their room"), "{line}");
    let (ready, line) = of(1_234, 1_000_000);
    assert!(
        !ready && line.starts_with("Error - DEAD-LETTERS: "),
        "{line}"
    );
}

#[test]
fn before_the_first_sign_in_it_is_not_ready_and_nobody_need_come() {
    let mut report = fixture::healthy();
    report.tokens[1].accepted = None;
    let health = judged(&report, Daemon::Answers);
    assert!(!health.ready);
    assert_eq!(
        lines(&health),
        "Warning - -: nobody has signed in to adobe yet → \n"
    );
}
