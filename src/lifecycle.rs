//! From start to stop: assembling the parts, running a task for each walk, and draining.
//!
//! On the first SIGTERM or SIGINT no further page is fetched, waits end, and what is in hand is
//! finished within `shutdown_grace`; on the second the process leaves at once. Neither loses
//! anything: what was not settled is read again.
//!
//! Every task is spawned here. A task that panics brings the process down, so that the service
//! manager restarts it instead of a stream being dead in a living process.

mod custom_fields;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::checkpoint::{self, Store};
use crate::clock::Clock;
use crate::config::{self, Config, SchemaPlace, Secret, SecretError};
use crate::dead_letters::{self, DeadLetters};
use crate::error::{Code, Explain};
use crate::mapping::{self, Account, Composer, Mapping, Privacy, PrivacyError};
use crate::platform::{self, Connection, Inlet, SchemaRegistry};
use crate::schedule::{self, Schedule, Tick, Ticks};
use crate::snapshots::{self, Snapshots};
use crate::sync::{End, Judge, Member, Origin, Outlet, SchemaSource, Stores, Walk};
use crate::telemetry;
use crate::zendesk::{self, Client, Export};

pub use custom_fields::CustomFields;

/// Why the program could not start, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The state directory.
    #[error(transparent)]
    Checkpoint(#[from] checkpoint::Error),
    /// The dead-letter store.
    #[error(transparent)]
    DeadLetters(#[from] dead_letters::Error),
    /// The snapshots of lists.
    #[error(transparent)]
    Snapshots(#[from] snapshots::Error),
    /// The Zendesk side.
    #[error(transparent)]
    Zendesk(#[from] zendesk::Error),
    /// The platform side.
    #[error(transparent)]
    Platform(#[from] platform::Error),
    /// The key of hashed fields cannot be read.
    #[error("cannot read the key of hashed fields")]
    HashKey(#[source] SecretError),
    /// The key of hashed fields is none.
    #[error(transparent)]
    Privacy(#[from] PrivacyError),
    /// A mapping file.
    #[error(transparent)]
    Mapping(#[from] mapping::Faults),
    /// The scheduler.
    #[error(transparent)]
    Schedule(#[from] schedule::Error),
    /// Signals cannot be received.
    #[error("cannot listen for signals")]
    Signals(#[source] std::io::Error),
    /// A task panicked.
    #[error(
        "the task of a stream has panicked; this is a defect of this program, please report it"
    )]
    Panicked,
    /// The drain took longer than allowed.
    #[error("stopping took longer than `shutdown_grace` ({} s): the pages in hand are given up and read again at the next start", .0.as_secs())]
    GraceExceeded(Duration),
}

impl Explain for Error {
    fn code(&self) -> Code {
        match self {
            Self::Checkpoint(error) => error.code(),
            Self::DeadLetters(error) => error.code(),
            Self::Snapshots(error) => error.code(),
            Self::Zendesk(error) => error.code(),
            Self::Platform(error) => error.code(),
            Self::HashKey(_) | Self::Privacy(_) => Code::Privacy,
            Self::Mapping(_) => Code::MappingFile,
            Self::Schedule(_) | Self::Signals(_) | Self::Panicked => Code::Internal,
            Self::GraceExceeded(_) => Code::Interrupted,
        }
    }

    fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Checkpoint(error) => error.hint(),
            Self::DeadLetters(error) => error.hint(),
            Self::Snapshots(error) => error.hint(),
            Self::Zendesk(error) => error.hint(),
            Self::Platform(error) => error.hint(),
            Self::HashKey(_) | Self::Privacy(_) => Some(
                "provide the secret named by `hash_key`, for example the output of `openssl rand -hex 32`; another key makes other hashes",
            ),
            Self::Mapping(_) | Self::Schedule(_) | Self::Signals(_) | Self::Panicked => None,
            Self::GraceExceeded(_) => {
                Some("raise `shutdown_grace`, and the service manager's own stop timeout with it")
            }
        }
    }
}

/// Everything that keeps the configured streams in sync.
#[derive(Debug)]
pub struct Assembled {
    /// One for each of [`Config::walks`].
    pub walks: Vec<Walk>,
    /// What their mappings know of custom fields.
    pub custom_fields: CustomFields,
}

/// Builds everything that keeps the configured streams in sync; connects to nothing yet. `clock` is the one that Zendesk's quota is waited
/// for by.
///
/// # Errors
/// When the state directory is unusable or a client cannot be set up.
pub fn assemble(
    config: &Config,
    stop: &CancellationToken,
    clock: &Clock,
) -> Result<Assembled, Error> {
    if let config::ZendeskAuth::ApiToken { .. } = config.zendesk.auth {
        tracing::warn!("{}", config::ZendeskAuth::API_TOKEN_END);
    }
    let directory = &config.state.directory;
    let stores = Stores {
        // First: it takes the lock for all of them.
        state: Arc::new(Store::open(directory, &config.zendesk.account)?),
        dead_letters: Arc::new(DeadLetters::open(directory, &config.dead_letters)?),
        snapshots: Arc::new(Snapshots::new(directory)),
    };
    if config.streams.iter().any(config::Stream::is_compared) {
        stores.snapshots.ready()?;
    }
    let client = Arc::new(Client::new(&config.zendesk, &config.retry, stop, clock)?);
    let connection = Arc::new(Connection::new(&config.platform, &config.retry, stop)?);
    let account = Arc::new(Account::default());
    let walks: Result<Vec<Walk>, Error> = config
        .walks()
        .into_iter()
        .map(|walk| {
            let page_size = config.zendesk.page_size;
            let export = Export::new(client.clone(), walk.root, &walk.members, page_size);
            let members: Result<Vec<Member>, Error> = std::iter::once(walk.root)
                .chain(walk.members)
                .map(|stream| {
                    let outlet = || outlet(stream, config, &connection, &account);
                    Ok(Member {
                        stream: (&*stream.spec.name).into(),
                        outlet: stream.deliver.then(outlet).transpose()?,
                    })
                })
                .collect();
            Ok(Walk::new(
                export,
                members?,
                walk.root.end,
                stores.clone(),
                config.attention,
            ))
        })
        .collect();
    Ok(Assembled {
        walks: walks?,
        custom_fields: CustomFields::new(client, account, clock),
    })
}

/// Builds the way from record to inlet of every configured stream, by stream: what [`assemble`]
/// builds but for the parts that need the state directory to themselves.
///
/// # Errors
/// When the client cannot be set up.
pub fn outlets<'c>(
    config: &'c Config,
    stop: &CancellationToken,
) -> Result<BTreeMap<&'c str, Outlet>, Error> {
    let connection = Arc::new(Connection::new(&config.platform, &config.retry, stop)?);
    let account = Arc::new(Account::default());
    config
        .streams
        .iter()
        .filter(|stream| stream.deliver)
        .map(|stream| {
            let outlet = outlet(stream, config, &connection, &account)?;
            Ok((&*stream.spec.name, outlet))
        })
        .collect()
}

fn outlet(
    stream: &config::Stream,
    config: &Config,
    connection: &Arc<Connection>,
    account: &Arc<Account>,
) -> Result<Outlet, Error> {
    let platform = &config.platform;
    let flow_id = match stream.mapping {
        config::Mapping::Raw { .. } => stream.flow_id.as_deref(),
        // These carry it in the envelope.
        config::Mapping::Mapped(_) => None,
    };
    let inlet = Inlet::new(
        connection.clone(),
        platform.endpoint,
        platform.batch_bytes,
        flow_id,
    )?;
    let judge = judge(stream, config, connection)?;
    Ok(Outlet::new(composer(stream, account)?, judge, inlet))
}

/// Builds what makes a stream's messages. `account` is what all streams of it share.
///
/// # Errors
/// When the mapping file is wrong, or the key of hashed fields cannot be had.
pub fn composer(stream: &config::Stream, account: &Arc<Account>) -> Result<Composer, Error> {
    let mapping = Mapping::new(&stream.spec, &stream.mapping, account)?;
    Ok(Composer::new(mapping, privacy(stream)?))
}

/// Builds the rules for fields of a stream that do not leave as they are.
///
/// # Errors
/// When the key of hashed fields cannot be had.
pub fn privacy(stream: &config::Stream) -> Result<Option<Privacy>, Error> {
    let Some(rules) = &stream.privacy else {
        return Ok(None);
    };
    let key = rules.hash_key.as_ref().map(Secret::read).transpose();
    let key = key.map_err(Error::HashKey)?;
    Ok(Some(Privacy::new(rules, key.as_ref())?))
}

/// Builds what judges a stream's messages before they are sent.
///
/// # Errors
/// When a configured value cannot be a header.
pub fn judge(
    stream: &config::Stream,
    config: &Config,
    connection: &Arc<Connection>,
) -> Result<Judge, platform::Error> {
    let origin = match &stream.validate {
        config::Validate::Off => return Ok(Judge::Nobody),
        config::Validate::Fields => return Ok(Judge::Fields),
        config::Validate::Schema(SchemaPlace::File(path)) => Origin::File(path.clone()),
        config::Validate::Schema(SchemaPlace::Registry(id)) => {
            let sandbox = config.platform.sandbox_name.as_deref().unwrap_or_default();
            // One `$id` may be another schema in another sandbox.
            let name = crc32fast::hash(format!("{sandbox}\n{id}").as_bytes());
            Origin::Registry {
                registry: Box::new(SchemaRegistry::new(connection.clone(), &config.platform)?),
                id: id.clone(),
                copy: config
                    .state
                    .directory
                    .join(format!("schemas/{name:08x}.json")),
            }
        }
    };
    Ok(Judge::Schema(Box::new(SchemaSource::new(origin))))
}

/// Runs the daemon until a signal stops it.
///
/// # Errors
/// When it cannot start, a task panics, or stopping takes too long.
pub async fn run(config: &Config) -> Result<(), Error> {
    let stop = stop_on_signals()?;
    run_until(config, stop, &Clock::real()).await
}

/// Runs the daemon until `stop` is cancelled, by the given clock.
///
/// # Errors
/// As [`run`].
pub async fn run_until(
    config: &Config,
    stop: CancellationToken,
    clock: &Clock,
) -> Result<(), Error> {
    let Assembled {
        walks,
        custom_fields,
    } = assemble(config, &stop, clock)?;
    let schedule = Schedule::start(clock).await?;
    let mut tasks = JoinSet::new();
    // Before the first sync, whose messages would have tags in the places of titles.
    custom_fields.refresh().await;
    tasks.spawn(custom_fields.keep(stop.clone()));
    for (walk, configured) in walks.into_iter().zip(config.walks()) {
        tasks.spawn(keep_in_sync(
            walk,
            schedule.ticks(&configured.root.cadence)?,
            config.attention.retry_every,
            stop.clone(),
        ));
    }
    tracing::info!(
        account = config.zendesk.account,
        streams = config.streams.len(),
        state = %config.state.directory.display(),
        version = env!("CARGO_PKG_VERSION"),
        "started"
    );
    let ended = drain(&mut tasks, &stop, config.shutdown_grace).await;
    schedule.stop().await;
    if ended.is_ok() {
        tracing::info!("stopped; everything in hand was finished");
    }
    ended
}

/// The streams of one walk, for as long as the process lives.
async fn keep_in_sync(
    mut walk: Walk,
    mut ticks: Ticks,
    paused_for: Duration,
    stop: CancellationToken,
) {
    // Cancelled when the next tick has come while the last sync was running.
    let mut due = CancellationToken::new();
    loop {
        if walk.is_finished() {
            tracing::info!(
                stream = walk.root(),
                "everything before the configured `end` is delivered: the stream is not read any more"
            );
            return stop.cancelled().await;
        }
        let tick = if due.is_cancelled() {
            Tick::Due
        } else {
            tokio::select! {
                () = stop.cancelled() => return,
                tick = ticks.next() => tick,
            }
        };
        let early = tick == Tick::Early;
        if early && !walk.may_poll_early() {
            continue;
        }
        due = CancellationToken::new();
        let next_tick = async {
            while ticks.next().await != Tick::Due {}
            due.cancel();
            std::future::pending::<Infallible>().await
        };
        let summary = tokio::select! {
            summary = walk.run(&stop, &due, &|_| {}) => summary,
            never = next_tick => match never {},
        };
        if early && summary.is_uneventful() {
            telemetry::early_poll(&summary);
        } else {
            telemetry::sync_ended(&summary);
        }
        if let End::Failed(error) = &summary.end
            && error.code().needs_a_person()
        {
            telemetry::paused(walk.root(), error, paused_for);
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(paused_for) => {}
            }
        }
    }
}

/// Waits for the tasks: without limit until `stop`, and for `grace` from then on.
async fn drain(
    tasks: &mut JoinSet<()>,
    stop: &CancellationToken,
    grace: Duration,
) -> Result<(), Error> {
    let grace_over = async {
        stop.cancelled().await;
        tracing::info!(
            grace_seconds = grace.as_secs(),
            "stopping: finishing what is in hand"
        );
        tokio::time::sleep(grace).await;
    };
    tokio::pin!(grace_over);
    loop {
        tokio::select! {
            ended = tasks.join_next() => match ended {
                Some(Ok(())) => {}
                Some(Err(_)) => return Err(Error::Panicked),
                None => return Ok(()),
            },
            () = &mut grace_over => return Err(Error::GraceExceeded(grace)),
        }
    }
}

/// A token that the first SIGTERM or SIGINT cancels. The second one ends the process.
///
/// # Errors
/// When signals cannot be received.
pub fn stop_on_signals() -> Result<CancellationToken, Error> {
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::Signals)?;
    let stop = CancellationToken::new();
    let cancelled = stop.clone();
    tokio::spawn(async move {
        for cancel in [true, false] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if cancel {
                cancelled.cancel();
            }
        }
        tracing::warn!("second signal: leaving at once; what was not settled is read again");
        std::process::exit(crate::cli::exit::INTERRUPTED.into());
    });
    Ok(stop)
}
