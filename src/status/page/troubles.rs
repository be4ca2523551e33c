//! What went wrong: failures of whole syncs, and refused records.

use std::fmt::{self, Display};

use super::cell::{Cell, Prose, TABLE_END, TableHead, When};
use super::escaped::Escaped;
use crate::status::report::Report;
use crate::status::words::{grouped, size};

/// What failed lately.
pub(super) struct Failures<'a>(pub(super) &'a Report);

impl Display for Failures<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0;
        f.write_str(
            "<section aria-labelledby=\"failures\">\n<h2 id=\"failures\">Recent failures</h2>\n",
        )?;
        if report.failures.is_empty() {
            let text = match report.started_at {
                Some(since) => {
                    format!("None since the daemon started, {}.", When(since, report.at))
                }
                None => "Only a running daemon remembers them; its log has them all.".to_owned(),
            };
            return writeln!(f, "<p class=\"card\">{text}</p>\n</section>");
        }
        let caption = "What went wrong since the daemon started, the latest first. Nothing of it is lost: the next sync begins where the last one ended.";
        let columns = ["When", "Stream", "What happened", "What to do"];
        write!(f, "{}", TableHead(caption, &columns))?;
        for failure in &report.failures {
            let when = match failure.times {
                0 | 1 => When(failure.at, report.at).to_string(),
                times => format!(
                    "{}<small>{} times since {}</small>",
                    When(failure.at, report.at),
                    grouped(times),
                    When(failure.since, report.at)
                ),
            };
            let stream = failure.stream.as_deref().unwrap_or("–");
            let (code, what) = (Escaped(&failure.code), Prose(&failure.what));
            let what = format!("<code>{code}</code> <span class=\"said\">{what}</span>");
            let remedy = match &*failure.remedy {
                "" => "–".to_owned(),
                remedy => format!("<span class=\"said\">{}</span>", Prose(remedy)),
            };
            writeln!(
                f,
                "<tr role=\"row\">{}{}{}{}</tr>",
                Cell("When", when),
                Cell("Stream", Escaped(stream)),
                Cell("What happened", what),
                Cell("What to do", remedy),
            )?;
        }
        writeln!(f, "{TABLE_END}</section>")
    }
}

/// Refused records.
pub(super) struct DeadLetters<'a>(pub(super) &'a Report);

impl Display for DeadLetters<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let store = &self.0.dead_letters;
        f.write_str("<section aria-labelledby=\"dead-letters\">\n<h2 id=\"dead-letters\">Dead letters</h2>\n")?;
        if store.letters == 0 {
            return f.write_str("<p class=\"card\">None: no record was refused.</p>\n</section>\n");
        }
        let caption = format!(
            "Refused records, kept until a person decides: {} in all, {} of {} on disk. <code>zendesk-aep dead-letters list</code> shows each.",
            grouped(store.letters),
            size(store.bytes),
            size(store.bytes_max),
        );
        let columns = ["Stream", "Reason", "Letters", "Superseded"];
        write!(f, "{}", TableHead(&caption, &columns))?;
        for group in &store.groups {
            writeln!(
                f,
                "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">{}</th>{}{}{}</tr>",
                Escaped(&group.stream),
                Cell("Reason", Escaped(&group.reason)),
                Cell("Letters", grouped(group.letters)),
                Cell("Superseded", grouped(group.superseded)),
            )?;
        }
        writeln!(f, "{TABLE_END}</section>")
    }
}
