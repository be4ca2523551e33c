//! One limit: its window, what was used of it and by whom, and whether there is room.
//!
//! Zendesk counts in fixed windows that end on the minute of its own clock. When ours ends can be
//! told only to within [`GUARD`]: `resets` is whole seconds rounded up, and an answer was on its way.
//! So a request near the boundary counts in both windows and must have room in both.

use std::time::Duration;

use super::Urgency;
use super::headers::Told;
use super::routes;
use crate::limits;

/// Time since the clock was made.
pub(super) type Moment = Duration;

/// How far Zendesk's end of a window may lie from where we see it: a second of rounding, and half
/// a second for the way and for clocks that drift within one window.
pub(super) const GUARD: Duration = Duration::from_millis(1_500);

const MINUTE: Duration = Duration::from_secs(60);

/// Lengths of windows closer than this are the same.
const SAME_LENGTH: Duration = Duration::from_secs(3);

#[derive(Debug)]
pub(super) struct Bucket {
    pub(super) name: String,
    pub(super) total: u32,
    pub(super) length: Duration,
    at_a_time: usize,
    /// An answer to a request that counts here has come.
    heard: bool,
    /// Answers tell how much is used.
    told: bool,
    in_headers: bool,
    pub(super) of_a_minute: bool,
    window: Window,
    out: Vec<Out>,
    closed_until: Option<Moment>,
    /// Requests admitted since the last one of back-fill.
    pub(super) fresh_in_a_row: u32,
    /// When a wait for it was last worth a line.
    pub(super) announced: Option<Moment>,
}

#[derive(Debug, Default)]
struct Window {
    number: u64,
    /// The first request sets it.
    ends: Option<Moment>,
    /// An answer told it; it was a guess before.
    ends_told: bool,
    /// End of the window before, if that was told and is the one just before.
    begun: Option<Moment>,
    /// Requests of ours.
    own: u32,
    /// Those of ours that are surely within `used`.
    answered: u32,
    /// Highest count an answer has told.
    used: u32,
    used_at: Option<Moment>,
    /// Requests of ours that may count in the next window instead.
    carried: u32,
    fresh: u32,
    back_fill: u32,
    before: Before,
}

/// What is remembered of the window before.
#[derive(Clone, Copy, Debug, Default)]
struct Before {
    others: u32,
    fresh: u32,
    back_fill: u32,
}

/// A request under way.
#[derive(Clone, Copy, Debug)]
struct Out {
    id: u64,
    sent: Moment,
    window: u64,
}

/// Whether a request may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Room {
    /// So many more may go in this window, this one included.
    Left(u32),
    /// Not before this moment.
    Until(Moment),
    /// When an answer has come.
    Answer,
}

impl Bucket {
    pub(super) fn new(name: &str) -> Self {
        let known = routes::default_of(name);
        let one_at_a_time = match known {
            Some(known) => known.one_at_a_time,
            // A further export, most likely.
            None => name.contains("export"),
        };
        let length = known.map_or(MINUTE, |known| known.window);
        Self {
            name: name.to_owned(),
            total: known.map_or(1, |known| known.total),
            length,
            of_a_minute: length == MINUTE,
            at_a_time: if one_at_a_time {
                1
            } else {
                limits::ZENDESK_IN_FLIGHT
            },
            heard: false,
            told: false,
            in_headers: known.is_none_or(|known| known.in_headers),
            window: Window::default(),
            out: Vec::new(),
            closed_until: None,
            fresh_in_a_row: 0,
            announced: None,
        }
    }

    /// Whether answers name this limit in their headers.
    pub(super) fn in_headers(&self) -> bool {
        self.in_headers
    }

    /// Our part of a window.
    pub(super) fn part(&self, share: f64) -> u32 {
        // Exact for every total: 53 bits hold any of 32; the product is rounded down to a count.
        let part = (f64::from(self.total) * share + 1e-9).floor() as u32;
        part.clamp(1, self.total)
    }

    /// Our part of the present window.
    fn budget(&self, share: f64) -> u32 {
        let part = self.part(share);
        if self.window.number == 0 && !self.in_headers {
            // Nobody will tell what was used before we came: perhaps the whole share, by ourselves.
            (self.total - part).clamp(1, part)
        } else {
            part
        }
    }

