//! The export against a model of its endpoint, and the repeats that it brings about.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;

use super::*;
use crate::checkpoint::{Repeats, Verdict};
use crate::record::Record;
use crate::zendesk::page::Reader;
use crate::zendesk::testing::source;

/// Long ago, so that the stretch that Zendesk withholds is out of the way.
const BEGIN: i64 = 1_700_000_000;

/// How late records may show, and how far back a walk begins, in seconds.
const OVERLAP: u64 = 20;

/// Records in a page of the model.
const PAGE: usize = 4;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

/// An export that never connects.
fn export(end: StreamEnd) -> Time {
    let page_max = u32::try_from(PAGE).expect("it fits");
    let source = source("organizations", page_max, Duration::from_secs(OVERLAP));
    let endpoint = Endpoint {
        path: "/api/v2/incremental/organizations.json".into(),
        unit: TimeUnit::Seconds,
        end,
        size: None,
    };
    Time::new(source, endpoint)
}

/// One object's versions: at which second, and how much later it shows.
type Versions = Vec<(i64, i64)>;

/// What the endpoint is like.
#[derive(Clone, Copy, Debug)]
struct Habits {
    /// Extends a page of one second until that second is whole.
    extends: bool,
    /// Says whether the stream is over.
    tells_end: bool,
}

