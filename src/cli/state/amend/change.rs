//! A checkpoint that is moved, and what that means for what is read and sent.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use super::Streams;
use crate::checkpoint::{Segment, State, StreamState};
use crate::cli::output::span;
use crate::cli::state::stretch::Stretch;
use crate::config::{Config, Stream};
use crate::record::Position;

/// One stream whose checkpoint moves.
#[derive(Debug, Serialize)]
pub(super) struct Change {
    stream: String,
    before: Option<Position>,
    after: Option<Position>,
    /// What is to be read besides from then on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    back_fill: Vec<Segment>,
    meaning: String,
}

/// The streams that will be read from elsewhere, or send what they would have skipped. Another
/// report of the last sync is no change.
pub(super) fn between(config: &Config, before: Option<&State>, after: &Streams) -> Vec<Change> {
    let nothing = Streams::new();
    let before = before.map_or(&nothing, |state| &state.streams);
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let unknown = StreamState::default();
    names
        .into_iter()
        .filter_map(|name| {
            let old = before.get(name).unwrap_or(&unknown);
            let new = after.get(name).unwrap_or(&unknown);
            let same = old.stands_where(new) && old.recent == new.recent;
            let stream = config.streams.iter().find(|one| one.spec.name == *name);
            (!same).then(|| Change {
                stream: name.clone(),
                before: old.position.clone(),
                after: new.position.clone(),
                back_fill: new.back_fill.clone(),
                meaning: meaning(config, old, new, stream),
            })
        })
        .collect()
}

fn meaning(
    config: &Config,
    old: &StreamState,
    new: &StreamState,
    stream: Option<&Stream>,
) -> String {
    let Some(stream) = stream else {
        return "nothing, as long as this stream is not configured".to_owned();
    };
    let name = &stream.spec.name;
    let walk = config.walk_of(name);
    if let Some(root) = walk
        .map(|walk| &walk.root.spec.name)
        .filter(|root| *root != name)
    {
        return format!(
            "what `{root}` reads again is sent again, whether it was sent before or not"
        );
    }
    let (before, after) = (old.position.as_ref(), new.position.as_ref());
    let overlap = format!("less the overlap of {}", span(stream.overlap));
    let time = after.and_then(Position::recovery_time);
    let mut text = match (after, time) {
        (
            Some(Position::Incremental {
                cursor: Some(_), ..
            }),
            time,
        ) => {
            let resort = time.map_or_else(
                || "from the configured `start`".to_owned(),
                |time| format!("from {time}, {overlap}"),
            );
            format!(
                "everything after this cursor is read and sent again; should zendesk refuse the cursor, everything {resort}"
            )
        }
        (
            Some(Position::Time {
                from: Some(from), ..
            }),
            _,
        ) => {
            format!("everything changed since {from} is read and sent again")
        }
        (_, Some(time)) => {
            format!("everything changed since {time}, {overlap}, is read and sent again")
        }
        (Some(Position::List { walk: 0, .. }), _) => "all of the list is sent again".to_owned(),
        (Some(Position::List { .. }), _) => {
            "nothing: of a list, what was delivered is known by its content".to_owned()
        }
        (_, None) => "everything from the configured `start` is read and sent again".to_owned(),
    };
    if let (Some(old), Some(new)) = (before.and_then(Position::recovery_time), time)
        && old < new
    {
        text.push_str(&format!(
            "; what changed between {old} and {new} and was not sent yet is NOT read"
        ));
    }
    let is_kept = |segment: &Segment| new.back_fill.iter().any(|kept| kept.until == segment.until);
    for lost in old.back_fill.iter().filter(|segment| !is_kept(segment)) {
        let is_covered = time.is_some_and(|time| {
            lost.position
                .recovery_time()
                .is_some_and(|from| time <= from)
        });
        text.push_str(&format!(
            "; the history that was still to be loaded, {}, is dropped{}",
            Stretch(lost),
            if is_covered || after.is_none() {
                ", since it is read again anyway"
            } else {
                ": it is NOT read"
            }
        ));
    }
    text
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.stream)?;
        writeln!(f, "  before  {}", Place(self.before.as_ref()))?;
        writeln!(f, "  after   {}", Place(self.after.as_ref()))?;
        for segment in &self.back_fill {
            writeln!(f, "  besides {}", Stretch(segment))?;
        }
        write!(f, "  means   {}", self.meaning)
    }
}

/// A position on one line.
struct Place<'a>(Option<&'a Position>);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            None => f.write_str("no checkpoint"),
            Some(Position::Incremental {
                cursor,
                recovery_time,
            }) => {
                match cursor {
                    Some(cursor) => write!(f, "incremental, cursor {}", cursor.as_str())?,
                    None => f.write_str("incremental, no cursor")?,
                }
                match recovery_time {
                    Some(time) => write!(f, ", recovery time {time}"),
                    None => Ok(()),
                }
            }
            Some(Position::Search { from, window }) => {
                match from {
                    Some(from) => write!(f, "search, from {from}")?,
                    None => f.write_str("search, from the beginning")?,
                }
                match window {
                    Some(window) => write!(f, ", in a window to {}", window.to),
                    None => Ok(()),
                }
            }
            Some(Position::List { walk, page, .. }) => match page {
                Some(_) => write!(f, "list, in walk {walk}"),
                None => write!(f, "list, before walk {walk}"),
            },
            Some(Position::History(_)) => f.write_str("history, from lists"),
            Some(Position::Time { from, .. }) => match from {
                Some(from) => write!(f, "time, from {from}"),
                None => f.write_str("time, from the beginning"),
            },
        }
    }
}
