//! History on its way.

use std::fmt::{self, Display};

use super::cell::{Cell, TABLE_END, TableHead, When};
use super::escaped::Escaped;
use crate::status::report::{BackFill, Report};
use crate::status::words::{grouped, span};

pub(super) struct Section<'a>(pub(super) &'a Report);

impl Display for Section<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0;
        if report.streams.iter().all(|one| one.back_fill.is_none()) {
            return Ok(());
        }
        f.write_str(
            "<section aria-labelledby=\"back-fill\">\n<h2 id=\"back-fill\">Back-fill</h2>\n",
        )?;
        let caption = "History that is still to be read, besides the live changes. How long it takes is a guess by the time span read so far.";
        let columns = ["Stream", "Read", "Records", "Read to", "Time left"];
        write!(f, "{}", TableHead(caption, &columns))?;
        for stream in &report.streams {
            let Some(back_fill) = &stream.back_fill else {
                continue;
            };
            write!(
                f,
                "<tr role=\"row\"><th role=\"rowheader\" scope=\"row\">{}</th>{}{}",
                Escaped(&stream.name),
                Cell("Read", Progress(back_fill)),
                Cell("Records", grouped(back_fill.records)),
            )?;
            let until = day(back_fill.until);
            let read_to = match back_fill.read_to {
                Some(time) => format!("{} <small>of {until}</small>", day(time)),
                None => format!("not begun <small>until {until}</small>"),
            };
            let left = match back_fill.seconds_left {
                Some(left) => {
                    let end = report
                        .at
                        .checked_add(jiff::SignedDuration::from_secs(
                            i64::try_from(left).unwrap_or(i64::MAX),
                        ))
                        .ok()
                        .map(|end| {
                            format!("<small>until {}</small>", When(end, report.at).exact())
                        });
                    format!("about {}{}", span(left), end.unwrap_or_default())
                }
                None => "not known yet".to_owned(),
            };
            writeln!(
                f,
                "{}{}</tr>",
                Cell("Read to", read_to),
                Cell("Time left", left)
            )?;
        }
        writeln!(f, "{TABLE_END}</section>")
    }
}

/// A day is exact enough for history.
fn day(time: jiff::Timestamp) -> String {
    let text = time.strftime("%Y-%m-%d");
    format!("<time datetime=\"{time:.0}\" title=\"{time:.0}\">{text}</time>")
}

struct Progress<'a>(&'a BackFill);

impl Display for Progress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.percent {
            Some(percent) => write!(
                f,
                "{percent} %<svg class=\"bar\" viewBox=\"0 0 100 4\" preserveAspectRatio=\"none\" aria-hidden=\"true\"><rect class=\"used\" width=\"{percent}\" height=\"4\"/></svg>"
            ),
            None => f.write_str("begins"),
        }
    }
}
