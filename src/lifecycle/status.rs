//! The task of the status server.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::limits;
use crate::status::{Server, Watched};
use crate::telemetry::metrics;

/// The running server. It outlives the streams, and so has a stop of its own.
#[derive(Debug)]
pub(super) struct StatusTask {
    task: JoinHandle<()>,
    stop: CancellationToken,
}

impl StatusTask {
    /// Begins to answer.
    pub(super) fn start(server: Server, watched: Watched) -> Self {
        tracing::info!(address = %server.address(), "the status server listens");
        let stop = CancellationToken::new();
        let serving = server.serve(Arc::new(watched), metrics::exposition, stop.clone());
        Self {
            task: tokio::spawn(serving),
            stop,
        }
    }

    /// Finishes what is being answered, but does not wait for long: whoever does not take an answer
    /// must not hold the process.
    pub(super) async fn stop(self) {
        self.stop.cancel();
        let _ = tokio::time::timeout(limits::STATUS_STOP_WAIT, self.task).await;
    }
}
