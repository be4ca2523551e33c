//! What `rollback` and `set` have in common: the dry run, the lock, and telling what it means.

mod change;

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::checkpoint::{Amendment, Present, StreamState};
use crate::cli::{Output, exit, output};
use crate::config::Config;
use change::Change;

/// The streams of a state, by name.
pub(super) type Streams = BTreeMap<String, StreamState>;

/// What an amendment does, or would do.
#[derive(Debug, Serialize)]
struct Outcome {
    /// Nothing was written.
    dry_run: bool,
    /// What is wrong with the present file, if it cannot be read.
    present_trouble: Option<String>,
    changes: Vec<Change>,
    /// The generation written.
    generation: Option<u64>,
    /// Where a present file that could not be read is kept.
    set_aside: Option<PathBuf>,
}

/// Puts the streams that `plan` makes of what stands there in its place, if `yes`; prints what
/// changes in either case.
pub(super) fn run(
    config: &Config,
    yes: bool,
    output: Output,
    plan: impl FnOnce(&Present) -> Result<Streams, u8>,
) -> u8 {
    let done = if yes {
        carry_out(config, output, plan)
    } else {
        rehearse(config, output, plan)
    };
    done.err().unwrap_or(exit::SUCCESS)
}

fn rehearse(
    config: &Config,
    output: Output,
    plan: impl FnOnce(&Present) -> Result<Streams, u8>,
) -> Result<(), u8> {
    let present = Present::look(&config.state.directory, &config.zendesk.account)
        .map_err(|error| output::fail(&error))?;
    let streams = plan(&present)?;
    Outcome::new(config, &present, &streams).print(output);
    Ok(())
}

fn carry_out(
    config: &Config,
    output: Output,
    plan: impl FnOnce(&Present) -> Result<Streams, u8>,
) -> Result<(), u8> {
    // The lock comes first: between looking and writing nobody may move a checkpoint.
    let amendment = Amendment::begin(&config.state.directory, &config.zendesk.account)
        .map_err(|error| output::fail(&error))?;
    let streams = plan(amendment.present())?;
    let mut outcome = Outcome::new(config, amendment.present(), &streams);
    outcome.dry_run = false;
    if !outcome.is_empty() {
        let amended = amendment
            .write(streams)
            .map_err(|error| output::fail(&error))?;
        outcome.generation = Some(amended.generation);
        outcome.set_aside = amended.set_aside;
    }
    outcome.print(output);
    Ok(())
}

impl Outcome {
    fn new(config: &Config, present: &Present, after: &Streams) -> Self {
        Self {
            dry_run: true,
            present_trouble: present.trouble.as_ref().map(ToString::to_string),
            changes: change::between(config, present.state.as_ref(), after),
            generation: None,
            set_aside: None,
        }
    }

    /// Whether there is nothing to do.
    fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.present_trouble.is_none()
    }

    fn print(&self, output: Output) {
        if output == Output::Json {
            return output::json(self);
        }
        if let Some(trouble) = &self.present_trouble {
            output::line(&format!("{trouble}\n"));
        }
        for change in &self.changes {
            output::line(&format!("{change}\n"));
        }
        if let Some(path) = &self.set_aside {
            output::line(&format!(
                "the file that could not be read is kept as {}",
                path.display()
            ));
        }
        output::line(&match self.generation {
            Some(generation) => format!("done: generation {generation}"),
            None if self.is_empty() => "nothing changes".to_owned(),
            None => "this was a dry run; to do it, stop the daemon and add `--yes`".to_owned(),
        });
    }
}

/// Refuses what was asked for, like a wrong argument.
pub(super) fn refuse(what: &str, hint: &str) -> u8 {
    eprintln!("error: {what}\n\nhint: {hint}");
    exit::CONFIGURATION
}
