//! Which page is fetched next. Pure: no clock, no I/O.
//!
//! A walk stands at its live position, and may have history behind it: stretches that are read
//! besides the live changes. They come to be in two ways. A walk that is still far back when its
//! next tick is due, because it is new or was down for days, is split: where it stands becomes
//! history up to now, less what Zendesk withholds, and the live position moves there. And a stream
//! that joins a walk gets the walk's past as history of its own.
//!
//! Each tick reads the live changes to their end, then history until the next tick is due, but one
//! page of it at least. What is fetched is delivered in the order of fetching, from one queue.
//!
//! # Why nothing is lost
//!
//! An export lists the present version of every record, in the order of versions. History is read
//! up to `until`, and the live walk begins at `until` or before. A record that changes while
//! history is read moves behind `until`, where the live walk finds it. One that does not change
//! stays where it is, and history finds it.
//!
//! # Why no version overtakes another
//!
//! A fetch gives the version a record has at that moment, so of two fetches the later one gives
//! the same version or a newer one, whichever stretch they belong to. Deliveries keep the order of
//! fetches.

use jiff::Timestamp;

use crate::checkpoint::{Segment, StreamState};
use crate::limits;
use crate::record::{Page, Position};
use crate::zendesk::{Split, Urgency};

/// What a page belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leg {
    /// What has changed lately.
    Live,
    /// The stretch of history with this index.
    BackFill(usize),
}

/// Where a walk stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Route {
    /// Everything before it is delivered, or lies in `history`.
    pub(super) live: Position,
    /// In the order in which it came to be.
    pub(super) back_fill: Vec<Segment>,
    /// The streams that the live walk is delivered to.
    pub(super) members: Vec<String>,
    /// The configured end that the live walk has reached.
    pub(super) ended: Option<Timestamp>,
}

/// A page that was read, or that is settled.
#[derive(Clone, Debug)]
pub(super) struct Passed {
    pub(super) leg: Leg,
    pub(super) next: Position,
    /// If it was the last one for now: the time up to which it shows everything.
    pub(super) end_of_stream: Option<Timestamp>,
    /// The oldest version in it.
    pub(super) oldest: Option<Timestamp>,
    /// Its records, of all streams that come with it.
    pub(super) records: u64,
}

impl Passed {
    /// For a page that was asked for when everything up to `horizon` was there to be shown.
    pub(super) fn new(leg: Leg, page: &Page, horizon: Timestamp) -> Self {
        let children = page.children.iter().map(|child| child.records.len());
        Self {
            leg,
            next: page.next.clone(),
            end_of_stream: page.end_of_stream.then_some(horizon),
            oldest: page.records.iter().filter_map(|one| one.version).min(),
            records: (page.records.len() + children.sum::<usize>()) as u64,
        }
    }
}

impl Route {
    /// Where a walk goes on from `state`, for the streams that are `configured` now. `position`
    /// turns a checkpoint into one that the export can read. Gives besides the streams that have
    /// to wait, since there is no room for their history.
    pub(super) fn resume(
        state: &StreamState,
        root: &str,
        configured: &[&str],
        end: Option<Timestamp>,
        position: impl Fn(Option<Position>) -> Position,
        history_position: impl Fn(Position) -> Position,
    ) -> (Self, Vec<String>) {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let afresh = || Self {
            live: position(None),
            back_fill: Vec::new(),
            members: names(configured),
            ended: None,
        };
        let Some(live) = state.position.clone() else {
            return (afresh(), Vec::new());
        };
        let is_configured = |name: &String| configured.contains(&name.as_str());
        let mut members = match state.members[..] {
            [] => vec![root.to_owned()],
            _ => state.members.clone(),
        };
        members.retain(is_configured);
        let mut newcomers = configured.to_vec();
        newcomers.retain(|name| !members.iter().any(|member| member == name));
        let history = state.back_fill.iter().cloned().map(|segment| Segment {
            position: history_position(segment.position),
            streams: segment.streams.into_iter().filter(is_configured).collect(),
            ..segment
        });
        let mut route = Self {
            live: position(Some(live)),
            back_fill: history
                .filter(|segment| !segment.streams.is_empty())
                .collect(),
            // Another end is another walk.
            ended: state.ended.filter(|ended| end == Some(*ended)),
            members,
        };
        if newcomers.is_empty() {
            return (route, Vec::new());
        }
        // Without a stream that has been served before, or a time up to which it was, there is
        // nothing to go on from.
        let Some(until) = route
            .live
            .unread_from()
            .filter(|_| !route.members.is_empty())
        else {
            return (afresh(), Vec::new());
        };
        if route.back_fill.len() >= limits::BACK_FILL_SEGMENTS_MAX {
            return (route, names(&newcomers));
        }
        route.back_fill.push(Segment {
            position: position(None),
            until,
            streams: names(&newcomers),
            from: None,
            records: 0,
        });
        route
            .members
            .extend(newcomers.into_iter().map(str::to_owned));
        // What lies between the live position and a reached end is news to them.
        route.ended = None;
        (route, Vec::new())
    }

