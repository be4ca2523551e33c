//! How long things took, counted in a few bounds.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds in seconds: from an answer at once to a sync that takes hours. Each is about three
/// times the one before, which tells quick from slow and costs a dozen numbers.
const BOUNDS: [f64; 12] = [
    0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0, 3_600.0, 14_400.0,
];

/// Durations as they come in.
#[derive(Debug, Default)]
pub struct Durations {
    // The last one is for what is above every bound.
    counts: [AtomicU64; BOUNDS.len() + 1],
    sum_micros: AtomicU64,
}

/// Durations at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// All of them together, in seconds.
    pub sum_seconds: f64,
    /// How many.
    pub count: u64,
    /// Upper bounds in seconds, the last one infinite, each with the number of durations above the
    /// bound before it and not above this one.
    pub buckets: Vec<(f64, u64)>,
}

impl Durations {
    /// Counts one.
    pub fn add(&self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let place = BOUNDS.iter().take_while(|bound| seconds > **bound).count();
        self.counts[place].fetch_add(1, Ordering::Relaxed);
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.sum_micros.fetch_add(micros, Ordering::Relaxed);
    }

    /// What has come in so far.
    pub fn histogram(&self) -> Histogram {
        let bounds = BOUNDS.into_iter().chain([f64::INFINITY]);
        let counts = self
            .counts
            .iter()
            .map(|count| count.load(Ordering::Relaxed));
        let buckets: Vec<(f64, u64)> = bounds.zip(counts).collect();
        Histogram {
            sum_seconds: self.sum_micros.load(Ordering::Relaxed) as f64 / 1e6,
            count: buckets.iter().map(|(_, count)| count).sum(),
            buckets,
        }
    }
}
