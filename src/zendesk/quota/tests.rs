//! The queue against a Zendesk that counts as the real one does, on a clock that nobody waits for.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::headers::{Signals, Told};
use super::queue::Queue;
use super::window::Moment;
use super::{Governor, Urgency};
use crate::clock::Clock;
use crate::config::Quota;

const CURSOR: &str = "/api/v2/incremental/users/cursor.json";
const ACCOUNT: &str = "/api/v2/users/me.json";
const SHARE: f64 = 0.8;
const MINUTE: Duration = Duration::from_secs(60);
const STEP: Duration = Duration::from_millis(50);

/// The buckets of one account, in windows that end on its own minute.
struct Zendesk {
    /// Where in a window our clock begins.
    phase: Duration,
    totals: BTreeMap<&'static str, u32>,
    window: u128,
    used: BTreeMap<&'static str, u32>,
    own: BTreeMap<&'static str, u32>,
    /// Of past windows: ours, by bucket.
    history: Vec<BTreeMap<&'static str, u32>>,
    refused: u32,
}

impl Zendesk {
    fn new(phase: Duration, account: u32, cursor: u32) -> Self {
        Self {
            phase,
            totals: [("account", account), ("incremental-exports-cursor", cursor)].into(),
            window: 0,
            used: BTreeMap::new(),
            own: BTreeMap::new(),
            history: Vec::new(),
            refused: 0,
        }
    }

    fn turn(&mut self, now: Moment) {
        let window = (now + self.phase).as_nanos() / MINUTE.as_nanos();
        if window != self.window {
            self.window = window;
            self.used.clear();
            self.history.push(std::mem::take(&mut self.own));
        }
    }

    fn remaining(&self, bucket: &'static str) -> u32 {
        self.totals[bucket] - self.used.get(bucket).copied().unwrap_or_default()
    }

    /// Others use a bucket, as far as there is room.
    fn spend(&mut self, now: Moment, bucket: &'static str) {
        self.turn(now);
        if self.remaining(bucket) > 0 {
            *self.used.entry(bucket).or_default() += 1;
        }
    }

    /// A request of ours; what its answer tells.
    fn request(&mut self, now: Moment, path: &str) -> Signals {
        self.turn(now);
        let mut buckets = vec!["account"];
        buckets.extend((path == CURSOR).then_some("incremental-exports-cursor"));
        for bucket in &buckets {
            if self.remaining(bucket) == 0 {
                self.refused += 1;
            } else {
                *self.used.entry(bucket).or_default() += 1;
            }
            *self.own.entry(bucket).or_default() += 1;
        }
        let rest = MINUTE.as_nanos() - (now + self.phase).as_nanos() % MINUTE.as_nanos();
        let resets = Duration::from_secs(rest.div_ceil(1_000_000_000) as u64);
        let told = |bucket: &'static str| Told {
            total: Some(self.totals[bucket]),
            remaining: Some(self.remaining(bucket)),
            resets: Some(resets),
        };
        Signals {
            general: told("account"),
            named: buckets[1..]
                .iter()
                .map(|bucket| ((*bucket).to_owned(), told(bucket)))
                .collect(),
            date: None,
        }
    }
}

/// Something that asks again and again.
#[derive(Clone, Copy)]
struct Stream {
    path: &'static str,
    urgency: Urgency,
    /// Time between an answer and the next request.
    pause: Duration,
    state: State,
    admitted: u32,
    longest_wait: Duration,
}

#[derive(Clone, Copy)]
enum State {
    Resting(Moment),
    Waiting(u64, Moment),
    Sent(u64, Moment, Moment),
}

fn stream(path: &'static str, urgency: Urgency, pause: Duration) -> Stream {
    Stream {
        path,
        urgency,
        pause,
        state: State::Resting(Duration::ZERO),
        admitted: 0,
        longest_wait: Duration::ZERO,
    }
}

/// Chances from a seed, for what lies below the cases.
struct Chances(u64);

impl Chances {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit.max(1)
    }
}

struct World {
    zendesk: Zendesk,
    queue: Queue,
    streams: Vec<Stream>,
    chances: Chances,
    now: Moment,
    answers: BTreeMap<u64, Signals>,
    latency_ms: u64,
}

impl World {
    fn new(zendesk: Zendesk, streams: Vec<Stream>, seed: u64) -> Self {
        Self {
            zendesk,
            queue: Queue::default(),
            streams,
            chances: Chances(seed),
            now: Duration::ZERO,
            answers: BTreeMap::new(),
            latency_ms: 400,
        }
    }

