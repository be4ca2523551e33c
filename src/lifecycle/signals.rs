//! The signals that stop the process.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::Error;

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
