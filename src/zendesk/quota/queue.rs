//! Who goes next: the queue before all limits of an account, without I/O or a clock.
//!
//! Guarantees, each a property test:
//!
//! - Of no window more than the share is used; while others stay within the rest, nobody is
//!   refused.
//! - Fresh requests go before back-fill, equals in the order of asking. While back-fill waits for a
//!   limit, at least every fourth request admitted to it is back-fill.
//! - Who waits for one limit holds nobody up who waits for another.

use std::collections::HashMap;

use super::Urgency;
use super::bucket::{Bucket, Room, Standing};
use super::routes;
use super::window::Moment;
use crate::limits;

/// After so many fresh requests in a row, back-fill that waits goes first.
const FRESH_IN_A_ROW: u32 = 3;

#[derive(Debug, Default)]
pub(super) struct Queue {
    pub(super) buckets: Vec<Bucket>,
    /// Which buckets a kind of request counts against, the general one first.
    pub(super) routes: HashMap<String, Vec<usize>>,
    waiting: Vec<Waiting>,
    pub(super) flights: Vec<Flight>,
    next_id: u64,
}

#[derive(Debug)]
struct Waiting {
    id: u64,
    route: String,
    urgency: Urgency,
}

/// A request that may go, or has gone.
#[derive(Debug)]
pub(super) struct Flight {
    pub(super) id: u64,
    pub(super) route: String,
    pub(super) buckets: Vec<usize>,
    /// Whether its caller has heard that it may go.
    claimed: bool,
}

/// Why a request waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Outlook {
    /// The limit it waits for.
    pub(super) bucket: String,
    /// `None` if it waits for another request's answer.
    pub(super) until: Option<Moment>,
    /// Whether such a wait has not been told of for a while.
    pub(super) announce: bool,
}

impl Queue {
    /// Joins the queue.
    pub(super) fn enter(&mut self, path: &str, urgency: Urgency) -> u64 {
        self.next_id += 1;
        let route = self.route(path);
        self.waiting.push(Waiting {
            id: self.next_id,
            route,
            urgency,
        });
        self.next_id
    }

    /// Leaves the queue, or gives back what was not used.
    pub(super) fn leave(&mut self, id: u64) {
        self.waiting.retain(|waiting| waiting.id != id);
        self.land(id, false);
    }

    /// Whether the request may go; says so once.
    pub(super) fn claim(&mut self, id: u64) -> bool {
        let flight = self.flights.iter_mut().find(|flight| flight.id == id);
        flight.is_some_and(|flight| !std::mem::replace(&mut flight.claimed, true))
    }

    /// The request is over.
    pub(super) fn landed(&mut self, id: u64) {
        self.land(id, true);
    }

    fn land(&mut self, id: u64, sent: bool) {
        let Some(place) = self.flights.iter().position(|flight| flight.id == id) else {
            return;
        };
        let flight = self.flights.swap_remove(place);
        for bucket in flight.buckets {
            self.buckets[bucket].land(id, sent);
        }
    }

    /// Lets go who may go now; true if anybody does.
    pub(super) fn admit(&mut self, now: Moment, share: f64) -> bool {
        for bucket in &mut self.buckets {
            bucket.turn(now);
        }
        let mut any = false;
        while let Some(place) = self.next(now, share) {
            let Waiting { id, route, urgency } = self.waiting.remove(place);
            let buckets = self.routes[&route].clone();
            for bucket in &buckets {
                let bucket = &mut self.buckets[*bucket];
                bucket.take(id, now, urgency);
                bucket.fresh_in_a_row = match urgency {
                    Urgency::BackFill => 0,
                    Urgency::Fresh | Urgency::Spare => bucket.fresh_in_a_row.saturating_add(1),
                };
            }
            self.flights.push(Flight {
                id,
                route,
                buckets,
                claimed: false,
            });
            any = true;
        }
        any
    }

    /// Place in the queue of the one who goes next.
    fn next(&self, now: Moment, share: f64) -> Option<usize> {
        let first = |wanted: &dyn Fn(&Waiting) -> bool| {
            self.waiting
                .iter()
                .position(|waiting| wanted(waiting) && self.obstacle(waiting, now, share).is_none())
        };
        first(&|waiting| self.is_overdue(waiting))
            .or_else(|| first(&|waiting| waiting.urgency != Urgency::BackFill))
            .or_else(|| first(&|_| true))
    }

