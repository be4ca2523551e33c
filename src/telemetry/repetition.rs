//! Lines that say the same again and again: the first few are let through, the rest is counted, and
//! the count is told once per interval and at the end.
//!
//! Two lines are the same if they come from one place in the code and agree in what they are about
//! (see [`NAMED`]); their texts may differ in a request's id or a number. Only warnings and errors are
//! counted: what is said when all is well has a pace of its own.
//!
//! A line cannot be written while another one is being judged, so whoever owns the process's main
//! loop calls [`Repetition::due`] now and then, and [`Repetition::all`] at the end.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use crate::limits;

/// The fields that tell what a line is about.
const NAMED: [&str; 6] = ["stream", "code", "request", "list", "field", "parent"];

/// The target of what is said of repetitions.
const SUMMARY: &str = concat!(module_path!(), "::summary");

/// The targets of lines that are always told: what is said of repetitions, and the answers to a
/// person who has just sent a signal.
const UNCOUNTED: [&str; 2] = [SUMMARY, "zendesk_aep::lifecycle::reload"];

/// Counts lines; copies count together.
#[derive(Clone, Debug, Default)]
pub(super) struct Repetition(Arc<Mutex<HashMap<u64, Counted>>>);

/// What is known of one line.
#[derive(Debug)]
struct Counted {
    /// When its interval began.
    since: Instant,
    /// Let through in it.
    told: u32,
    /// Not let through, and not told yet.
    more: u64,
    last: Repeated,
}

/// A line that was not let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Repeated {
    /// Its level: WARN or ERROR.
    pub(super) level: Level,
    /// The stream that it is about, if any.
    pub(super) stream: Option<String>,
    /// The code of the error, if any.
    pub(super) code: Option<String>,
    /// Its text, when it was last seen.
    pub(super) message: String,
}

/// How often a line was seen and not let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Summary {
    pub(super) line: Repeated,
    /// How often.
    pub(super) times: u64,
    /// In how long.
    pub(super) within: Duration,
}

impl Repetition {
    fn admits(&self, event: &Event<'_>) -> bool {
        let metadata = event.metadata();
        let is_uncounted = |room: &&str| metadata.target().starts_with(*room);
        if *metadata.level() > Level::WARN || UNCOUNTED.iter().any(is_uncounted) {
            return true;
        }
        let mut read = Read {
            key: DefaultHasher::new(),
            line: Repeated {
                level: *metadata.level(),
                stream: None,
                code: None,
                message: String::new(),
            },
        };
        metadata.callsite().hash(&mut read.key);
        event.record(&mut read);
        self.admit(read.key.finish(), read.line, Instant::now())
    }

    /// Whether a line may pass.
    fn admit(&self, key: u64, line: Repeated, now: Instant) -> bool {
        let mut lines = self.lines();
        if lines.len() >= limits::REPEATED_LINES_MAX {
            lines.retain(|_, counted| counted.more > 0 || !counted.is_over(now));
        }
        if lines.len() >= limits::REPEATED_LINES_MAX && !lines.contains_key(&key) {
            return true;
        }
        let counted = lines.entry(key).or_insert_with(|| Counted {
            since: now,
            told: 0,
            more: 0,
            last: line.clone(),
        });
        if counted.is_over(now) && counted.more == 0 {
            counted.since = now;
            counted.told = 0;
        }
        counted.last = line;
        if counted.told < limits::REPEATED_LINES_TOLD {
            counted.told += 1;
            return true;
        }
        counted.more += 1;
        false
    }

    /// What is to be told now, of the lines whose interval is over. A line that goes on is told so
    /// once more at the end of the next; one that has stopped is forgotten.
    pub(super) fn due(&self, now: Instant) -> Vec<Summary> {
        let mut due = Vec::new();
        self.lines().retain(|_, counted| {
            if !counted.is_over(now) {
                return true;
            }
            let summary = counted.take(now);
            let goes_on = summary.is_some();
            due.extend(summary);
            goes_on
        });
        due
    }

    /// What was not told yet of any line.
    pub(super) fn all(&self, now: Instant) -> Vec<Summary> {
        let mut lines = self.lines();
        lines
            .drain()
            .filter_map(|(_, mut counted)| counted.take(now))
            .collect()
    }

    fn lines(&self) -> MutexGuard<'_, HashMap<u64, Counted>> {
        // Every change is whole: no panic can tear it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counted {
    fn is_over(&self, now: Instant) -> bool {
        now.duration_since(self.since) >= limits::REPEATED_LINES_INTERVAL
    }

    /// What is to be told, if anything; a new interval begins, in which nothing more passes.
    fn take(&mut self, now: Instant) -> Option<Summary> {
        let summary = Summary {
            line: self.last.clone(),
            times: std::mem::take(&mut self.more),
            within: now.duration_since(self.since),
        };
        self.since = now;
        (summary.times > 0).then_some(summary)
    }
}

/// The layer that writes lines, given only those that may pass. A filter of its own would be the
/// shorter way, but one that looks into events leaves the subscriber's own note of what is enabled
/// wrong.
#[derive(Debug)]
pub(super) struct Sparing<L> {
    lines: L,
    repetition: Repetition,
}

impl<L> Sparing<L> {
    pub(super) fn new(lines: L, repetition: &Repetition) -> Self {
        Self {
            lines,
            repetition: repetition.clone(),
        }
    }
}

impl<S: Subscriber, L: Layer<S>> Layer<S> for Sparing<L> {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        self.lines.on_new_span(attributes, id, context);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        self.lines.on_record(id, values, context);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if self.repetition.admits(event) {
            self.lines.on_event(event, context);
        }
    }
}

/// Tells each of `summaries`, at the level of its line.
pub(super) fn tell(summaries: Vec<Summary>) {
    for Summary {
        line,
        times,
        within,
    } in summaries
    {
        let Repeated {
            level,
            stream,
            code,
            message,
        } = line;
        let seconds = within.as_secs();
        macro_rules! line {
            ($level:ident) => {
                tracing::$level!(
                    target: SUMMARY,
                    stream,
                    code,
                    times,
                    "seen {times} more times in {seconds} s, the last time: {message}"
                )
            };
        }
        match level {
            Level::ERROR => line!(error),
            _ => line!(warn),
        }
    }
}

/// Reads a line.
struct Read {
    key: DefaultHasher,
    line: Repeated,
}

impl Visit for Read {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.take(field.name(), value);
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" || NAMED.contains(&field.name()) {
            self.take(field.name(), &format!("{value:?}"));
        }
    }
}

impl Read {
    fn take(&mut self, name: &str, value: &str) {
        if NAMED.contains(&name) {
            (name, value).hash(&mut self.key);
        }
        let kept = || {
            value
                .chars()
                .take(limits::REPEATED_LINE_CHARS_MAX)
                .collect()
        };
        match name {
            "stream" => self.line.stream = Some(kept()),
            "code" => self.line.code = Some(kept()),
            "message" => self.line.message = kept(),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests;
