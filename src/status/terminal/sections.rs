//! The parts of the text, each as lines; nothing where there is nothing to say.

use super::columns::{cell, cut, printable, wrapped};
use super::{Colour, Paint, WIDTH};
use crate::status::report::{Condition, Finding, Report, Severity, Stream};
use crate::status::verdict::{self, Level};
use crate::status::words::{grouped, relative, size, span};

/// Failures shown; the page has all that are remembered.
const FAILURES: usize = 5;

/// Cells of a bar.
const BAR: u64 = 16;

pub(super) fn verdict(report: &Report, paint: Paint) -> Vec<String> {
    let verdict = verdict::verdict(report);
    let (mark, colour) = match verdict.level {
        Level::Well => ("✓", Colour::Well),
        Level::Odd => ("△", Colour::Odd),
        Level::Person => ("✕", Colour::Person),
    };
    let mut lines = vec![
        paint.as_(colour, &format!("{mark} {}", verdict.headline)),
        cut(
            &format!("  {}: {}", printable(&report.account), verdict.detail),
            WIDTH,
        ),
    ];
    for finding in &report.health.findings {
        lines.extend(self::finding(report, finding, paint));
    }
    lines
}

fn finding(report: &Report, finding: &Finding, paint: Paint) -> Vec<String> {
    let (mark, colour) = match finding.severity {
        Severity::Error => ("  ✕ ", Colour::Person),
        Severity::Warning => ("  △ ", Colour::Odd),
    };
    let about = [&finding.stream, &finding.code].map(|it| it.as_deref());
    let about: Vec<&str> = about.into_iter().flatten().collect();
    let mut what = match about[..] {
        [] => finding.what.clone(),
        [..] => format!("{}: {}", about.join(" "), finding.what),
    };
    if let Some(since) = finding.since {
        what.push_str(&format!(" (began {})", relative(since, report.at)));
    }
    let what = wrapped(mark, &printable(&what), WIDTH);
    let mut lines: Vec<String> = what.iter().map(|line| paint.as_(colour, line)).collect();
    if !finding.remedy.is_empty() {
        lines.extend(wrapped("    → ", &printable(&finding.remedy), WIDTH));
    }
    lines
}

pub(super) fn streams(
    report: &Report,
    paint: Paint,
    is_shown: &dyn Fn(&Stream) -> bool,
) -> Vec<String> {
    let shown: Vec<&Stream> = report.streams.iter().filter(|one| is_shown(one)).collect();
    let mut lines = vec![String::new()];
    if shown.is_empty() {
        return lines;
    }
    let head = row("STREAM", "CONDITION", "LAG", "DELIVERED", "LAST SYNC");
    lines.push(paint.as_(Colour::Quiet, &head.concat()));
    for stream in shown {
        let lag = stream.lag_seconds.map_or_else(|| "–".to_owned(), span);
        let totals = stream.totals;
        let delivered = totals.map_or_else(|| "–".to_owned(), |one| grouped(one.ingested));
        let last = match &stream.last_sync {
            _ if stream.running => "running".to_owned(),
            Some(sync) => relative(sync.finished_at, report.at),
            None => "none yet".to_owned(),
        };
        let colour = match stream.condition {
            Condition::Paused => Colour::Person,
            Condition::Failing | Condition::Late => Colour::Odd,
            Condition::Starting | Condition::BackFilling => Colour::Quiet,
            Condition::Fresh | Condition::Finished => Colour::Well,
        };
        let name = printable(&stream.name);
        let condition = stream.condition.word();
        let [name, condition, rest @ ..] = row(&name, condition, &lag, &delivered, &last);
        let condition = paint.as_(colour, &condition);
        lines.push(format!("{name}{condition}{}", rest.concat()));
    }
    lines
}

