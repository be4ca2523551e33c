//! `state history`: what there is to roll back to.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::checkpoint::{self, Error, Present, State};
use crate::cli::{Output, exit, output};
use crate::config::Config;
use crate::error::Chain;
use crate::record::Position;

/// One generation as it is shown.
#[derive(Debug, Serialize)]
struct Line {
    /// Unknown only for a present file that cannot be read.
    generation: Option<u64>,
    present: bool,
    #[serde(flatten)]
    content: Content,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Content {
    Good {
        saved_at: Timestamp,
        /// The time of each stream's checkpoint.
        streams: BTreeMap<String, Option<Timestamp>>,
        /// How many stretches of back-fill each stream has still to load, if any.
        #[serde(skip_serializing_if = "BTreeMap::is_empty")]
        back_fill: BTreeMap<String, usize>,
    },
    Damaged {
        damaged: String,
    },
}

pub(super) fn run(config: &Config, output: Output) -> u8 {
    let lines = match lines(config) {
        Ok(lines) => lines,
        Err(error) => return output::fail(&error),
    };
    match output {
        Output::Json => output::json(&lines),
        Output::Human if lines.is_empty() => output::line(&format!(
            "no state yet in {}: nothing has been delivered",
            config.state.directory.display()
        )),
        Output::Human => lines.iter().for_each(print),
    }
    exit::SUCCESS
}

/// Newest first, so the present one as a rule comes first.
fn lines(config: &Config) -> Result<Vec<Line>, Error> {
    let directory = &config.state.directory;
    let present = Present::look(directory, &config.zendesk.account)?;
    let mut lines: Vec<Line> = checkpoint::history(directory)?
        .into_iter()
        .map(|kept| Line {
            generation: Some(kept.number),
            present: false,
            content: Content::new(kept.state.as_ref(), &config.zendesk.account),
        })
        .collect();
    let content = match (&present.state, &present.trouble) {
        (Some(state), _) => Content::new(Ok(state), &config.zendesk.account),
        (None, Some(trouble)) => Content::new(Err(trouble), &config.zendesk.account),
        (None, None) => return Ok(lines),
    };
    let generation = present.state.map(|state| state.generation);
    // One that was put back by hand has a number from the middle of its history.
    let place = lines
        .iter()
        .position(|line| generation.is_none() || line.generation <= generation)
        .unwrap_or(lines.len());
    lines.insert(
        place,
        Line {
            generation,
            present: true,
            content,
        },
    );
    Ok(lines)
}

impl Content {
    fn new(state: Result<&State, &Error>, account: &str) -> Self {
        match state {
            Ok(state) if state.account != account => Self::Damaged {
                damaged: format!("it belongs to the zendesk account `{}`", state.account),
            },
            Ok(state) => Self::Good {
                saved_at: state.saved_at,
                streams: state
                    .streams
                    .iter()
                    .map(|(name, stream)| {
                        let time = stream.position.as_ref().and_then(Position::recovery_time);
                        (name.clone(), time)
                    })
                    .collect(),
                back_fill: state
                    .streams
                    .iter()
                    .filter(|(_, stream)| !stream.back_fill.is_empty())
                    .map(|(name, stream)| (name.clone(), stream.back_fill.len()))
                    .collect(),
            },
            Err(error) => Self::Damaged {
                damaged: Chain(error).to_string(),
            },
        }
    }
}

fn print(line: &Line) {
    let generation = line
        .generation
        .map_or_else(|| "?".to_owned(), |number| number.to_string());
    let mark = if line.present { "present" } else { "" };
    let content = match &line.content {
        Content::Damaged { damaged } => format!("unusable: {damaged}"),
        Content::Good {
            saved_at,
            streams,
            back_fill,
        } => {
            let mut text = format!("saved {saved_at:.0}");
            for (name, time) in streams {
                text.push_str(&match time {
                    Some(time) => format!("; {name} to {time}"),
                    None => format!("; {name} at no known time"),
                });
                if let Some(stretches) = back_fill.get(name) {
                    text.push_str(&format!(" (stretches of back-fill left: {stretches})"));
                }
            }
            text
        }
    };
    output::line(&format!("{generation:>10}  {mark:<7}  {content}"));
}
