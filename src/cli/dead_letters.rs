//! `dead-letters`: looking at refused records and deciding what becomes of them, also while a
//! daemon runs.

mod discard;
mod export;
mod groups;
mod list;
mod retry;
mod selection;
mod show;

use std::path::{Path, PathBuf};

use super::{Output, exit, output};
use crate::dead_letters::{Damaged, LetterId, Segments};
pub(super) use groups::{Group, Groups};
use selection::{Filter, Selection};

/// What to do with the dead letters.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// Count the letters by stream and reason, and list them
    List {
        #[command(flatten)]
        filter: Filter,
    },
    /// Print one letter, its texts replaced by their lengths
    Show {
        /// The letter, as `list` names it
        id: LetterId,
        /// Print the record as it is, personal data included
        #[arg(long)]
        reveal: bool,
    },
    /// Send letters again by the present configuration and remove those that are accepted
    Retry {
        #[command(flatten)]
        selection: Selection,
    },
    /// Write whole letters, personal data included, one JSON object a line
    Export {
        #[command(flatten)]
        filter: Filter,
        /// A file that does not exist yet, or `-` for standard output
        #[arg(long, value_name = "PATH", default_value = "-")]
        output_file: PathBuf,
    },
    /// Remove letters for good; their records are not sent
    Discard {
        #[command(flatten)]
        selection: Selection,
        /// Only letters that a later version of their record has superseded
        #[arg(long)]
        superseded: bool,
        /// Without this, only say what would be removed
        #[arg(long)]
        yes: bool,
    },
}

/// Runs one of them.
pub(super) async fn run(path: &Path, command: Command, output: Output) -> u8 {
    let config = match output::load(path) {
        Ok(config) => config,
        Err(code) => return code,
    };
    let segments = Segments::of(&config.state.directory);
    match command {
        Command::List { filter } => list::run(&segments, &filter, output),
        Command::Show { id, reveal } => show::run(&segments, id, reveal),
        Command::Retry { selection } => retry::run(config, &segments, &selection, output).await,
        Command::Export {
            filter,
            output_file,
        } => export::run(&segments, &filter, &output_file),
        Command::Discard {
            selection,
            superseded,
            yes,
        } => {
            let doomed = discard::Doomed {
                selection,
                superseded,
            };
            discard::run(&segments, &doomed, yes, output)
        }
    }
}

/// Tells of a line that nothing can be done with here.
fn warn(damaged: &Damaged) {
    eprintln!("warning: a dead letter is damaged, and skipped; it stays in the file\n  {damaged}");
}

/// Tells that there are no such letters.
fn not_found(ids: &[LetterId]) -> u8 {
    for id in ids {
        eprintln!("error: there is no dead letter {id}");
    }
    eprintln!("\nhint: `dead-letters list` shows them; one that was accepted or discarded is gone");
    exit::FAILED
}
