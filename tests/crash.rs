//! The crash harness: the real binary is killed at seeded random moments, under live changes and
//! faults, and started again; in the end source and sink are compared.
//!
//! `CRASH_KILLS` says how often (100), `CRASH_SEED` begins the sequence of chances. A hundred
//! kills are a round, with an account, an inlet and a state directory of its own.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use zendesk_aep::sandbox::{Dice, Simulator as _, Sink};

#[path = "crash/audit.rs"]
mod audit;
#[path = "crash/daemon.rs"]
mod daemon;
#[path = "crash/disk.rs"]
mod disk;
#[path = "crash/ends.rs"]
mod ends;
#[path = "crash/moment.rs"]
mod moment;
#[path = "crash/report.rs"]
mod report;

use daemon::Daemon;
use disk::Reach;
use ends::Ends;
use moment::{Moment, Signs};
use report::Report;

/// Kills in a round: what the simulators remember bounds how long one can be.
const ROUND_KILLS: u32 = 100;

/// The pace of live changes.
const CHANGE_EVERY: Duration = Duration::from_millis(20);

/// After the last change and the last fault, what is under way gets this long to arrive.
const CATCH_UP: Duration = Duration::from_secs(60);

/// Place of a version in the export: second, then id.
type Place = (i64, u64);

/// One run of the daemon, as the audit needs it.
struct Life {
    checkpoint_at_start: Reach,
    checkpoint_at_end: Reach,
    /// Faults laid that make the inlet take messages without telling.
    lost_acknowledgements_max: usize,
    /// `None` for the one that ended in peace.
    killed: Option<Traces>,
}

/// What a killed daemon leaves behind.
struct Traces {
    before: Signs,
    after: Signs,
    /// Whether it had asked Zendesk for anything.
    asked: bool,
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_altered_or_overtaken_by_kills() {
    let kills: u32 = from_environment("CRASH_KILLS", 100);
    let seed: u64 = from_environment("CRASH_SEED", 1);
    let mut report = Report::default();
    for round in 0..kills.div_ceil(ROUND_KILLS) {
        let kills = ROUND_KILLS.min(kills - round * ROUND_KILLS);
        let _repeat = Repeat {
            seed: seed + u64::from(round),
            kills,
        };
        play(seed + u64::from(round), kills, &mut report).await;
    }
    println!("{report}");
    if kills >= ROUND_KILLS {
        report.check();
    }
}

fn from_environment<T: std::str::FromStr>(name: &str, default: T) -> T {
    match std::env::var(name) {
        Ok(text) => text
            .parse()
            .ok()
            .unwrap_or_else(|| panic!("{name} is no number: {text}")),
        Err(_) => default,
    }
}

/// Says how to repeat a round that fails.
struct Repeat {
    seed: u64,
    kills: u32,
}

impl Drop for Repeat {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let Self { seed, kills } = self;
            eprintln!("repeat with: CRASH_SEED={seed} CRASH_KILLS={kills} cargo test --test crash");
        }
    }
}

/// One round.
async fn play(seed: u64, kills: u32, report: &mut Report) {
    let begin = Instant::now();
    let mut dice = Dice::new(seed);
    // Kept on failure, with what the daemon has logged.
    let directory = tempfile::Builder::new()
        .prefix("zendesk-aep-crash-")
        .disable_cleanup(true)
        .tempdir()
        .expect("a directory");
    println!("seed {seed}: {}", directory.path().display());
    let ends = Arc::new(Ends::start(seed).await.expect("the simulators start"));
    let changing = CancellationToken::new();
    let changes = tokio::spawn(change(ends.clone(), changing.clone(), Dice::new(!seed)));

    let mut lives = Vec::new();
    let mut generation = 0;
    for number in 0..kills {
        let moment = Moment::draw(number, kills, &mut dice);
        let life = live(&ends, directory.path(), number, moment, &mut dice).await;
        let state = disk::state(&directory.path().join("state"));
        let reached = state.map_or(0, |state| state.generation);
        assert!(
            reached >= generation,
            "the state went back from generation {generation} to {reached}"
        );
        generation = reached;
        lives.push(life);
    }

    changing.cancel();
    changes.await.expect("changing users does not fail");
    lives.push(live_to_the_end(&ends, directory.path(), kills).await);
    let findings = audit::audit(&ends, &directory.path().join("state"), &lives);
    std::fs::remove_dir_all(directory.path()).expect("removed");
    report.add(&lives, &findings, begin.elapsed());
}

