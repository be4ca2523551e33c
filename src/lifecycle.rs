//! From start to stop: assembling the parts, running a task for each walk, and draining.
//!
//! On the first SIGTERM or SIGINT no further page is fetched, waits end, and what is in hand is
//! finished within `shutdown_grace`; on the second the process leaves at once. Neither loses
//! anything: what was not settled is read again.
//!
//! Every task is spawned here. A task that panics brings the process down, so that the service
//! manager restarts it instead of a stream being dead in a living process.

mod assemble;
mod crew;
mod custom_fields;
mod error;
mod metered;
mod reload;
mod service_manager;
mod sign_in;
mod signals;
mod status;
mod supervision;
mod tasks;

use std::path::Path;
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::clock::Clock;
use crate::config::{Config, Contents};
use crate::progress::Progress;
use crate::schedule::Schedule;
use crate::status::Watched;
use crate::telemetry;
use crew::Crew;
use reload::{Means, Present, Reloader};

pub use assemble::{Assembled, Kept, assemble, composer, judge, outlets, privacy};
pub use custom_fields::CustomFields;
pub use error::Error;
pub use service_manager::ServiceManager;
use sign_in::sign_in;
pub use signals::stop_on_signals;
use status::StatusServer;
use supervision::supervise;

/// Runs the daemon until a signal stops it, and by another configuration whenever the file at `path`
/// holds one and a signal asks for it.
///
/// # Errors
/// When it cannot start, a task panics, or stopping takes too long.
pub async fn run(config: Config, path: &Path) -> Result<(), Error> {
    let stop = stop_on_signals()?;
    let manager = ServiceManager::of_environment();
    let reloader = Reloader::new(path.to_owned())?;
    keep_running(config, Some(reloader), stop, &Clock::real(), &manager).await
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
    keep_running(config.clone(), None, stop, clock, manager).await
}

async fn keep_running(
    config: Config,
    mut reloader: Option<Reloader>,
    stop: CancellationToken,
    clock: &Clock,
    manager: &ServiceManager,
) -> Result<(), Error> {
    // First of all: a port that somebody else has is the first thing to hear of.
    let server = StatusServer::bind(&config.status).await?;
    let dismissed = stop.child_token();
    let assembled = assemble(&config, &dismissed, clock)?;
    let mut present = Present {
        contents: Contents::of(&config),
        config: Arc::new(config),
        kept: assembled.kept.clone(),
    };
    let schedule = Schedule::start(clock).await?;
    let progress = Progress::new(present.config.request_timeout());
    let meter = present.kept.meter.clone();
    let watched = Watched::new(meter, progress.clone(), present.sources(), &stop);
    let means = Means {
        stop: &stop,
        clock: *clock,
        schedule: &schedule,
        manager,
        watched: Arc::new(watched),
        progress,
    };
    let status = server.start(&means.watched);
    let line = {
        let watched = means.watched.clone();
        move || watched.line()
    };
    let supervision = supervise(*manager, means.progress.clone(), line);
    let _supervision = AbortOnDropHandle::new(tokio::spawn(supervision));
    let mut tasks = JoinSet::new();
    tasks.spawn(sign_in(
        assembled.kept.clone(),
        *manager,
        means.progress.pulse("sign-in"),
    ));
    // Before the first sync, whose messages would have tags in the places of titles.
    let definitions = means.progress.pulse("definitions of custom fields");
    definitions.watch(assembled.custom_fields.refresh()).await;
    let ready = means.ready(&present.config, assembled, dismissed)?;
    let mut crew = Crew::begin(&mut tasks, &means, &present.config, ready, None);
    tracing::info!(
        account = present.config.zendesk.account,
        streams = present.config.streams.len(),
        state = %present.config.state.directory.display(),
        version = env!("CARGO_PKG_VERSION"),
        "started"
    );
    let ended = loop {
        let next = async {
            match &mut reloader {
                Some(reloader) => {
                    crew.has_taken_over(&means).await;
                    reloader.next(&present, &means).await
                }
                None => std::future::pending().await,
            }
        };
        let next = tokio::select! {
            // In this order, so that a stop is told before the end that it leads to.
            biased;
            error = tasks::grace_over(&stop, present.config.shutdown_grace, manager) => break Err(error),
            ended = tasks::all_done(&mut tasks) => break ended,
            // Taken on during the stop, it would begin the grace anew.
            Some(next) = stop.run_until_cancelled(next) => next,
        };
        next.tell(&present.kept.meter);
        telemetry::set_level(&next.config.log);
        present = Present {
            kept: next
                .crew
                .as_ref()
                .map_or(present.kept, |ready| ready.assembled.kept.clone()),
            config: next.config,
            contents: next.contents,
        };
        means.watched.replace(present.sources());
        match next.crew {
            Some(ready) => {
                present.kept.take_effect(&present.config);
                crew = Crew::begin(&mut tasks, &means, &present.config, ready, Some(crew));
            }
            None => manager.ready(),
        }
    };
    schedule.stop().await;
    // Last, so that it can be asked until the end.
    status.stop().await;
    if ended.is_ok() {
        tracing::info!("stopped; everything in hand was finished");
    }
    ended
}
