//! The task of the status server, if there is one.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::Error;
use crate::config;
use crate::limits;
use crate::status::{Server, Watched};
use crate::telemetry::metrics;

/// A server that has its port, if one is configured.
#[derive(Debug)]
pub(super) struct StatusServer(Option<Server>);

/// The running server. It outlives the streams, and so has a stop of its own.
#[derive(Debug)]
pub(super) struct StatusTask(Option<Running>);

#[derive(Debug)]
struct Running {
    task: JoinHandle<()>,
    stop: CancellationToken,
}

impl StatusServer {
    /// Takes the port.
    ///
    /// # Errors
    /// When it cannot be had.
    pub(super) async fn bind(config: &config::Status) -> Result<Self, Error> {
        let Some(address) = config.listen else {
            return Ok(Self(None));
        };
        let server = Server::bind(address).await?;
        tracing::info!(address = %server.address(), "the status server listens");
        Ok(Self(Some(server)))
    }

    /// Begins to answer.
    pub(super) fn start(self, watched: &Arc<Watched>) -> StatusTask {
        StatusTask(self.0.map(|server| {
            let stop = CancellationToken::new();
            let serving = server.serve(watched.clone(), metrics::exposition, stop.clone());
            Running {
                task: tokio::spawn(serving),
                stop,
            }
        }))
    }
}

impl StatusTask {
    /// Finishes what is being answered, but does not wait for long: whoever does not take an answer
    /// must not hold the process.
    pub(super) async fn stop(self) {
        if let Some(running) = self.0 {
            running.stop.cancel();
            let _ = tokio::time::timeout(limits::STATUS_STOP_WAIT, running.task).await;
        }
    }
}
