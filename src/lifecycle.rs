//! From start to stop: assembling the parts, running a task for each walk, and draining.
//!
//! On the first SIGTERM or SIGINT no further page is fetched, waits end, and what is in hand is
//! finished within `shutdown_grace`; on the second the process leaves at once. Neither loses
//! anything: what was not settled is read again.
//!
//! Every task is spawned here. A task that panics brings the process down, so that the service
//! manager restarts it instead of a stream being dead in a living process.

mod assemble;
mod custom_fields;
mod error;
mod service_manager;
mod sign_in;
mod signals;
mod standing;
mod supervision;
mod tasks;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::clock::Clock;
use crate::config::Config;
use crate::progress::Progress;
use crate::schedule::Schedule;

pub use assemble::{Assembled, assemble, composer, judge, outlets, privacy};
pub use custom_fields::CustomFields;
pub use error::Error;
pub use service_manager::ServiceManager;
use sign_in::sign_in;
pub use signals::stop_on_signals;
use standing::Standing;
use supervision::supervise;

/// Runs the daemon until a signal stops it.
///
/// # Errors
/// When it cannot start, a task panics, or stopping takes too long.
pub async fn run(config: &Config) -> Result<(), Error> {
    let stop = stop_on_signals()?;
    let manager = ServiceManager::of_environment();
    run_until(config, stop, &Clock::real(), &manager).await
}

/// Runs the daemon until `stop` is cancelled, by the given clock. `manager` hears how it goes.
///
/// # Errors
/// As [`run`].
pub async fn run_until(
    config: &Config,
    stop: CancellationToken,
    clock: &Clock,
    manager: &ServiceManager,
) -> Result<(), Error> {
    let Assembled {
        walks,
        custom_fields,
        client,
        connection,
    } = assemble(config, &stop, clock)?;
    let schedule = Schedule::start(clock).await?;
    let standing = Standing::new(config.streams.len());
    let (zendesk, platform) = (&config.zendesk.timeouts, &config.platform.timeouts);
    let progress = Progress::new(zendesk.request.max(platform.request));
    manager.status("signing in");
    sign_in(&client, &connection, &standing, &stop).await;
    manager.ready();
    let supervision = supervise(*manager, progress.clone(), standing.clone());
    let _supervision = AbortOnDropHandle::new(tokio::spawn(supervision));
    let mut tasks = JoinSet::new();
    let definitions = progress.pulse("definitions of custom fields");
    // Before the first sync, whose messages would have tags in the places of titles.
    definitions.watch(custom_fields.refresh()).await;
    let keep = custom_fields.keep(stop.clone());
    tasks.spawn(async move { definitions.watch(keep).await });
    for (walk, configured) in walks.into_iter().zip(config.walks()) {
        tasks.spawn(tasks::keep_in_sync(
            progress.pulse(walk.root()),
            standing.clone(),
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
    let ended = tasks::drain(&mut tasks, &stop, config.shutdown_grace, manager).await;
    schedule.stop().await;
    if ended.is_ok() {
        tracing::info!("stopped; everything in hand was finished");
    }
    ended
}