    /// Goes on for so many minutes; `others` acts at every step.
    fn run(&mut self, minutes: u32, mut others: impl FnMut(&mut Zendesk, Moment, &mut Chances)) {
        let end = self.now + MINUTE * minutes;
        while self.now < end {
            self.now += STEP;
            others(&mut self.zendesk, self.now, &mut self.chances);
            self.step();
        }
    }

    fn step(&mut self) {
        let now = self.now;
        for stream in &mut self.streams {
            match stream.state {
                State::Resting(until) if now >= until => {
                    let id = self.queue.enter(stream.path, stream.urgency);
                    stream.state = State::Waiting(id, now);
                }
                State::Sent(id, counted, answered) => {
                    if now >= counted && !self.answers.contains_key(&id) {
                        let answer = self.zendesk.request(now, stream.path);
                        self.answers.insert(id, answer);
                    }
                    if now >= answered {
                        let signals = self.answers.remove(&id).expect("it was counted");
                        self.queue.learn(id, now, &signals);
                        self.queue.landed(id);
                        stream.state = State::Resting(now + stream.pause);
                    }
                }
                State::Resting(_) | State::Waiting(..) => {}
            }
        }
        self.queue.admit(now, SHARE);
        for stream in &mut self.streams {
            if let State::Waiting(id, since) = stream.state
                && self.queue.claim(id)
            {
                let counted = now + Duration::from_millis(self.chances.below(self.latency_ms));
                let answered = counted + Duration::from_millis(self.chances.below(self.latency_ms));
                stream.state = State::Sent(id, counted, answered);
                stream.admitted += 1;
                stream.longest_wait = stream.longest_wait.max(now - since);
            }
        }
    }

    /// Requests of ours in every whole window after the first.
    fn own(&self, bucket: &str) -> Vec<u32> {
        let windows = self.zendesk.history.iter().skip(1);
        windows
            .map(|window| window.get(bucket).copied().unwrap_or_default())
            .collect()
    }
}

fn nobody(_: &mut Zendesk, _: Moment, _: &mut Chances) {}

