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

/// Up to where the checkpoint says that everything is settled. Cursors are opaque to the daemon;
/// the test knows how the simulator makes them.
pub fn place(state: Option<&State>) -> Place {
    let Some(Position::Incremental {
        cursor: Some(cursor),
        ..
    }) = state.and_then(|state| state.streams.get("users")?.position.clone())
    else {
        return Place::default();
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
