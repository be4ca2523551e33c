//! Changing the configuration while the daemon runs.
//!
//! The new configuration is read, checked and built, down to a new credential that is tried, beside
//! the old one at work. Whatever is wrong with it is told as at a start, and nothing is changed. What
//! several signals ask for while one reload is under way is one reload more.

mod prepare;
mod refusal;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::crew::Ready;
use super::{Assembled, Error, Kept, ServiceManager};
use crate::clock::Clock;
use crate::config::{Changes, Config, Contents};
use crate::limits;
use crate::meter::Meter;
use crate::progress::Progress;
use crate::schedule::Schedule;
use crate::status::{Sources, Watched};
use crate::sync::blocking;
use prepare::prepare;
use watch::Watch;

/// Reads the configuration again when it is asked to, or sees a change.
#[derive(Debug)]
pub(super) struct Reloader {
    path: PathBuf,
    hangup: Signal,
    watch: Watch,
}

/// What the daemon works by now.
#[derive(Debug)]
pub(super) struct Present {
    pub(super) config: Arc<Config>,
    pub(super) contents: Contents,
    pub(super) kept: Kept,
}

impl Present {
    /// What is told of the daemon comes from here.
    pub(super) fn sources(&self) -> Sources {
        Sources {
            config: self.config.clone(),
            state: self.kept.stores.state.clone(),
            client: self.kept.client.clone(),
        }
    }
}

/// What is to be worked by from now on.
#[derive(Debug)]
pub(super) struct Next {
    pub(super) config: Arc<Config>,
    pub(super) contents: Contents,
    pub(super) changes: Changes,
    /// `None` if nothing has changed for the streams.
    pub(super) crew: Option<Ready>,
}

/// What a new crew is made with.
pub(super) struct Means<'a> {
    pub(super) stop: &'a CancellationToken,
    pub(super) clock: Clock,
    pub(super) schedule: &'a Schedule,
    pub(super) manager: &'a ServiceManager,
    pub(super) watched: Arc<Watched>,
    pub(super) progress: Progress,
}

impl Means<'_> {
    /// A crew for `config`, whose waits end by `dismissed`.
    ///
    /// # Errors
    /// When a cadence is none.
    pub(super) fn ready(
        &self,
        config: &Config,
        assembled: Assembled,
        dismissed: CancellationToken,
    ) -> Result<Ready, Error> {
        let walks = config.walks();
        let ticks = walks
            .iter()
            .map(|walk| self.schedule.ticks(&walk.root.cadence));
        Ok(Ready {
            ticks: ticks.collect::<Result<_, _>>()?,
            assembled,
            dismissed,
        })
    }
}

impl Next {
    /// The word that it is in use, with what is different by name.
    pub(super) fn tell(&self, meter: &Meter) {
        meter.reloads.done.count();
        let Changes {
            added,
            removed,
            keys,
            contents,
        } = &self.changes;
        let some = |names: &[String]| (!names.is_empty()).then(|| names.join(", "));
        tracing::info!(
            streams_added = some(added),
            streams_removed = some(removed),
            keys_changed = some(keys),
            files_changed = some(contents),
            "configuration reloaded"
        );
    }
}

/// Why the configuration is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Signal,
    Change,
}

impl Reloader {
    /// Begins to listen for SIGHUP, by which the file at `path` is to be read again.
    ///
    /// # Errors
    /// When signals cannot be received.
    pub(super) fn new(path: PathBuf) -> Result<Self, Error> {
        Ok(Self {
            path,
            hangup: signal(SignalKind::hangup()).map_err(Error::Signals)?,
            watch: Watch::default(),
        })
    }

    /// Waits until there is another configuration to go on with.
    pub(super) async fn next(&mut self, present: &Present, means: &Means<'_>) -> Next {
        loop {
            let reason = self.asked(present).await;
            means.manager.reloading();
            self.watch.tried = Some(self.look_now(present).await);
            let prepared = prepare(self.path.clone(), present, means);
            match means.manager.patiently(prepared).await {
                Ok(Some(next)) => {
                    // It may name other files: whether they are as they were read, the watch finds
                    // out by one attempt more, which changes nothing.
                    self.watch = Watch::default();
                    return next;
                }
                Ok(None) => {
                    present.kept.meter.reloads.unchanged.count();
                    match reason {
                        Reason::Signal => {
                            tracing::info!("configuration read again: nothing has changed");
                        }
                        Reason::Change => {
                            tracing::debug!("configuration read again: nothing has changed");
                        }
                    }
                }
                Err(refusal) => refusal.tell(&present.kept.meter),
            }
            means.manager.ready();
        }
    }

    /// Waits for the signal, or for a change.
    async fn asked(&mut self, present: &Present) -> Reason {
        loop {
            tokio::select! {
                hangup = self.hangup.recv() => match hangup {
                    Some(()) => return Reason::Signal,
                    // The runtime is going down.
                    None => std::future::pending().await,
                },
                () = tokio::time::sleep(limits::RELOAD_LOOK), if present.config.reload_on_change => {
                    let now = self.look_now(present).await;
                    if self.watch.look(now) {
                        return Reason::Change;
                    }
                }
            }
        }
    }

    async fn look_now(&self, present: &Present) -> Contents {
        let (path, config) = (self.path.clone(), present.config.clone());
        blocking(move || Contents::of(&config).and_of_file(&path)).await
    }
}
