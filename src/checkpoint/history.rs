//! The earlier generations of the state file: `history/state.NNNNNNNNNN.json`.
//!
//! A save that moves a checkpoint makes a new generation and keeps the one it replaces. Numbers
//! only grow: what a rollback brings back gets a number of its own.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::directory::{Directory, read_file};
use super::{Error, State};
use crate::{files, limits};

/// One kept generation.
#[derive(Debug)]
pub struct Generation {
    /// Its number.
    pub number: u64,
    /// What is in it, or why that cannot be read.
    pub state: Result<State, Error>,
}

/// The kept generations of a state directory, newest first. Damaged ones are among them.
///
/// # Errors
/// When the history cannot be listed.
pub fn history(directory: &Path) -> Result<Vec<Generation>, Error> {
    let directory = Directory::new(directory);
    let mut generations = Vec::new();
    for number in numbers(&directory)?.into_iter().rev() {
        let state = match read_file(&path(&directory, number)) {
            Ok(Some(state)) => Ok(state),
            Err(error) => Err(error),
            // A running daemon has dropped it since it was listed.
            Ok(None) => continue,
        };
        generations.push(Generation { number, state });
    }
    Ok(generations)
}

/// Where a generation is kept.
pub(super) fn path(directory: &Directory, number: u64) -> PathBuf {
    directory.history().join(format!("state.{number:010}.json"))
}

/// The numbers of the kept generations, ascending.
pub(super) fn numbers(directory: &Directory) -> Result<Vec<u64>, Error> {
    let history = directory.history();
    let failed = || Error::io("list", &history);
    let entries = match fs::read_dir(&history) {
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
pub(super) fn next_number(directory: &Directory, present: u64) -> Result<u64, Error> {
    let kept = numbers(directory)?.last().copied();
    Ok(present.max(kept.unwrap_or(0)) + 1)
}

/// Drops the oldest generations beyond [`limits::STATE_GENERATIONS`].
pub(super) fn prune(directory: &Directory) -> Result<(), Error> {
    let numbers = numbers(directory)?;
    let excess = numbers.len().saturating_sub(limits::STATE_GENERATIONS);
    for &oldest in &numbers[..excess] {
        let path = path(directory, oldest);
        files::remove_if_there(&path).map_err(Error::io("drop the oldest generation", &path))?;
    }
    Ok(())
}
