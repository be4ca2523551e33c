//! How the loading of history comes on, and when it will be done.
//!
//! The measure is the time span: how much of it is read, and how fast. It is a guess, since some
//! years of an account hold more than others, and it gets better by itself. Of lists it is the
//! records that were counted.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::itinerary::Route;
use crate::checkpoint::Segment;
use crate::limits;
use crate::record::Position;

/// History on its way.
#[derive(Clone, Debug, PartialEq)]
pub struct BackFill {
    /// Records read of the stretches that are still under way.
    pub records: u64,
    /// The time it has been read to; `None` before the first page.
    pub read_to: Option<Timestamp>,
    /// The time it has to be read to.
    pub until: Timestamp,
    /// How much of it is read, 0 to 100; `None` before the first page.
    pub percent: Option<u8>,
    /// How long the rest will take; `None` before that can be guessed.
    pub left: Option<Duration>,
}

/// Measures the back-fill of one walk, over its passes.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    base: Option<Base>,
    /// Where a live walk began that is far back; it is history too, though not split yet.
    live_from: Option<(Timestamp, u64)>,
    last_told: Option<Instant>,
}

/// What the speed is measured against.
#[derive(Debug)]
struct Base {
    at: Instant,
    /// Seconds, or records.
    left: i64,
    stretches: usize,
}

/// A stretch of history that is being read.
struct Stretch {
    from: Option<Timestamp>,
    read_to: Option<Timestamp>,
    until: Timestamp,
    records: u64,
    /// Of lists: the records found, and those counted.
    counted: Option<(u64, u64)>,
}

impl Stretch {
    fn new(segment: &Segment) -> Self {
        Self {
            from: segment.from,
            read_to: segment.position.recovery_time(),
            until: segment.until,
            records: segment.records,
            counted: match &segment.position {
                Position::History(position) => Some(position.progress()),
                _ => None,
            },
        }
    }

    /// How long it is.
    fn whole(&self) -> Option<i64> {
        match self.counted {
            Some((_, records)) => i64::try_from(records).ok(),
            None => seconds(self.from, Some(self.until)),
        }
    }

    /// What of it is still to be read.
    fn left(&self) -> Option<i64> {
        match self.counted {
            Some((found, records)) => i64::try_from(records - found).ok(),
            None => seconds(self.read_to, Some(self.until)),
        }
    }
}

fn seconds(from: Option<Timestamp>, to: Option<Timestamp>) -> Option<i64> {
    Some((to?.as_second() - from?.as_second()).max(0))
}

impl Gauge {
    /// Looks at a walk that stands at `route`. `catching_up` is the number of records of a live
    /// page after which there is more, and `horizon` the time that it has to reach.
    pub(super) fn look(
        &mut self,
        route: &Route,
        catching_up: Option<u64>,
        horizon: Timestamp,
        now: Instant,
    ) -> Option<BackFill> {
        let mut stretches: Vec<Stretch> = route.back_fill.iter().map(Stretch::new).collect();
        stretches.extend(self.live(route, catching_up, horizon));
        let until = stretches.iter().map(|stretch| stretch.until).max();
        let Some(until) = until else {
            self.base = None;
            return None;
        };
        let whole: Option<i64> = stretches.iter().map(Stretch::whole).sum();
        let left: Option<i64> = stretches.iter().map(Stretch::left).sum();
        let percent = whole.zip(left).map(|(whole, left)| {
            let read = (whole - left).clamp(0, whole);
            u8::try_from(read * 100 / whole.max(1)).unwrap_or(100)
        });
        // The one that is read now.
        let current = stretches.iter().max_by_key(|stretch| stretch.until);
        Some(BackFill {
            records: stretches.iter().map(|stretch| stretch.records).sum(),
            read_to: current.and_then(|stretch| stretch.read_to),
            until,
            percent,
            left: left.and_then(|left| self.guess(left, stretches.len(), now)),
        })
    }

    /// Whether it is time for a word about it.
    pub(super) fn is_worth_a_word(&mut self, now: Instant) -> bool {
        let told = self.last_told.get_or_insert(now);
        let is_time = now.duration_since(*told) >= limits::BACK_FILL_WORD_EVERY;
        if is_time {
            *told = now;
        }
        is_time
    }

    fn live(
        &mut self,
        route: &Route,
        catching_up: Option<u64>,
        horizon: Timestamp,
    ) -> Option<Stretch> {
        let read_to = route.live.recovery_time();
        let is_far_back = read_to.is_some_and(|time| {
            horizon.duration_since(time).unsigned_abs() >= limits::CATCHING_UP_AGE_MIN
        });
        let Some((read_to, records)) = read_to.zip(catching_up).filter(|_| is_far_back) else {
            self.live_from = None;
            return None;
        };
        let (from, total) = self.live_from.get_or_insert((read_to, 0));
        *total += records;
        Some(Stretch {
            from: Some(*from),
            read_to: Some(read_to),
            until: horizon,
            records: *total,
            counted: None,
        })
    }

    /// The time that what is `left` of history will take, at the speed since the base.
    fn guess(&mut self, left: i64, stretches: usize, now: Instant) -> Option<Duration> {
        // Where a stretch was added, the distance has grown and the speed would come out wrong.
        let base = match self.base.take() {
            Some(base) if base.stretches >= stretches && base.left >= left => base,
            Some(_) | None => Base {
                at: now,
                left,
                stretches,
            },
        };
        let read = base.left - left;
        let elapsed = now.duration_since(base.at);
        self.base = Some(base);
        let left = elapsed.as_secs_f64() * left as f64 / (read > 0).then_some(read)? as f64;
        Duration::try_from_secs_f64(left).ok()
    }
}

