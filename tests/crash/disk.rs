//! What a dead daemon leaves on disk.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use zendesk_aep::checkpoint::{self, State};
use zendesk_aep::record::Position;

use crate::Place;

/// Reads the state file. It is whole or not there; anything else is the defect looked for.
pub fn state(directory: &Path) -> Option<State> {
    match checkpoint::read(directory) {
        Ok(state) => state,
        Err(error) => panic!("the state file does not survive a kill: {error}"),
    }
}

/// What a state file says is settled.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reach {
    /// Everything up to here…
    pub live: Place,
    /// …but what lies after such a place and before such a second.
    pub gaps: Vec<(Place, i64)>,
}

impl Reach {
    /// Whether a version at `place` counts as settled.
    pub fn has_passed(&self, place: Place) -> bool {
        let in_gap = |(after, before): &(Place, i64)| place > *after && place.0 < *before;
        place <= self.live && !self.gaps.iter().any(in_gap)
    }
}

/// Up to where the checkpoint says that everything is settled.
pub fn reach(state: Option<&State>) -> Reach {
    let Some(users) = state.and_then(|state| state.streams.get("users")) else {
        return Reach::default();
    };
    let history = users.back_fill.iter();
    Reach {
        live: users.position.as_ref().map(place).unwrap_or_default(),
        gaps: history
            .map(|segment| (place(&segment.position), segment.until.as_second()))
            .collect(),
    }
}

/// The place of a position. Cursors are opaque to the daemon; the test knows how the simulator
/// makes them.
fn place(position: &Position) -> Place {
    let cursor = match position {
        Position::Incremental {
            cursor: Some(cursor),
            ..
        } => cursor,
        // Where a walk was split, it goes on at a second.
        position => {
            let time = position.recovery_time();
            return time.map_or(Place::default(), |time| (time.as_second(), 0));
        }
    };
    let read = || {
        let text = String::from_utf8(BASE64_STANDARD.decode(cursor.as_str()).ok()?).ok()?;
        let (second, id) = text.strip_suffix('|')?.split_once(".0||")?;
        Some((second.parse().ok()?, id.parse().ok()?))
    };
    read().expect("a cursor of the simulator's")
}

/// The records in the dead letters, byte for byte. A torn last line does not count: the daemon
/// cuts it off at its next start.
pub fn dead_letters(directory: &Path) -> Vec<Bytes> {
    #[derive(Deserialize)]
    struct Line<'a> {
        #[serde(borrow)]
        record: &'a RawValue,
    }
    let mut records = Vec::new();
    for path in dead_letter_files(directory).expect("the dead letters") {
        let text = fs::read_to_string(path).expect("a readable file");
        for line in text
            .split_inclusive('\n')
            .filter(|line| line.ends_with('\n'))
        {
            let line: Line<'_> = serde_json::from_str(line).expect("a whole line is a dead letter");
            records.push(Bytes::copy_from_slice(line.record.get().as_bytes()));
        }
    }
    records
}

/// The size of all dead letters together.
pub fn dead_letter_bytes(directory: &Path) -> u64 {
    let files = dead_letter_files(directory).unwrap_or_default();
    files
        .iter()
        .filter_map(|path| Some(fs::metadata(path).ok()?.len()))
        .sum()
}

/// When the file that a save is prepared in was last touched; `None` if no save is under way.
pub fn save_under_way(directory: &Path) -> Option<SystemTime> {
    fs::metadata(directory.join("state.json.tmp"))
        .and_then(|file| file.modified())
        .ok()
}

/// Every `*.ndjson` beneath the state directory, however the store arranges them.
fn dead_letter_files(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        if !directory.exists() {
            continue;
        }
        for entry in fs::read_dir(directory)? {
            let path = entry?.path();
            if path.is_dir() {
                directories.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == "ndjson")
            {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