/// What the endpoint answers at the time `now`.
fn answer(objects: &[Versions], habits: Habits, start: Timestamp, now: i64) -> String {
    let mut rows: Vec<(i64, usize)> = objects
        .iter()
        .enumerate()
        .filter_map(|(id, versions)| {
            let shown = versions.iter().filter(|(at, delay)| at + delay <= now);
            shown.map(|(at, _)| *at).max().map(|at| (at, id))
        })
        .filter(|(second, _)| at(*second) >= start)
        .collect();
    rows.sort_unstable();
    let mut count = rows.len().min(PAGE);
    let mut end = rows[..count].last().map(|(second, _)| *second);
    if let (true, [(first, _), .., (last, _)]) = (habits.extends, &rows[..count])
        && first == last
    {
        count = rows.iter().filter(|(second, _)| second == first).count();
        if count >= PAGE {
            end = Some(first + 1);
        }
    }
    let records: Vec<String> = rows[..count]
        .iter()
        .map(|(second, id)| format!(r#"{{"id":{id},"updated_at":"{}"}}"#, at(*second)))
        .collect();
    let over = match habits.tells_end {
        true => format!(r#","end_of_stream":{}"#, count == rows.len()),
        false => String::new(),
    };
    let end = end.map_or("null".to_owned(), |end| end.to_string());
    let records = records.join(",");
    format!(r#"{{"organizations":[{records}],"count":{count},"end_time":{end}{over}}}"#)
}

/// A page that is there as a whole, and what is known of it.
fn read(export: &Time, body: &Bytes) -> (Page, Whole) {
    let spec = &export.source.spec;
    let (part, trailer) = Reader::whole(body, &time_layout(spec, [])).expect("a page");
    let end = read_time_trailer(&trailer, spec, TimeUnit::Seconds).expect("an end");
    let records = part.lists.into_iter().flatten().collect::<Vec<Record>>();
    let whole = Whole::new(SoFar::default().and(&records), spec.page_max, end);
    let nowhere = nothing_yet(Progress::default());
    (Page { records, ..nowhere }, whole)
}

/// The far side of the export: what it delivered, and what it gave up.
#[derive(Debug, Default)]
struct Sink {
    repeats: Repeats,
    delivered: Vec<(usize, i64)>,
    given_up: BTreeSet<i64>,
    progress: Progress,
}

impl Sink {
    /// Walks to the end of the stream, or dies after so many pages, each of which takes a second.
    fn walk(
        &mut self,
        export: &Time,
        now: i64,
        pages: usize,
        ask: impl Fn(Timestamp, i64) -> String,
    ) {
        let mut next = None;
        for number in 0.. {
            if number == pages {
                return;
            }
            assert!(number < 2_000, "an endless walk");
            let now = now + i64::try_from(number).expect("it fits");
            let asked = next.unwrap_or_else(|| export.begin(self.progress.from));
            let body = Bytes::from(ask(asked, now));
            let (given, whole) = read(export, &body);
            let page = export
                .read(asked, self.progress, at(now), given, &whole)
                .expect("it goes on");
            for record in &page.records {
                if self.repeats.judge(record) == Verdict::New {
                    self.repeats.note(record);
                    let id = record.id.as_ref().expect("an id").as_str();
                    let version = record.version.expect("a version").as_second();
                    self.delivered
                        .push((id.parse().expect("a number"), version));
                }
            }
            self.given_up
                .extend(page.unreadable.map(|lost| lost.second.as_second()));
            self.repeats.trim(page.repeat_horizon);
            let Position::Time {
                from,
                reached,
                page: following,
            } = page.next
            else {
                panic!("a position of this export");
            };
            assert!(from >= self.progress.from, "the checkpoint went back");
            (self.progress, next) = (Progress { from, reached }, following);
            if page.end_of_stream {
                return;
            }
        }
    }
}

fn objects() -> impl Strategy<Value = Vec<Versions>> {
    // Few seconds, so that many share one.
    let version = (0i64..60, 0..i64::try_from(OVERLAP).expect("it fits"));
    let versions = proptest::collection::vec(version, 1..4).prop_map(|versions| {
        // What an object was does not show after what it became.
        let by_second: BTreeMap<i64, i64> = versions.into_iter().collect();
        let mut shown = 0;
        let ordered = by_second.into_iter().map(|(second, delay)| {
            shown = shown.max(second + delay);
            (BEGIN + second, shown - second)
        });
        ordered
            .filter(|(_, delay)| *delay < OVERLAP as i64)
            .collect()
    });
    proptest::collection::vec(versions, 0..30)
}

proptest! {
    #[test]
    fn every_version_arrives_exactly_once_and_no_walk_is_endless(
        objects in objects(),
        extends: bool,
        tells_end: bool,
        short_page: bool,
        polls in proptest::collection::vec((0i64..80, 1usize..6), 0..8),
    ) {
        let habits = Habits { extends, tells_end };
        let end = if short_page { StreamEnd::ShortPage } else { StreamEnd::EndOfStream };
        let export = export(end);
        let mut sink = Sink::default();
        let mut polls = polls;
        polls.sort_unstable();
        // The last polls see everything, and are left to finish.
        polls.extend([(100, 10_000), (100, 10_000), (100, 10_000)]);
        for (now, pages) in polls {
            sink.walk(&export, BEGIN + now, pages, |start, now| {
                answer(&objects, habits, start, now)
            });
        }
        let mut once = BTreeSet::new();
        for version in &sink.delivered {
            prop_assert!(once.insert(*version), "{version:?} came twice");
        }
        for (id, versions) in objects.iter().enumerate() {
            let Some((newest, _)) = versions.last() else { continue };
            let arrived = once.contains(&(id, *newest));
            prop_assert!(arrived || sink.given_up.contains(newest), "{id} of {newest} is lost");
            let came = sink.delivered.iter().filter(|(of, _)| *of == id);
            let order: Vec<i64> = came.map(|(_, version)| *version).collect();
            prop_assert!(order.is_sorted(), "{id} came in the order {order:?}");
        }
        if extends {
            prop_assert_eq!(&sink.given_up, &BTreeSet::new());
        }
    }
}

fn check(asked: i64, reached: Option<i64>, end: StreamEnd, body: &str, expected: &Step) {
    let export = export(end);
    let body = Bytes::copy_from_slice(body.as_bytes());
    let (_, page) = read(&export, &body);
    let page = Whole {
        records_max: 2,
        ..page
    };
    let progress = Progress {
        from: None,
        reached: reached.map(at),
    };
    let step = export.endpoint.step(at(asked), progress, &page);
    assert_eq!(step, *expected, "from {asked}");
}

#[test]
fn what_follows_a_page() {
    use StreamEnd::{EndOfStream, ShortPage};
    let (end, on) = (
        |second| Step::End(Some(at(second))),
        |second| Step::On(at(second)),
    );
    let said = |over: bool, end: &str| {
        format!(
            r#"{{"organizations":[{{"id":1}},{{"id":2}}],"end_of_stream":{over},"end_time":{end}}}"#
        )
    };
    check(5, None, EndOfStream, &said(false, "9"), &on(9));
    check(5, None, EndOfStream, &said(true, "9"), &end(9));
    check(5, None, EndOfStream, &said(false, "5"), &Step::Stuck);
    check(5, None, EndOfStream, &said(false, "4"), &Step::Stuck);
    check(5, None, EndOfStream, &said(false, "null"), &Step::Stuck);
    check(5, None, EndOfStream, &said(true, "null"), &Step::End(None));

    // Nothing is said of the end: recorded for Talk, documented for metric events.
    let two = r#"{"organizations":[{"id":1},{"id":2}],"end_time":9}"#;
    let one = r#"{"organizations":[{"id":1}],"end_time":9}"#;
    let none = r#"{"organizations":[],"end_time":null}"#;
    check(5, None, ShortPage, two, &on(9));
    check(5, None, ShortPage, one, &end(9));
    check(5, Some(9), ShortPage, one, &end(9));
    check(5, Some(10), ShortPage, one, &on(9));
    check(9, Some(10), ShortPage, one, &end(9));
    check(9, None, ShortPage, two, &Step::Stuck);
    check(5, None, ShortPage, none, &Step::End(None));
    check(5, None, EndOfStream, one, &on(9));
    check(9, None, EndOfStream, one, &end(9));
    check(9, None, EndOfStream, two, &Step::Stuck);
    check(5, None, EndOfStream, none, &Step::End(None));

    // The address of the next page, and in the end the records, know where they end too.
    let address = r#"{"organizations":[{"id":1},{"id":2}],"next_page":"https://other.example/x.json?per_page=2&start_time=9"}"#;
    check(5, None, ShortPage, address, &on(9));
    let records = r#"{"organizations":[{"id":1,"updated_at":"1970-01-01T00:00:09Z"},{"id":2}],"next_page":"…"}"#;
    check(5, None, ShortPage, records, &on(9));
}

#[test]
fn microseconds_move_by_one() {
    let unit = TimeUnit::Microseconds;
    let time = unit.time(1_700_000_000_000_001).expect("in range");
    assert_eq!(unit.number(time), 1_700_000_000_000_001);
    assert_eq!(unit.number(unit.after(time)), 1_700_000_000_000_002);
    assert_eq!(TimeUnit::Seconds.number(time), 1_700_000_000);
    assert_eq!(unit.time(i64::MAX), None);
}
