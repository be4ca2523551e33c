//! How streams went over the last hours, for small plots.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::Timestamp;

use super::report::Sample;
use crate::limits;

/// A few hours of every stream.
#[derive(Debug, Default)]
pub(super) struct Samples(BTreeMap<Arc<str>, OfStream>);

#[derive(Debug, Default)]
struct OfStream {
    samples: VecDeque<Sample>,
    ingested: u64,
}

impl Samples {
    /// Adds a point for a stream: its lag, and what was ingested of it since the start.
    pub(super) fn add(
        &mut self,
        stream: &str,
        at: Timestamp,
        lag_seconds: Option<u64>,
        ingested: u64,
    ) {
        let of_stream = self.0.entry(stream.into()).or_default();
        if of_stream.samples.len() >= limits::SAMPLES_KEPT {
            of_stream.samples.pop_front();
        }
        of_stream.samples.push_back(Sample {
            at,
            lag_seconds,
            ingested: ingested.saturating_sub(of_stream.ingested),
        });
        of_stream.ingested = ingested;
    }

    /// The points of a stream, oldest first.
    pub(super) fn of(&self, stream: &str) -> Vec<Sample> {
        let of_stream = self.0.get(stream);
        of_stream.map_or_else(Vec::new, |one| one.samples.iter().copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_differences_and_the_oldest_go() {
        let mut samples = Samples::default();
        for number in 0..=limits::SAMPLES_KEPT as u64 {
            let at = Timestamp::from_second(60 * number as i64).expect("in range");
            samples.add("users", at, Some(number), 10 * number);
        }
        let kept = samples.of("users");
        assert_eq!(kept.len(), limits::SAMPLES_KEPT);
        assert_eq!((kept[0].lag_seconds, kept[0].ingested), (Some(1), 10));
        assert_eq!(samples.of("tickets"), []);
    }
}