fn busy(path: &'static str, urgency: Urgency) -> Stream {
    stream(path, urgency, Duration::ZERO)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn others_within_their_rest_see_no_refusal_and_neither_do_we(
        seed: u64, phase_ms in 0_u64..60_000, cursor in 1_u32..60, account in 5_u32..400, burst in 1_u64..40,
        pause_ms in prop_oneof![Just(0), 1_000_u64..10_000],
    ) {
        let pause = Duration::from_millis(pause_ms);
        let zendesk = Zendesk::new(Duration::from_millis(phase_ms), account, cursor);
        let part = |total: u32| ((f64::from(total) * SHARE).floor() as u32).max(1);
        let rest = [("account", account - part(account)), ("incremental-exports-cursor", cursor - part(cursor))];
        let streams = vec![stream(CURSOR, Urgency::BackFill, pause), stream(CURSOR, Urgency::Fresh, pause),
            busy(ACCOUNT, Urgency::Fresh), busy(ACCOUNT, Urgency::BackFill), busy(ACCOUNT, Urgency::Fresh)];
        let mut world = World::new(zendesk, streams, seed);
        let mut spent: BTreeMap<(&str, u128), u32> = BTreeMap::new();
        world.run(8, |zendesk, now, chances| {
            for (bucket, rest) in rest {
                if chances.below(200) == 0 {
                    for _ in 0..chances.below(burst) {
                        zendesk.turn(now);
                        let spent = spent.entry((bucket, zendesk.window)).or_default();
                        if *spent < rest {
                            *spent += 1;
                            zendesk.spend(now, bucket);
                        }
                    }
                }
            }
        });
        prop_assert_eq!(world.zendesk.refused, 0);
        for (bucket, total) in [("account", account), ("incremental-exports-cursor", cursor)] {
            for own in world.own(bucket) {
                prop_assert!(own <= part(total), "{} of {} in {}", own, total, bucket);
            }
        }
    }

    #[test]
    fn steady_others_beyond_their_rest_push_us_back_without_a_refusal(
        seed: u64, phase_ms in 0_u64..60_000, per_minute in 5_u64..19, pause_ms in 0_u64..8_000,
    ) {
        let zendesk = Zendesk::new(Duration::from_millis(phase_ms), 400, 20);
        let reader = stream(CURSOR, Urgency::BackFill, Duration::from_millis(pause_ms));
        let mut world = World::new(zendesk, vec![reader], seed);
        let mut next = Duration::ZERO;
        world.run(10, |zendesk, now, _| {
            if now >= next {
                zendesk.spend(now, "incremental-exports-cursor");
                next += MINUTE / per_minute as u32;
            }
        });
        prop_assert_eq!(world.zendesk.refused, 0);
        prop_assert!(world.own("incremental-exports-cursor").iter().all(|own| *own <= 16));
        prop_assert!(world.streams[0].admitted > 15, "we go on all the same");
    }

    #[test]
    fn the_whole_share_is_used_when_there_is_demand(
        seed: u64, phase_ms in 0_u64..60_000, cursor in 10_u32..60, latency_ms in 1_u64..700,
    ) {
        let zendesk = Zendesk::new(Duration::from_millis(phase_ms), 2_500, cursor);
        let mut world = World::new(zendesk, vec![busy(CURSOR, Urgency::BackFill)], seed);
        world.latency_ms = latency_ms;
        world.run(12, nobody);
        let part = f64::from((f64::from(cursor) * SHARE).floor() as u32);
        // What went at the very end of the first window may count in the second.
        let own = &world.own("incremental-exports-cursor")[1..];
        let mean = f64::from(own.iter().sum::<u32>()) / own.len() as f64;
        prop_assert!(mean >= 0.97 * part, "{:?} of {}", own, part);
        prop_assert_eq!(world.zendesk.refused, 0);
    }

    #[test]
    fn starting_again_within_a_minute_is_refused_nothing(
        seed: u64, phase_ms in 0_u64..60_000, lives in 2_u32..6, life_ms in 500_u64..30_000,
    ) {
        let zendesk = Zendesk::new(Duration::from_millis(phase_ms), 200, 20);
        let streams = vec![busy(CURSOR, Urgency::BackFill), busy(ACCOUNT, Urgency::Fresh)];
        let mut world = World::new(zendesk, streams.clone(), seed);
        for _ in 0..lives {
            let end = world.now + Duration::from_millis(life_ms);
            while world.now < end {
                world.now += STEP;
                world.step();
            }
            // Killed: what was under way is counted, and nobody hears the answer.
            for stream in &world.streams {
                if let State::Sent(id, ..) = stream.state && !world.answers.contains_key(&id) {
                    world.zendesk.request(world.now, stream.path);
                }
            }
            world.queue = Queue::default();
            world.answers.clear();
            world.streams.clone_from(&streams);
        }
        prop_assert_eq!(world.zendesk.refused, 0);
        prop_assert!(world.own("incremental-exports-cursor").iter().all(|own| *own <= 16 + lives));
    }

    #[test]
    fn back_fill_gets_every_fourth_request_however_much_else_is_wanted(
        seed: u64, fresh in 1_usize..6, cursor in 4_u32..60,
    ) {
        let zendesk = Zendesk::new(Duration::ZERO, 2_500, cursor);
        let mut streams = vec![busy(CURSOR, Urgency::Fresh); fresh];
        streams.push(busy(CURSOR, Urgency::BackFill));
        let mut world = World::new(zendesk, streams, seed);
        world.latency_ms = 100;
        world.run(15, nobody);
        let (back_fill, fresh) = world.streams.split_last().expect("streams");
        let all: u32 = world.streams.iter().map(|stream| stream.admitted).sum();
        prop_assert!(back_fill.admitted >= (all / 4).saturating_sub(2), "{} of {}", back_fill.admitted, all);
        let (least, most) = (fresh.iter().map(|one| one.admitted).min(), fresh.iter().map(|one| one.admitted).max());
        prop_assert!(most.expect("one") - least.expect("one") <= 2, "equals take turns");
    }
}

#[test]
fn a_live_poll_finds_room_beside_a_back_fill() {
    for phase in [3, 20, 41, 55] {
        let zendesk = Zendesk::new(Duration::from_secs(phase), 700, 20);
        let poll = stream(CURSOR, Urgency::Fresh, MINUTE - Duration::from_millis(500));
        let mut world = World::new(zendesk, vec![busy(CURSOR, Urgency::BackFill), poll], 7);
        // The first polls teach that there are any.
        world.run(3, nobody);
        world.streams[1].longest_wait = Duration::ZERO;
        world.run(12, nobody);
        let waited = world.streams[1].longest_wait;
        assert!(waited <= Duration::from_secs(8), "{waited:?} at {phase}");
        assert!(world.streams[1].admitted >= 13);
        let own = world.own("incremental-exports-cursor");
        assert!(own.iter().skip(2).sum::<u32>() >= 12 * 15, "{own:?}");
    }
}

