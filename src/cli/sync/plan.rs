//! `sync --plan`: what a sync would take, before anything is sent.
//!
//! Asks Zendesk for counts and a page of each stream's list; nothing goes to the inlet and no
//! checkpoint moves. Where Zendesk cannot say how much there is, neither can the plan.

mod estimate;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::super::output::grouped;
use super::super::{Output, output};
use super::narrow;
use crate::catalogue::{Pagination, Reading, StreamSpec};
use crate::checkpoint::{self, StreamState};
use crate::cli::exit;
use crate::clock::Clock;
use crate::config::{self, BackFill, Config};
use crate::error::Explain;
use crate::limits as bounds;
use crate::record::Position;
use crate::zendesk::{self, Choice, Client};
use estimate::{Estimate, Limit, Route, Size, in_all, limits};

/// What is printed.
#[derive(Serialize)]
struct Plan<'c> {
    streams: Vec<Line<'c>>,
    limits: Vec<Limit>,
    #[serde(flatten)]
    all: estimate::Sum,
}

/// One stream of it.
#[derive(Serialize)]
struct Line<'c> {
    stream: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_with: Option<&'c str>,
    export: &'static str,
    why: &'static str,
    /// What the way that was not taken would have cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    otherwise: Option<Otherwise>,
    #[serde(flatten)]
    estimate: Estimate,
}

/// The other way to a stream's history.
#[derive(Serialize)]
struct Otherwise {
    export: &'static str,
    requests: Option<u64>,
    minutes: Option<f64>,
}

pub(in crate::cli) async fn run(path: &Path, names: &[String], output: Output) -> u8 {
    let mut config = match output::load(path) {
        Ok(config) => config,
        Err(code) => return code,
    };
    if let Err(unknown) = narrow(&mut config, names) {
        eprintln!("{unknown}");
        return exit::CONFIGURATION;
    }
    let stop = match crate::lifecycle::stop_on_signals() {
        Ok(stop) => stop,
        Err(error) => return output::fail(&error),
    };
    // Without the lock: a running daemon may own it.
    let state = match checkpoint::read_of(&config.state.directory, &config.zendesk.account) {
        Ok(state) => state.map(|state| state.streams).unwrap_or_default(),
        Err(error) => return output::fail(&error),
    };
    let planned = match Client::new(&config.zendesk, &config.retry, &stop, &Clock::real()) {
        Ok(client) => plan(&client, &config, &state).await,
        Err(error) => Err(error),
    };
    match planned {
        Ok(plan) => {
            match output {
                Output::Json => output::json(&plan),
                Output::Human => print(&plan),
            }
            exit::SUCCESS
        }
        Err(error) => output::fail(&error as &(dyn Explain + 'static)),
    }
}

async fn plan<'c>(
    client: &Client,
    config: &'c Config,
    state: &BTreeMap<String, StreamState>,
) -> Result<Plan<'c>, zendesk::Error> {
    let mut lines: Vec<Line<'c>> = Vec::with_capacity(config.streams.len());
    for stream in &config.streams {
        let spec = &stream.spec;
        let members = config.streams.iter().map(|other| &other.spec);
        let members = members.filter(|other| other.parent() == Some(&spec.name));
        let page_size = config
            .zendesk
            .page_size
            .min(zendesk::records_max(stream, members.clone()));
        let size = match spec.parent() {
            Some(parent) => {
                let parent = lines.iter().find(|line| line.stream == parent);
                let parents = parent.and_then(|line| line.estimate.rows);
                match &spec.reading {
                    // A record has one at most, as far as it has any.
                    Reading::Inside { .. } => Size::default(),
                    _ => Size {
                        parents,
                        ..Size::default()
                    },
                }
            }
            None => {
                let known = state.get(&*spec.name);
                size(client, stream, known).await?
            }
        };
        let known = state.get(&*spec.name);
        let choice = choice(client, stream, members, known, page_size).await?;
        let counted = choice.as_ref().and_then(|choice| choice.counted);
        let size = match counted {
            // The deleted too, where they have a list to be counted in.
            Some(counted) => Size {
                rows: Some(counted.records()),
                ..size
            },
            None => size,
        };
        let route = route(stream);
        let by = |route: Route, path: Option<&str>, page_size| {
            let rates = path.map(|path| client.governor().rates(path));
            Estimate::new(route, size, page_size, rates.unwrap_or_default())
        };
        let own = by(route, path(stream), page_size);
        let listed = stream.back_fill.as_ref().filter(|_| counted.is_some());
        let listed = listed.map(|other| {
            let page_size = page_size.min(bounds::LIST_PAGE_RECORDS_MAX);
            by(LISTS, Some(&other.list), page_size)
        });
        let by_list = choice.as_ref().is_some_and(|choice| choice.by_list);
        let (taken, estimate, other) = match listed {
            Some(listed) if by_list => (LISTS, listed, Some((route, own))),
            other => (route, own, other.map(|other| (LISTS, other))),
        };
        lines.push(Line {
            stream: &spec.name,
            read_with: spec.parent(),
            export: taken.word(),
            why: match (&choice, &stream.back_fill) {
                (Some(choice), Some(other)) => why_history(choice, other),
                _ => why(route),
            },
            otherwise: other.map(|(route, estimate)| Otherwise {
                export: route.word(),
                requests: estimate.requests,
                minutes: estimate.minutes,
            }),
            estimate,
        });
    }
    let estimates: Vec<&Estimate> = lines.iter().map(|line| &line.estimate).collect();
    let limits = limits(&estimates);
    Ok(Plan {
        all: in_all(&estimates, &limits),
        limits,
        streams: lines,
    })
}

