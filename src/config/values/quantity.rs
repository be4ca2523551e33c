//! Numbers with a unit: durations and sizes.

use std::ops::RangeInclusive;
use std::time::Duration;

use ::config::ValueKind;

use super::{Given, alternatives};
use crate::config::fault::Problem;
use crate::limits;

/// The units of time, in milliseconds.
const TIME: [(&str, u64); 5] = [
    ("ms", 1),
    ("s", 1_000),
    ("m", 60 * 1_000),
    ("h", 60 * 60 * 1_000),
    ("d", 24 * 60 * 60 * 1_000),
];

/// The units of size, in bytes.
const SIZE: [(&str, u64); 7] = [
    ("B", 1),
    ("kB", 1_000),
    ("MB", 1_000_000),
    ("GB", 1_000_000_000),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
];

/// A duration of at least `min`.
pub(in crate::config) fn duration(
    min: Duration,
) -> impl FnOnce(&Given<'_>) -> Result<Duration, Problem> {
    move |given| {
        let kind = Kind {
            name: "duration",
            units: &TIME,
            usual: "s",
            example: r#"write a number with a unit, like "90s", "5m" or "1h""#,
        };
        let duration = kind.parse(given)?.map(Duration::from_millis);
        match duration {
            Some(duration) if duration < min => Err(Problem::new(
                format!("{} is too short", given.quoted()),
                format!("write \"{min:?}\" or more"),
            )),
            Some(duration) if duration <= limits::CONFIGURED_DURATION_MAX => Ok(duration),
            _ => Err(Problem::new(
                format!("{} is too long", given.quoted()),
                "write a year or less",
            )),
        }
    }
}

/// A size within `range`, in bytes.
pub(in crate::config) fn size(
    range: RangeInclusive<u64>,
) -> impl FnOnce(&Given<'_>) -> Result<u64, Problem> {
    move |given| {
        let kind = Kind {
            name: "size",
            units: &SIZE,
            usual: "B",
            example: r#"write a number with a unit, like "950kB", "1MB" or "64MiB""#,
        };
        kind.parse(given)?
            .filter(|bytes| range.contains(bytes))
            .ok_or_else(|| {
                let (min, max) = range.into_inner();
                Problem::new(
                    format!("{} is out of range", given.quoted()),
                    match max {
                        u64::MAX => format!("write \"{min}B\" or more"),
                        max => format!("write a size from \"{min}B\" to \"{max}B\""),
                    },
                )
            })
    }
}

/// A kind of quantity.
struct Kind {
    name: &'static str,
    units: &'static [(&'static str, u64)],
    /// The unit to suggest for a bare number.
    usual: &'static str,
    example: &'static str,
}

impl Kind {
    /// The quantity in its smallest unit; `None` if that is beyond 64 bits.
    fn parse(&self, given: &Given<'_>) -> Result<Option<u64>, Problem> {
        let text = match given.kind {
            ValueKind::String(text) => text.as_str(),
            ValueKind::I128(number) => return Err(self.unit_missing(given, &number.to_string())),
            _ => {
                let what = format!("{} is not a {}", given.described(), self.name);
                return Err(Problem::new(what, self.example));
            }
        };
        let digits = text
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(digits);
        if number.is_empty() {
            let what = format!("{} is not a {}", given.quoted(), self.name);
            return Err(Problem::new(what, self.example));
        }
        if unit.is_empty() {
            return Err(self.unit_missing(given, number));
        }
        let Some((_, factor)) = self.units.iter().find(|(name, _)| *name == unit) else {
            let units: Vec<&str> = self.units.iter().map(|(name, _)| *name).collect();
            return Err(Problem::new(
                format!("{} is not a {}", given.quoted(), self.name),
                format!(
                    "{}; the units are {}",
                    self.example,
                    alternatives(&units, "and")
                ),
            ));
        };
        // Only digits are left, so a failure to parse is a number beyond 64 bits.
        let number = number.parse::<u64>().ok();
        Ok(number.and_then(|number| number.checked_mul(*factor)))
    }

    fn unit_missing(&self, given: &Given<'_>, number: &str) -> Problem {
        Problem::new(
            format!("{} has no unit", given.quoted()),
            format!("write it with one, like \"{number}{}\"", self.usual),
        )
    }
}
