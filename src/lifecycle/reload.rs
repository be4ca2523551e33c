//! Changing the configuration while the daemon runs.
//!
//! The new configuration is read, checked and built, down to a new credential that is tried, beside
//! the old one at work. Whatever is wrong with it is told as at a start, and nothing is changed. What
//! several signals ask for while one reload is under way is one reload more.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::crew::Ready;
use super::{Assembled, Error, Kept, ServiceManager, Standing};
use crate::clock::Clock;
use crate::config::{self, Changes, Config, Contents, LoadError, SchemaPlace, Validate};
use crate::error::{Chain, Code, Explain};
use crate::http::Effort;
use crate::limits;
use crate::progress::Progress;
use crate::schedule::Schedule;
use crate::sync::{Origin, SchemaSource, blocking};

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
    pub(super) standing: Standing,
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
    pub(super) fn tell(&self) {
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

/// Why the old configuration goes on.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(transparent)]
    Configuration(#[from] LoadError),
    #[error("{} cannot be changed while the daemon runs", .0.join(" and "))]
    NeedsRestart(Vec<&'static str>),
    #[error(transparent)]
    Assembly(#[from] Error),
    #[error("the new credential for zendesk is refused")]
    Zendesk(#[source] crate::zendesk::Error),
    #[error("the new credential for adobe is refused")]
    Platform(#[source] crate::platform::Error),
    #[error(transparent)]
    Schema(#[from] crate::sync::Error),
}

impl Explain for Refusal {
    fn code(&self) -> Code {
        match self {
            Self::Configuration(_) | Self::NeedsRestart(_) => Code::Configuration,
            Self::Assembly(error) => error.code(),
            Self::Zendesk(error) => error.code(),
            Self::Platform(error) => error.code(),
            Self::Schema(error) => error.code(),
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Configuration(_) => Some("correct it, and send SIGHUP again"),
            Self::NeedsRestart(_) => Some("restart the daemon, or take the change back"),
            Self::Assembly(error) => error.hint(),
            Self::Zendesk(error) => error.hint(),
            Self::Platform(error) => error.hint(),
            Self::Schema(error) => error.hint(),
        }
    }
}

/// Why the configuration is read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Signal,
    Change,
}

/// Looks at the content of files, again and again.
///
/// Not by the kernel's notices: a mounted ConfigMap changes by a link that is replaced, a bind mount
/// keeps the old file, a network file system tells nobody. Reading some kilobytes every few seconds
/// always works.
#[derive(Debug, Default)]
struct Watch {
    /// What was there at the last attempt.
    tried: Option<Contents>,
    /// What was there at the last look.
    seen: Option<Contents>,
}

impl Watch {
    /// Whether there is something new, and it has stayed the same since the last look: what is still
    /// being written is not taken, and what turned out to be wrong is tried once.
    fn look(&mut self, now: Contents) -> bool {
        let rests = self.seen.as_ref() == Some(&now);
        let is_new = self.tried.as_ref() != Some(&now);
        self.seen = Some(now);
        rests && is_new
    }
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
            match prepare(self.path.clone(), present, means).await {
                Ok(Some(next)) => {
                    // It may name other files: whether they are as they were read, the watch finds
                    // out by one attempt more, which changes nothing.
                    self.watch = Watch::default();
                    return next;
                }
                Ok(None) if reason == Reason::Signal => {
                    tracing::info!("configuration read again: nothing has changed");
                }
                Ok(None) => tracing::debug!("configuration read again: nothing has changed"),
                Err(refusal) => tracing::error!(
                    code = refusal.code().as_str(),
                    hint = refusal.hint(),
                    "the configuration is not changed, the daemon goes on as before: {}",
                    Chain(&refusal)
                ),
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

/// Reads, checks and builds all there is to go on with; `None` if it is what is there already.
async fn prepare(
    path: PathBuf,
    present: &Present,
    means: &Means<'_>,
) -> Result<Option<Next>, Refusal> {
    let (config, contents) = blocking(move || {
        let config = config::load(&path)?;
        let contents = Contents::of(&config);
        Ok::<_, LoadError>((Arc::new(config), contents))
    })
    .await?;
    let contents = contents.or(&present.contents);
    let fixed = needs_restart(&present.config, &config);
    if !fixed.is_empty() {
        return Err(Refusal::NeedsRestart(fixed));
    }
    let changes = Changes::between((&present.config, &present.contents), (&config, &contents));
    if changes.is_empty() {
        return Ok(None);
    }
    let crew = match changes.spare_the_streams() {
        true => None,
        false => Some(ready(&config, present, means).await?),
    };
    Ok(Some(Next {
        config,
        contents,
        changes,
        crew,
    }))
}

/// Builds a crew, and tries what can be tried of it.
async fn ready(
    config: &Arc<Config>,
    present: &Present,
    means: &Means<'_>,
) -> Result<Ready, Refusal> {
    let dismissed = means.stop.child_token();
    let assembled = blocking({
        let (config, kept) = (config.clone(), present.kept.clone());
        let (dismissed, clock) = (dismissed.clone(), means.clock);
        move || kept.heir(&config, &dismissed)?.assemble(&config, &clock)
    })
    .await?;
    for stream in &config.streams {
        if let Validate::Schema(SchemaPlace::File(path)) = &stream.validate {
            SchemaSource::new(Origin::File(path.clone()))
                .schema()
                .await?;
        }
    }
    try_credentials(&present.kept, &assembled.kept).await?;
    // Before its first sync, whose messages would have tags in the places of titles.
    assembled.custom_fields.refresh().await;
    Ok(means.ready(config, assembled, dismissed)?)
}

/// Signs in where that is to be done in another way than before. An end that cannot be reached now
/// has refused nothing.
async fn try_credentials(old: &Kept, new: &Kept) -> Result<(), Refusal> {
    if !new.client.signs_in_with(&old.client)
        && let Err(error) = new.client.sign_in().await
        && error.code().needs_a_person()
    {
        return Err(Refusal::Zendesk(error));
    }
    if !new.connection.signs_in_with(&old.connection)
        && let Err(error) = new.connection.sign_in(Effort::Once).await
        && error.code().needs_a_person()
    {
        return Err(Refusal::Platform(error));
    }
    Ok(())
}

/// What the running process is bound to.
fn needs_restart(old: &Config, new: &Config) -> Vec<&'static str> {
    let account = old.zendesk.account != new.zendesk.account;
    [
        (
            account,
            "the account (`zendesk.subdomain` or `zendesk.base_url`)",
        ),
        (
            old.state.directory != new.state.directory,
            "`state.directory`",
        ),
        (old.log.format != new.log.format, "`log.format`"),
        (old.status != new.status, "`status.listen`"),
    ]
    .into_iter()
    .filter_map(|(changed, name)| changed.then_some(name))
    .collect()
}