    /// Writes where the walk stands into what is kept of its root.
    pub(super) fn store(&self, root: &str, state: &mut StreamState) {
        state.position = Some(self.live.clone());
        state.back_fill.clone_from(&self.back_fill);
        state.members.clone_from(&self.members);
        if self.members == [root] {
            state.members.clear();
        }
        state.ended = self.ended;
    }

    /// Whether `state` says already that the walk stands here.
    pub(super) fn is_kept_in(&self, root: &str, state: &StreamState) -> bool {
        let mut kept = StreamState::default();
        self.store(root, &mut kept);
        kept.stands_where(state)
    }

    /// The streams that pages of `leg` are delivered to.
    fn streams(&self, leg: Leg) -> &[String] {
        match leg {
            Leg::Live => &self.members,
            Leg::BackFill(index) => &self.back_fill[index].streams,
        }
    }

    /// Whether pages of `leg` are delivered to `stream`.
    pub(super) fn serves(&self, leg: Leg, stream: &str) -> bool {
        self.streams(leg).iter().any(|name| name == stream)
    }

    /// Moves over a page. A walk with an `end` stays before the page that reaches it: should the
    /// end be moved, the rest of that page is wanted after all.
    pub(super) fn pass(&mut self, page: Passed, end: Option<Timestamp>) {
        let read_to = page.next.recovery_time();
        let reaches = |limit: Timestamp| read_to.is_some_and(|time| time >= limit);
        match page.leg {
            Leg::Live => match end {
                Some(end) if reaches(end) => self.ended = Some(end),
                Some(end) if page.end_of_stream.is_some_and(|time| time >= end) => {
                    self.live = page.next;
                    self.ended = Some(end);
                }
                Some(_) | None => self.live = page.next,
            },
            Leg::BackFill(index) => {
                let segment = &mut self.back_fill[index];
                if page.end_of_stream.is_some() || reaches(segment.until) {
                    self.back_fill.remove(index);
                } else {
                    segment.position = page.next;
                    segment.from = segment.from.or(page.oldest);
                    segment.records += page.records;
                }
            }
        }
    }

    /// Makes history of what lies between the live position and `split`.
    pub(super) fn split(&mut self, split: Split) {
        self.back_fill.push(Segment {
            position: std::mem::replace(&mut self.live, split.live),
            until: split.until,
            streams: self.members.clone(),
            from: None,
            records: 0,
        });
    }

    /// Loads all of the history from `begin`, which may be a way of its own, and goes on live.
    pub(super) fn begin_with(&mut self, begin: Position, split: Split) {
        self.live = begin;
        self.split(split);
    }

    /// Whether nothing is left to be read, now or later.
    pub(super) fn is_finished(&self, end: Option<Timestamp>) -> bool {
        end.is_some() && self.ended == end && self.back_fill.is_empty()
    }
}

/// What to do next.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// Fetch a page.
    Read(Leg),
    /// Split the live walk, and let the next sync begin.
    Split(Split),
    /// Nothing more for now.
    Over,
}

