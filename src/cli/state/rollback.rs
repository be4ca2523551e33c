//! `state rollback`: an earlier generation in the place of the present one, which may be damaged
//! or gone.

use super::amend::{self, Streams};
use crate::checkpoint::{self, Error, Present, State, StreamState};
use crate::cli::{Output, output};
use crate::config::Config;

/// Which generation, and whether to do it.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Arguments {
    /// The generation's number, as `state history` lists it
    #[arg(value_name = "N")]
    generation: u64,

    /// Do it; without this only print what would change
    #[arg(long)]
    yes: bool,
}

pub(super) fn run(config: &Config, arguments: &Arguments, output: Output) -> u8 {
    amend::run(config, arguments.yes, output, |present| {
        streams_of(config, present, arguments.generation)
    })
}

/// The streams as the generation has them, or the exit code.
fn streams_of(config: &Config, present: &Present, number: u64) -> Result<Streams, u8> {
    if present
        .state
        .as_ref()
        .is_some_and(|state| state.generation == number)
    {
        let what = format!("generation {number} is the present one");
        return Err(amend::refuse(
            &what,
            "`state history` lists the earlier ones",
        ));
    }
    let directory = &config.state.directory;
    let history = checkpoint::history(directory).map_err(|error| output::fail(&error))?;
    let Some(kept) = history.into_iter().find(|kept| kept.number == number) else {
        let what = format!("there is no generation {number}");
        return Err(amend::refuse(
            &what,
            "`state history` lists those there are",
        ));
    };
    let state = kept.state.map_err(|error| output::fail(&error))?;
    if state.account != config.zendesk.account {
        return Err(output::fail(&Error::Foreign {
            path: directory.join("history"),
            found: state.account,
            configured: config.zendesk.account.clone(),
        }));
    }
    Ok(checkpoints_of(state, present))
}

/// The checkpoints of `kept` and the memory that belongs to them. The other things known of a
/// stream are about what has happened since, and a rollback does not undo that.
fn checkpoints_of(kept: State, present: &Present) -> Streams {
    let of_present = |name: &str| present.state.as_ref()?.streams.get(name).cloned();
    kept.streams
        .into_iter()
        .map(|(name, kept)| {
            let stream = match of_present(&name) {
                Some(present) => StreamState {
                    position: kept.position,
                    members: kept.members,
                    back_fill: kept.back_fill,
                    ended: kept.ended,
                    recent: kept.recent,
                    ..present
                },
                None => kept,
            };
            (name, stream)
        })
        .collect()
}
