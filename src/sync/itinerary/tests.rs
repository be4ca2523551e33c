use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;

use proptest::prelude::*;

use super::*;
use crate::record::Cursor;

const ROOT: &str = "tickets";

/// The streams that may be configured, in this order.
const STREAMS: [&str; 3] = [ROOT, "metrics", "audits"];

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

fn at(cursor: Option<&str>, recovery_time: Option<i64>) -> Position {
    Position::Incremental {
        cursor: cursor.map(Cursor::new),
        recovery_time: recovery_time.map(time),
    }
}

fn from_start(checkpoint: Option<Position>) -> Position {
    checkpoint.unwrap_or_else(|| at(None, None))
}

fn resume(state: &StreamState, configured: &[&str]) -> Route {
    Route::resume(state, ROOT, configured, None, from_start, |position| {
        position
    })
    .0
}

fn state(live: Position) -> StreamState {
    StreamState {
        position: Some(live),
        ..StreamState::default()
    }
}

fn passed(leg: Leg, next: Position, end_of_stream: Option<i64>) -> Passed {
    Passed {
        leg,
        next,
        end_of_stream: end_of_stream.map(time),
        oldest: None,
        records: 1,
    }
}

fn split_at(second: i64) -> Split {
    Split {
        live: at(None, Some(second)),
        until: time(second),
    }
}

#[test]
fn live_comes_first_and_history_until_the_next_tick_but_a_page_at_least() {
    let mut route = resume(&state(at(Some("c"), Some(10))), &[ROOT]);
    route.split(split_at(100));
    let mut it = Itinerary::new(route, None, true, time(1_000));
    let never = |_: &Position| None;
    assert_eq!(it.next(true, never), Step::Read(Leg::Live));
    it.passed(passed(Leg::Live, at(Some("l"), Some(100)), Some(101)));
    assert_eq!(
        it.next(true, never),
        Step::Read(Leg::BackFill(0)),
        "although the tick is due"
    );
    it.passed(passed(Leg::BackFill(0), at(Some("h"), Some(20)), None));
    assert_eq!(it.next(true, never), Step::Over);
    assert_eq!(it.next(false, never), Step::Read(Leg::BackFill(0)));
    it.passed(passed(Leg::BackFill(0), at(Some("h2"), Some(100)), None));
    assert_eq!(it.next(false, never), Step::Over, "it has reached `until`");
}

#[test]
fn where_changes_never_end_history_gets_its_page_all_the_same() {
    let mut route = resume(&state(at(Some("c"), Some(900))), &[ROOT]);
    route.split(split_at(950));
    let mut it = Itinerary::new(route, None, true, time(1_000));
    let never = |_: &Position| None;
    it.passed(passed(Leg::Live, at(Some("l"), Some(999)), None));
    assert_eq!(it.next(true, never), Step::Read(Leg::Live));
    it.passed(passed(Leg::Live, at(Some("m"), Some(1_000)), None));
    assert_eq!(it.next(false, never), Step::Read(Leg::Live));
    assert_eq!(it.next(true, never), Step::Read(Leg::BackFill(0)));
    it.passed(passed(Leg::BackFill(0), at(Some("h"), Some(20)), None));
    assert_eq!(it.next(true, never), Step::Over);
}

#[test]
fn a_walk_is_split_between_pages_when_it_is_due_and_the_export_can() {
    let route = resume(&StreamState::default(), &[ROOT]);
    let mut it = Itinerary::new(route, None, false, time(1_000));
    let can = |_: &Position| Some(split_at(100));
    assert_eq!(
        it.next(true, can),
        Step::Read(Leg::Live),
        "not before a page"
    );
    it.passed(passed(Leg::Live, at(Some("c"), Some(10)), None));
    assert_eq!(
        it.next(false, can),
        Step::Read(Leg::Live),
        "not before the tick"
    );
    assert_eq!(it.next(true, |_| None), Step::Read(Leg::Live));
    assert_eq!(it.next(true, can), Step::Split(split_at(100)));
}

