//! How fast the inlet is written to: requests in flight, adapted to how it copes, and messages
//! per second, for the organisation's guardrail.
//!
//! One pace is shared by all streams, since the limits are the organisation's. The number of
//! requests in flight grows by one for each round that went well and is halved when the inlet
//! shows strain: 429, 503, a timeout, or answers several times slower than usual.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use crate::progress;

/// An answer this many times slower than usual is a sign of strain…
const SLOW_FACTOR: u32 = 4;

/// …unless it is quick all the same.
const QUICK: Duration = Duration::from_secs(1);

/// The common pace.
#[derive(Debug)]
pub(super) struct Pace {
    limit: Mutex<Limit>,
    freed: Notify,
    rate: Option<Mutex<Rate>>,
}

#[derive(Debug)]
struct Limit {
    in_flight: u32,
    allowed: u32,
    max: u32,
    /// Requests that went well since `allowed` last changed.
    good: u32,
    /// Moving average of the time an answer takes.
    usual: Option<Duration>,
}

#[derive(Debug)]
struct Rate {
    per_second: u32,
    /// When the messages let through so far are used up.
    free_at: Instant,
}

/// Leave to have one request in flight; given back by [`Turn::end`] or by being dropped.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    pace: &'a Pace,
    began: Instant,
}

impl Pace {
    /// At most `in_flight_max` requests at a time, and `messages_per_second` if given.
    pub(super) fn new(in_flight_max: u32, messages_per_second: Option<u32>) -> Self {
        Self {
            limit: Mutex::new(Limit {
                in_flight: 0,
                allowed: in_flight_max,
                max: in_flight_max,
                good: 0,
                usual: None,
            }),
            freed: Notify::new(),
            rate: messages_per_second.map(|per_second| {
                Mutex::new(Rate {
                    per_second,
                    free_at: Instant::now(),
                })
            }),
        }
    }

    /// Whether it was made with these bounds.
    pub(super) fn has_bounds(&self, in_flight_max: u32, messages_per_second: Option<u32>) -> bool {
        let per_second = self.rate.as_ref().map(|rate| {
            let rate = rate.lock().unwrap_or_else(PoisonError::into_inner);
            rate.per_second
        });
        self.lock().max == in_flight_max && per_second == messages_per_second
    }

    /// Waits until `messages` may be sent. Cancel safe, except that the messages are counted.
    pub(super) async fn turn(&self, messages: usize) -> Turn<'_> {
        loop {
            let freed = self.freed.notified();
            if self.lock().take() {
                break;
            }
            progress::in_line(freed).await;
        }
        // Held while waiting for the rate, so that a waiting request counts as one in flight.
        let mut turn = Turn {
            pace: self,
            began: Instant::now(),
        };
        if let Some(rate) = &self.rate {
            let send_at = rate
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .reserve(messages);
            progress::waits(send_at.saturating_duration_since(Instant::now()));
            tokio::time::sleep_until(send_at).await;
            turn.began = Instant::now();
        }
        turn
    }

    fn lock(&self) -> MutexGuard<'_, Limit> {
        // Plain numbers: a panic elsewhere cannot have torn them.
        self.limit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn<'_> {
    /// Ends the turn, telling whether the inlet showed strain.
    pub(super) fn end(self, strained: bool) {
        self.pace.lock().learn(self.began.elapsed(), strained);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.pace.lock().in_flight -= 1;
        self.pace.freed.notify_waiters();
    }
}

impl Limit {
    fn take(&mut self) -> bool {
        let free = self.in_flight < self.allowed;
        self.in_flight += u32::from(free);
        free
    }

    fn learn(&mut self, took: Duration, strained: bool) {
        let slow = self
            .usual
            .is_some_and(|usual| took > QUICK && took > usual * SLOW_FACTOR);
        // An eighth of each new measurement, as TCP does it. Slow answers count too: what lasts
        // becomes the usual.
        self.usual = Some(
            self.usual
                .map_or(took, |usual| usual - usual / 8 + took / 8),
        );
        if strained || slow {
            let allowed = (self.allowed / 2).max(1);
            if allowed < self.allowed {
                tracing::debug!(
                    requests_in_flight = allowed,
                    "the inlet shows strain: fewer requests at a time"
                );
            }
            self.allowed = allowed;
            self.good = 0;
            return;
        }
        self.good += 1;
        if self.good >= self.allowed {
            self.allowed = (self.allowed + 1).min(self.max);
            self.good = 0;
        }
    }
}

impl Rate {
    /// When `messages` may go. Unused time does not add up: after a pause there is no burst.
    fn reserve(&mut self, messages: usize) -> Instant {
        let at = self.free_at.max(Instant::now());
        let messages = u32::try_from(messages).unwrap_or(u32::MAX);
        self.free_at = at + Duration::from_secs(1) * messages / self.per_second;
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(pace: &Pace) -> u32 {
        pace.lock().allowed
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_than_allowed_are_in_flight() {
        let pace = Pace::new(2, None);
        let first = pace.turn(1).await;
        let _second = pace.turn(1).await;
        let waits = tokio::time::timeout(Duration::from_secs(60), pace.turn(1)).await;
        assert!(waits.is_err(), "a third one must wait");
        first.end(false);
        pace.turn(1).await.end(false);
    }

    #[tokio::test(start_paused = true)]
    async fn strain_halves_and_calm_restores() {
        let pace = Pace::new(8, None);
        for expected in [4, 2, 1, 1] {
            pace.turn(1).await.end(true);
            assert_eq!(allowed(&pace), expected);
        }
        for _ in 0..40 {
            pace.turn(1).await.end(false);
        }
        assert_eq!(allowed(&pace), 8);
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_far_slower_than_usual_is_strain() {
        let pace = Pace::new(4, None);
        let answer = async |millis| {
            let turn = pace.turn(1).await;
            tokio::time::advance(Duration::from_millis(millis)).await;
            turn.end(false);
        };
        answer(300).await;
        answer(1_100).await;
        assert_eq!(allowed(&pace), 4, "slower, but within what happens");
        answer(5_000).await;
        assert_eq!(allowed(&pace), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn messages_are_spread_over_time_without_bursts() {
        let pace = Pace::new(4, Some(100));
        let begin = Instant::now();
        let mut sent_at = Vec::new();
        for messages in [50, 100, 25] {
            pace.turn(messages).await.end(false);
            sent_at.push(begin.elapsed().as_millis());
        }
        assert_eq!(sent_at, [0, 500, 1_500]);
        tokio::time::advance(Duration::from_secs(60)).await;
        pace.turn(100).await.end(false);
        let before = Instant::now();
        pace.turn(1).await.end(false);
        assert_eq!(
            before.elapsed().as_millis(),
            1_000,
            "a minute of silence bought nothing"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_turn_that_is_given_up_is_free_again() {
        let pace = Pace::new(1, None);
        drop(pace.turn(1).await);
        pace.turn(1).await.end(false);
    }
}
