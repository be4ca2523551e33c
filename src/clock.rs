//! Time, as the Zendesk side and its simulator tell it: real, or compressed for benches and tests.
//!
//! A back-fill of a large account takes hours, nearly all of it waiting for the next minute. On a
//! compressed clock both ends wait a fraction of that, and every rule about minutes is tried as it
//! stands. What measures work rather than waiting (timeouts, back-off) stays on real time.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

/// A clock; copies of it tell the same time.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    begin: Instant,
    /// Wall-clock time at `begin`; `None` for the real clock, which follows the system's.
    compressed_from: Option<Timestamp>,
    factor: u32,
}

impl Default for Clock {
    fn default() -> Self {
        Self::real()
    }
}

impl Clock {
    /// The system's clock.
    pub fn real() -> Self {
        Self {
            begin: Instant::now(),
            compressed_from: None,
            factor: 1,
        }
    }

    /// Begins at the present time and runs `factor` times faster.
    pub fn scaled(factor: u32) -> Self {
        Self {
            begin: Instant::now(),
            compressed_from: Some(Timestamp::now()),
            factor: factor.max(1),
        }
    }

    /// The time of day.
    pub fn now(&self) -> Timestamp {
        match self.compressed_from {
            None => Timestamp::now(),
            Some(begin) => begin.saturating_add(self.elapsed()).unwrap_or(begin),
        }
    }

    /// Time since this clock was made. Never goes back, whatever is done to the time of day.
    pub fn elapsed(&self) -> Duration {
        self.begin.elapsed() * self.factor
    }

    /// Waits until so much time has passed on this clock.
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration / self.factor).await;
    }

    /// Whether this is the system's clock.
    pub fn is_real(&self) -> bool {
        self.compressed_from.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_compressed_minute_takes_a_second() {
        let clock = Clock::scaled(60);
        let (begin, real) = (clock.now(), Instant::now());
        clock.sleep(Duration::from_secs(60)).await;
        assert!(real.elapsed() <= Duration::from_millis(1_001));
        let told = clock.now().duration_since(begin).as_secs();
        assert!((59..=61).contains(&told), "{told}");
        assert_eq!(clock.elapsed().as_secs(), 60);
    }
}
