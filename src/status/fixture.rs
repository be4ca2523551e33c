//! Reports for tests.

use jiff::{SignedDuration, Timestamp};

use super::judge::{self, Daemon, Known};
use super::report::{
    BackFill, Condition, DeadLetterGroup, DeadLetters, Failure, Health, Limit, Report, Sample,
    Source, Stream, Token, Totals,
};
use crate::checkpoint::{Counts, NeedsAttention, SyncReport};

/// The moment that all of them are about.
pub(super) fn now() -> Timestamp {
    "2026-08-24T09:30:00Z".parse().expect("a time")
}

/// So many seconds before [`now`].
pub(super) fn ago(seconds: i64) -> Timestamp {
    now() - SignedDuration::from_secs(seconds)
}

/// A stream that is as it should be.
pub(super) fn stream(name: &str) -> Stream {
    let counts = Counts {
        received: 1_250,
        ingested: 1_200,
        skipped: 50,
        pages: 2,
        requests: 7,
        bytes: 1_000_000,
        ..Counts::default()
    };
    Stream {
        name: name.to_owned(),
        read_with: None,
        condition: Condition::Fresh,
        lag_seconds: Some(95),
        every_seconds: Some(300),
        next_sync_at: Some(ago(-205)),
        running: false,
        last_sync: Some(SyncReport {
            started_at: ago(97),
            finished_at: ago(95),
            outcome: "complete".to_owned(),
            counts,
        }),
        totals: Some(Totals {
            received: 1_234_567,
            ingested: 1_200_000,
            skipped: 34_567,
            failed: 0,
            syncs: 860,
            syncs_failed: 0,
        }),
        back_fill: None,
        attention: None,
        notice: None,
        samples: (0..120)
            .map(|minute| Sample {
                at: ago((119 - minute) * 60),
                lag_seconds: (minute > 3).then(|| (minute % 5) as u64 * 60 + 35),
                ingested: if minute % 5 == 0 { 240 } else { 0 },
            })
            .collect(),
    }
}

/// A limit of which some is used.
pub(super) fn limit(name: &str, used: u32) -> Limit {
    Limit {
        name: name.to_owned(),
        total: 700,
        share: 350,
        used,
        used_by_others: 120,
        left: 350 - used,
        resets_at: Some(ago(-42)),
        confirmed: true,
    }
}

/// A failure that was met three times.
pub(super) fn failure(stream: &str, code: &str) -> Failure {
    Failure {
        at: ago(300),
        since: ago(1_200),
        times: 3,
        stream: Some(stream.to_owned()),
        code: code.to_owned(),
        what: "zendesk did not answer: HTTP 503".to_owned(),
        remedy: "look at status.zendesk.com if it stays".to_owned(),
    }
}

/// A daemon of four streams with which all is well.
pub(crate) fn healthy() -> Report {
    let mut ticket_events = stream("ticket_events");
    ticket_events.lag_seconds = Some(640);
    let mut comments = stream("ticket_comments");
    comments.read_with = Some("ticket_events".to_owned());
    Report {
        source: Source::Daemon,
        version: "0.1.0".to_owned(),
        account: "acme.zendesk.com".to_owned(),
        at: now(),
        started_at: Some(ago(260_000)),
        health: Health {
            ready: true,
            findings: Vec::new(),
        },
        streams: vec![stream("users"), stream("tickets"), ticket_events, comments],
        limits: vec![limit("account", 31), limit("incremental exports", 4)],
        tokens: ["zendesk", "adobe"]
            .map(|side| Token {
                side: side.to_owned(),
                accepted: Some(true),
                expires_at: Some(ago(-5_400)),
            })
            .into(),
        in_flight: 2,
        dead_letters: DeadLetters {
            bytes_max: 1_000_000_000,
            ..DeadLetters::default()
        },
        failures: Vec::new(),
    }
}

/// A report with the health that follows from it.
fn judged(mut report: Report, daemon: Daemon) -> Report {
    report.health = judge::health(&Known {
        daemon,
        streams: &report.streams,
        tokens: &report.tokens,
        dead_letters: &report.dead_letters,
        failures: &report.failures,
    });
    report
}

/// One of its streams waits for a person.
pub(super) fn paused() -> Report {
    let mut report = healthy();
    let tickets = &mut report.streams[1];
    tickets.condition = Condition::Paused;
    tickets.lag_seconds = Some(7_400);
    tickets.attention = Some(NeedsAttention {
        since: ago(7_300),
        code: "ZENDESK-FORBIDDEN".to_owned(),
        what: "zendesk forbids the export of `tickets`: HTTP 403".to_owned(),
        remedy: "give our user the role admin, or the OAuth client the scope `read`; `zendesk-aep check` tells when it is right".to_owned(),
    });
    if let Some(sync) = &mut tickets.last_sync {
        "ZENDESK-FORBIDDEN".clone_into(&mut sync.outcome);
    }
    judged(report, Daemon::Answers)
}

