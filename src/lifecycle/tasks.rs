//! The tasks: one for each walk, kept going until the stop and then waited for.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{Error, metered};
use crate::error::Explain as _;
use crate::meter::Meter;
use crate::schedule::{Tick, Ticks};
use crate::sync::{End, Progress, Walk};
use crate::telemetry;

/// The streams of one walk, for as long as the process lives.
pub(super) async fn keep_in_sync(
    mut walk: Walk,
    mut ticks: Ticks,
    paused_for: Duration,
    stop: CancellationToken,
    meter: Arc<Meter>,
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
            meter.next_sync(walk.root(), ticks.next_due());
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
        let root: Arc<str> = walk.root().into();
        meter.sync_began(&root);
        let progress = |progress: &Progress| metered::progress(&meter, &root, progress);
        let summary = tokio::select! {
            summary = walk.run(&stop, &due, &progress) => summary,
            never = next_tick => match never {},
        };
        metered::ended(&meter, &summary);
        if early && summary.is_uneventful() {
            telemetry::early_poll(&summary);
        } else {
            telemetry::sync_ended(&summary);
        }
        if let End::Failed(error) = &summary.end
            && error.code().needs_a_person()
        {
            telemetry::paused(walk.root(), error, paused_for);
            meter.next_sync(walk.root(), Timestamp::now().checked_add(paused_for).ok());
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(paused_for) => {}
            }
        }
    }
}

/// Waits for the tasks: without limit until `stop`, and for `grace` from then on.
pub(super) async fn drain(
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
