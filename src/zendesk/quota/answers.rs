//! What the queue learns from answers: how limits stand, where requests count, what is closed.

use std::time::Duration;

use super::Urgency;
use super::bucket::Bucket;
use super::headers::{Signals, Told};
use super::queue::Queue;
use super::window::Moment;

impl Queue {
    /// Learns from an answer's headers.
    pub(super) fn learn(&mut self, id: u64, now: Moment, signals: &Signals) {
        let Some(place) = self.flights.iter().position(|flight| flight.id == id) else {
            return;
        };
        let date = signals.date.and_then(|date| {
            let since_1970 = date.duration_since(jiff::Timestamp::UNIX_EPOCH);
            Duration::try_from(since_1970).ok()
        });
        self.correct_route(place, now, signals);
        let buckets = self.flights[place].buckets.clone();
        for (number, bucket) in buckets.into_iter().enumerate() {
            let bucket = &mut self.buckets[bucket];
            let named = signals
                .named
                .iter()
                .find(|(name, _)| *name == bucket.name)
                .map(|(_, told)| *told);
            let told = match (number, named) {
                (_, Some(told)) => told,
                (0, None) => signals.general,
                (_, None) => Told::default(),
            };
            let resets = told
                .resets
                // All windows of a minute end together.
                .or(signals.general.resets.filter(|_| bucket.of_a_minute))
                .or_else(|| until_the_grid(date?, bucket.length));
            bucket.learn(id, now, told, resets);
        }
    }

    /// Headers know better than the table where a request counts.
    fn correct_route(&mut self, place: usize, now: Moment, signals: &Signals) {
        if signals.named.is_empty() {
            return;
        }
        let route = self.flights[place].route.clone();
        let id = self.flights[place].id;
        let mut buckets = self.routes[&route].clone();
        for (name, told) in &signals.named {
            if told.total.is_some()
                && let Some(bucket) = self.bucket(name)
                && !buckets.contains(&bucket)
            {
                buckets.push(bucket);
            }
        }
        let is_named = |bucket: &Bucket| signals.named.iter().any(|(name, _)| *name == bucket.name);
        let mut number = 0;
        buckets.retain(|bucket| {
            let bucket = &self.buckets[*bucket];
            number += 1;
            number == 1 || !bucket.in_headers() || is_named(bucket)
        });
        for bucket in &buckets {
            if !self.flights[place].buckets.contains(bucket) {
                self.buckets[*bucket].take(id, now, Urgency::Spare);
            }
        }
        for bucket in &self.flights[place].buckets {
            if !buckets.contains(bucket) {
                self.buckets[*bucket].land(id, false);
            }
        }
        self.flights[place].buckets.clone_from(&buckets);
        self.routes.insert(route, buckets);
    }

    /// Closes what refused a request: the limits it is told to have used up, or those that
    /// `of_account` (going by the words of the refusal) points to.
    pub(super) fn refused(&mut self, id: u64, signals: &Signals, of_account: bool, until: Moment) {
        let Some(flight) = self.flights.iter().find(|flight| flight.id == id) else {
            return;
        };
        let used_up = |told: Told| told.remaining == Some(0);
        let (general, own) = flight.buckets.split_first().unwrap_or((&0, &[]));
        let mut culprits: Vec<usize> = own
            .iter()
            .filter(|bucket| {
                let name = &self.buckets[**bucket].name;
                let mut named = signals.named.iter();
                named.any(|(known, told)| known == name && used_up(*told))
            })
            .copied()
            .collect();
        if used_up(signals.general) {
            culprits.push(*general);
        }
        if culprits.is_empty() {
            // The account's counter still has room: then it cannot be the account.
            let has_room = signals.general.remaining.is_some_and(|left| left > 0);
            if own.is_empty() || of_account {
                culprits.extend((!has_room).then_some(*general));
            }
            if culprits.is_empty() {
                culprits.extend(own);
            }
        }
        for bucket in culprits {
            self.buckets[bucket].close(until);
        }
    }
}

/// Time from a moment of Zendesk's clock, told in whole seconds, to the end of its window.
fn until_the_grid(since_1970: Duration, length: Duration) -> Option<Duration> {
    let into = since_1970.as_secs().checked_rem(length.as_secs())?;
    Some(Duration::from_secs(length.as_secs() - into))
}
