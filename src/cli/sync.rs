//! `sync`: one pass, with progress on a terminal and an exit code.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;

use serde::Serialize;

use super::output::{grouped, span};
use super::{Output, exit, output};
use crate::checkpoint::Counts;
use crate::clock::Clock;
use crate::config::Config;
use crate::error::{Chain, Explain as _, Report};
use crate::sync::{End, Summary};
use crate::{lifecycle, telemetry};

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
    let mut streams = match lifecycle::assemble(&config, &stop, &Clock::real()) {
        Ok(streams) => streams,
        Err(error) => return output::fail(&error),
    };
    let terminal = std::io::stderr().is_terminal();
    let mut summaries = Vec::new();
    for sync in &mut streams {
        let name = sync.stream().to_owned();
        let progress = |counts: &Counts| {
            if terminal {
                let mut stderr = std::io::stderr();
                // Rewrites its own line; a terminal that cannot is no reason to stop.
                let _ = write!(
                    stderr,
                    "\r{name}: {} received, {} ingested, {} skipped, {} failed, {} pages\x1b[K",
                    grouped(counts.received),
                    grouped(counts.ingested),
                    grouped(counts.skipped),
                    grouped(counts.failed),
                    grouped(counts.pages),
                );
                let _ = stderr.flush();
            }
        };
        let summary = sync.run(&stop, &progress).await;
        if terminal {
            eprint!("\r\x1b[K");
        }
        telemetry::sync_ended(&summary);
        summaries.push(summary);
    }
    match output {
        Output::Json => {
            let lines: Vec<Line<'_>> = summaries.iter().map(Line::new).collect();
            output::json(&lines);
        }
        Output::Human => summaries.iter().for_each(print),
    }
    exit_code(&summaries)
}

/// Leaves only the named streams, or all if none is named.
fn narrow(config: &mut Config, names: &[String]) -> Result<(), String> {
    let configured: Vec<&str> = config
        .streams
        .iter()
        .map(|stream| stream.spec.name)
        .collect();
    if let Some(unknown) = names
        .iter()
        .find(|name| !configured.contains(&name.as_str()))
    {
        return Err(format!(
            "error: the stream `{unknown}` is not configured\n\nhint: configured are: {}",
            configured.join(", ")
        ));
    }
    if !names.is_empty() {
        config
            .streams
            .retain(|stream| names.iter().any(|name| name == stream.spec.name));
    }
    Ok(())
}

impl<'a> Line<'a> {
    fn new(summary: &'a Summary) -> Self {
        let (outcome, error) = match &summary.end {
            End::Complete => ("complete", None),
            End::Stopped => ("stopped", None),
            End::Failed(error) => (error.code().as_str(), Some(error)),
        };
        Self {
            stream: &summary.stream,
            outcome,
            counts: summary.counts,
            lag_seconds: summary.lag.map(|lag| lag.as_secs()),
            duration_seconds: summary.duration.as_secs_f64(),
            error: error.map(|error| Chain(error).to_string()),
            hint: error.and_then(|error| error.hint()),
        }
    }
}

fn print(summary: &Summary) {
    let counts = &summary.counts;
    let outcome = match &summary.end {
        End::Complete => "complete",
        End::Stopped => "stopped",
        End::Failed(_) => "failed",
    };
    output::line(&format!(
        "{}: {outcome} in {}: {} received = {} ingested + {} skipped + {} failed; {} pages, {} requests{}",
        summary.stream,
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
    if let End::Failed(error) = &summary.end {
        eprintln!("{}", Report(error));
    }
}

fn exit_code(summaries: &[Summary]) -> u8 {
    let failures = summaries.iter().filter_map(|summary| match &summary.end {
        End::Failed(error) => Some(exit::code(error.code())),
        End::Stopped => Some(exit::INTERRUPTED),
        End::Complete => None,
    });
    let failures: Vec<u8> = failures.collect();
    let dead_letters = summaries.iter().any(|summary| summary.counts.failed > 0);
    match failures[..] {
        [] if dead_letters => exit::PARTIAL,
        [] => exit::SUCCESS,
        [first, ..] if failures.len() == summaries.len() || first == exit::INTERRUPTED => first,
        _ => exit::PARTIAL,
    }
}
