//! `state show`: how far each stream has been delivered.

use jiff::Timestamp;

use super::stretch::Stretch;
use crate::checkpoint::{self, State, StreamState};
use crate::cli::output::grouped;
use crate::cli::{Output, exit, output};
use crate::config::Config;
use crate::record::Position;

pub(super) fn run(config: &Config, output: Output) -> u8 {
    let directory = &config.state.directory;
    let state = match checkpoint::read(directory) {
        Ok(state) => state,
        Err(error) => return output::fail(&error),
    };
    match (output, state) {
        (Output::Json, state) => output::json(&state),
        (Output::Human, Some(state)) => print(&state),
        (Output::Human, None) => output::line(&format!(
            "no state yet in {}: nothing has been delivered",
            directory.display()
        )),
    }
    exit::SUCCESS
}

fn print(state: &State) {
    output::line(&format!(
        "account {}, generation {}, saved {}",
        state.account, state.generation, state.saved_at
    ));
    for (name, stream) in &state.streams {
        output::line(&format!("\n{name}"));
        print_stream(stream);
    }
}

fn print_stream(stream: &StreamState) {
    match &stream.position {
        None => output::line("  checkpoint    none yet"),
        Some(Position::Incremental {
            cursor,
            recovery_time,
        }) => {
            output::line(&format!(
                "  checkpoint    incremental, cursor {}",
                cursor.as_ref().map_or("none", |cursor| cursor.as_str())
            ));
            if let Some(time) = recovery_time {
                output::line(&format!("  recovery time {time}"));
            }
        }
        Some(Position::Search { from, window }) => {
            let from = from.map_or_else(|| "the beginning".to_owned(), |from| from.to_string());
            output::line(&match window {
                Some(window) => format!(
                    "  checkpoint    search, from {from}, in a window to {}",
                    window.to
                ),
                None => format!("  checkpoint    search, complete to {from}"),
            });
        }
        Some(Position::List {
            walk,
            page,
            complete,
            ..
        }) => {
            let complete = complete.map_or_else(
                || "no walk is complete yet".to_owned(),
                |time| format!("complete as of {time}"),
            );
            let progress = page.as_ref().map_or("", |_| ", in progress");
            output::line(&format!(
                "  checkpoint    list, {complete}; walk {walk}{progress}"
            ));
        }
        Some(Position::History(_)) => output::line("  checkpoint    history, from lists"),
        Some(Position::Time { from, reached, .. }) => {
            let text = |time: &Option<Timestamp>| {
                time.map_or_else(|| "the beginning".to_owned(), |time| time.to_string())
            };
            let (from, reached) = (text(from), text(reached));
            output::line(&format!(
                "  checkpoint    time, complete to {from}, reached {reached}"
            ));
        }
    }
    if !stream.members.is_empty() {
        output::line(&format!("  delivers      {}", stream.members.join(", ")));
    }
    for segment in &stream.back_fill {
        output::line(&format!("  back-fill     {}", Stretch(segment)));
    }
    if let Some(end) = stream.ended {
        output::line(&match stream.back_fill[..] {
            [] => format!("  complete      to its `end`, {end}: it is not read any more"),
            [..] => format!("  live          to its `end`, {end}: only the back-fill is left"),
        });
    }
    if let Some(attention) = &stream.attention {
        output::line(&format!(
            "  ATTENTION     {} since {}: {}\n                → {}",
            attention.code, attention.since, attention.what, attention.remedy
        ));
    }
    if let Some(notice) = &stream.notice {
        output::line(&format!(
            "  notice        since {}: {}",
            notice.since,
            notice.oddity.explanation()
        ));
    }
    if let Some(sync) = &stream.last_sync {
        let counts = &sync.counts;
        output::line(&format!(
            "  last sync     {}, {} to {}\n                {} received = {} ingested + {} skipped + {} failed",
            sync.outcome,
            sync.started_at,
            sync.finished_at,
            grouped(counts.received),
            grouped(counts.ingested),
            grouped(counts.skipped),
            grouped(counts.failed),
        ));
    }
}
