//! The files of the history: `history/state.NNNNNNNNNN.json`, one for each kept generation.
//!
//! Numbers only grow: what a rollback brings back gets a number of its own.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::Error;
use crate::{files, limits};

/// Where a generation is kept.
pub(super) fn path(history: &Path, number: u64) -> PathBuf {
    history.join(format!("state.{number:010}.json"))
}

/// The numbers of the kept generations, ascending.
pub(super) fn numbers(history: &Path) -> Result<Vec<u64>, Error> {
    let failed = || Error::io("list", history);
    let entries = match fs::read_dir(history) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed()(error)),
    };
    let mut numbers = Vec::new();
    for entry in entries {
        // What people put beside our files is theirs.
        numbers.extend(number(&entry.map_err(failed())?.path()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

fn number(path: &Path) -> Option<u64> {
    let name = path.file_name()?.to_str()?;
    let number: u64 = name
        .strip_prefix("state.")?
        .strip_suffix(".json")?
        .parse()
        .ok()?;
    // One name for one number, or a generation would be listed and not be found.
    (number <= limits::GENERATION_MAX && name == format!("state.{number:010}.json"))
        .then_some(number)
}

/// The number of the generation after `present`: higher than any in use.
pub(super) fn next_number(history: &Path, present: u64) -> Result<u64, Error> {
    let kept = numbers(history)?.last().copied();
    Ok(present.max(kept.unwrap_or(0)) + 1)
}

/// Drops the oldest generations beyond [`limits::STATE_GENERATIONS`].
pub(super) fn prune(history: &Path) -> Result<(), Error> {
    let numbers = numbers(history)?;
    let excess = numbers.len().saturating_sub(limits::STATE_GENERATIONS);
    for &oldest in &numbers[..excess] {
        let path = path(history, oldest);
        files::remove_if_there(&path).map_err(Error::io("drop the oldest generation", &path))?;
    }
    Ok(())
}
