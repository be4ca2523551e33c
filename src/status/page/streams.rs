//! The table of streams.

use std::fmt::{self, Display};

use super::cell::{Cell, Prose, TABLE_END, TableHead, When};
use super::escaped::Escaped;
use super::plot::{Ingested, Lag};
use crate::checkpoint::SyncReport;
use crate::status::judge;
use crate::status::report::{Condition, Report, Source, Stream};
use crate::status::words::{grouped, span};

pub(super) struct Section<'a>(pub(super) &'a Report);

/// The anchor of a stream by its place: names are not ours.
pub(super) fn anchor(place: usize) -> String {
    format!("stream-{}", place + 1)
}

impl Display for Section<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.0;
        f.write_str("<section aria-labelledby=\"streams\">\n<h2 id=\"streams\">Streams</h2>\n")?;
        let caption = match report.source {
            Source::Daemon => {
                "Every stream, how far behind it is, and what was delivered of it since the daemon started. Plots show the last hours, at most six."
            }
            Source::StateDirectory => "Every stream, as the state directory has it.",
        };
        let columns = [
            "Stream",
            "Condition",
            "Lag",
            "Delivered",
            "Last sync",
            "Next",
        ];
        write!(f, "{}", TableHead(caption, &columns))?;
        for (place, stream) in report.streams.iter().enumerate() {
            write!(
                f,
                "{}",
                Row {
                    report,
                    stream,
                    place
                }
            )?;
        }
        writeln!(f, "{TABLE_END}</section>")
    }
}

struct Row<'a> {
    report: &'a Report,
    stream: &'a Stream,
    place: usize,
}

impl Display for Row<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            report,
            stream,
            place,
        } = *self;
        let now = report.at;
        write!(
            f,
            "<tr role=\"row\" id=\"{}\"><th role=\"rowheader\" scope=\"row\">{}",
            anchor(place),
            Escaped(&stream.name)
        )?;
        if let Some(root) = &stream.read_with {
            write!(f, "<small>read with {}</small>", Escaped(root))?;
        }
        write!(f, "</th>{}", Cell("Condition", Mood(stream)))?;
        let lag = match stream.lag_seconds {
            Some(lag) => format!("{}{}", span(lag), Lag(&stream.samples)),
            None => "nothing read yet".to_owned(),
        };
        write!(f, "{}", Cell("Lag", lag))?;
        let delivered = match stream.totals {
            Some(totals) => {
                let failed = match totals.failed {
                    0 => String::new(),
                    n => format!("<small>{} refused</small>", grouped(n)),
                };
                let (ingested, plot) = (grouped(totals.ingested), Ingested(&stream.samples));
                format!("{ingested}{failed}{plot}")
            }
            None => "–".to_owned(),
        };
        write!(f, "{}", Cell("Delivered", delivered))?;
        let last = match &stream.last_sync {
            Some(sync) => LastSync(sync, When(sync.finished_at, now)).to_string(),
            None => "none ended yet".to_owned(),
        };
        write!(f, "{}", Cell("Last sync", last))?;
        writeln!(f, "{}</tr>", Cell("Next", Next(report, stream)))
    }
}

/// The condition, in colour and in words.
struct Mood<'a>(&'a Stream);

impl Display for Mood<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(stream) = self;
        let (class, mark) = match stream.condition {
            Condition::Paused => ("person", "✕"),
            Condition::Failing | Condition::Late => ("odd", "△"),
            Condition::Starting | Condition::BackFilling => ("busy", "…"),
            Condition::Fresh | Condition::Finished => ("well", "✓"),
        };
        write!(
            f,
            "<span class=\"badge {class}\"><span aria-hidden=\"true\">{mark}</span> {}</span>",
            stream.condition.word()
        )?;
        if let Some(notice) = &stream.notice {
            write!(f, "<small class=\"said\">{}</small>", Prose(notice))?;
        }
        Ok(())
    }
}

struct LastSync<'a>(&'a SyncReport, When);

impl Display for LastSync<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(sync, ended) = self;
        if judge::has_failed(sync) {
            write!(f, "{ended}: <code>{}</code>", Escaped(&sync.outcome))?;
        } else {
            write!(f, "{ended}: {}", Escaped(&sync.outcome))?;
        }
        let counts = &sync.counts;
        write!(f, "<small>{} received", grouped(counts.received))?;
        for (count, word) in [
            (counts.ingested, "ingested"),
            (counts.skipped, "skipped"),
            (counts.failed, "failed"),
        ] {
            if count > 0 {
                write!(f, ", {} {word}", grouped(count))?;
            }
        }
        f.write_str("</small>")
    }
}

struct Next<'a>(&'a Report, &'a Stream);

impl Display for Next<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(report, stream) = self;
        match (stream.running, stream.next_sync_at) {
            (true, _) => f.write_str("running"),
            (false, Some(next)) => write!(f, "{}", When(next, report.at)),
            (false, None) => f.write_str("–"),
        }?;
        match stream.every_seconds {
            Some(every) => write!(f, "<small>every {}</small>", span(every)),
            None => Ok(()),
        }
    }
}
