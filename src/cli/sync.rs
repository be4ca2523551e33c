//! `sync`: one pass, with progress on a terminal and an exit code.

pub(super) mod plan;

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::output::{grouped, span};
use super::{Output, exit, output};
use crate::checkpoint::Counts;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Chain, Explain as _, Report};
use crate::lifecycle::{self, Assembled};
use crate::sync::{End, Progress, Summary, Tally};
use crate::telemetry;

#[derive(Serialize)]
struct Line<'a> {
    stream: &'a str,
    outcome: &'a str,
    #[serde(flatten)]
    counts: Counts,
    lag_seconds: Option<u64>,
    duration_seconds: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'static str>,
}

pub(super) async fn run(path: &Path, names: &[String], output: Output) -> u8 {
    let mut config = match output::load(path) {
        Ok(config) => config,
        Err(code) => return code,
    };
    if let Err(unknown) = narrow(&mut config, names) {
        eprintln!("{unknown}");
        return exit::CONFIGURATION;
    }
    let stop = match lifecycle::stop_on_signals() {
        Ok(stop) => stop,
        Err(error) => return output::fail(&error),
    };
    let Assembled {
        mut walks,
        custom_fields,
        ..
    } = match lifecycle::assemble(&config, &stop, &Clock::real()) {
        Ok(assembled) => assembled,
        Err(error) => return output::fail(&error),
    };
    custom_fields.refresh().await;
    // One pass reads everything, history too.
    let never_due = CancellationToken::new();
    let terminal = std::io::stderr().is_terminal();
    let mut summaries = Vec::new();
    for walk in &mut walks {
        let name = walk.root().to_owned();
        let progress = |progress: &Progress| {
            if terminal {
                let mut stderr = std::io::stderr();
                // Rewrites its own line; a terminal that cannot is no reason to stop.
                let _ = write!(stderr, "\r{name}: {}\x1b[K", line_of(progress));
                let _ = stderr.flush();
            }
        };
        let summary = walk.run(&stop, &never_due, &progress).await;
        if terminal {
            eprint!("\r\x1b[K");
        }
        telemetry::sync_ended(&summary);
        summaries.push(summary);
    }
    match output {
        Output::Json => {
            let lines: Vec<Line<'_>> = summaries.iter().flat_map(Line::of).collect();
            output::json(&lines);
        }
        Output::Human => summaries.iter().for_each(print),
    }
    exit_code(&summaries)
}

/// How far a pass has come, on one line.
fn line_of(progress: &Progress) -> String {
    let counts = &progress.counts;
    let mut line = format!(
        "{} received, {} ingested, {} skipped, {} failed, {} pages",
        grouped(counts.received),
        grouped(counts.ingested),
        grouped(counts.skipped),
        grouped(counts.failed),
        grouped(counts.pages),
    );
    if let Some(back_fill) = &progress.back_fill {
        if let Some(percent) = back_fill.percent {
            line.push_str(&format!("; {percent} % of the history"));
        }
        if let Some(left) = back_fill.left {
            line.push_str(&format!(", about {} left", span(left)));
        }
    }
    line
}

/// Leaves only the walks that the named streams are read in, or all if none is named. A walk is
/// left whole: a stream that is missing from it would count as taken out of the configuration.
fn narrow(config: &mut Config, names: &[String]) -> Result<(), String> {
    let mut read: Vec<String> = Vec::new();
    for name in names {
        let Some(walk) = config.walk_of(name) else {
            let configured = config.streams.iter().map(|stream| &*stream.spec.name);
            let configured: Vec<&str> = configured.collect();
            return Err(format!(
                "error: the stream `{name}` is not configured\n\nhint: configured are: {}",
                configured.join(", ")
            ));
        };
        read.extend(walk.names().map(str::to_owned));
    }
    if !names.is_empty() {
        config
            .streams
            .retain(|stream| read.iter().any(|name| *name == stream.spec.name));
    }
    Ok(())
}

impl<'a> Line<'a> {
    /// One for each stream of a walk.
    fn of(summary: &'a Summary) -> impl Iterator<Item = Self> {
        let error = match &summary.end {
            End::Complete | End::Split | End::Stopped => None,
            End::Failed(error) => Some(error),
        };
        summary.streams.iter().map(move |tally| Self {
            stream: &tally.stream,
            outcome: summary.end.outcome(),
            counts: tally.counts,
            lag_seconds: summary.lag.map(|lag| lag.as_secs()),
            duration_seconds: summary.duration.as_secs_f64(),
            error: error.map(|error| Chain(error).to_string()),
            hint: error.and_then(|error| error.hint()),
        })
    }
}

fn print(summary: &Summary) {
    let outcome = match &summary.end {
        End::Complete | End::Split => "complete",
        End::Stopped => "stopped",
        End::Failed(_) => "failed",
    };
    for Tally { stream, counts } in &summary.streams {
        output::line(&format!(
            "{stream}: {outcome} in {}: {} received = {} ingested + {} skipped + {} failed; {} pages, {} requests{}",
            span(summary.duration),
            grouped(counts.received),
            grouped(counts.ingested),
            grouped(counts.skipped),
            grouped(counts.failed),
            grouped(counts.pages),
            grouped(counts.requests),
            summary
                .lag
                .map_or_else(String::new, |lag| format!("; lag {}", span(lag))),
        ));
    }
    if let End::Failed(error) = &summary.end {
        eprintln!("{}", Report(error));
    }
}

fn exit_code(summaries: &[Summary]) -> u8 {
    let failures = summaries.iter().filter_map(|summary| match &summary.end {
        End::Failed(error) => Some(exit::code(error.code())),
        End::Stopped => Some(exit::INTERRUPTED),
        End::Complete | End::Split => None,
    });
    let failures: Vec<u8> = failures.collect();
    let mut tallies = summaries.iter().flat_map(|summary| &summary.streams);
    let dead_letters = tallies.any(|tally| tally.counts.failed > 0);
    match failures[..] {
        [] if dead_letters => exit::PARTIAL,
        [] => exit::SUCCESS,
        [first, ..] if failures.len() == summaries.len() || first == exit::INTERRUPTED => first,
        _ => exit::PARTIAL,
    }
}
