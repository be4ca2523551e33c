//! One window of a limit: when it ends, and what was used in it and by whom.
//!
//! Zendesk counts in fixed windows that end on the minute of its own clock. When one ends can be
//! told only to within [`GUARD`]: `resets` is whole seconds rounded up, and an answer was on its way.
//! So a request near the boundary counts in both windows and must have room in both.

use std::time::Duration;

/// Time since the clock was made.
pub(super) type Moment = Duration;

/// How far Zendesk's end of a window may lie from where we see it: a second of rounding, and half
/// a second for the way and for clocks that drift within one window.
pub(super) const GUARD: Duration = Duration::from_millis(1_500);

#[derive(Debug, Default)]
pub(super) struct Window {
    pub(super) number: u64,
    /// The first request sets it.
    pub(super) ends: Option<Moment>,
    /// An answer told it; it was a guess before.
    pub(super) ends_told: bool,
    /// End of the window before, if that was told and is the one just before.
    pub(super) begun: Option<Moment>,
    /// Requests of ours.
    pub(super) own: u32,
    /// Those of ours that are surely within `used`.
    answered: u32,
    /// Highest count an answer has told.
    used: u32,
    used_at: Option<Moment>,
    /// Requests of ours that may count in the next window instead.
    pub(super) carried: u32,
    /// Requests of live polls.
    pub(super) fresh: u32,
    pub(super) before: Before,
}

/// What is remembered of the window before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Before {
    others: u32,
    pub(super) fresh: u32,
}

impl Window {
    /// The window after this one. `under_way` are the times of requests without an answer.
    pub(super) fn next(&self, ends: Moment, under_way: impl Iterator<Item = Moment>) -> Self {
        let boundary = self.ends.map(|ends| ends.saturating_sub(GUARD));
        // In which window those under way are counted nobody can tell; late ones are carried.
        let early = under_way.filter(|sent| boundary.is_none_or(|boundary| *sent < boundary));
        Self {
            number: self.number + 1,
            ends: Some(ends),
            ends_told: self.ends_told,
            begun: self.ends.filter(|_| self.ends_told),
            own: self.carried + u32::try_from(early.count()).unwrap_or(u32::MAX),
            before: Before {
                others: self.others(),
                fresh: self.fresh,
            },
            ..Self::default()
        }
    }

    /// Whether the end is so near that Zendesk may see it the other way.
    pub(super) fn is_near_end(&self, now: Moment) -> bool {
        self.ends.is_some_and(|ends| now + GUARD >= ends)
    }

    /// An answer has told how much is used; the first of all answers if `first`.
    pub(super) fn learn_used(&mut self, used: u32, now: Moment, first: bool) {
        if first {
            // What was used before may have been used by us, in an earlier life: it counts as
            // ours until the window ends.
            self.own = self.own.max(used);
            self.answered = self.own;
        } else {
            self.answered += 1;
        }
        self.used = self.used.max(used);
        self.used_at = Some(now);
    }

    /// What others have used, at most, as far as told.
    pub(super) fn others(&self) -> u32 {
        self.used.saturating_sub(self.answered)
    }

    /// What others will have used by the time that a request sent now is counted: they are taken
    /// to go on as they did, and `part`, theirs, stays free in any case.
    pub(super) fn others_expected(&self, now: Moment, length: Duration, part: u32) -> u32 {
        let others = self.others();
        let begin = self.ends.unwrap_or(now).saturating_sub(length);
        let seen_at = self.used_at.unwrap_or(begin);
        // An average over a quarter of the window at least: a burst is no rate.
        let elapsed = seen_at.saturating_sub(begin).max(length / 4);
        let rate = (f64::from(others) / elapsed.as_secs_f64())
            .max(f64::from(self.before.others) / length.as_secs_f64());
        let unseen = now.saturating_sub(seen_at) + Duration::from_secs(1);
        let growth = (rate * unseen.as_secs_f64()).ceil() as u32;
        part.max(others.saturating_add(growth))
    }
}
