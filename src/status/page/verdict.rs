//! The top of the page: is it working, and if not, why and what to do.

use std::fmt::{self, Display};

use super::cell::{Prose, When};
use super::escaped::Escaped;
use super::streams;
use crate::status::report::{Finding, Report, Severity};
use crate::status::verdict::{Level, conditions, verdict};

pub(super) struct Section<'a>(pub(super) &'a Report);

impl Display for Section<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0;
        let verdict = verdict(report);
        let (class, mark) = match verdict.level {
            Level::Well => ("well", "✓"),
            Level::Odd => ("odd", "△"),
            Level::Person => ("person", "✕"),
        };
        write!(
            f,
            "<section class=\"verdict {class}\" aria-labelledby=\"verdict\">\n<h1 id=\"verdict\"><span aria-hidden=\"true\">{mark}</span> {}</h1>\n",
            verdict.headline
        )?;
        writeln!(f, "<p>{}.</p>", Escaped(&verdict.detail))?;
        if !report.health.findings.is_empty() {
            f.write_str("<ul class=\"findings\">\n")?;
            for finding in &report.health.findings {
                self.finding(f, finding)?;
            }
            f.write_str("</ul>\n")?;
        }
        writeln!(
            f,
            "<p class=\"muted\">Streams: {}.</p>\n</section>",
            conditions(report)
        )
    }
}

impl Section<'_> {
    fn finding(&self, f: &mut fmt::Formatter<'_>, finding: &Finding) -> fmt::Result {
        let Finding {
            severity,
            stream,
            code,
            what,
            remedy,
            since,
        } = finding;
        let class = match severity {
            Severity::Error => "person",
            Severity::Warning => "odd",
        };
        write!(f, "<li class=\"{class}\"><p>")?;
        if let Some(name) = stream {
            let place = self.0.streams.iter().position(|one| one.name == *name);
            match place {
                Some(place) => write!(
                    f,
                    "<a href=\"#{}\">{}</a>: ",
                    streams::anchor(place),
                    Escaped(name)
                )?,
                None => write!(f, "{}: ", Escaped(name))?,
            }
        }
        write!(f, "<span class=\"said\">{}</span></p>", Prose(what))?;
        if !remedy.is_empty() {
            let remedy = Prose(remedy);
            write!(
                f,
                "<p class=\"remedy\"><b>To do:</b> <span class=\"said\">{remedy}</span></p>"
            )?;
        }
        if code.is_some() || since.is_some() {
            f.write_str("<p class=\"muted\">")?;
            if let Some(code) = code {
                write!(f, "<code>{}</code> ", Escaped(code))?;
            }
            if let Some(since) = since {
                write!(f, "began {}", When(*since, self.0.at))?;
            }
            f.write_str("</p>")?;
        }
        f.write_str("</li>\n")
    }
}
