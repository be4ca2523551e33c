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
mod metered;
mod signals;
mod status;
mod tasks;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::Config;
use crate::meter::Meter;
use crate::schedule::Schedule;
use crate::status::{Present, Server, Watched};

pub use assemble::{Assembled, assemble, composer, judge, outlets, privacy};
pub use custom_fields::CustomFields;
pub use error::Error;
pub use signals::stop_on_signals;
use status::StatusTask;

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
    // First of all: a port that somebody else has is the first thing to hear of.
    let server = match config.status.listen {
        Some(address) => Some(Server::bind(address).await?),
        None => None,
    };
    let meter = Arc::new(Meter::default());
    let Assembled {
        walks,
        custom_fields,
        state,
        client,
    } = assemble(config, &stop, clock, &meter)?;
    let present = Present {
        config: config.clone(),
        state,
        client,
    };
    let watched = Watched::new(meter.clone(), Timestamp::now(), present, &stop);
    let status = server.map(|server| StatusTask::start(server, watched));
    let schedule = Schedule::start(clock).await?;
    let mut tasks = JoinSet::new();
    // Before the first sync, whose messages would have tags in the places of titles.
    custom_fields.refresh().await;
    tasks.spawn(custom_fields.keep(stop.clone()));
    for (walk, configured) in walks.into_iter().zip(config.walks()) {
        tasks.spawn(tasks::keep_in_sync(
            walk,
            schedule.ticks(&configured.root.cadence)?,
            config.attention.retry_every,
            stop.clone(),
            meter.clone(),
        ));
    }
    tracing::info!(
        account = config.zendesk.account,
        streams = config.streams.len(),
        state = %config.state.directory.display(),
        version = env!("CARGO_PKG_VERSION"),
        "started"
    );
    let ended = tasks::drain(&mut tasks, &stop, config.shutdown_grace).await;
    schedule.stop().await;
    // Last, so that it can be asked until the end.
    if let Some(status) = status {
        status.stop().await;
    }
    if ended.is_ok() {
        tracing::info!("stopped; everything in hand was finished");
    }
    ended
}