#[test]
fn an_exhausted_export_holds_no_other_request_up() {
    let zendesk = Zendesk::new(Duration::ZERO, 700, 5);
    let streams = vec![
        busy(CURSOR, Urgency::Fresh),
        stream(ACCOUNT, Urgency::BackFill, Duration::from_secs(1)),
    ];
    let mut world = World::new(zendesk, streams, 1);
    world.run(5, nobody);
    assert!(world.streams[1].longest_wait < Duration::from_secs(2));
    assert!(world.streams[1].admitted > 150);
}

#[test]
fn room_is_spare_only_when_nobody_else_wants_it() {
    let zendesk = Zendesk::new(Duration::ZERO, 700, 20);
    let poll = stream(CURSOR, Urgency::Fresh, MINUTE - Duration::from_millis(500));
    let mut world = World::new(zendesk, vec![poll], 1);
    assert!(
        !world.queue.has_spare(CURSOR, world.now, SHARE),
        "nothing is known yet"
    );
    world.run(2, nobody);
    assert!(world.queue.has_spare(CURSOR, world.now, SHARE));
    world.streams.push(busy(CURSOR, Urgency::BackFill));
    world.run(1, nobody);
    assert!(
        !world.queue.has_spare(CURSOR, world.now, SHARE),
        "back-fill wants it"
    );
    world.streams.pop();
    for _ in 0..400 {
        world.zendesk.spend(world.now, "account");
    }
    world.run(2, |zendesk, now, _| {
        for _ in 0..20 {
            zendesk.spend(now, "incremental-exports-cursor");
        }
    });
    assert!(
        !world.queue.has_spare(CURSOR, world.now, SHARE),
        "others have taken it"
    );
}

#[test]
fn a_limit_never_heard_of_becomes_one() {
    let mut queue = Queue::default();
    let path = "/api/v2/something.json";
    let told = |remaining| Signals {
        named: vec![(
            "something-index".to_owned(),
            Told {
                total: Some(5),
                remaining: Some(remaining),
                resets: Some(Duration::from_secs(30)),
            },
        )],
        ..Signals::default()
    };
    let mut now = Duration::ZERO;
    let mut admitted = 0;
    for remaining in (0..5).rev() {
        now += Duration::from_millis(100);
        let id = queue.enter(path, Urgency::Fresh);
        queue.admit(now, SHARE);
        if !queue.claim(id) {
            let outlook = queue.outlook(id, now, SHARE).expect("it waits");
            assert_eq!(outlook.bucket, "something-index");
            break;
        }
        queue.learn(id, now, &told(remaining));
        queue.landed(id);
        admitted += 1;
    }
    assert_eq!(admitted, 4);
}

#[test]
fn headers_overrule_the_table_on_where_a_request_counts() {
    let mut queue = Queue::default();
    let id = queue.enter(CURSOR, Urgency::Fresh);
    queue.admit(Duration::ZERO, SHARE);
    assert!(queue.claim(id));
    let told = Told {
        total: Some(10),
        remaining: Some(9),
        resets: Some(Duration::from_secs(20)),
    };
    let signals = Signals {
        named: vec![("incremental-exports".to_owned(), told)],
        ..Signals::default()
    };
    queue.learn(id, Duration::from_millis(200), &signals);
    queue.landed(id);
    let standings = queue.standings(Duration::from_secs(1), SHARE);
    let own = |name: &str| {
        let found = standings.iter().find(|(known, _)| known == name);
        found.map(|(_, standing)| standing.own)
    };
    assert_eq!(own("incremental-exports"), Some(1));
    assert_eq!(own("incremental-exports-cursor"), Some(0));
    let rates = queue.rates(CURSOR, SHARE);
    let slowest = rates.iter().map(|(_, rate)| *rate).fold(f64::MAX, f64::min);
    assert!((slowest - 8.0).abs() < f64::EPSILON, "{rates:?}");
}

#[test]
fn a_refusal_closes_what_it_names_and_nothing_else() {
    let wait = Duration::from_secs(30);
    let refuse = |signals: Signals, of_account: bool| {
        let mut queue = Queue::default();
        let id = queue.enter(CURSOR, Urgency::Fresh);
        queue.admit(Duration::ZERO, SHARE);
        assert!(queue.claim(id));
        queue.learn(id, Duration::ZERO, &signals);
        queue.refused(id, &signals, of_account, wait);
        queue.landed(id);
        let mut goes = |path: &str| {
            let id = queue.enter(path, Urgency::Fresh);
            queue.admit(Duration::from_millis(1), SHARE);
            let goes = queue.claim(id);
            queue.leave(id);
            goes
        };
        (goes(ACCOUNT), goes(CURSOR))
    };
    let general = |remaining| Told {
        total: Some(700),
        remaining: Some(remaining),
        resets: None,
    };
    let with = |remaining| Signals {
        general: general(remaining),
        ..Signals::default()
    };
    // As recorded: the account's counter says nothing of an export's limit.
    assert_eq!(refuse(with(684), false), (true, false));
    assert_eq!(refuse(with(684), true), (true, false));
    assert_eq!(refuse(with(0), true), (false, false));
    assert_eq!(refuse(Signals::default(), true), (false, false));
    assert_eq!(refuse(Signals::default(), false), (true, false));
}

