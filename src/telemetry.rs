//! Logs: set-up, and the lines that more than one caller writes; and the names of metrics.
//!
//! Levels by who must act: ERROR when a person must come, WARN when something was odd and we go
//! on, INFO for start, stop and one line per sync, DEBUG for the rest. Nothing is logged per
//! record, and never a record's content.

mod journal;
pub mod metrics;
mod repetition;

use std::convert::Infallible;
use std::io::IsTerminal as _;
use std::sync::OnceLock;

use tokio::time::Instant;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;
use tracing_subscriber::{Registry, reload};

use crate::config::{Log, LogFormat};
use crate::error::{Chain, Explain as _};
use crate::limits;
use crate::sync::{End, Error, Summary, Tally};
use journal::StandardError;
pub use journal::fatal;
use repetition::{Repetition, Sparing};

/// Below these levels the crates we stand on say nothing an operator could use. What the verifier
/// of certificates says, our errors say with a remedy.
const QUIET: &str = "tokio_cron_scheduler=warn,hyper=warn,hyper_util=warn,reqwest=warn,rustls=warn,rustls_platform_verifier=off";

/// Where the level of the log can be changed.
static LEVEL: OnceLock<reload::Handle<Targets, Registry>> = OnceLock::new();

/// Which lines are only counted.
static REPETITION: OnceLock<Repetition> = OnceLock::new();

/// Sends logs to standard error; the first call of a process counts.
pub fn init(log: &Log) {
    let repetition = REPETITION.get_or_init(Repetition::default);
    let (targets, level) = reload::Layer::new(targets(log));
    let terminal = std::io::stderr().is_terminal();
    let pretty = match log.format {
        LogFormat::Auto => terminal,
        LogFormat::Pretty => true,
        LogFormat::Json => false,
    };
    let registry = tracing_subscriber::registry();
    let initialized = if pretty {
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(StandardError::new())
            .with_ansi(terminal && std::env::var_os("NO_COLOR").is_none())
            .with_target(false);
        registry
            .with(Sparing::new(lines, repetition).with_filter(targets))
            .try_init()
    } else {
        let lines = tracing_subscriber::fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(false)
            .with_span_list(false)
            .with_writer(StandardError::new());
        registry
            .with(Sparing::new(lines, repetition).with_filter(targets))
            .try_init()
    };
    if initialized.is_ok() {
        let _ = LEVEL.set(level);
    }
}

/// Says now and then how often lines were repeated that are only counted. To be polled as long as the
/// process has something to do.
pub async fn tell_repetitions() -> Infallible {
    loop {
        tokio::time::sleep(limits::REPEATED_LINES_LOOK).await;
        if let Some(repetition) = REPETITION.get() {
            repetition::tell(repetition.due(Instant::now()));
        }
    }
}

/// Says what was not said yet of repeated lines: the last word of a process.
pub fn tell_last_repetitions() {
    if let Some(repetition) = REPETITION.get() {
        repetition::tell(repetition.all(Instant::now()));
    }
}

/// Logs at the level of `log` from now on; its format stays what it was.
pub fn set_level(log: &Log) {
    if let Some(level) = LEVEL.get() {
        // Fails only when nobody logs any more.
        let _ = level.reload(targets(log));
    }
}

fn targets(log: &Log) -> Targets {
    format!("{QUIET},{}", log.level)
        .parse()
        .unwrap_or_else(|_| Targets::new().with_default(tracing::Level::INFO))
}

/// The lines that answer "is it working?": one for each stream of a sync.
pub fn sync_ended(summary: &Summary) {
    let duration_ms = u64::try_from(summary.duration.as_millis()).unwrap_or(u64::MAX);
    let lag_seconds = summary.lag.map(|lag| lag.as_secs());
    for (place, Tally { stream, counts }) in summary.streams.iter().enumerate() {
        macro_rules! line {
            ($level:ident, $text:literal $(, $field:ident = $value:expr)*) => {
                tracing::$level!(
                    stream = &**stream,
                    received = counts.received,
                    ingested = counts.ingested,
                    skipped = counts.skipped,
                    failed = counts.failed,
                    pages = counts.pages,
                    requests = counts.requests,
                    bytes = counts.bytes,
                    lag_seconds,
                    duration_ms,
                    $($field = $value,)*
                    $text
                )
            };
        }
        match &summary.end {
            End::Complete => line!(info, "sync complete"),
            End::Split => line!(
                info,
                "the next sync is due: the back-log is loaded besides the live changes from now on"
            ),
            End::Stopped => line!(info, "sync stopped; what is left comes with the next one"),
            End::Failed(error) if place == 0 => line!(
                error,
                "sync failed; the checkpoint stands",
                code = error.code().as_str(),
                error = tracing::field::display(Chain(error)),
                hint = error.hint()
            ),
            // One failure is one call for help.
            End::Failed(error) => line!(
                info,
                "sync failed with the stream it is read with",
                code = error.code().as_str()
            ),
        }
    }
}

/// A poll between two ticks that found nothing: several a minute, so no line for an operator.
pub fn early_poll(summary: &Summary) {
    tracing::debug!(stream = summary.root(), "early poll: nothing new");
}

/// The word that syncs of a stream work again.
pub fn recovered(stream: &str, failures: u32) {
    tracing::info!(
        stream,
        failures,
        "syncs work again, after {failures} that failed"
    );
}

/// The word that a stream waits for a person.
pub fn paused(stream: &str, error: &Error, retry_every: std::time::Duration) {
    tracing::error!(
        stream,
        code = error.code().as_str(),
        hint = error.hint(),
        retry_every_seconds = retry_every.as_secs(),
        "the stream needs attention and is paused: nothing is lost, nothing is dropped; it is tried again rarely"
    );
}
