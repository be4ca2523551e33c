//! Telling the service manager how it goes, for as long as all tasks get on.

use std::time::Duration;

use super::ServiceManager;
use super::standing::Standing;
use crate::limits;
use crate::progress::Progress;

/// Keeps the line of the status true and feeds the watchdog, the latter only while no task is late:
/// then the service manager ends the process, and starts it anew.
pub(super) async fn supervise(manager: ServiceManager, progress: Progress, standing: Standing) {
    // Thrice within its time, so that one look may come late.
    let pause = manager
        .watchdog()
        .map_or(limits::SUPERVISION_PAUSE, |time| {
            limits::SUPERVISION_PAUSE.min(time / 3)
        });
    let mut told = String::new();
    let mut reported = Vec::new();
    loop {
        let late = progress.late();
        if late.is_empty() {
            manager.alive();
        } else if late != reported {
            tracing::error!(
                tasks = late.join(", "),
                watchdog_seconds = manager.watchdog().as_ref().map(Duration::as_secs),
                "tasks do not get on although every wait of theirs is over: this is a defect of this program, please report it; a watchdog will start it anew, otherwise do that by hand"
            );
        }
        reported = late;
        let line = standing.line();
        if line != told {
            manager.status(&line);
            told = line;
        }
        tokio::time::sleep(pause).await;
    }
}