    pub(super) fn room(&self, now: Moment, share: f64) -> Room {
        if let Some(until) = self.closed_until.filter(|until| *until > now) {
            return Room::Until(until);
        }
        if self.out.len() >= if self.heard { self.at_a_time } else { 1 } {
            return Room::Answer;
        }
        let window = &self.window;
        let Some(ends) = window.ends else {
            return Room::Left(self.budget(share));
        };
        let budget = self.budget(share);
        let spent = window
            .own
            .max(if self.is_near(now) { window.carried } else { 0 });
        let others = self.others_expected(now, budget);
        // Ours that no count has confirmed may be on top of what was told.
        let free = i64::from(self.total) - i64::from(others) - i64::from(window.own);
        let left = i64::from(budget.saturating_sub(spent)).min(free);
        match u32::try_from(left) {
            Ok(left) if left > 0 => Room::Left(left),
            _ => Room::Until(ends + GUARD),
        }
    }

    /// What others will have used by the time that a request sent now is counted. Within their
    /// part they may use it at once, so it stays free; beyond it they are taken to go on as they
    /// did.
    fn others_expected(&self, now: Moment, budget: u32) -> u32 {
        let window = &self.window;
        let others = self.others();
        let part = self.total - budget;
        if others <= part && window.before.others <= part {
            return part;
        }
        let begin = window.ends.unwrap_or(now).saturating_sub(self.length);
        let seen_at = window.used_at.unwrap_or(begin);
        // An average over a quarter of the window at least: a burst is no rate.
        let elapsed = seen_at.saturating_sub(begin).max(self.length / 4);
        let rate = (f64::from(others) / elapsed.as_secs_f64())
            .max(f64::from(window.before.others) / self.length.as_secs_f64());
        let unseen = now.saturating_sub(seen_at) + Duration::from_secs(1);
        let growth = (rate * unseen.as_secs_f64()).ceil() as u32;
        part.max(others.saturating_add(growth))
    }

    fn others(&self) -> u32 {
        self.window.used.saturating_sub(self.window.answered)
    }

    /// Whether the end of the window is so near that Zendesk may see it the other way.
    fn is_near(&self, now: Moment) -> bool {
        self.window.ends.is_some_and(|ends| now + GUARD >= ends)
    }

    /// Requests that live polls will still want in this window, going by the one before. Near
    /// its end nothing is kept back any more, so that nothing is wasted.
    pub(super) fn kept_for_polls(&self, now: Moment, share: f64) -> u32 {
        match self.kept_until() {
            Some(until) if now >= until => 0,
            _ => self.polls_to_come().min(self.budget(share) / 2),
        }
    }

    fn polls_to_come(&self) -> u32 {
        self.window.before.fresh.saturating_sub(self.window.fresh)
    }

    /// When what is kept for live polls is given up.
    pub(super) fn kept_until(&self) -> Option<Moment> {
        Some(self.window.ends? - self.length.min(self.window.ends?) / 10)
    }

    /// Whether a poll that nobody waits for may go: nothing else wants the room.
    pub(super) fn has_spare(&self, now: Moment, share: f64) -> bool {
        let window = &self.window;
        let quiet = window.back_fill == 0 && window.before.back_fill == 0;
        match self.room(now, share) {
            Room::Left(left) => self.heard && quiet && left > self.polls_to_come(),
            Room::Until(_) | Room::Answer => false,
        }
    }

    /// Counts a request that goes now.
    pub(super) fn take(&mut self, id: u64, now: Moment, urgency: Urgency) {
        if self.window.ends.is_none() {
            self.window.ends = Some(now + self.length);
        }
        self.window.own = self.window.own.saturating_add(1);
        if self.is_near(now) {
            self.window.carried += 1;
        }
        match urgency {
            Urgency::Fresh => self.window.fresh += 1,
            Urgency::BackFill => self.window.back_fill += 1,
            Urgency::Spare => {}
        }
        self.out.push(Out {
            id,
            sent: now,
            window: self.window.number,
        });
    }

