//! Delays between attempts at one request, counted, jittered and interruptible.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder};
use tokio_util::sync::CancellationToken;

use super::Trouble;
use crate::clock::Clock;
use crate::config::Retry;
use crate::progress;

/// How long to wait before the next attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The schedule's own delay: exponential, jittered, capped.
    Backoff,
    /// What the server asked for.
    Server(Duration),
    /// The server is rate limiting and named no time.
    RateLimited,
}

/// How hard to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effort {
    /// As often as configured.
    Full,
    /// Just enough to tell a passing fault from a lasting one.
    Probe,
    /// A single attempt: somebody waits, and there will be others.
    Once,
}

const PROBE_ATTEMPTS: u32 = 2;

/// Why there is no further attempt.
#[derive(Debug)]
pub enum GaveUp {
    /// The attempts are used up.
    Exhausted {
        /// How many there were.
        attempts: u32,
        /// What the last one ended with.
        last: Trouble,
    },
    /// The program is stopping.
    Stopped,
}

/// The attempts at one request.
#[derive(Debug)]
pub struct Attempts {
    made: u32,
    max: u32,
    rate_limit_delay: Duration,
    backoff: ExponentialBackoff,
    clock: Clock,
    stop: CancellationToken,
}

impl Attempts {
    /// Begins with the first attempt under way.
    pub fn new(retry: &Retry, effort: Effort, stop: &CancellationToken) -> Self {
        progress::passed();
        Self {
            made: 1,
            max: match effort {
                Effort::Full => retry.attempts,
                Effort::Probe => retry.attempts.min(PROBE_ATTEMPTS),
                Effort::Once => 1,
            },
            rate_limit_delay: retry.rate_limit_delay,
            // Jitter spreads clients that were thrown off together; `backon` adds up to one
            // delay on top of each, so a delay lies between the nominal and twice that.
            backoff: ExponentialBuilder::default()
                .with_min_delay(retry.initial_delay)
                .with_max_delay(retry.max_delay)
                .without_max_times()
                .with_jitter()
                .build(),
            clock: Clock::real(),
            stop: stop.clone(),
        }
    }

    /// Waits by this clock, since the delays a server names are on it.
    #[must_use]
    pub fn by(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Attempts made, the one under way included.
    pub fn made(&self) -> u32 {
        self.made
    }

    /// Says that there is an answer, if that was in doubt. After a single failure it was not.
    pub fn answered(&self, what: &str) {
        if self.made > 2 {
            tracing::info!(
                request = what,
                attempts = self.made,
                "there is an answer again, after {} failed attempts to {what}",
                self.made - 1
            );
        }
    }

    /// Waits before the next attempt, saying why and for how long. `what` names the request, as in
    /// "could not …".
    ///
    /// # Errors
    /// When there is no next attempt.
    pub async fn pause(&mut self, wait: Wait, what: &str, trouble: Trouble) -> Result<(), GaveUp> {
        if self.made >= self.max {
            return Err(GaveUp::Exhausted {
                attempts: self.made,
                last: trouble,
            });
        }
        let own = self.backoff.next().unwrap_or_default();
        let delay = match wait {
            Wait::Backoff => own,
            Wait::Server(delay) => delay,
            Wait::RateLimited => self.rate_limit_delay,
        };
        tracing::warn!(
            request = what,
            status = trouble.http_status(),
            request_id = trouble.request_id(),
            attempt = self.made,
            attempts_max = self.max,
            wait_ms = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX),
            "could not {what}: {trouble}; waiting to try again"
        );
        progress::waits(delay);
        tokio::select! {
            // Nothing is lost on either side: the request that failed is over.
            () = self.stop.cancelled() => Err(GaveUp::Stopped),
            () = self.clock.sleep(delay) => {
                self.made += 1;
                progress::passed();
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;

    fn retry() -> Retry {
        Retry {
            attempts: 5,
            initial_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(4),
            rate_limit_delay: Duration::from_secs(60),
        }
    }

    fn attempts(stop: &CancellationToken) -> Attempts {
        Attempts::new(&retry(), Effort::Full, stop)
    }

    async fn pause(attempts: &mut Attempts, wait: Wait) -> Result<Duration, GaveUp> {
        let before = Instant::now();
        let trouble = Trouble::Unexpected("trouble".to_owned());
        attempts.pause(wait, "test", trouble).await?;
        Ok(before.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn delays_double_are_capped_and_end() {
        let mut attempts = attempts(&CancellationToken::new());
        for nominal_ms in [500, 1_000, 2_000, 4_000] {
            let waited = pause(&mut attempts, Wait::Backoff).await.expect("another");
            assert!(
                (nominal_ms..=2 * nominal_ms + 1).contains(&waited.as_millis()),
                "{waited:?} for {nominal_ms} ms"
            );
        }
        let end = pause(&mut attempts, Wait::Backoff).await;
        assert!(matches!(end, Err(GaveUp::Exhausted { attempts: 5, .. })));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_always_names_a_delay_is_not_asked_for_ever() {
        let mut attempts = attempts(&CancellationToken::new());
        let wait = Wait::Server(Duration::from_secs(1));
        let mut tries = 1;
        while pause(&mut attempts, wait).await.is_ok() {
            tries += 1;
        }
        assert_eq!(tries, 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_limit_without_a_time_waits_its_own_delay() {
        let mut attempts = attempts(&CancellationToken::new());
        let waited = pause(&mut attempts, Wait::RateLimited).await;
        assert_eq!(waited.expect("another").as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn stopping_ends_a_pause_at_once() {
        let stop = CancellationToken::new();
        stop.cancel();
        let end = pause(&mut attempts(&stop), Wait::RateLimited).await;
        assert!(matches!(end, Err(GaveUp::Stopped)));
    }
}
