//! No silent zero: noticing what is no error by itself but should not go unseen.
//!
//! A stream that falls silent, a page that comes twice, a page from before the checkpoint: each
//! is named, logged once, and kept in the state until it is over.

use jiff::Timestamp;

use crate::checkpoint::{Activity, Notice, Oddity};
use crate::record::Page;

/// Fewer gaps than this say nothing about what is usual.
const GAPS_KNOWN_MIN: u32 = 5;

/// A silence this many times longer than usual is odd…
const SILENCE_FACTOR: i64 = 20;

/// …if it is at least this long: nights and lunch breaks are not.
const SILENCE_SECONDS_MIN: i64 = 60 * 60;

/// Watches the pages of one sync.
#[derive(Debug)]
pub(super) struct Watch {
    last_page: Option<u32>,
    horizon: Option<Timestamp>,
    oddity: Option<Oddity>,
}

impl Watch {
    /// Begins where nothing from before `horizon` should come.
    pub(super) fn new(horizon: Option<Timestamp>) -> Self {
        Self {
            last_page: None,
            horizon,
            oddity: None,
        }
    }

    /// The first odd thing about the pages so far.
    pub(super) fn oddity(&self) -> Option<Oddity> {
        self.oddity
    }

    /// Takes note of a page.
    pub(super) fn look(&mut self, page: &Page) {
        if !page.records.is_empty() {
            let oddity = self.judge(page);
            self.oddity = self.oddity.or(oddity);
        }
    }

    fn judge(&mut self, page: &Page) -> Option<Oddity> {
        let mut content = crc32fast::Hasher::new();
        for record in &page.records {
            content.update(&record.crc.to_le_bytes());
        }
        let content = content.finalize();
        let newest = page
            .records
            .iter()
            .filter_map(|record| record.version)
            .max();
        let horizon = std::mem::replace(&mut self.horizon, page.repeat_horizon);
        if self.last_page.replace(content) == Some(content) {
            Some(Oddity::SamePageTwice)
        } else if newest
            .zip(horizon)
            .is_some_and(|(newest, horizon)| newest < horizon)
        {
            Some(Oddity::OldPage)
        } else {
            None
        }
    }
}

/// What is known of a stream's pace after a sync that found `fresh` records nobody had seen, and
/// whether it has been silent for oddly long.
pub(super) fn silence(
    activity: Option<Activity>,
    fresh: u64,
    now: Timestamp,
) -> (Option<Activity>, Option<Oddity>) {
    let Some(mut known) = activity else {
        let first = Activity {
            last_change_seen: now,
            usual_gap_seconds: 0,
            gaps: 0,
        };
        return ((fresh > 0).then_some(first), None);
    };
    // A clock set back makes no gap.
    let gap = (now.as_second() - known.last_change_seen.as_second()).max(0);
    if fresh > 0 {
        // An eighth of each new gap, so that one long night does not make long nights usual.
        known.usual_gap_seconds +=
            (gap - known.usual_gap_seconds) / if known.gaps == 0 { 1 } else { 8 };
        known.gaps = known.gaps.saturating_add(1);
        known.last_change_seen = now;
        return (Some(known), None);
    }
    let odd = known.gaps >= GAPS_KNOWN_MIN
        && gap >= SILENCE_SECONDS_MIN.max(known.usual_gap_seconds.saturating_mul(SILENCE_FACTOR));
    (Some(known), odd.then_some(Oddity::Silent))
}

/// The notice to keep: a new one is logged, one that goes on is not logged again.
pub(super) fn notice(
    stream: &str,
    before: Option<Notice>,
    oddity: Option<Oddity>,
    now: Timestamp,
) -> Option<Notice> {
    let oddity = oddity?;
    if let Some(before) = before.filter(|before| before.oddity == oddity) {
        return Some(before);
    }
    tracing::warn!(stream, "{}", oddity.explanation());
    Some(Notice { oddity, since: now })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Position, Record};

    fn time(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn page(versions: &[i64], horizon: i64) -> Page {
        let record =
            |version: &i64| Record::new(version.to_string().into(), None, Some(time(*version)));
        Page {
            children: Vec::new(),
            records: versions.iter().map(record).collect(),
            next: Position::Incremental {
                cursor: None,
                recovery_time: None,
            },
            repeat_horizon: Some(time(horizon)),
            end_of_stream: false,
            bytes: 0,
            requests: 1,
            unreadable: None,
            is_rest: false,
            listed: None,
        }
    }

    #[test]
    fn pages_that_come_twice_or_from_before_the_checkpoint() {
        let check = |pages: &[&[i64]], expected| {
            let mut watch = Watch::new(Some(time(8)));
            pages
                .iter()
                .for_each(|versions| watch.look(&page(versions, 8)));
            assert_eq!(watch.oddity(), expected, "{pages:?}");
        };
        check(&[&[10, 11], &[12, 13], &[]], None);
        check(
            &[&[10, 11], &[12, 13], &[12, 13]],
            Some(Oddity::SamePageTwice),
        );
        check(&[&[12, 13], &[], &[12, 13]], Some(Oddity::SamePageTwice));
        check(&[&[6, 7]], Some(Oddity::OldPage));
        check(&[&[7, 8], &[9]], None);
    }

    #[test]
    fn a_stream_that_always_had_changes_and_has_none_is_silent() {
        let mut activity = None;
        let mut now = 0;
        for _ in 0..10 {
            now += 300;
            activity = silence(activity, 3, time(now)).0;
        }
        assert_eq!(
            activity.as_ref().map(|known| known.usual_gap_seconds),
            Some(300)
        );
        let after = |seconds| silence(activity.clone(), 0, time(now + seconds)).1;
        assert_eq!(after(5_000), None);
        assert_eq!(after(6_000), Some(Oddity::Silent));
        assert_eq!(after(-6_000), None, "a clock set back");
    }

    #[test]
    fn a_stream_that_never_had_much_is_not() {
        let (activity, _) = silence(None, 1, time(0));
        assert_eq!(silence(activity, 0, time(10_000_000)).1, None);
        assert_eq!(silence(None, 0, time(10_000_000)), (None, None));
    }

    #[test]
    fn a_notice_keeps_its_beginning_and_goes_when_it_is_over() {
        let first = notice("users", None, Some(Oddity::Silent), time(1));
        let later = notice("users", first.clone(), Some(Oddity::Silent), time(2));
        assert_eq!(later, first);
        assert_eq!(notice("users", later, None, time(3)), None);
    }
}
