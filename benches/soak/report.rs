//! What was seen, as a table.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use crate::HOUR;
use crate::churn::Count;

const BEGIN: &str = "<!-- soak: begin -->";
const END: &str = "<!-- soak: end -->";

const DAY: Duration = Duration::from_secs(24 * HOUR.as_secs());

/// Memory at a moment.
#[derive(Clone, Copy)]
pub struct Look {
    at: Duration,
    /// In kilobytes, of the whole process.
    resident: u64,
    /// Of that, what is not mapped from a file.
    anonymous: u64,
}

impl Look {
    /// Of a process, now.
    pub fn at(process: u32, at: Duration) -> Self {
        let status = std::fs::read_to_string(format!("/proc/{process}/status"));
        let status = status.expect("the daemon lives");
        let of = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let number = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
            number.expect("a number")
        };
        Self {
            at,
            resident: of("VmRSS:"),
            anonymous: of("RssAnon:"),
        }
    }
}

/// A table of days.
pub struct Report {
    hours: u32,
    factor: u32,
    looks: Vec<Look>,
    /// At the beginning and at the end of each day.
    counts: Vec<Count>,
}

impl Report {
    pub fn new(hours: u32, factor: u32, looks: Vec<Look>, counts: Vec<Count>) -> Self {
        Self {
            hours,
            factor,
            looks,
            counts,
        }
    }

    /// Puts the table into the document.
    pub fn write(&self) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/benchmarks.md");
        let text = std::fs::read_to_string(&path).expect("the document");
        let (before, rest) = text.split_once(BEGIN).expect("a place for the table");
        let (_, after) = rest.split_once(END).expect("the end of that place");
        let text = format!("{before}{BEGIN}\n\n{self}\n{END}{after}");
        std::fs::write(&path, text).expect("the document");
    }

    fn between(&self, from: Duration, to: Duration, what: fn(&Look) -> u64) -> Vec<u64> {
        let looks = self.looks.iter();
        let looks = looks.filter(|look| (from..to).contains(&look.at));
        let mut values: Vec<u64> = looks.map(what).collect();
        values.sort_unstable();
        values
    }
}

fn median(sorted: &[u64]) -> f64 {
    sorted
        .get(sorted.len() / 2)
        .map_or(f64::NAN, |kilobytes| *kilobytes as f64)
}

fn mebibytes(kilobytes: f64) -> f64 {
    kilobytes / 1024.0
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} hours on a clock that runs {} times faster.\n",
            self.hours, self.factor
        )?;
        writeln!(
            f,
            "| day | RSS MiB, median | lowest | highest | anonymous, median | changes | requests | accepted | refused |"
        )?;
        writeln!(f, "| --- | --: | --: | --: | --: | --: | --: | --: | --: |")?;
        let end = HOUR * self.hours;
        for (index, counts) in self.counts.windows(2).enumerate() {
            let from = DAY * u32::try_from(index).unwrap_or(u32::MAX);
            if from >= end {
                // A moment of the next day.
                break;
            }
            let resident = self.between(from, from + DAY, |look| look.resident);
            let anonymous = self.between(from, from + DAY, |look| look.anonymous);
            let (Some(lowest), Some(highest)) = (resident.first(), resident.last()) else {
                continue;
            };
            let [before, after] = [counts[0], counts[1]];
            writeln!(
                f,
                "| {} | {:.1} | {:.1} | {:.1} | {:.1} | {} | {} | {} | {} |",
                index + 1,
                mebibytes(median(&resident)),
                mebibytes(*lowest as f64),
                mebibytes(*highest as f64),
                mebibytes(median(&anonymous)),
                after.changes - before.changes,
                after.requests - before.requests,
                after.accepted - before.accepted,
                after.refused - before.refused,
            )?;
        }
        let warm = DAY.min(end / 2);
        let first = median(&self.between(warm, warm + HOUR, |look| look.resident));
        let last = median(&self.between(end - HOUR, end, |look| look.resident));
        writeln!(
            f,
            "\nHour {} {:.2} MiB, last hour {:.2} MiB: {:+.1} %.",
            warm.as_secs() / HOUR.as_secs() + 1,
            mebibytes(first),
            mebibytes(last),
            (last / first - 1.0) * 100.0
        )
    }
}