/// A line of the table: 80 columns, the last one not padded.
fn row(name: &str, condition: &str, lag: &str, delivered: &str, last: &str) -> [String; 5] {
    [
        cell(name, 23) + " ",
        cell(condition, 12) + " ",
        cell(lag, 12) + " ",
        format!("{:>11}  ", cut(delivered, 11)),
        cut(last, 17),
    ]
}

pub(super) fn back_fill(report: &Report, paint: Paint) -> Vec<String> {
    let loading = report
        .streams
        .iter()
        .filter_map(|stream| Some((stream, stream.back_fill.as_ref()?)));
    let rows = loading.map(|(stream, back_fill)| {
        let bar = match back_fill.percent {
            Some(percent) => format!("{} {percent:>3} %", bar(percent.into(), 0, 100)),
            None => "not begun".to_owned(),
        };
        let left = match back_fill.seconds_left {
            Some(left) => format!(", {} left", span(left)),
            None => String::new(),
        };
        let records = grouped(back_fill.records);
        let name = cell(&printable(&stream.name), 23);
        format!("{name} {bar}{left}, {records} records")
    });
    under("BACK-FILL", rows, paint)
}

pub(super) fn limits(report: &Report, paint: Paint) -> Vec<String> {
    let rows = report.limits.iter().map(|limit| {
        // Zendesk's names of limits are longer than those of streams.
        let name = cell(&printable(&limit.name), 27);
        let bar = bar(
            limit.used.into(),
            limit.used_by_others.into(),
            limit.total.into(),
        );
        let (used, share) = (grouped(limit.used.into()), grouped(limit.share.into()));
        let others = match limit.used_by_others {
            0 => String::new(),
            others => format!(", others {}", grouped(others.into())),
        };
        format!("{name} {bar} {used} of our {share}{others}")
    });
    under("QUOTA", rows, paint)
}

pub(super) fn dead_letters(report: &Report, paint: Paint) -> Vec<String> {
    let store = &report.dead_letters;
    let rows = store.groups.iter().map(|group| {
        let superseded = match group.superseded {
            0 => String::new(),
            superseded => format!(", {} superseded", grouped(superseded)),
        };
        let (name, reason) = (printable(&group.stream), printable(&group.reason));
        let letters = grouped(group.letters);
        format!(
            "{} {} {letters}{superseded}",
            cell(&name, 23),
            cell(&reason, 12)
        )
    });
    let title = format!(
        "DEAD LETTERS: {} of {}",
        size(store.bytes),
        size(store.bytes_max)
    );
    under(&title, rows, paint)
}

pub(super) fn failures(report: &Report, paint: Paint) -> Vec<String> {
    let rows = report.failures.iter().take(FAILURES).map(|failure| {
        let name = printable(failure.stream.as_deref().unwrap_or("–"));
        let times = match failure.times {
            0 | 1 => String::new(),
            times => format!(", {} times", grouped(times)),
        };
        format!(
            "{} {}{times}, {}",
            cell(&name, 23),
            printable(&failure.code),
            relative(failure.at, report.at)
        )
    });
    under("RECENT FAILURES", rows, paint)
}

/// Rows under a title and behind an empty line; nothing if there are none.
fn under(title: &str, rows: impl Iterator<Item = String>, paint: Paint) -> Vec<String> {
    let mut lines = vec![String::new(), paint.as_(Colour::Quiet, title)];
    lines.extend(rows.map(|row| cut(&row, WIDTH)));
    match lines.len() {
        2 => Vec::new(),
        _ => lines,
    }
}

/// Parts of a whole: ours, others', the rest.
fn bar(ours: u64, others: u64, whole: u64) -> String {
    let cells = |part: u64| (part.min(whole) * BAR).div_ceil(whole.max(1)).min(BAR);
    let ours = cells(ours);
    let others = cells(others).min(BAR - ours);
    let repeat = |char: &str, times: u64| char.repeat(usize::try_from(times).unwrap_or(0));
    format!(
        "[{}{}{}]",
        repeat("█", ours),
        repeat("▒", others),
        repeat("·", BAR - ours - others)
    )
}
