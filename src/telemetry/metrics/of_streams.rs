//! Metrics of each stream.

use std::fmt;

use prometheus_client::registry::Unit;

use super::Scrape;
use super::of_daemon::{flag, seconds};
use super::writer::{Labels, Writer};
use crate::checkpoint::Counts;
use crate::meter::{BackFill, SyncEnd};
use crate::status::report::{Condition, Stream};

/// Every condition with its name, as the status report spells it.
const CONDITIONS: [(Condition, &str); 7] = [
    (Condition::Paused, "paused"),
    (Condition::Failing, "failing"),
    (Condition::Late, "late"),
    (Condition::Starting, "starting"),
    (Condition::BackFilling, "back_filling"),
    (Condition::Fresh, "fresh"),
    (Condition::Finished, "finished"),
];

impl Scrape {
    pub(super) fn streams(&self, to: &mut Writer<'_>) -> fmt::Result {
        self.freshness(to)?;
        self.syncs(to)?;
        self.records(to)?;
        self.back_fill(to)
    }

    /// A number for those streams that have one.
    fn each<'s>(
        &'s self,
        number: impl Fn(&'s Stream) -> Option<f64>,
    ) -> impl Iterator<Item = (Labels<'s, 1>, f64)> {
        let streams = self.report.streams.iter();
        streams.filter_map(move |stream| {
            Some(([("stream", stream.name.as_str().into())], number(stream)?))
        })
    }

    fn freshness(&self, to: &mut Writer<'_>) -> fmt::Result {
        to.gauge(
            "stream_lag",
            Some(Unit::Seconds),
            "Now minus the time up to which every change is settled; absent before the first page",
            self.each(|stream| stream.lag_seconds.map(|lag| lag as f64)),
        )?;
        to.gauge(
            "stream_interval",
            Some(Unit::Seconds),
            "Configured time between two syncs; absent under a cron expression",
            self.each(|stream| stream.every_seconds.map(|every| every as f64)),
        )?;
        to.gauge(
            "stream_condition",
            None,
            "1 for the condition that the stream is in, 0 for the others",
            self.report.streams.iter().flat_map(|stream| {
                CONDITIONS.map(|(condition, name)| {
                    let labels = [
                        ("stream", stream.name.as_str().into()),
                        ("condition", name.into()),
                    ];
                    (labels, flag(stream.condition == condition))
                })
            }),
        )
    }

    fn syncs(&self, to: &mut Writer<'_>) -> fmt::Result {
        to.gauge(
            "stream_syncing",
            None,
            "1 while a sync is running, else 0",
            self.each(|stream| Some(flag(stream.running))),
        )?;
        to.gauge(
            "stream_last_sync_timestamp",
            Some(Unit::Seconds),
            "When the last sync ended, however, in seconds since 1970; absent before the first",
            self.each(|stream| Some(seconds(stream.last_sync.as_ref()?.finished_at))),
        )?;
        to.gauge(
            "stream_next_sync_timestamp",
            Some(Unit::Seconds),
            "When the next sync is due, in seconds since 1970; absent while one is running",
            self.each(|stream| stream.next_sync_at.map(seconds)),
        )?;
        to.counter(
            "syncs",
            None,
            "Syncs that ended, by how; streams that are read together count once, under the first",
            self.walks.iter().flat_map(|(root, walk)| {
                SyncEnd::ALL.map(|end| {
                    let labels = [
                        ("stream", root.as_str().into()),
                        ("outcome", end.as_str().into()),
                    ];
                    (labels, walk.syncs.get(end))
                })
            }),
        )?;
        to.durations(
            "sync_duration",
            "How long syncs took",
            self.walks
                .iter()
                .map(|(root, walk)| ([("stream", root.as_str().into())], &walk.durations)),
        )
    }

    fn records(&self, to: &mut Writer<'_>) -> fmt::Result {
        let of_each = |number: fn(&Counts) -> u64| {
            let streams = self.report.streams.iter().zip(&self.counts);
            streams.map(move |(stream, counts)| {
                ([("stream", stream.name.as_str().into())], number(counts))
            })
        };
        to.counter(
            "records_received",
            None,
            "Records read in settled pages: the sum of ingested, skipped and failed",
            of_each(|counts| counts.received),
        )?;
        to.counter(
            "records_ingested",
            None,
            "Records that the inlet accepted",
            of_each(|counts| counts.ingested),
        )?;
        to.counter(
            "records_skipped",
            None,
            "Records not sent: sent before, or left out by the mapping",
            of_each(|counts| counts.skipped),
        )?;
        to.counter(
            "records_failed",
            None,
            "Records put into the dead letters",
            of_each(|counts| counts.failed),
        )?;
        to.counter(
            "pages_settled",
            None,
            "Pages of which every record is settled",
            of_each(|counts| counts.pages),
        )?;
        to.counter(
            "pages_settled",
            Some(Unit::Bytes),
            "Bytes of those pages, decompressed",
            of_each(|counts| counts.bytes),
        )
    }

    fn back_fill(&self, to: &mut Writer<'_>) -> fmt::Result {
        let of_each = |number: fn(&BackFill) -> Option<f64>| {
            self.each(move |stream| number(stream.back_fill.as_ref()?))
        };
        to.gauge(
            "back_fill_records",
            None,
            "Records read of the history that is being loaded; absent if there is none left",
            of_each(|back_fill| Some(back_fill.records as f64)),
        )?;
        to.gauge(
            "back_fill_read",
            Some(Unit::Other("ratio".to_owned())),
            "Part of the history's time span that is read, 0 to 1",
            of_each(|back_fill| back_fill.percent.map(|percent| f64::from(percent) / 100.0)),
        )?;
        to.gauge(
            "back_fill_left",
            Some(Unit::Seconds),
            "How long the rest of the history will take; a guess",
            of_each(|back_fill| back_fill.seconds_left.map(|left| left as f64)),
        )
    }
}
