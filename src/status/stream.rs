//! What the state file tells of a stream: the same while the daemon runs and when it does not.

use jiff::{SignedDuration, Timestamp};

use super::judge::{self, Facts};
use super::report::{BackFill, Condition, Stream};
use crate::checkpoint::StreamState;
use crate::config::{self, Cadence};
use crate::limits;
use crate::record::Position;

/// Tells of one stream as `configured`, which is read in the walk of `root`. `own` and `of_root`
/// are their states; for a stream with a walk of its own, the same.
pub fn tell(
    configured: &config::Stream,
    root: &config::Stream,
    own: &StreamState,
    of_root: &StreamState,
    now: Timestamp,
) -> Stream {
    let mut stream = Stream {
        name: configured.spec.name.to_string(),
        read_with: (configured.spec.name != root.spec.name).then(|| root.spec.name.to_string()),
        condition: Condition::Starting,
        lag_seconds: fresh_until(of_root).map(|time| age(time, now)),
        every_seconds: match &root.cadence {
            Cadence::Every(every) => Some(every.as_secs()),
            Cadence::Cron { .. } => None,
        },
        next_sync_at: None,
        running: false,
        last_sync: own.last_sync.clone(),
        totals: None,
        back_fill: back_fill(&configured.spec.name, of_root),
        attention: own.attention.clone(),
        notice: own
            .notice
            .as_ref()
            .map(|notice| notice.oddity.explanation().to_owned()),
        samples: Vec::new(),
    };
    let ended = root.end.is_some() && of_root.ended == root.end;
    stream.condition = condition(&stream, ended, now);
    stream
}

/// How a stream is, of which all else is known. `ended` says that live changes are read up to its
/// configured `end`.
pub fn condition(stream: &Stream, ended: bool, now: Timestamp) -> Condition {
    let facts = Facts {
        attention: stream.attention.as_ref(),
        last_sync: stream.last_sync.as_ref(),
        lag_seconds: stream.lag_seconds,
        every_seconds: stream.every_seconds,
        next_sync_at: stream.next_sync_at,
        back_filling: stream.back_fill.is_some(),
        ended,
    };
    judge::condition(&facts, now)
}

/// The time up to which every change of a walk is settled, as far as the state of its root tells.
pub fn fresh_until(root: &StreamState) -> Option<Timestamp> {
    let last = root.last_sync.as_ref();
    let newest = match (last.map(|sync| &*sync.outcome), root.back_fill.last()) {
        // Nothing was read yet at the new live position.
        (Some("split"), Some(segment)) => Some(&segment.position),
        _ => root.position.as_ref(),
    };
    // Zendesk had shown what was older than this when the sync began.
    let looked_until = last
        .filter(|sync| sync.outcome == "complete")
        .and_then(|sync| sync.started_at.checked_sub(limits::START_TIME_AGE_MIN).ok());
    newest.and_then(Position::recovery_time).max(looked_until)
}

/// Seconds from `time` to `now`; none if the clock was set back.
pub fn age(time: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.duration_since(time).as_secs()).unwrap_or(0)
}

/// The history that is still to be read of a stream.
fn back_fill(stream: &str, root: &StreamState) -> Option<BackFill> {
    let concerns = |segment: &&crate::checkpoint::Segment| {
        segment.streams.is_empty() || segment.streams.iter().any(|name| name == stream)
    };
    let segments: Vec<_> = root.back_fill.iter().filter(concerns).collect();
    let until = segments.iter().map(|segment| segment.until).max()?;
    let span = |from: Option<Timestamp>, to: Timestamp| {
        from.map(|from| to.duration_since(from).max(SignedDuration::ZERO))
    };
    let whole: Option<SignedDuration> = segments
        .iter()
        .map(|segment| span(segment.from, segment.until))
        .sum();
    let left: Option<SignedDuration> = segments
        .iter()
        .map(|segment| span(segment.position.recovery_time(), segment.until))
        .sum();
    let percent = whole.zip(left).map(|(whole, left)| {
        let (whole, left) = (whole.as_secs().max(1), left.as_secs());
        u8::try_from((whole - left).clamp(0, whole) * 100 / whole).unwrap_or(100)
    });
    Some(BackFill {
        records: segments.iter().map(|segment| segment.records).sum(),
        read_to: segments
            .iter()
            .max_by_key(|segment| segment.until)
            .and_then(|segment| segment.position.recovery_time()),
        until,
        percent,
        seconds_left: None,
    })
}