fn governor() -> Governor {
    Governor::new(Quota::default(), Clock::real())
}

fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
    let lines = lines.iter().map(|(name, value)| {
        (
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        )
    });
    lines.collect()
}

#[tokio::test(start_paused = true)]
async fn a_closed_limit_is_waited_for_and_others_go_on() {
    let (governor, stop) = (governor(), CancellationToken::new());
    let admit = |path| governor.admit(path, Urgency::Fresh, "test", &stop);
    let permit = admit(CURSOR).await.expect("room");
    let told = headers(&[("x-rate-limit", "700"), ("x-rate-limit-remaining", "684")]);
    permit.learn(&told);
    let words = b"Number of allowed incremental export API requests per minute exceeded";
    permit.refused(&told, words, Duration::from_secs(20));
    drop(permit);

    let begin = Instant::now();
    drop(admit(ACCOUNT).await.expect("room"));
    assert_eq!(begin.elapsed(), Duration::ZERO, "another limit");
    drop(admit(CURSOR).await.expect("room in the end"));
    let waited = begin.elapsed();
    assert!(waited >= Duration::from_secs(20), "{waited:?}");
    assert!(waited <= Duration::from_secs(21), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn an_answer_lets_the_next_one_go_and_whoever_gives_up_holds_nobody_up() {
    let (governor, stop) = (governor(), CancellationToken::new());
    let admit = |path| governor.admit(path, Urgency::Fresh, "test", &stop);
    let permit = admit(CURSOR).await.expect("room");
    let begin = Instant::now();
    {
        let gives_up = admit(CURSOR);
        tokio::pin!(gives_up);
        let given_up = tokio::time::timeout(Duration::from_secs(1), &mut gives_up).await;
        assert!(given_up.is_err(), "one at a time");
    }
    let answered = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        permit.learn(&HeaderMap::new());
        drop(permit);
    };
    let (next, ()) = tokio::join!(admit(CURSOR), answered);
    assert!(next.is_some());
    assert_eq!(begin.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_every_wait() {
    let (governor, stop) = (governor(), CancellationToken::new());
    let _one = governor
        .admit(CURSOR, Urgency::Fresh, "test", &stop)
        .await
        .expect("room");
    let waiting = governor.admit(CURSOR, Urgency::BackFill, "test", &stop);
    let stopping = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stop.cancel();
    };
    let (admitted, ()) = tokio::join!(waiting, stopping);
    assert!(admitted.is_none());
}

#[tokio::test(start_paused = true)]
async fn usage_tells_how_every_limit_stands() {
    let (governor, stop) = (governor(), CancellationToken::new());
    let admit = || governor.admit(CURSOR, Urgency::Fresh, "test", &stop);
    for value in [
        "total=20; remaining=18; resets=30",
        "total=20; remaining=15; resets=30",
    ] {
        let permit = admit().await.expect("room");
        let mut told = headers(&[
            ("x-rate-limit", "700"),
            ("x-rate-limit-remaining", "600"),
            ("ratelimit-reset", "30"),
        ]);
        let name = HeaderName::from_static("zendesk-ratelimit-incremental-exports-cursor");
        told.insert(name, HeaderValue::from_static(value));
        permit.learn(&told);
    }
    let usage = governor.usage();
    let names: Vec<&str> = usage.iter().map(|usage| usage.bucket.as_str()).collect();
    assert_eq!(names, ["account", "incremental-exports-cursor"]);
    let cursor = &usage[1];
    // Two were used at the first answer: ours, as far as anybody can tell. Of the three
    // requests since then one is ours.
    assert_eq!((cursor.total, cursor.part), (20, 16));
    assert_eq!(
        (cursor.used, cursor.used_by_others, cursor.left),
        (3, 2, 13)
    );
    assert!(cursor.confirmed && cursor.resets_at.is_some());
    let rates = governor.rates(CURSOR);
    let slowest = rates.iter().map(|(_, rate)| *rate).fold(f64::MAX, f64::min);
    assert!((slowest - 16.0).abs() < f64::EPSILON, "{rates:?}");
}