#[test]
fn a_page_in_parts_is_read_to_its_end() {
    let mut route = resume(&state(at(Some("c"), Some(10))), &[ROOT]);
    route.split(split_at(100));
    let mut it = Itinerary::new(route, None, true, time(1_000));
    let can = |_: &Position| Some(split_at(200));
    it.passed(passed(Leg::Live, at(None, Some(100)), None));
    assert_eq!(it.next(true, can), Step::Read(Leg::Live));
    it.passed(passed(Leg::Live, at(Some("l"), Some(100)), Some(101)));
    it.passed(passed(Leg::BackFill(0), at(Some("c"), Some(10)), None));
    assert_eq!(it.next(true, can), Step::Read(Leg::BackFill(0)));
    it.passed(passed(Leg::BackFill(0), at(Some("h"), Some(20)), None));
    assert_eq!(it.next(true, can), Step::Over);
}

#[test]
fn segments_are_few() {
    let mut route = resume(&state(at(Some("c"), Some(10))), &[ROOT]);
    for second in 0..limits::BACK_FILL_SEGMENTS_MAX {
        route.split(split_at(100 + second as i64));
    }
    let mut kept = StreamState::default();
    route.store(ROOT, &mut kept);
    let mut it = Itinerary::new(route, None, true, time(1_000));
    it.passed(passed(Leg::Live, at(Some("c"), Some(110)), None));
    let can = |_: &Position| Some(split_at(200));
    assert_eq!(it.next(true, can), Step::Read(Leg::Live));

    let configured = [ROOT, "metrics"];
    let (route, waiting) = Route::resume(&kept, ROOT, &configured, None, from_start, |position| {
        position
    });
    assert_eq!(waiting, ["metrics"], "there is no room for its past");
    assert!(!route.serves(Leg::Live, "metrics"));
}

#[test]
fn a_newcomer_is_live_at_once_and_alone_in_its_past() {
    let route = resume(&state(at(Some("c"), Some(10))), &[ROOT, "metrics"]);
    assert_eq!(route.live, at(Some("c"), Some(10)));
    assert!(route.serves(Leg::Live, "metrics") && route.serves(Leg::Live, ROOT));
    assert_eq!(route.back_fill.len(), 1);
    assert!(route.serves(Leg::BackFill(0), "metrics"));
    assert!(!route.serves(Leg::BackFill(0), ROOT));
    assert_eq!(route.back_fill[0].position, at(None, None));
    assert_eq!(
        route.back_fill[0].until,
        time(11),
        "of second 10 some is behind the cursor and some before"
    );

    let mut kept = StreamState::default();
    route.store(ROOT, &mut kept);
    assert_eq!(resume(&kept, &[ROOT, "metrics"]), route, "a restart");
    let without = resume(&kept, &[ROOT]);
    assert_eq!(without.members, [ROOT]);
    assert!(without.back_fill.is_empty(), "nobody wants it any more");
    without.store(ROOT, &mut kept);
    assert!(kept.members.is_empty(), "as in a file of one stream");
    assert_eq!(resume(&kept, &[ROOT, "metrics"]), route, "it joins again");
}

#[test]
fn where_no_time_is_known_a_newcomer_begins_the_walk_again() {
    let kept = state(Position::Search {
        from: None,
        window: None,
    });
    let route = resume(&kept, &[ROOT, "metrics"]);
    assert_eq!(route.live, at(None, None));
    assert_eq!(route.members, [ROOT, "metrics"]);
    let others = resume(&state(at(Some("c"), Some(10))), &["metrics"]);
    assert_eq!(others.live, at(None, None), "nobody is left to go on for");
}

#[test]
fn the_end_is_reached_by_a_version_or_by_time() {
    let end = Some(time(50));
    let begin = |kept: &StreamState| {
        Route::resume(kept, ROOT, &[ROOT], end, from_start, |position| position).0
    };
    let mut route = begin(&StreamState::default());
    route.pass(passed(Leg::Live, at(Some("a"), Some(49)), Some(49)), end);
    assert!(!route.is_finished(end), "something may still come");
    let mut by_time = route.clone();
    by_time.pass(passed(Leg::Live, at(Some("a"), Some(49)), Some(50)), end);
    assert!(by_time.is_finished(end));

    route.pass(passed(Leg::Live, at(Some("b"), Some(51)), None), end);
    assert!(route.is_finished(end));
    assert_eq!(
        route.live,
        at(Some("a"), Some(49)),
        "what the last page has beyond the end may be wanted later"
    );
    let mut kept = StreamState::default();
    route.store(ROOT, &mut kept);
    assert!(begin(&kept).is_finished(end));
    let later = Some(time(60));
    let (route, _) = Route::resume(&kept, ROOT, &[ROOT], later, from_start, |position| position);
    assert!(!route.is_finished(later));
}

