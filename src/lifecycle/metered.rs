//! Telling the meter of syncs, in its own words.

use std::sync::Arc;

use jiff::Timestamp;

use crate::checkpoint::Counts;
use crate::error::{Chain, Explain as _};
use crate::meter::{BackFill, Ended, Failure, Meter, SyncEnd};
use crate::sync::{End, Progress, Summary, Tally};

/// A sync of the walk named after `root` has settled a page.
pub(super) fn progress(meter: &Meter, root: &str, progress: &Progress) {
    let back_fill = progress.back_fill.as_ref().map(|told| BackFill {
        records: told.records,
        read_to: told.read_to,
        until: told.until,
        percent: told.percent,
        seconds_left: told.left.map(|left| left.as_secs()),
    });
    let streams = progress.streams.iter().map(of_stream);
    meter.sync_progressed(root, streams, back_fill);
}

/// A sync has ended.
pub(super) fn ended(meter: &Meter, summary: &Summary) {
    let now = Timestamp::now();
    let ended = Ended {
        at: now,
        took: summary.duration,
        end: match &summary.end {
            End::Complete => SyncEnd::Complete,
            End::Split => SyncEnd::Split,
            End::Stopped => SyncEnd::Stopped,
            End::Failed(_) => SyncEnd::Failed,
        },
        failure: match &summary.end {
            End::Failed(error) => Some(error.code()),
            End::Complete | End::Split | End::Stopped => None,
        },
        fresh_until: summary.fresh_until,
    };
    let streams = summary.streams.iter().map(of_stream);
    meter.sync_ended(summary.root(), streams, &ended);
    if let End::Failed(error) = &summary.end {
        meter.failed(Failure {
            at: now,
            since: now,
            times: 1,
            stream: Some(summary.root().to_owned()),
            code: error.code().to_string(),
            what: Chain(error).to_string(),
            remedy: error.hint().unwrap_or_default().to_owned(),
        });
    }
}

fn of_stream(tally: &Tally) -> (&Arc<str>, Counts) {
    (&tally.stream, tally.counts)
}