    /// The request is over, or was never sent.
    pub(super) fn land(&mut self, id: u64, sent: bool) {
        let Some(place) = self.out.iter().position(|out| out.id == id) else {
            return;
        };
        let out = self.out.swap_remove(place);
        if !sent && out.window == self.window.number {
            self.window.own = self.window.own.saturating_sub(1);
        }
    }

    /// No request goes before `until`.
    pub(super) fn close(&mut self, until: Moment) {
        self.closed_until = self.closed_until.max(Some(until));
    }

    /// Goes over to the present window.
    pub(super) fn turn(&mut self, now: Moment) {
        let Some(ends) = self.window.ends else { return };
        let Some(over) = now.checked_sub(ends + GUARD) else {
            return;
        };
        let passed = over.as_nanos() / self.length.as_nanos();
        self.roll(ends + self.length * u32::try_from(passed + 1).unwrap_or(u32::MAX));
        if passed > 0 {
            self.window.before = Before::default();
            self.window.begun = None;
        }
    }

    /// Begins a window that ends at `ends`.
    fn roll(&mut self, ends: Moment) {
        let window = &self.window;
        let zone = window.ends.map(|ends| ends.saturating_sub(GUARD));
        // When those under way are counted, nobody can tell; the late ones are carried already.
        let early = self
            .out
            .iter()
            .filter(|out| zone.is_none_or(|zone| out.sent < zone));
        let own = window.carried + u32::try_from(early.count()).unwrap_or(u32::MAX);
        self.window = Window {
            number: window.number + 1,
            ends: Some(ends),
            ends_told: window.ends_told,
            begun: window.ends.filter(|_| window.ends_told),
            own,
            before: Before {
                others: self.others(),
                fresh: window.fresh,
                back_fill: window.back_fill,
            },
            ..Window::default()
        };
    }

    /// Learns from the answer to a request that was counted here. `told` is what it says of this
    /// limit, `resets` when the window ends.
    pub(super) fn learn(&mut self, id: u64, now: Moment, told: Told, resets: Option<Duration>) {
        self.heard = true;
        if let Some(total) = told.total {
            self.total = total;
        }
        let Some(out) = self.out.iter().find(|out| out.id == id).copied() else {
            return;
        };
        if out.window != self.window.number {
            // It tells of a window that is over.
            return;
        }
        if let Some(resets) = resets {
            self.learn_end(out, now, resets);
        }
        if let Some((_, used)) = told.used() {
            let window = &mut self.window;
            if self.told {
                window.answered += 1;
                window.used = window.used.max(used);
            } else {
                // What was used before our first answer may have been used by us, in an earlier
                // life: it counts as ours until the window ends.
                self.told = true;
                window.own = window.own.max(used);
                window.answered = window.own;
                window.used = used;
            }
            window.used_at = Some(now);
        }
    }

    fn learn_end(&mut self, out: Out, now: Moment, resets: Duration) {
        let latest = now + resets;
        let earliest = (out.sent + resets).saturating_sub(Duration::from_secs(1));
        let Some(ends) = self.window.ends.filter(|_| self.window.ends_told) else {
            self.window.ends = Some(latest);
            self.window.ends_told = true;
            return;
        };
        if latest > ends + GUARD + GUARD && earliest > ends {
            // Zendesk is in the next window already.
            self.roll(latest);
            self.window.own = self.window.own.max(1);
            for out in self.out.iter_mut().filter(|one| one.id == out.id) {
                out.window = self.window.number;
            }
        } else {
            self.window.ends = Some(ends.clamp(earliest, latest));
        }
        if let Some(begun) = self.window.begun.take() {
            let length = Duration::from_secs(latest.saturating_sub(begun).as_secs().max(1));
            if length.abs_diff(self.length) > SAME_LENGTH {
                self.length = length;
            }
        }
    }

    /// How this window stands.
    pub(super) fn usage(&self, share: f64) -> Standing {
        Standing {
            total: self.total,
            part: self.budget(share),
            own: self.window.own,
            others: self.others(),
            ends: self.window.ends,
            heard: self.heard,
        }
    }
}

/// How a window stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing {
    pub(super) total: u32,
    pub(super) part: u32,
    pub(super) own: u32,
    pub(super) others: u32,
    pub(super) ends: Option<Moment>,
    pub(super) heard: bool,
}