/// Changes users until told to stop.
async fn change(ends: Arc<Ends>, stop: CancellationToken, mut dice: Dice) {
    let mut steps = tokio::time::interval(CHANGE_EVERY);
    while stop.run_until_cancelled(steps.tick()).await.is_some() {
        ends.change_something(&mut dice);
    }
}

/// Starts the daemon, kills it at `moment`, and looks at what it leaves.
async fn live(ends: &Ends, directory: &Path, number: u32, moment: Moment, dice: &mut Dice) -> Life {
    let state = directory.join("state");
    ends.behave();
    ends.configure(directory, number)
        .expect("the configuration is written");
    let checkpoint_at_start = disk::reach(disk::state(&state).as_ref());
    let asked_before = ends.zendesk.requests().len();
    let before = Signs::of(&state);
    let coming = moment.prepare(ends, &state);
    let lost_acknowledgements_max = ends.misbehave(dice);

    let daemon = Daemon::start(directory).expect("the daemon starts");
    coming.wait().await;
    if let Err(why) = daemon.kill() {
        panic!("life {number}, {moment:?}: {why}");
    }

    let left = disk::state(&state);
    let checkpoint_at_end = disk::reach(left.as_ref());
    audit::checkpoint_is_not_ahead(ends, &state, &checkpoint_at_end);
    Life {
        checkpoint_at_start,
        checkpoint_at_end,
        lost_acknowledgements_max,
        killed: Some(Traces {
            before,
            after: Signs::of(&state),
            asked: ends.zendesk.requests().len() > asked_before,
        }),
    }
}

/// Starts the daemon once more, lets everything arrive, and stops it in peace.
async fn live_to_the_end(ends: &Ends, directory: &Path, number: u32) -> Life {
    let state = directory.join("state");
    ends.behave();
    ends.configure(directory, number)
        .expect("the configuration is written");
    let checkpoint_at_start = disk::reach(disk::state(&state).as_ref());
    let daemon = Daemon::start(directory).expect("the daemon starts");

    let expected: HashSet<_> = ends
        .zendesk
        .users()
        .into_iter()
        .map(|user| user.json)
        .collect();
    let arrived = |sink: &Sink| {
        let there = sink.accepted.iter().chain(&sink.rejected);
        let there: HashSet<_> = there.map(|sent| &sent.json).collect();
        expected.iter().all(|json| there.contains(json))
    };
    assert!(
        ends.platform.wait_until(arrived, CATCH_UP).await,
        "LOST: not everything arrives"
    );
    let deadline = Instant::now() + CATCH_UP;
    while !disk::reach(disk::state(&state).as_ref()).gaps.is_empty() {
        assert!(
            Instant::now() < deadline,
            "history is never read to its end"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let status = daemon.terminate(CATCH_UP).expect("the daemon stops");
    assert!(status.success(), "the daemon stops with {status}");

    let checkpoint_at_end = disk::reach(disk::state(&state).as_ref());
    let newest = ends
        .zendesk
        .users()
        .last()
        .map(|user| (user.updated_at.as_second(), user.id));
    assert_eq!(
        Some(checkpoint_at_end.live),
        newest,
        "what is in hand is finished before the end"
    );
    Life {
        checkpoint_at_start,
        checkpoint_at_end,
        lost_acknowledgements_max: 0,
        killed: None,
    }
}