#[test]
fn a_live_page_is_urgent_unless_it_is_far_back() {
    let now = time(1_000_000);
    let urgency = |resumes, pages: &[i64]| {
        let mut it = Itinerary::new(resume(&StreamState::default(), &[ROOT]), None, resumes, now);
        for second in pages {
            it.passed(passed(Leg::Live, at(Some("c"), Some(*second)), None));
        }
        it.urgency(Leg::Live, now)
    };
    assert_eq!(urgency(true, &[]), Urgency::Fresh);
    assert_eq!(urgency(false, &[]), Urgency::BackFill);
    assert_eq!(urgency(true, &[5]), Urgency::BackFill);
    assert_eq!(urgency(false, &[999_000]), Urgency::Fresh);
}

/// A step of a history of an account and its daemon.
#[derive(Clone, Debug)]
enum Act {
    /// A record changes.
    Change(u8),
    /// A second passes.
    Second,
    /// The reader reads on.
    Read,
    /// The deliverer delivers what is first in the queue.
    Deliver,
    /// The next tick is due.
    Tick,
    /// The daemon is killed, and starts again for these streams.
    Restart(Vec<bool>),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => (0u8..6).prop_map(Act::Change),
        4 => Just(Act::Second),
        12 => Just(Act::Read),
        12 => Just(Act::Deliver),
        4 => Just(Act::Tick),
        1 => proptest::collection::vec(any::<bool>(), STREAMS.len()).prop_map(Act::Restart),
    ]
}

/// What waits in the queue.
enum Queued {
    Page(Passed, Vec<(u8, i64)>),
    Split(Split),
    Over,
}

/// An account whose every record has one version, and a daemon that delivers it.
struct World {
    now: i64,
    versions: BTreeMap<u8, i64>,
    page_size: usize,
    overlap: i64,
    configured: Vec<&'static str>,
    /// The state file.
    kept: StreamState,
    route: Route,
    reader: Itinerary,
    reader_done: bool,
    queue: VecDeque<Queued>,
    due: bool,
    delivered: BTreeMap<(String, u8), Vec<i64>>,
}

impl World {
    fn new(page_size: usize, overlap: i64) -> Self {
        let route = resume(&StreamState::default(), &STREAMS);
        Self {
            now: 10,
            versions: BTreeMap::new(),
            page_size,
            overlap,
            configured: STREAMS.to_vec(),
            kept: StreamState::default(),
            reader: Itinerary::new(route.clone(), None, false, time(10)),
            route,
            reader_done: false,
            queue: VecDeque::new(),
            due: false,
            delivered: BTreeMap::new(),
        }
    }

    /// What is not saved is gone.
    fn begin_pass(&mut self) {
        self.route = resume(&self.kept, &self.configured);
        let resumes = self.kept.position.is_some();
        self.reader = Itinerary::new(self.route.clone(), None, resumes, time(self.now));
        self.reader_done = false;
        self.queue.clear();
        self.due = false;
    }

