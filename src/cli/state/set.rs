//! `state set`: another checkpoint for one stream.

use std::sync::Arc;

use jiff::Timestamp;

use super::amend::{self, Streams};
use crate::checkpoint::{Present, StreamState};
use crate::cli::{Output, output};
use crate::config::{self, Config, Export, Stream};
use crate::record::{Cursor, Position};

/// Which stream, where to, and whether to do it.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The stream
    stream: String,

    #[command(flatten)]
    target: Target,

    /// Do it; without this only print what would change
    #[arg(long)]
    yes: bool,
}

/// Where a checkpoint is moved to.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Target {
    /// Read everything that changed since this time again
    #[arg(long, value_name = "TIME", value_parser = past_time)]
    start: Option<Timestamp>,

    /// Read on from this cursor of the incremental export
    #[arg(long, value_name = "CURSOR", value_parser = cursor)]
    cursor: Option<Cursor>,

    /// Read everything from the configured `start` again; for lists, all there is
    #[arg(long)]
    beginning: bool,
}

fn past_time(text: &str) -> Result<Timestamp, String> {
    let time: Timestamp = text.parse().map_err(|_| {
        "write a date, a time and its offset from UTC, like `2026-01-31T00:00:00Z`".to_owned()
    })?;
    if time > Timestamp::now() {
        return Err("this time is in the future; what changes until then would be lost".to_owned());
    }
    if time < Timestamp::UNIX_EPOCH {
        return Err("Zendesk knows no time before 1970".to_owned());
    }
    Ok(time)
}

fn cursor(text: &str) -> Result<Cursor, String> {
    if text.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("a cursor is not empty and has no blanks".to_owned());
    }
    Ok(Cursor::new(text))
}

pub(super) fn run(config: &Config, arguments: &Arguments, output: Output) -> u8 {
    match stream(config, arguments) {
        Err(code) => code,
        Ok(stream) => amend::run(config, arguments.yes, output, |present| {
            streams_with(config, stream, &arguments.target, present)
        }),
    }
}

/// The configured stream, if the target makes sense for it.
fn stream<'c>(config: &'c Config, arguments: &Arguments) -> Result<&'c Stream, u8> {
    let name = arguments.stream.as_str();
    let stream = config.streams.iter().find(|one| one.spec.name == *name);
    let Some(stream) = stream else {
        let names: Vec<&str> = config.streams.iter().map(|one| &*one.spec.name).collect();
        return Err(amend::refuse(
            &format!("the stream `{name}` is not configured"),
            &format!("configured are: {}", names.join(", ")),
        ));
    };
    let root = config.walk_of(name).map(|walk| &walk.root.spec.name);
    if let Some(root) = root.filter(|root| *root != name) {
        return Err(amend::refuse(
            &format!("`{name}` has no checkpoint of its own: it is read with `{root}`"),
            &format!("move that one: `state set {root} …`"),
        ));
    }
    let (of_cursor, of_time) = (&arguments.target.cursor, &arguments.target.start);
    let refusal = match (&stream.export, of_cursor, of_time) {
        (Export::Search { .. }, Some(_), _) => Some((
            "is exported by search, whose cursors live for an hour only",
            "give a time with `--start`",
        )),
        (Export::Time { .. }, Some(_), _) => Some((
            "is exported by time, which has no cursors",
            "give a time with `--start`",
        )),
        (Export::List { .. }, Some(_), _) | (Export::List { .. }, _, Some(_)) => Some((
            "is read as a list, which is always read whole",
            "to have all of it sent again, give `--beginning`",
        )),
        _ => None,
    };
    if let Some((why, hint)) = refusal {
        return Err(amend::refuse(&format!("`{name}` {why}"), hint));
    }
    match (arguments.target.start, stream.start) {
        (Some(time), Some(start)) if time < start => Err(amend::refuse(
            &format!("`{name}` is configured to start at {start}: nothing before that is read"),
            "give a later time, or set an earlier `start` in the configuration",
        )),
        _ => Ok(stream),
    }
}

/// The present streams with this one moved, and what was still to be loaded of its history
/// dropped: it was to be read up to where the old checkpoint began. Nothing that it and the streams
/// read with it remember stays: a version that was sent before would be skipped, and it is to be
/// sent again.
fn streams_with(
    config: &Config,
    stream: &Stream,
    target: &Target,
    present: &Present,
) -> Result<Streams, u8> {
    if let Some(trouble) = &present.trouble {
        return Err(output::fail(trouble));
    }
    let mut streams = present
        .state
        .as_ref()
        .map(|state| state.streams.clone())
        .unwrap_or_default();
    let before = streams.remove(&*stream.spec.name).unwrap_or_default();
    let position = match stream.export {
        Export::Search { .. } => Position::Search {
            from: target.start,
            window: None,
        },
        Export::Time { .. } => Position::Time {
            from: target.start,
            reached: None,
            page: None,
        },
        Export::Incremental { .. } | Export::WithParent => Position::Incremental {
            cursor: target.cursor.clone(),
            // Of what was read up to here a cursor says nothing that we could understand.
            recovery_time: target.start.or_else(|| {
                let before = before.position.as_ref().filter(|_| !target.beginning);
                before?.recovery_time()
            }),
        },
        Export::List { .. } => Position::List {
            walk: 0,
            page: None,
            began: None,
            complete: None,
        },
    };
    let walk = config.walk_of(&stream.spec.name);
    let read_with: Vec<&str> = walk.iter().flat_map(config::Walk::names).collect();
    let members = match before.position {
        Some(_) => before.members.clone(),
        None => read_with.iter().map(|&name| name.to_owned()).collect(),
    };
    let after = StreamState {
        members,
        position: Some(position),
        back_fill: Vec::new(),
        ended: None,
        recent: Arc::default(),
        ..before
    };
    for (name, state) in &mut streams {
        if read_with.contains(&name.as_str()) {
            state.recent = Arc::default();
        }
    }
    streams.insert(stream.spec.name.to_string(), after);
    Ok(streams)
}