/// It goes on, but not smoothly: a stream fails, one is late, one is silent, records were refused.
pub(super) fn odd() -> Report {
    let mut report = healthy();
    report.streams[0].notice =
        Some("zendesk reports no changes for far longer than usual".to_owned());
    report.streams[1].condition = Condition::Failing;
    if let Some(sync) = &mut report.streams[1].last_sync {
        "ZENDESK-UNAVAILABLE".clone_into(&mut sync.outcome);
    }
    report.streams[2].condition = Condition::Late;
    report.streams[2].lag_seconds = Some(9_000);
    report.failures = vec![
        failure("tickets", "ZENDESK-UNAVAILABLE"),
        Failure {
            times: 1,
            remedy: String::new(),
            ..failure("users", "INTERRUPTED")
        },
    ];
    let group = |reason: &str, letters, superseded| DeadLetterGroup {
        stream: "tickets".to_owned(),
        reason: reason.to_owned(),
        letters,
        superseded,
    };
    report.dead_letters = DeadLetters {
        letters: 1_239,
        bytes: 4_567_890,
        bytes_max: 1_000_000_000,
        groups: vec![group("rejected", 1_234, 12), group("too_large", 5, 0)],
    };
    judged(report, Daemon::Answers)
}

/// It has just begun.
pub(super) fn starting() -> Report {
    let mut report = healthy();
    report.started_at = Some(ago(2));
    for stream in &mut report.streams {
        *stream = Stream {
            condition: Condition::Starting,
            lag_seconds: None,
            next_sync_at: None,
            running: true,
            last_sync: None,
            totals: Some(Totals::default()),
            samples: Vec::new(),
            ..stream.clone()
        };
    }
    report.limits.clear();
    for token in &mut report.tokens {
        (token.accepted, token.expires_at) = (None, None);
    }
    judged(report, Daemon::Answers)
}

/// History is loading: known well, begun, and not begun.
pub(super) fn back_filling() -> Report {
    let mut report = healthy();
    let back_fills = [
        (Some(43), Some("2023-05-01T00:00:00Z"), Some(14_400)),
        (Some(0), Some("2019-02-03T00:00:00Z"), None),
        (None, None, None),
    ];
    for (stream, (percent, read_to, seconds_left)) in report.streams.iter_mut().zip(back_fills) {
        stream.condition = Condition::BackFilling;
        stream.back_fill = Some(BackFill {
            records: 430_000,
            read_to: read_to.map(|time| time.parse().expect("a time")),
            until: ago(3_600),
            percent,
            seconds_left,
        });
    }
    judged(report, Daemon::Answers)
}

/// The daemon is down: only what the state directory has.
pub(super) fn down() -> Report {
    let mut report = odd();
    report.source = Source::StateDirectory;
    report.started_at = None;
    for stream in &mut report.streams {
        (stream.totals, stream.next_sync_at) = (None, None);
        stream.samples.clear();
    }
    report.limits.clear();
    report.tokens.clear();
    report.failures.clear();
    report.in_flight = 0;
    judged(report, Daemon::Down)
}

/// All 85 streams.
pub(super) fn many() -> Report {
    let mut report = healthy();
    report.streams = (1..=85)
        .map(|number| stream(&format!("stream_{number}")))
        .collect();
    report
}

/// Everything that others may have written is hostile.
pub(super) fn hostile() -> Report {
    const EVIL: &str =
        "\"'><script>alert(1)</script><img src=x onerror=alert(1)>`&amp;\u{1b}[31m\u{202e}";
    let evil = || EVIL.to_owned();
    let mut report = odd();
    report.version = evil();
    report.account = evil();
    for stream in &mut report.streams {
        stream.name = evil();
        stream.read_with = Some(evil());
        stream.notice = Some(evil());
        stream.condition = Condition::Paused;
        stream.attention = Some(NeedsAttention {
            since: ago(1),
            code: evil(),
            what: evil(),
            remedy: evil(),
        });
        if let Some(sync) = &mut stream.last_sync {
            sync.outcome = evil();
        }
    }
    for limit in &mut report.limits {
        limit.name = evil();
    }
    for token in &mut report.tokens {
        token.side = evil();
        token.accepted = Some(false);
    }
    for group in &mut report.dead_letters.groups {
        (group.stream, group.reason) = (evil(), evil());
    }
    for failure in &mut report.failures {
        failure.stream = Some(evil());
        (failure.code, failure.what, failure.remedy) = (evil(), evil(), evil());
    }
    judged(report, Daemon::Answers)
}

/// All of them, by name.
pub(super) fn all() -> [(&'static str, Report); 8] {
    [
        ("healthy", healthy()),
        ("paused", paused()),
        ("odd", odd()),
        ("starting", starting()),
        ("back_filling", back_filling()),
        ("down", down()),
        ("many", many()),
        ("hostile", hostile()),
    ]
}