/// The lists that history may come from, as one.
const LISTS: Route = Route::List(Pagination::Cursor);

/// Which way the history of a stream will come that was never read; `None` where there is one way.
async fn choice(
    client: &Client,
    stream: &config::Stream,
    mut members: impl Iterator<Item = &Arc<StreamSpec>>,
    known: Option<&StreamState>,
    page_size: u32,
) -> Result<Option<Choice>, zendesk::Error> {
    let is_new = known.is_none_or(|state| state.position.is_none());
    let is_inside = |member: &Arc<StreamSpec>| matches!(member.reading, Reading::Inside { .. });
    let other = stream.back_fill.as_ref().filter(|_| is_new);
    let (Some(other), Some(path), false) = (other, path(stream), members.any(is_inside)) else {
        return Ok(None);
    };
    let choice = client.choose_history(&stream.spec, other, path, page_size);
    choice.await.map(Some)
}

/// What is there to be read of a stream that has a checkpoint, or none.
async fn size(
    client: &Client,
    stream: &config::Stream,
    known: Option<&StreamState>,
) -> Result<Size, zendesk::Error> {
    let spec = &stream.spec;
    let checkpoint = known.and_then(|state| state.position.as_ref());
    let since = checkpoint
        .and_then(Position::recovery_time)
        .or(stream.start);
    let sample = client.sample(spec).await?;
    let is_list = matches!(stream.export, config::Export::List { .. });
    let rows = match sample {
        // The whole list is read every time, and this was all of it.
        Some(sample) if is_list && !sample.more => Some(sample.records),
        _ => client.count(spec, since.filter(|_| !is_list)).await?,
    };
    Ok(Size {
        rows,
        bytes_per_record: sample
            .filter(|sample| sample.records > 0)
            .map(|sample| sample.bytes as f64 / sample.records as f64),
        parents: None,
    })
}

fn route(stream: &config::Stream) -> Route {
    match (&stream.export, &stream.spec.reading) {
        (config::Export::Incremental { .. }, _) => Route::Incremental,
        (config::Export::Time { .. }, _) => Route::Time,
        (config::Export::Search { .. }, _) => Route::Search,
        (config::Export::List { pagination, .. }, _) => Route::List(*pagination),
        (config::Export::WithParent, Reading::Inside { .. }) => Route::Inside,
        (config::Export::WithParent, _) => Route::Children,
    }
}

/// Path of the requests, where any are made.
fn path(stream: &config::Stream) -> Option<&str> {
    match &stream.export {
        config::Export::Incremental { path }
        | config::Export::Time { path, .. }
        | config::Export::List { path, .. } => Some(path),
        config::Export::Search { .. } => Some(zendesk::SEARCH_PATH),
        config::Export::WithParent => stream.spec.path(),
    }
}

fn why(route: Route) -> &'static str {
    match route {
        Route::Incremental | Route::Time => {
            "in the order of change, with deleted records where there are any"
        }
        Route::Search => "configured; deleted records do not show in it",
        Route::List(_) => "read whole each time, and compared with what was delivered",
        Route::Inside => "comes in the pages of its parent",
        Route::Children => "one request at least for each parent that changed",
    }
}

fn why_history(choice: &Choice, other: &BackFill) -> &'static str {
    match (choice.by_list, choice.counted) {
        (true, _) if other.always => "history from the lists, as configured; then by the export",
        (true, _) => "history from the lists, which saves time; then by the export",
        (false, Some(_)) => "in the order of change; the lists would not save enough time",
        (false, None) => "in the order of change; the lists cannot be counted, so not checked",
    }
}

fn print(plan: &Plan<'_>) {
    let number = |number: Option<u64>| number.map_or_else(|| "unknown".to_owned(), grouped);
    let decimal = |number: Option<f64>| {
        number.map_or_else(|| "unknown".to_owned(), |number| format!("{number:.1}"))
    };
    output::line(&format!(
        "{:<26}{:<13}{:>12}{:>10}{:>10}{:>11}",
        "stream", "export", "rows", "requests", "minutes", "megabytes"
    ));
    for line in &plan.streams {
        let of = &line.estimate;
        output::line(&format!(
            "{:<26}{:<13}{:>12}{:>10}{:>10}{:>11}",
            line.stream,
            line.export,
            number(of.rows),
            number(of.requests),
            decimal(of.minutes),
            decimal(of.megabytes),
        ));
        output::line(&format!("    {}", line.why));
        if let Some(other) = &line.otherwise {
            output::line(&format!(
                "    by {} it would be {} requests and {} minutes",
                other.export,
                number(other.requests),
                decimal(other.minutes)
            ));
        }
    }
    for limit in &plan.limits {
        output::line(&format!(
            "limit {}: {} requests at {:.0} a minute, {:.1} minutes",
            limit.limit,
            grouped(limit.requests),
            limit.per_minute,
            limit.minutes
        ));
    }
    let all = &plan.all;
    let least = if all.complete { "" } else { "at least " };
    output::line(&format!(
        "in all: {least}{} rows, {} requests, {:.1} minutes, {:.1} megabytes",
        grouped(all.rows),
        grouped(all.requests),
        all.minutes,
        all.megabytes
    ));
    output::line(
        "deleted records are counted only where history can come from lists: other exports that have them take longer",
    );
}
