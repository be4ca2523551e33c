//! The earlier generations of the state file. A save that moves a checkpoint makes a new one and
//! keeps the one it replaces.

use std::path::Path;

use super::directory::{Directory, read_file};
use super::{Error, State, generations};

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
    let folder = directory.history();
    let mut kept = Vec::new();
    for number in generations::numbers(&folder)?.into_iter().rev() {
        let state = match read_file(&generations::path(&folder, number)) {
            Ok(Some(state)) => Ok(state),
            Err(error) => Err(error),
            // A running daemon has dropped it since it was listed.
            Ok(None) => continue,
        };
        kept.push(Generation { number, state });
    }
    Ok(kept)
}
