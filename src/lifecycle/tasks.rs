//! The tasks: one for each walk, kept going until the stop and then waited for.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Error, Kept, ServiceManager, metered};
use crate::error::Explain as _;
use crate::limits;
use crate::progress::Pulse;
use crate::schedule::{Tick, Ticks};
use crate::sync::{End, Pages, Progress, Walk};
use crate::telemetry;

/// How a walk was left: at rest until these tick, or with work to go on with at once.
#[derive(Clone, Debug)]
pub(super) struct Rest(pub(super) Option<Ticks>);

/// The streams of one walk, until `stop`.
pub(super) async fn keep_in_sync(
    pulse: Pulse,
    mut walk: Walk<impl Pages>,
    mut ticks: Ticks,
    paused_for: Duration,
    kept: &Kept,
    stop: CancellationToken,
) -> Rest {
    // Cancelled when the next tick has come while the last sync was running.
    let mut due = CancellationToken::new();
    let mut rests = true;
    let meter = &*kept.meter;
    // Syncs in a row.
    let mut failures = 0;
    loop {
        if walk.is_finished() {
            tracing::info!(
                stream = walk.root(),
                "everything before the configured `end` is delivered: the stream is not read any more"
            );
            stop.cancelled().await;
            return Rest(Some(ticks));
        }
        let tick = if due.is_cancelled() {
            Tick::Due
        } else {
            meter.next_sync(walk.root(), ticks.next_due());
            tokio::select! {
                biased;
                () = stop.cancelled() => return Rest(rests.then_some(ticks)),
                tick = pulse.watch(ticks.next()) => tick,
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
        let root: Arc<str> = walk.root().into();
        meter.sync_began(&root);
        let progress = |progress: &Progress| metered::progress(meter, &root, progress);
        let summary = tokio::select! {
            summary = pulse.watch(walk.run(&stop, &due, &progress)) => summary,
            never = next_tick => match never {},
        };
        metered::ended(meter, &summary);
        rests = matches!(summary.end, End::Complete);
        if early && summary.is_uneventful() {
            telemetry::early_poll(&summary);
        } else {
            telemetry::sync_ended(&summary);
        }
        match summary.end {
            End::Failed(_) => failures += 1,
            End::Complete | End::Split if failures > 0 => {
                telemetry::recovered(walk.root(), std::mem::take(&mut failures));
            }
            End::Complete | End::Split | End::Stopped => {}
        }
        if let End::Failed(error) = &summary.end
            && error.code().needs_a_person()
        {
            telemetry::paused(walk.root(), error, paused_for);
            meter.next_sync(walk.root(), Timestamp::now().checked_add(paused_for).ok());
            tokio::select! {
                () = stop.cancelled() => return Rest(None),
                () = tokio::time::sleep(paused_for) => {}
                () = kept.new_secret(error.code()) => {
                    tracing::info!(
                        stream = walk.root(),
                        "the secret that was refused has changed: the stream is tried again"
                    );
                    due.cancel();
                }
            }
        }
    }
}

/// Resolves with the error when `grace` has passed since `stop`.
pub(super) async fn grace_over(
    stop: &CancellationToken,
    grace: Duration,
    manager: &ServiceManager,
) -> Error {
    stop.cancelled().await;
    manager.stopping();
    // The configured time may be longer than the service manager's own.
    manager.extend(grace + limits::STOP_MARGIN);
    tracing::info!(
        grace_seconds = grace.as_secs(),
        "stopping: finishing what is in hand"
    );
    tokio::time::sleep(grace).await;
    Error::GraceExceeded(grace)
}

/// Resolves when all tasks are done, or one has panicked.
pub(super) async fn all_done(tasks: &mut JoinSet<()>) -> Result<(), Error> {
    while let Some(ended) = tasks.join_next().await {
        ended.map_err(|_| Error::Panicked)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
