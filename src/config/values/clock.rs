//! Cron expressions, time zones and hours of the day, checked by the crates the scheduler itself
//! uses.

use chrono::Timelike as _;
use croner::Cron;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds};

use jiff::Timestamp;

use super::{Given, nearest};
use crate::config::fault::Problem;

/// Minutes of a day.
pub(in crate::config) const DAY: u32 = 24 * 60;

/// A time zone by its IANA name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Zone(chrono_tz::Tz);

impl Zone {
    /// The minute of the day that it is there, from 0.
    pub(in crate::config) fn minute_of_day(self, now: Timestamp) -> u32 {
        let now = chrono::DateTime::from_timestamp(now.as_second(), 0).unwrap_or_default();
        let there = now.with_timezone(&self.0);
        there.hour() * 60 + there.minute()
    }
}

impl Default for Zone {
    fn default() -> Self {
        Self(chrono_tz::UTC)
    }
}

/// Reads an expression of six fields, seconds first, as the scheduler crate would: a day must
/// match both its fields.
///
/// # Errors
/// The parser's reason.
pub fn parse_cron(expression: &str) -> Result<Cron, CronError> {
    CronParser::builder()
        .seconds(Seconds::Required)
        .dom_and_dow(true)
        .build()
        .parse(expression)
}

/// A cron expression of six fields, seconds first; of five, the seconds are 0.
pub(in crate::config) fn cron(given: &Given<'_>) -> Result<String, Problem> {
    let mut fields: Vec<&str> = given.text()?.split_whitespace().collect();
    if fields.len() == 5 {
        fields.insert(0, "0");
    }
    let problem = |reason: &str| {
        Problem::new(
            format!("{} is not a cron expression: {reason}", given.quoted()),
            r#"write six fields, seconds first, like "0 */15 * * * *" for every quarter of an hour"#,
        )
    };
    // The parser also knows nicknames and years, which the scheduler's other halves do not.
    if fields.len() != 6 {
        return Err(problem(&format!(
            "six fields are wanted, not {}",
            fields.len()
        )));
    }
    let expression = fields.join(" ");
    match parse_cron(&expression) {
        Ok(cron)
            if cron
                .find_next_occurrence(&chrono::DateTime::UNIX_EPOCH, false)
                .is_err() =>
        {
            Err(problem("there is no such day"))
        }
        Ok(_) => Ok(expression),
        Err(error) => Err(problem(error.to_string().trim_end_matches('.'))),
    }
}

/// The name of a time zone.
pub(in crate::config) fn timezone(given: &Given<'_>) -> Result<String, Problem> {
    let name = given.text()?;
    match name.parse::<chrono_tz::Tz>() {
        Ok(zone) => Ok(zone.name().to_owned()),
        Err(_) => {
            let zones = chrono_tz::TZ_VARIANTS.map(|zone| zone.name());
            Err(Problem::new(
                format!("{} is not a time zone", given.quoted()),
                match nearest(name, &zones) {
                    Some(zone) => format!("write \"{zone}\""),
                    None => r#"write an IANA name, like "Europe/Berlin" or "UTC""#.to_owned(),
                },
            ))
        }
    }
}

/// A time zone that is known by its name.
pub(in crate::config) fn zone(given: &Given<'_>) -> Result<Zone, Problem> {
    let zone = timezone(given)?.parse().map(Zone);
    zone.map_err(|_| Problem::new("this is not a time zone", "write an IANA name"))
}

/// An hour of the day, `08:00`; its minute of the day. `24:00` is the end of the day.
pub(in crate::config) fn hour(given: &Given<'_>) -> Result<u32, Problem> {
    let parse = |text: &str| {
        let (hours, minutes) = text.split_once(':')?;
        let is_two_digits =
            |part: &str| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit());
        if !is_two_digits(hours) || !is_two_digits(minutes) {
            return None;
        }
        let (hours, minutes) = (hours.parse::<u32>().ok()?, minutes.parse::<u32>().ok()?);
        let minute = hours * 60 + minutes;
        (minutes < 60 && minute <= DAY).then_some(minute)
    };
    parse(given.text()?).ok_or_else(|| {
        Problem::new(
            format!("{} is not an hour of the day", given.quoted()),
            r#"write hours and minutes, like "08:00" or "18:30""#,
        )
    })
}
