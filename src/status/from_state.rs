//! What the state directory says, when no daemon can be asked.

use jiff::Timestamp;

use super::judge::{self, Daemon, Known};
use super::report::{DeadLetterGroup, DeadLetters, Report, Source};
use super::stream;
use crate::checkpoint::{self, StreamState};
use crate::config::Config;
use crate::dead_letters::{self, Census, Segments};
use crate::error::{Code, Explain};

/// Why the state directory says nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The state file or the lock.
    #[error(transparent)]
    Checkpoint(#[from] checkpoint::Error),
    /// The dead letters.
    #[error(transparent)]
    DeadLetters(#[from] dead_letters::Error),
}

impl Explain for Error {
    fn code(&self) -> Code {
        match self {
            Self::Checkpoint(error) => error.code(),
            Self::DeadLetters(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Checkpoint(error) => error.hint(),
            Self::DeadLetters(error) => error.hint(),
        }
    }
}

/// Whether a daemon, which did not answer, is there at all.
///
/// # Errors
/// When the lock cannot be looked at.
pub fn daemon(config: &Config) -> Result<Daemon, Error> {
    let is_owned = checkpoint::is_owned(&config.state.directory)?;
    Ok(if is_owned {
        Daemon::Silent
    } else {
        Daemon::Down
    })
}

/// Reads what is known without the daemon, of which `daemon` is known. Changes nothing.
///
/// # Errors
/// When the state is damaged, too new, missing or another account's, or the dead letters cannot be
/// read.
pub fn report(config: &Config, daemon: Daemon, now: Timestamp) -> Result<Report, Error> {
    let account = &config.zendesk.account;
    let state = checkpoint::read_of(&config.state.directory, account)?;
    let state_of = |name: &str| -> StreamState {
        let streams = state.as_ref().map(|state| &state.streams);
        let stream = streams.and_then(|streams| streams.get(name));
        stream.cloned().unwrap_or_default()
    };
    let told = config.streams.iter().filter_map(|configured| {
        let root = config.walk_of(&configured.spec.name)?.root;
        let (own, of_root) = (state_of(&configured.spec.name), state_of(&root.spec.name));
        Some(stream::tell(configured, root, &own, &of_root, now))
    });
    let streams = told.collect::<Vec<_>>();
    let dead_letters = dead_letters(&mut Census::default(), config)?;
    Ok(Report {
        source: Source::StateDirectory,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        account: account.clone(),
        at: now,
        started_at: None,
        health: judge::health(&Known {
            daemon,
            streams: &streams,
            tokens: &[],
            dead_letters: &dead_letters,
            failures: &[],
        }),
        streams,
        limits: Vec::new(),
        tokens: Vec::new(),
        in_flight: 0,
        dead_letters,
        failures: Vec::new(),
    })
}

/// Counts the refused records.
///
/// # Errors
/// When they cannot be read.
pub(super) fn dead_letters(
    census: &mut Census,
    config: &Config,
) -> Result<DeadLetters, dead_letters::Error> {
    let (bytes, groups) = census.count(&Segments::of(&config.state.directory))?;
    Ok(DeadLetters {
        letters: groups.values().map(|group| group.letters).sum(),
        bytes,
        bytes_max: config.dead_letters.max_size,
        groups: groups
            .into_iter()
            .map(|((stream, reason), group)| DeadLetterGroup {
                stream,
                reason: reason.to_string(),
                letters: group.letters,
                superseded: group.superseded,
            })
            .collect(),
    })
}