/// The word about it.
pub(super) fn tell(stream: &str, back_fill: &BackFill) {
    let expected_end = back_fill
        .left
        .and_then(|left| Timestamp::now().checked_add(left).ok())
        .and_then(|end| Timestamp::from_second(end.as_second()).ok());
    tracing::info!(
        stream,
        records = back_fill.records,
        read_to = back_fill.read_to.map(tracing::field::display),
        until = %back_fill.until,
        percent = back_fill.percent,
        expected_end = expected_end.map(tracing::field::display),
        "history is loading"
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Counted, HistoryList, HistoryPosition};

    fn time(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn at(second: Option<i64>) -> Position {
        Position::Incremental {
            cursor: None,
            recovery_time: second.map(time),
        }
    }

    /// A walk that is live at a million, with stretches from 0 to the given seconds.
    fn route(stretches: &[(i64, Option<i64>)]) -> Route {
        let segment = |(until, read_to): &(i64, Option<i64>)| Segment {
            position: at(*read_to),
            until: time(*until),
            streams: vec!["users".to_owned()],
            from: read_to.map(|_| time(0)),
            records: 7,
        };
        Route {
            live: at(Some(1_000_000)),
            back_fill: stretches.iter().map(segment).collect(),
            members: vec!["users".to_owned()],
            ended: None,
        }
    }

    #[test]
    fn share_and_rest_follow_the_time_span() {
        let (mut gauge, begin) = (Gauge::default(), Instant::now());
        let after = |seconds| begin + Duration::from_secs(seconds);
        let mut look = |read_to, seconds| {
            gauge
                .look(
                    &route(&[(1_000, read_to)]),
                    None,
                    time(1_000_000),
                    after(seconds),
                )
                .expect("history is loading")
        };
        let first = look(None, 0);
        assert_eq!((first.percent, first.left), (None, None));
        assert_eq!(look(Some(100), 10).left, None, "no speed yet");
        let later = look(Some(400), 40);
        assert_eq!(later.percent, Some(40));
        assert_eq!(later.left, Some(Duration::from_secs(60)));
        assert_eq!((later.records, later.read_to), (7, Some(time(400))));
    }

    #[test]
    fn of_lists_it_is_the_records_that_count() {
        let (mut gauge, begin) = (Gauge::default(), Instant::now());
        let mut look = |found, seconds| {
            let present = Counted {
                records: 1_000,
                at: time(1_000),
                found,
            };
            let position = Position::History(HistoryPosition {
                until: time(1_000),
                list: HistoryList::Present,
                page: None,
                last_id: None,
                present,
                deleted: None,
            });
            let mut route = route(&[(1_000, None)]);
            route.back_fill[0].position = position;
            let now = begin + Duration::from_secs(seconds);
            let found = gauge.look(&route, None, time(1_000_000), now);
            found.expect("history is loading")
        };
        assert_eq!(look(0, 0).percent, Some(0));
        let later = look(250, 10);
        assert_eq!(later.percent, Some(25));
        assert_eq!(later.left, Some(Duration::from_secs(30)));
    }

    #[test]
    fn another_stretch_begins_the_measuring_anew() {
        let (mut gauge, begin) = (Gauge::default(), Instant::now());
        let after = |seconds| begin + Duration::from_secs(seconds);
        let one = |read_to| route(&[(1_000, Some(read_to))]);
        gauge.look(&one(0), None, time(1_000_000), after(0));
        gauge.look(&one(500), None, time(1_000_000), after(50));
        let two = route(&[(1_000, Some(500)), (2_000, Some(1_000))]);
        let found = gauge.look(&two, None, time(1_000_000), after(51));
        let found = found.expect("history is loading");
        assert_eq!((found.percent, found.left), (Some(50), None));
        assert_eq!(found.until, time(2_000));
        assert_eq!(
            gauge.look(&route(&[]), None, time(1_000_000), after(60)),
            None
        );
    }

    #[test]
    fn a_live_walk_that_is_far_back_is_history_too() {
        let (mut gauge, begin) = (Gauge::default(), Instant::now());
        let after = |seconds| begin + Duration::from_secs(seconds);
        let mut look = |live, records, seconds| {
            let route = Route {
                live: at(Some(live)),
                ..route(&[])
            };
            gauge.look(&route, records, time(1_000_000), after(seconds))
        };
        look(0, Some(10), 0).expect("far back");
        let found = look(250_000, Some(10), 60).expect("far back");
        assert_eq!((found.percent, found.records), (Some(25), 20));
        assert_eq!(found.left, Some(Duration::from_secs(180)));
        assert_eq!(look(999_000, Some(10), 120), None, "as good as live");
        assert_eq!(look(250_000, None, 130), None, "nothing more to read");
    }

    #[test]
    fn words_are_few() {
        let (mut gauge, begin) = (Gauge::default(), Instant::now());
        assert!(!gauge.is_worth_a_word(begin), "it may be over at once");
        assert!(!gauge.is_worth_a_word(begin + limits::BACK_FILL_WORD_EVERY / 2));
        assert!(gauge.is_worth_a_word(begin + limits::BACK_FILL_WORD_EVERY));
        assert!(!gauge.is_worth_a_word(begin + limits::BACK_FILL_WORD_EVERY * 3 / 2));
    }
}
