//! Small plots over time, each with the same in words.

use std::fmt::{self, Display};

use crate::status::report::Sample;
use crate::status::words::{grouped, span};

/// Points of a plot: more cannot be told apart at its width, and a page of 85 streams stays small.
const POINTS: usize = 60;

const WIDTH: usize = 120;

const HEIGHT: u64 = 24;

/// How far behind a stream was.
pub(super) struct Lag<'a>(pub(super) &'a [Sample]);

/// What was delivered of it.
pub(super) struct Ingested<'a>(pub(super) &'a [Sample]);

impl Display for Lag<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let points: Vec<Option<u64>> = buckets(self.0)
            .map(|bucket| bucket.iter().filter_map(|sample| sample.lag_seconds).max())
            .collect();
        let known = points.iter().flatten();
        let (Some(least), Some(most)) = (known.clone().min(), known.max()) else {
            return Ok(());
        };
        let what = format!(
            "Lag over {}: between {} and {}",
            covered(self.0),
            span(*least),
            span(*most)
        );
        begin(f, "lag", &what)?;
        f.write_str("<path d=\"")?;
        let step = WIDTH as f64 / points.len().max(2).saturating_sub(1) as f64;
        let mut pen_down = false;
        for (place, point) in points.iter().enumerate() {
            if let Some(lag) = point {
                let command = if pen_down { 'L' } else { 'M' };
                let (x, y) = (place as f64 * step, height(*lag, *most));
                write!(f, "{command}{x:.0} {y:.1}")?;
            }
            pen_down = point.is_some();
        }
        f.write_str("\"/></svg>")
    }
}

impl Display for Ingested<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let points: Vec<u64> = buckets(self.0)
            .map(|bucket| bucket.iter().map(|sample| sample.ingested).sum())
            .collect();
        let most = points.iter().copied().max().unwrap_or(0);
        if points.len() < 2 {
            return Ok(());
        }
        let all: u64 = self.0.iter().map(|sample| sample.ingested).sum();
        let what = format!(
            "Delivered over {}: {} records",
            covered(self.0),
            grouped(all)
        );
        begin(f, "ingested", &what)?;
        f.write_str("<path d=\"")?;
        let step = WIDTH as f64 / points.len() as f64;
        for (place, count) in points.iter().enumerate().filter(|(_, count)| **count > 0) {
            let (x, y) = ((place as f64 + 0.5) * step, height(*count, most));
            write!(f, "M{x:.1} {HEIGHT}V{y:.1}")?;
        }
        f.write_str("\"/></svg>")
    }
}

fn begin(f: &mut fmt::Formatter<'_>, class: &str, what: &str) -> fmt::Result {
    write!(
        f,
        "<svg class=\"plot {class}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"{what}\"><title>{what}</title>"
    )
}

/// The samples, several together where there are more than points.
fn buckets(samples: &[Sample]) -> impl Iterator<Item = &[Sample]> {
    samples.chunks(samples.len().div_ceil(POINTS).max(1))
}

/// How far down a value is drawn, half a line's width from the edges.
fn height(value: u64, most: u64) -> f64 {
    let share = value as f64 / most.max(1) as f64;
    1.0 + (1.0 - share) * (HEIGHT as f64 - 2.0)
}

/// The time from the first sample to the last one.
fn covered(samples: &[Sample]) -> String {
    let ends = samples.first().zip(samples.last());
    let seconds = ends.map_or(0, |(first, last)| {
        last.at.duration_since(first.at).as_secs().unsigned_abs()
    });
    span(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::fixture::ago;

    fn samples(values: &[(Option<u64>, u64)]) -> Vec<Sample> {
        let sample = |(place, (lag_seconds, ingested)): (usize, &(Option<u64>, u64))| Sample {
            at: ago(60 * (values.len() - place) as i64),
            lag_seconds: *lag_seconds,
            ingested: *ingested,
        };
        values.iter().enumerate().map(sample).collect()
    }

    #[test]
    fn a_gap_lifts_the_pen_and_the_words_say_the_same() {
        let samples = samples(&[(Some(60), 0), (Some(120), 5), (None, 0), (Some(0), 1_000)]);
        let lag = Lag(&samples).to_string();
        assert!(
            lag.contains("Lag over 3 min: between 0 s and 2 min"),
            "{lag}"
        );
        assert!(lag.contains("d=\"M0 12.0L40 1.0M120 23.0\""), "{lag}");
        let ingested = Ingested(&samples).to_string();
        assert!(ingested.contains("Delivered over 3 min: 1,005 records"));
        assert!(
            ingested.contains("d=\"M45.0 24V22.9M105.0 24V1.0\""),
            "{ingested}"
        );
    }

    #[test]
    fn many_samples_are_few_points_and_none_are_no_plot() {
        let samples = samples(&[(Some(1), 1); 360]);
        assert_eq!(buckets(&samples).count(), POINTS);
        let sum: u64 = buckets(&samples).flatten().map(|one| one.ingested).sum();
        assert_eq!(sum, 360);
        assert_eq!(Lag(&[]).to_string() + &Ingested(&[]).to_string(), "");
    }
}
