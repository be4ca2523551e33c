//! `state`: looking at the state file, also while a daemon owns it, and moving its checkpoints
//! while none does.

mod amend;
mod history;
mod rollback;
mod set;
mod show;
mod stretch;

use std::path::Path;

use clap::Subcommand;

use super::{Output, output};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print how far each stream has been delivered
    Show,
    /// List the earlier generations of the state file
    History,
    /// Put an earlier generation in the place of the present one
    Rollback(rollback::Arguments),
    /// Move the checkpoint of one stream
    Set(set::Arguments),
}

pub(super) fn run(path: &Path, command: &Command, output: Output) -> u8 {
    let config = match output::load(path) {
        Ok(config) => config,
        Err(code) => return code,
    };
    match command {
        Command::Show => show::run(&config, output),
        Command::History => history::run(&config, output),
        Command::Rollback(arguments) => rollback::run(&config, arguments, output),
        Command::Set(arguments) => set::run(&config, arguments, output),
    }
}
