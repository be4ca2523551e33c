//! Metrics of the daemon as a whole: its two ends, quota, dead letters.

use std::fmt;

use jiff::Timestamp;
use prometheus_client::registry::Unit;

use super::Scrape;
use super::writer::Writer;
use crate::meter::{Histogram, Meter, RequestOutcome, Side, SignIns};
use crate::status::report::Limit;

/// What is read of the meter.
#[derive(Debug)]
pub(super) struct OfDaemon {
    sides: [OfSide; 2],
    /// By what the inlet said of them.
    messages: [(&'static str, u64); 3],
    /// By their outcome.
    reloads: [(&'static str, u64); 3],
    quota_waited_seconds: f64,
}

#[derive(Debug)]
struct OfSide {
    name: &'static str,
    requests: [(&'static str, u64); RequestOutcome::ALL.len()],
    durations: Histogram,
    retries: u64,
    sign_ins: SignIns,
}

impl OfDaemon {
    pub(super) fn read(meter: &Meter) -> Self {
        let (messages, reloads) = (&meter.messages, &meter.reloads);
        Self {
            sides: [
                OfSide::read("zendesk", &meter.zendesk),
                OfSide::read("adobe", &meter.adobe),
            ],
            messages: [
                ("accepted", messages.accepted.get()),
                ("rejected", messages.rejected.get()),
                ("unknown", messages.unknown.get()),
            ],
            reloads: [
                ("done", reloads.done.get()),
                ("unchanged", reloads.unchanged.get()),
                ("refused", reloads.refused.get()),
            ],
            quota_waited_seconds: meter.zendesk.waited_ms.get() as f64 / 1e3,
        }
    }
}

impl OfSide {
    fn read(name: &'static str, side: &Side) -> Self {
        Self {
            name,
            requests: RequestOutcome::ALL.map(|outcome| (outcome.as_str(), side.requests(outcome))),
            durations: side.durations.histogram(),
            retries: side.retries.get(),
            sign_ins: side.sign_ins(),
        }
    }
}

/// Seconds since 1970, as Prometheus counts time.
pub(super) fn seconds(time: Timestamp) -> f64 {
    time.as_millisecond() as f64 / 1e3
}

pub(super) fn flag(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

impl Scrape {
    pub(super) fn daemon(&self, to: &mut Writer<'_>) -> fmt::Result {
        let report = &self.report;
        to.info(
            "build",
            "The program that runs",
            [("version", report.version.as_str().into())],
        )?;
        to.gauge(
            "start_timestamp",
            Some(Unit::Seconds),
            "When the daemon started, in seconds since 1970",
            report.started_at.map(|at| ([], seconds(at))),
        )?;
        to.gauge(
            "ready",
            None,
            "1 if both sign-ins went well and no stream waits for a person, else 0",
            [([], flag(report.health.ready))],
        )?;
        let reloads = self.of_daemon.reloads.iter();
        to.counter(
            "reloads",
            None,
            "Attempts to change the configuration of the running daemon; refused ones left it as it was",
            reloads.map(|(outcome, count)| ([("outcome", (*outcome).into())], *count)),
        )?;
        self.requests(to)?;
        self.sign_ins(to)?;
        self.quota(to)?;
        self.dead_letters(to)
    }

    fn requests(&self, to: &mut Writer<'_>) -> fmt::Result {
        let sides = &self.of_daemon.sides;
        to.counter(
            "requests",
            None,
            "Requests that ended, by end and outcome; each attempt counts",
            sides.iter().flat_map(|side| {
                side.requests.iter().map(|(outcome, count)| {
                    let outcome = (*outcome).into();
                    ([("side", side.name.into()), ("outcome", outcome)], *count)
                })
            }),
        )?;
        to.durations(
            "request_duration",
            "How long requests took, each attempt by itself, without waits before it",
            sides
                .iter()
                .map(|side| ([("side", side.name.into())], &side.durations)),
        )?;
        to.counter(
            "request_retries",
            None,
            "Requests that were made again",
            sides
                .iter()
                .map(|side| ([("side", side.name.into())], side.retries)),
        )?;
        to.gauge(
            "inlet_requests_in_flight",
            None,
            "Requests to the inlet that wait for their answer",
            [([], f64::from(self.report.in_flight))],
        )?;
        to.counter(
            "messages",
            None,
            "Messages sent, by what the inlet said of each; those sent again count again",
            self.of_daemon
                .messages
                .iter()
                .map(|(outcome, count)| ([("outcome", (*outcome).into())], *count)),
        )
    }

    fn sign_ins(&self, to: &mut Writer<'_>) -> fmt::Result {
        let sides = &self.of_daemon.sides;
        to.counter(
            "sign_ins",
            None,
            "Tokens granted, and sign-ins or fresh tokens refused",
            sides.iter().flat_map(|side| {
                let SignIns {
                    granted, refused, ..
                } = side.sign_ins;
                [("granted", granted), ("refused", refused)].map(|(outcome, count)| {
                    let outcome = outcome.into();
                    ([("side", side.name.into()), ("outcome", outcome)], count)
                })
            }),
        )?;
        let tokens = &self.report.tokens;
        to.gauge(
            "sign_in_accepted",
            None,
            "1 if the last answer that tells was that we are let in, 0 if not; absent before the first",
            tokens.iter().filter_map(|token| {
                let accepted = flag(token.accepted?);
                Some(([("side", token.side.as_str().into())], accepted))
            }),
        )?;
        to.gauge(
            "token_expiry_timestamp",
            Some(Unit::Seconds),
            "When the present token expires, in seconds since 1970; absent if that is not known",
            tokens.iter().filter_map(|token| {
                let expires_at = seconds(token.expires_at?);
                Some(([("side", token.side.as_str().into())], expires_at))
            }),
        )
    }

    fn quota(&self, to: &mut Writer<'_>) -> fmt::Result {
        let limits = &self.report.limits;
        let of_each = |number: fn(&Limit) -> u32| {
            limits.iter().map(move |limit| {
                (
                    [("limit", limit.name.as_str().into())],
                    f64::from(number(limit)),
                )
            })
        };
        to.gauge(
            "quota_requests_limit",
            None,
            "Requests that Zendesk allows in one window, to everybody",
            of_each(|limit| limit.total),
        )?;
        to.gauge(
            "quota_requests_share",
            None,
            "How many of them are ours to make",
            of_each(|limit| limit.share),
        )?;
        to.gauge(
            "quota_requests_used",
            None,
            "Requests made by this program in this window",
            of_each(|limit| limit.used),
        )?;
        to.gauge(
            "quota_requests_used_by_others",
            None,
            "Requests made by others in this window, as far as answers have told",
            of_each(|limit| limit.used_by_others),
        )?;
        to.gauge(
            "quota_requests_left",
            None,
            "What this program may still use in this window",
            of_each(|limit| limit.left),
        )?;
        to.counter(
            "quota_wait",
            Some(Unit::Seconds),
            "Time for which requests to Zendesk waited for room in a limit, all of them together",
            [([], self.of_daemon.quota_waited_seconds)],
        )
    }

    fn dead_letters(&self, to: &mut Writer<'_>) -> fmt::Result {
        let store = &self.report.dead_letters;
        to.gauge(
            "dead_letters",
            None,
            "Refused records that wait for a person, by stream and reason",
            store.groups.iter().map(|group| {
                let labels = [
                    ("stream", group.stream.as_str().into()),
                    ("reason", group.reason.as_str().into()),
                ];
                (labels, group.letters as f64)
            }),
        )?;
        to.gauge(
            "dead_letter_store",
            Some(Unit::Bytes),
            "Size of the store of refused records",
            [([], store.bytes as f64)],
        )?;
        to.gauge(
            "dead_letter_store_limit",
            Some(Unit::Bytes),
            "Size of it at which streams stop",
            [([], store.bytes_max as f64)],
        )
    }
}
