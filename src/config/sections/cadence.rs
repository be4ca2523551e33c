//! When streams are due: `[schedule]`, and the same keys in a stream.

use std::time::Duration;

use crate::config::Cadence;
use crate::config::fault::{Problem, Read};
use crate::config::section::Section;
use crate::config::values::clock::{cron, timezone};
use crate::config::values::quantity::duration;

const EVERY_DEFAULT: Cadence = Cadence::Every(Duration::from_mins(5));
const SHORTEST: Duration = Duration::from_secs(1);

/// `[schedule]`: the cadence of streams that name none.
pub(super) fn schedule(section: &mut Section<'_>) -> Read<Cadence> {
    Ok(cadence(section)?.unwrap_or(EVERY_DEFAULT))
}

/// `every`, or `cron` with `timezone`, if the section names either.
pub(super) fn cadence(section: &mut Section<'_>) -> Read<Option<Cadence>> {
    section.let_override("every", &["cron", "timezone"]);
    section.let_override("cron", &["every"]);
    let cron_given = section.value("cron").is_some();
    if cron_given && section.value("every").is_some() {
        let what = "this contradicts `every`, which says when as well";
        section.refuse("cron", Problem::new(what, "keep one of the two"));
    } else if !cron_given && section.value("timezone").is_some() {
        let what = "this key belongs to `cron`, which is not given";
        section.refuse(
            "timezone",
            Problem::new(what, "leave it out, or write `cron`"),
        );
    }
    let every = section.optional("every", duration(SHORTEST));
    let cron = section.optional("cron", cron);
    let timezone = section.or("timezone", "UTC", timezone);
    let cron = match (cron?, timezone?) {
        (Some(expression), timezone) => Some(Cadence::Cron {
            expression,
            timezone,
        }),
        (None, _) => None,
    };
    Ok(cron.or(every?.map(Cadence::Every)))
}
