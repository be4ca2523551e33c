//! The one sentence that page and command begin with: whether all is well and, if not, why and
//! what to do.

use super::report::{Condition, Finding, Report, Severity, Source, Stream};
use super::words::{grouped, span};

/// Whether all is well.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict<'a> {
    /// How bad it is.
    pub level: Level,
    /// It in a few words.
    pub headline: &'static str,
    /// What there is to say where nothing is wrong.
    pub detail: String,
    /// The worst of what is wrong.
    pub cause: Option<&'a Finding>,
    /// How much else is.
    pub others: usize,
}

/// How bad it is, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing is wrong.
    Well,
    /// Something is odd, or not ready yet.
    Odd,
    /// A person must come.
    Person,
}

/// What a report comes to.
pub fn verdict(report: &Report) -> Verdict<'_> {
    let findings = &report.health.findings;
    let cause = findings.first();
    let (level, headline) = match cause.map(|finding| finding.severity) {
        Some(Severity::Error) => (Level::Person, "Somebody is needed"),
        Some(Severity::Warning) if report.health.ready => {
            (Level::Odd, "Data flows, but there is something to look at")
        }
        Some(Severity::Warning) => (Level::Odd, "Not ready yet"),
        None if report.health.ready => (Level::Well, "All is well"),
        None => (Level::Odd, "Not ready yet"),
    };
    Verdict {
        level,
        headline,
        detail: detail(report),
        cause,
        others: findings.len().saturating_sub(1),
    }
}

/// How many streams there are, and how far behind.
fn detail(report: &Report) -> String {
    let streams = count(&report.streams);
    let Some((lag, _)) = furthest_behind(&report.streams) else {
        return format!("{streams}; nothing was delivered yet");
    };
    let lag = span(lag);
    match report.source {
        Source::Daemon => format!("{streams}; the one furthest behind is {lag} behind"),
        Source::StateDirectory => {
            format!("{streams}; the one furthest behind was delivered up to {lag} ago")
        }
    }
}

/// How many streams there are.
pub(super) fn count(streams: &[Stream]) -> String {
    match streams.len() {
        1 => "1 stream".to_owned(),
        n => format!("{} streams", grouped(n as u64)),
    }
}

/// The lag of the stream that is furthest behind, and its name. One that has come to its `end` is
/// not behind, and one that is read with another is as far as that one.
pub(super) fn furthest_behind(streams: &[Stream]) -> Option<(u64, &str)> {
    streams
        .iter()
        .filter(|stream| stream.read_with.is_none() && stream.condition != Condition::Finished)
        .filter_map(|stream| Some((stream.lag_seconds?, &*stream.name)))
        .max_by_key(|(lag, _)| *lag)
}

/// How many streams are in each condition, the worst first, as in `1 paused, 84 fresh`.
pub fn conditions(report: &Report) -> String {
    let mut all: Vec<Condition> = report.streams.iter().map(|one| one.condition).collect();
    all.sort_unstable();
    let counts: Vec<String> = all
        .chunk_by(|one, other| one == other)
        .filter_map(|same| Some(format!("{} {}", same.len(), same.first()?.word())))
        .collect();
    counts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::fixture;

    #[test]
    fn the_worst_finding_makes_the_sentence() {
        let check = |report: &Report, level, headline: &str| {
            let verdict = verdict(report);
            assert_eq!((verdict.level, verdict.headline), (level, headline));
        };
        let mut report = fixture::healthy();
        check(&report, Level::Well, "All is well");
        assert_eq!(
            verdict(&report).detail,
            "4 streams; the one furthest behind is 10 min behind"
        );
        report.health.ready = false;
        check(&report, Level::Odd, "Not ready yet");
        check(&fixture::starting(), Level::Odd, "Not ready yet");
        check(
            &fixture::odd(),
            Level::Odd,
            "Data flows, but there is something to look at",
        );
        let paused = fixture::paused();
        check(&paused, Level::Person, "Somebody is needed");
        let cause = verdict(&paused).cause.expect("a cause");
        assert_eq!(cause.code.as_deref(), Some("ZENDESK-FORBIDDEN"));
    }

    #[test]
    fn streams_are_counted_by_condition_the_worst_first() {
        assert_eq!(conditions(&fixture::healthy()), "4 fresh");
        assert_eq!(conditions(&fixture::paused()), "1 paused, 3 fresh");
    }
}
