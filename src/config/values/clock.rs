//! Cron expressions and time zones, checked by the crates the scheduler itself uses.

use croner::Cron;
use croner::errors::CronError;
use croner::parser::{CronParser, Seconds};

use super::{Given, nearest};
use crate::config::fault::Problem;

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
