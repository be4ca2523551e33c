//! The status as text: what the page shows, in 80 columns.

mod columns;
mod sections;
#[cfg(test)]
mod tests;

use super::report::{Condition, Report};
use super::verdict::conditions;

/// Columns of a terminal that nobody has made wider.
const WIDTH: usize = 80;

/// What the terminal can do.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal {
    /// Whether it has colours, and its user wants them.
    pub colours: bool,
    /// The lines there are room for; `None` for as many as it takes.
    pub rows: Option<usize>,
}

/// The report as lines, each ended. Where there is no room for all, streams with which all is well
/// are only counted, and what is left is cut off at the end with a word about it.
pub fn render(report: &Report, terminal: Terminal) -> String {
    let paint = Paint(terminal.colours);
    let head = sections::verdict(report, paint);
    let tail = [
        sections::back_fill(report, paint),
        sections::limits(report, paint),
        sections::dead_letters(report, paint),
        sections::failures(report, paint),
    ]
    .concat();
    let is_well = |condition| matches!(condition, Condition::Fresh | Condition::Finished);
    let mut streams = sections::streams(report, paint, &|_| true);
    let room = terminal.rows.unwrap_or(usize::MAX);
    if head.len() + streams.len() + tail.len() > room {
        streams = sections::streams(report, paint, &|stream| !is_well(stream.condition));
        let all = format!("all streams: {}", conditions(report));
        streams.push(paint.as_(Colour::Quiet, &all));
    }
    let mut lines = [head, streams, tail].concat();
    if lines.len() > room {
        let shown = room.saturating_sub(1);
        let hidden = lines.len() - shown;
        lines.truncate(shown);
        lines.push(format!(
            "… {hidden} more lines; without `--watch` all are printed"
        ));
    }
    lines.into_iter().map(|line| line + "\n").collect()
}

/// Colours by what they mean.
#[derive(Clone, Copy)]
enum Colour {
    Well,
    Odd,
    Person,
    Quiet,
}

/// Puts colours on, or not.
#[derive(Clone, Copy)]
struct Paint(bool);

impl Paint {
    fn as_(self, colour: Colour, text: &str) -> String {
        let code = match colour {
            Colour::Well => 32,
            Colour::Odd => 33,
            Colour::Person => 31,
            Colour::Quiet => 2,
        };
        match self {
            Self(true) => format!("\u{1b}[{code}m{text}\u{1b}[0m"),
            Self(false) => text.to_owned(),
        }
    }
}
