//! One limit: whether there is room in it, and what answers teach about it.

use std::time::Duration;

use super::Urgency;
use super::headers::Told;
use super::routes;
use super::window::{GUARD, Moment, Window};
use crate::limits;

const MINUTE: Duration = Duration::from_secs(60);

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
    /// When back-fill last went.
    back_filled_at: Option<Moment>,
    /// Requests admitted since the last one of back-fill.
    pub(super) fresh_in_a_row: u32,
    /// When a wait for it was last worth a line.
    pub(super) announced: Option<Moment>,
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
            back_filled_at: None,
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
        // Near the end there must be room in the next window as well.
        let carried = if window.is_near_end(now) {
            window.carried
        } else {
            0
        };
        let spent = window.own.max(carried);
        let others = window.others_expected(now, self.length, self.total - budget);
        // Ours that no count has confirmed may be on top of what was told.
        let free = i64::from(self.total) - i64::from(others) - i64::from(window.own);
        let left = i64::from(budget.saturating_sub(spent)).min(free);
        match u32::try_from(left) {
            Ok(left) if left > 0 => Room::Left(left),
            _ => Room::Until(ends + GUARD),
        }
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
        // Back-fill that has not asked for half a window is over, or slow for other reasons.
        let quiet = self
            .back_filled_at
            .is_none_or(|then| now > then + self.length / 2);
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
        if self.window.is_near_end(now) {
            self.window.carried += 1;
        }
        match urgency {
            Urgency::Fresh => self.window.fresh += 1,
            Urgency::BackFill => self.back_filled_at = Some(now),
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
            self.window.before = Default::default();
            self.window.begun = None;
        }
    }

    /// Begins a window that ends at `ends`.
    fn roll(&mut self, ends: Moment) {
        let under_way = self.out.iter().map(|out| out.sent);
        self.window = self.window.next(ends, under_way);
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
            self.window.learn_used(used, now, !self.told);
            self.told = true;
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
            let possible =
                earliest.saturating_sub(begun + GUARD)..=latest.saturating_sub(begun) + GUARD;
            if !possible.contains(&self.length) {
                let length = latest.saturating_sub(begun).as_secs();
                self.length = Duration::from_secs(length.max(1));
            }
        }
    }

    /// How this window stands.
    pub(super) fn usage(&self, share: f64) -> Standing {
        Standing {
            total: self.total,
            part: self.budget(share),
            own: self.window.own,
            others: self.window.others(),
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
