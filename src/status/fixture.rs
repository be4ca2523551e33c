//! Reports for tests.

use jiff::{SignedDuration, Timestamp};

use super::report::{
    Condition, DeadLetters, Failure, Health, Limit, Report, Sample, Source, Stream, Token, Totals,
};
use crate::checkpoint::{Counts, SyncReport};

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
pub(super) fn healthy() -> Report {
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