    /// Whether it is back-fill's turn.
    fn is_overdue(&self, waiting: &Waiting) -> bool {
        let mut buckets = self.routes[&waiting.route].iter();
        waiting.urgency == Urgency::BackFill
            && buckets.any(|bucket| self.buckets[*bucket].fresh_in_a_row >= FRESH_IN_A_ROW)
    }

    /// The bucket that keeps a request waiting longest, and until when; `None` if nothing does.
    fn obstacle(
        &self,
        waiting: &Waiting,
        now: Moment,
        share: f64,
    ) -> Option<(usize, Option<Moment>)> {
        let mut worst = None;
        for place in &self.routes[&waiting.route] {
            let bucket = &self.buckets[*place];
            let yields =
                waiting.urgency == Urgency::BackFill && bucket.fresh_in_a_row < FRESH_IN_A_ROW;
            let until = match bucket.room(now, share) {
                Room::Left(left) if yields && left <= bucket.kept_for_polls(now, share) => {
                    bucket.kept_until()
                }
                Room::Left(_) => continue,
                Room::Until(until) => Some(until),
                Room::Answer => None,
            };
            if worst.is_none_or(|(_, known): (usize, Option<Moment>)| known < until) {
                worst = Some((*place, until));
            }
        }
        worst
    }

    /// Why a request waits; `None` if it does not.
    pub(super) fn outlook(&mut self, id: u64, now: Moment, share: f64) -> Option<Outlook> {
        let waiting = self.waiting.iter().find(|waiting| waiting.id == id)?;
        let (place, until) = self.obstacle(waiting, now, share)?;
        let bucket = &mut self.buckets[place];
        let long = until.is_some_and(|until| until > now + limits::QUOTA_SILENCE);
        let rare = bucket
            .announced
            .is_none_or(|then| now > then + limits::QUOTA_LOG_PAUSE);
        if long && rare {
            bucket.announced = Some(now);
        }
        Some(Outlook {
            bucket: bucket.name.clone(),
            until,
            announce: long && rare,
        })
    }

    /// Whether a poll that nobody waits for may be made.
    pub(super) fn has_spare(&mut self, path: &str, now: Moment, share: f64) -> bool {
        let route = self.route(path);
        let buckets = &self.routes[&route];
        buckets.iter().all(|place| {
            let wanted = self
                .waiting
                .iter()
                .any(|waiting| self.routes[&waiting.route].contains(place));
            let bucket = &mut self.buckets[*place];
            bucket.turn(now);
            !wanted && bucket.has_spare(now, share)
        })
    }

    /// The limits that requests of `path` count against, and how many of ours each lets through a
    /// minute at best.
    pub(super) fn rates(&mut self, path: &str, share: f64) -> Vec<(String, f64)> {
        let route = self.route(path);
        self.routes[&route]
            .iter()
            .map(|bucket| {
                let bucket = &self.buckets[*bucket];
                let part = f64::from(bucket.part(share));
                (
                    bucket.name.clone(),
                    part * 60.0 / bucket.length.as_secs_f64(),
                )
            })
            .collect()
    }

    /// Every limit met so far, by name, and how its window stands.
    pub(super) fn standings(&mut self, now: Moment, share: f64) -> Vec<(String, Standing)> {
        for bucket in &mut self.buckets {
            bucket.turn(now);
        }
        let standing = |bucket: &Bucket| (bucket.name.clone(), bucket.usage(share));
        self.buckets.iter().map(standing).collect()
    }

    /// The kind of request that a path is of, entered into the table. Of too many kinds, the
    /// further ones share a row.
    fn route(&mut self, path: &str) -> String {
        let mut route = routes::template(path);
        if !self.routes.contains_key(&route) && self.routes.len() >= limits::QUOTA_ROUTES_MAX {
            route = routes::row(&route);
        }
        if !self.routes.contains_key(&route) {
            let (general, own) = routes::of(&route);
            let names = std::iter::once(&general).chain(own);
            let buckets = names.filter_map(|name| self.bucket(name)).collect();
            self.routes.insert(route.clone(), buckets);
        }
        route
    }

    /// The bucket of that name, made if need be; `None` if there are too many.
    pub(super) fn bucket(&mut self, name: &str) -> Option<usize> {
        if let Some(place) = self.buckets.iter().position(|bucket| bucket.name == name) {
            return Some(place);
        }
        let known = routes::default_of(name).is_some();
        (known || self.buckets.len() < limits::QUOTA_BUCKETS_MAX).then(|| {
            self.buckets.push(Bucket::new(name));
            self.buckets.len() - 1
        })
    }
}
