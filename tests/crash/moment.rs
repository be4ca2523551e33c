//! When to kill: some moments by the clock, most by what the daemon is seen to do.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use zendesk_aep::checkpoint;
use zendesk_aep::sandbox::{Dice, Fault, Request, Simulator};

use crate::disk;
use crate::ends::{EXPORT, Ends, INLET};

/// A moment that does not come is given up after this long, and the kill happens anyway.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Reaching the end of the stream is no matter of chance: not to get there in time is a failure.
const CATCH_UP: Duration = Duration::from_secs(60);

/// Longer than any wait for a moment: the answer never comes in this life.
const HELD_BACK: Duration = Duration::from_secs(600);

/// When to kill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// This long after the start.
    After(Duration),
    /// While the answer to the nth page asked for in this life is held back.
    Fetching(usize),
    /// While the inlet's answer to the nth request of this life is held back.
    Delivering(usize),
    /// This long after the nth request of this life has come to the inlet.
    Delivered(usize, Duration),
    /// As soon as the dead letters have grown.
    Burying,
    /// As soon as a new state file is being written.
    Saving,
    /// When a sync has come to the end of the stream.
    Idle,
}

impl Moment {
    /// The moment of kill `number` of `kills`. What must not be missing has its place, the rest
    /// is random.
    pub fn draw(number: u32, kills: u32, dice: &mut Dice) -> Self {
        let nth = 1 + dice.below(12) as usize;
        match (number, dice.below(100)) {
            // In the very first page, before there is a state file.
            (0, _) => Self::Fetching(1),
            (1, _) => Self::Delivering(1),
            (2, _) => Self::After(Duration::ZERO),
            _ if number + 4 >= kills => Self::Idle,
            (_, 0..5) => Self::After(Duration::ZERO),
            (_, 5..25) => Self::After(Duration::from_millis(dice.below(300))),
            (_, 25..35) => Self::Fetching(nth.div_ceil(3)),
            (_, 35..50) => Self::Delivering(nth),
            (_, 50..70) => Self::Delivered(nth, Duration::from_micros(dice.below(10_000))),
            (_, 70..85) => Self::Burying,
            _ => Self::Saving,
        }
    }

    /// Prepares the ends for this moment, and notes how everything stands before the start.
    pub fn prepare<'a>(self, ends: &'a Ends, state: &'a Path) -> Coming<'a> {
        match self {
            Self::Fetching(nth) => hold_back(&ends.zendesk, EXPORT, nth),
            Self::Delivering(nth) => hold_back(&ends.platform, INLET, nth),
            _ => {}
        }
        Coming {
            moment: self,
            ends,
            state,
            pages: ends.zendesk.requests_to(EXPORT).len(),
            deliveries: ends.platform.requests_to(INLET).len(),
            signs: Signs::of(state),
        }
    }
}

fn hold_back(end: &impl Simulator, prefix: &'static str, nth: usize) {
    let seen = AtomicUsize::new(0);
    let is_nth = move |request: &Request| {
        request.head.path.starts_with(prefix) && seen.fetch_add(1, Ordering::Relaxed) + 1 == nth
    };
    end.fault_when(is_nth, Fault::Stall(HELD_BACK), 1);
}

/// What the disk shows of the daemon's doings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signs {
    pub dead_letter_bytes: u64,
    /// When the file that a save is prepared in was last touched; it stays behind after a kill.
    pub save: Option<SystemTime>,
    /// The end of the last sync that reached the end of the stream.
    pub completed: Option<Timestamp>,
}

impl Signs {
    pub fn of(state: &Path) -> Self {
        // Looking at a living daemon judges nothing: that is done after the kill.
        let last_sync = checkpoint::read(state)
            .ok()
            .flatten()
            .and_then(|mut state| state.streams.remove("users"))
            .and_then(|users| users.last_sync)
            .filter(|sync| sync.outcome == "complete");
        Self {
            dead_letter_bytes: disk::dead_letter_bytes(state),
            save: disk::save_under_way(state),
            completed: last_sync.map(|sync| sync.finished_at),
        }
    }
}

/// A moment waited for, and how everything stood before the daemon started.
pub struct Coming<'a> {
    moment: Moment,
    ends: &'a Ends,
    state: &'a Path,
    pages: usize,
    deliveries: usize,
    signs: Signs,
}

impl Coming<'_> {
    /// Waits for the moment.
    pub async fn wait(&self) {
        let pages = |nth| {
            let wanted = self.pages + nth;
            self.ends
                .zendesk
                .wait_for_requests(EXPORT, wanted, LONGEST_WAIT)
        };
        let deliveries = |nth| {
            let wanted = self.deliveries + nth;
            self.ends
                .platform
                .wait_for_requests(INLET, wanted, LONGEST_WAIT)
        };
        match self.moment {
            Moment::After(delay) => tokio::time::sleep(delay).await,
            Moment::Fetching(nth) => {
                pages(nth).await;
            }
            Moment::Delivering(nth) => {
                deliveries(nth).await;
            }
            Moment::Delivered(nth, delay) => {
                deliveries(nth).await;
                tokio::time::sleep(delay).await;
            }
            Moment::Burying => {
                let before = self.signs.dead_letter_bytes;
                look_until(
                    || disk::dead_letter_bytes(self.state) > before,
                    LONGEST_WAIT,
                );
            }
            Moment::Saving => {
                let begun = || disk::save_under_way(self.state);
                look_until(
                    || begun().is_some_and(|save| Some(save) != self.signs.save),
                    LONGEST_WAIT,
                );
            }
            Moment::Idle => {
                let completed = || Signs::of(self.state).completed;
                let came = look_until(|| completed() > self.signs.completed, CATCH_UP);
                assert!(came, "the daemon does not reach the end of the stream");
            }
        }
    }
}

/// Looks at the disk, which rings no bell, until `holds`; false if it does not within `limit`.
/// Blocks: the simulators have threads of their own.
fn look_until(holds: impl Fn() -> bool, limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    while !holds() {
        if Instant::now() > deadline {
            return false;
        }
        std::thread::sleep(Duration::from_micros(50));
    }
    true
}
