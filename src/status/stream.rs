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
    stream.condition = condition(&stream, has_ended(root, of_root), now);
    stream
}

/// Whether live changes of a walk are read up to the configured `end`.
pub fn has_ended(root: &config::Stream, state: &StreamState) -> bool {
    root.end.is_some() && state.ended == root.end
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::{Counts, Segment, SyncReport};

    fn time(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn at(second: i64) -> Position {
        Position::Incremental {
            cursor: None,
            recovery_time: Some(time(second)),
        }
    }

    fn stretch(streams: &[&str], from: i64, read_to: i64, until: i64) -> Segment {
        Segment {
            position: at(read_to),
            until: time(until),
            streams: streams.iter().map(|&name| name.to_owned()).collect(),
            from: Some(time(from)),
            records: 10,
        }
    }

    /// A walk that is live at 5000 after a sync that began at 9000.
    fn state(outcome: &str) -> StreamState {
        StreamState {
            position: Some(at(5_000)),
            last_sync: Some(SyncReport {
                started_at: time(9_000),
                finished_at: time(9_100),
                outcome: outcome.to_owned(),
                counts: Counts::default(),
            }),
            ..StreamState::default()
        }
    }

    #[test]
    fn only_a_complete_look_makes_a_quiet_stream_fresh() {
        let check = |state: &StreamState, expected: Option<i64>| {
            assert_eq!(fresh_until(state), expected.map(time), "{state:?}");
        };
        check(&StreamState::default(), None);
        let withheld = limits::START_TIME_AGE_MIN.as_secs() as i64;
        check(&state("complete"), Some(9_000 - withheld));
        check(&state("stopped"), Some(5_000));
        check(&state("ZENDESK-UNAVAILABLE"), Some(5_000));
        let newer = StreamState {
            position: Some(at(9_050)),
            ..state("complete")
        };
        check(&newer, Some(9_050));
        // Live is where nothing was read yet; the back-log is what was read last.
        let split = StreamState {
            back_fill: vec![stretch(&["users"], 0, 700, 5_000)],
            ..state("split")
        };
        check(&split, Some(700));
    }

    #[test]
    fn history_is_told_of_the_streams_it_is_read_for() {
        let state = StreamState {
            back_fill: vec![
                stretch(&["tickets"], 0, 250, 1_000),
                stretch(&["tickets", "comments"], 1_000, 1_500, 2_000),
            ],
            ..StreamState::default()
        };
        let told = |stream| back_fill(stream, &state);
        let tickets = told("tickets").expect("history");
        assert_eq!((tickets.percent, tickets.records), (Some(37), 20));
        assert_eq!(
            (tickets.until, tickets.read_to),
            (time(2_000), Some(time(1_500)))
        );
        assert_eq!(told("comments").and_then(|one| one.percent), Some(50));
        assert_eq!(told("users"), None);
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_age() {
        assert_eq!(age(time(10), time(5)), 0);
        assert_eq!(age(time(5), time(10)), 5);
    }
}
