//! Telling the service manager how it goes, for as long as all tasks get on.

use std::time::Duration;

use super::ServiceManager;
use crate::limits;
use crate::progress::Progress;

/// Keeps the line of the status true and feeds the watchdog, the latter only while no task is late:
/// then the service manager ends the process, and starts it anew.
pub(super) async fn supervise(
    manager: ServiceManager,
    progress: Progress,
    line: impl Fn() -> String,
) {
    // Thrice within its time, so that one look may come late.
    let pause = manager
        .watchdog()
        .map_or(limits::SUPERVISION_PAUSE, |time| {
            limits::SUPERVISION_PAUSE.min(time / 3)
        });
    let mut supervision = Supervision::new(progress);
    loop {
        let look = supervision.look(manager.watchdog(), line());
        if look.all_get_on {
            manager.alive();
        }
        if let Some(line) = look.new_status {
            manager.status(&line);
        }
        tokio::time::sleep(pause).await;
    }
}

/// What was seen and said so far.
#[derive(Debug)]
struct Supervision {
    progress: Progress,
    status: String,
    late: Vec<String>,
}

/// What is to be said after a look.
#[derive(Debug, PartialEq, Eq)]
struct Look {
    all_get_on: bool,
    /// If it is another one than before.
    new_status: Option<String>,
}

impl Supervision {
    fn new(progress: Progress) -> Self {
        Self {
            progress,
            status: String::new(),
            late: Vec::new(),
        }
    }

    fn look(&mut self, watchdog: Option<Duration>, status: String) -> Look {
        let late = self.progress.late();
        if !late.is_empty() && late != self.late {
            tracing::error!(
                tasks = late.join(", "),
                watchdog_seconds = watchdog.map(|time| time.as_secs()),
                "tasks do not get on although every wait of theirs is over: this is a defect of this program, please report it; a watchdog starts it anew, otherwise do that by hand"
            );
        }
        self.late = late;
        let new_status = (status != self.status).then(|| status.clone());
        self.status = status;
        Look {
            all_get_on: self.late.is_empty(),
            new_status,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::progress;

    const REQUEST: Duration = Duration::from_secs(60);

    const LONG: Duration = Duration::from_secs(2 * (60 + limits::PROGRESS_MARGIN.as_secs()));

    #[tokio::test(start_paused = true)]
    async fn one_wedged_task_of_several_ends_the_feeding() {
        let progress = Progress::new(REQUEST);
        for (name, wedged) in [("users", false), ("tickets", true), ("audits", false)] {
            let pulse = progress.pulse(name);
            let work = async move {
                if wedged {
                    std::future::pending::<()>().await;
                }
                loop {
                    tokio::time::sleep(REQUEST).await;
                    progress::passed();
                }
            };
            tokio::spawn(async move { pulse.watch(work).await });
        }
        tokio::task::yield_now().await;
        let mut supervision = Supervision::new(progress);
        assert!(supervision.look(None, String::new()).all_get_on);
        tokio::time::sleep(LONG).await;
        assert!(!supervision.look(None, String::new()).all_get_on);
        assert_eq!(supervision.late, ["tickets"]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_status_is_told_once() {
        let mut supervision = Supervision::new(Progress::new(REQUEST));
        let mut told = |line: &str| supervision.look(None, line.to_owned()).new_status;
        assert_eq!(told("1 stream").as_deref(), Some("1 stream"));
        assert_eq!(told("1 stream"), None);
        assert_eq!(told("2 streams").as_deref(), Some("2 streams"));
    }
}