    fn page(&self, position: &Position) -> (Vec<(u8, i64)>, Position, bool) {
        let Position::Incremental {
            cursor,
            recovery_time,
        } = position
        else {
            unreachable!("the only kind of position here");
        };
        let begin = match (cursor, recovery_time) {
            (Some(cursor), _) => {
                let (second, id) = cursor.as_str().split_once('|').expect("ours");
                let place = (second.parse().expect("ours"), id.parse().expect("ours"));
                Bound::Excluded(place)
            }
            (None, Some(time)) => Bound::Included((time.as_second() - self.overlap, 0)),
            (None, None) => Bound::Unbounded,
        };
        let order = self.versions.iter().map(|(id, second)| (*second, *id));
        // The present second is not over, so it is withheld.
        let order: BTreeSet<(i64, u8)> = order.filter(|(second, _)| *second < self.now).collect();
        let mut rest = order.range((begin, Bound::Unbounded));
        let page: Vec<_> = rest.by_ref().take(self.page_size).copied().collect();
        let next = match page.last() {
            Some((second, id)) => at(Some(&format!("{second}|{id}")), Some(*second)),
            None => position.clone(),
        };
        let records = page.into_iter().map(|(second, id)| (id, second)).collect();
        (records, next, rest.next().is_none())
    }

    fn read(&mut self) {
        if self.reader_done || self.queue.len() >= 3 {
            return;
        }
        let now = self.now;
        let worth_it = |position: &Position| position.recovery_time() < Some(time(now));
        let step = self.reader.next(self.due, |position| {
            worth_it(position).then(|| split_at(now))
        });
        self.queue.push_back(match step {
            Step::Over => Queued::Over,
            Step::Split(split) => Queued::Split(split),
            Step::Read(leg) => {
                let (records, next, last) = self.page(self.reader.position(leg));
                let passed = passed(leg, next, last.then_some(now));
                self.reader.passed(passed.clone());
                Queued::Page(passed, records)
            }
        });
        self.reader_done = !matches!(self.queue.back(), Some(Queued::Page(..)));
    }

    /// Delivers what is first in the queue; whether the pass is over.
    fn deliver(&mut self) -> bool {
        match self.queue.pop_front() {
            None => return false,
            Some(Queued::Over) => {
                self.begin_pass();
                return true;
            }
            Some(Queued::Split(split)) => {
                self.route.split(split);
                self.route.store(ROOT, &mut self.kept);
                self.begin_pass();
            }
            Some(Queued::Page(passed, records)) => {
                for stream in STREAMS {
                    if self.route.serves(passed.leg, stream) {
                        for (id, version) in &records {
                            let key = (stream.to_owned(), *id);
                            self.delivered.entry(key).or_default().push(*version);
                        }
                    }
                }
                self.route.pass(passed, None);
                self.route.store(ROOT, &mut self.kept);
            }
        }
        assert!(self.kept.back_fill.len() <= limits::BACK_FILL_SEGMENTS_MAX);
        false
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Change(id) => {
                self.versions.insert(id, self.now);
            }
            Act::Second => self.now += 1,
            Act::Read => self.read(),
            Act::Deliver => {
                self.deliver();
            }
            Act::Tick => self.due = true,
            Act::Restart(choice) => {
                let chosen = STREAMS.iter().zip(choice).filter(|(_, chosen)| *chosen);
                self.configured = chosen.map(|(stream, _)| *stream).collect();
                if self.configured.is_empty() {
                    // Nobody would walk for nobody.
                    self.configured.push("audits");
                }
                self.begin_pass();
            }
        }
    }

    /// Everything calms down, and everything is configured.
    fn come_to_rest(&mut self) {
        self.now += 1;
        // The second time there is room for those who had to wait.
        for _ in 0..2 {
            self.configured = STREAMS.to_vec();
            self.begin_pass();
            while !self.deliver() {
                self.read();
            }
        }
    }
}

proptest! {
    #[test]
    fn nothing_is_lost_and_nothing_overtakes(
        acts in proptest::collection::vec(act(), 0..200),
        page_size in 1usize..4,
        overlap in 0i64..3,
    ) {
        let mut world = World::new(page_size, overlap);
        for act in acts {
            world.act(act);
        }
        world.come_to_rest();
        prop_assert!(world.kept.back_fill.is_empty());
        for (id, version) in &world.versions {
            for stream in STREAMS {
                let delivered = world.delivered.get(&(stream.to_owned(), *id));
                let delivered = delivered.map(Vec::as_slice).unwrap_or_default();
                prop_assert_eq!(delivered.last(), Some(version), "{} of {}", id, stream);
                prop_assert!(delivered.is_sorted(), "{} of {}: {:?}", id, stream, delivered);
            }
        }
    }
}