/// One pass over a route, as the reader plans it.
#[derive(Debug)]
pub(super) struct Itinerary {
    route: Route,
    end: Option<Timestamp>,
    /// There is a checkpoint, so the first page is news.
    resumes: bool,
    /// What has changed before this was there to be read when the pass began.
    horizon: Timestamp,
    live_pages: u32,
    live_done: bool,
    back_fill_pages: u32,
    /// The leg whose last page was only a part: its position has not moved.
    within: Option<Leg>,
}

impl Itinerary {
    /// Begins at `route`. `resumes` says whether the walk ever got anywhere, and `horizon` up to
    /// which time the export shows everything now.
    pub(super) fn new(
        route: Route,
        end: Option<Timestamp>,
        resumes: bool,
        horizon: Timestamp,
    ) -> Self {
        Self {
            live_done: route.ended.is_some(),
            route,
            end,
            resumes,
            horizon,
            live_pages: 0,
            back_fill_pages: 0,
            within: None,
        }
    }

    /// What comes next. `due` says whether the next tick is; `split` asks the export whether it
    /// can go on live from another place, and whether that is worth it.
    pub(super) fn next(&self, due: bool, split: impl FnOnce(&Position) -> Option<Split>) -> Step {
        // Whoever left in the middle of a page would begin it again, and perhaps for ever.
        if let Some(leg) = self.within {
            return Step::Read(leg);
        }
        let makes_way = self.live_done || due && self.has_caught_up();
        if !makes_way {
            let may_split = due
                && self.live_pages > 0
                && self.route.back_fill.len() < limits::BACK_FILL_SEGMENTS_MAX;
            let split = may_split.then(|| split(&self.route.live)).flatten();
            // Beyond the end there is nothing live.
            let split = split.filter(|split| self.end.is_none_or(|end| split.until < end));
            return split.map_or(Step::Read(Leg::Live), Step::Split);
        }
        if due && self.back_fill_pages > 0 {
            return Step::Over;
        }
        // Of two stretches the one that reaches further: what changed last is wanted first.
        let history = self.route.back_fill.iter().enumerate();
        let next = history.max_by_key(|(index, segment)| (segment.until, usize::MAX - index));
        next.map_or(Step::Over, |(index, _)| Step::Read(Leg::BackFill(index)))
    }

    /// Whether the live walk has reached the begin of the pass. An account in which more changes
    /// than can be read has no end to be reached, and its history is to be read all the same.
    fn has_caught_up(&self) -> bool {
        let read_to = self.route.live.recovery_time();
        self.live_pages > 0 && read_to.is_some_and(|time| time >= self.horizon)
    }

    /// The position of the next page of `leg`.
    pub(super) fn position(&self, leg: Leg) -> &Position {
        match leg {
            Leg::Live => &self.route.live,
            Leg::BackFill(index) => &self.route.back_fill[index].position,
        }
    }

    /// The streams that the next page of `leg` is for.
    pub(super) fn streams(&self, leg: Leg) -> &[String] {
        self.route.streams(leg)
    }

    /// How urgent the next page of `leg` is.
    pub(super) fn urgency(&self, leg: Leg, now: Timestamp) -> Urgency {
        let is_news = match leg {
            Leg::BackFill(_) => false,
            Leg::Live if self.live_pages == 0 => self.resumes,
            Leg::Live => self.route.live.recovery_time().is_some_and(|time| {
                let age = now.duration_since(time);
                age.unsigned_abs() < limits::CATCHING_UP_AGE_MIN
            }),
        };
        if is_news {
            Urgency::Fresh
        } else {
            Urgency::BackFill
        }
    }

    /// Takes note of a page that was read.
    pub(super) fn passed(&mut self, page: Passed) {
        let moves = page.next != *self.position(page.leg);
        self.within = (!moves && page.end_of_stream.is_none()).then_some(page.leg);
        match page.leg {
            Leg::Live => {
                self.live_pages += 1;
                self.live_done = page.end_of_stream.is_some();
            }
            Leg::BackFill(_) => self.back_fill_pages += 1,
        }
        self.route.pass(page, self.end);
        if self.route.ended.is_some() {
            self.live_done = true;
            self.within = None;
        }
    }
}

#[cfg(test)]
mod tests;
