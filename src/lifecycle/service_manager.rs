//! Words to the service manager, by systemd's notification protocol. Without one, nothing is said.

use std::pin::pin;
use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::timeout;

use crate::limits;

/// Who started us and wants to hear how it goes.
#[derive(Clone, Copy, Debug)]
pub struct ServiceManager {
    listens: bool,
}

impl ServiceManager {
    /// The one that `NOTIFY_SOCKET` names, if it is set.
    pub fn of_environment() -> Self {
        Self { listens: true }
    }

    /// Nobody, whatever the environment says: for a daemon that is only a part of its process.
    pub fn nobody() -> Self {
        Self { listens: false }
    }

    /// We are up, or a reload is done.
    pub fn ready(&self) {
        self.say(&[NotifyState::Ready]);
    }

    /// A reload begins; [`Self::ready`] ends it, whether or not anything was changed by it.
    pub fn reloading(&self) {
        // With the time, as `Type=notify-reload` wants to have it.
        match NotifyState::monotonic_usec_now() {
            Ok(now) => self.say(&[NotifyState::Reloading, now]),
            Err(_) => self.say(&[NotifyState::Reloading]),
        }
    }

    /// The line that `systemctl status` shows.
    pub fn status(&self, line: &str) {
        // A newline would begin another word of the protocol.
        self.say(&[NotifyState::Status(&line.replace('\n', " "))]);
    }

    /// The stop has begun.
    pub fn stopping(&self) {
        self.say(&[NotifyState::Stopping]);
    }

    /// What is going on now, start, reload or stop, takes up to `more` from now.
    /// At most 71 minutes can be said.
    pub fn extend(&self, more: Duration) {
        let microseconds = u32::try_from(more.as_micros()).unwrap_or(u32::MAX);
        self.say(&[NotifyState::ExtendTimeoutUsec(microseconds)]);
    }

    /// Does `work` of unknown length, which it shall wait for.
    pub async fn patiently<F: Future>(&self, work: F) -> F::Output {
        let mut work = pin!(work);
        loop {
            self.extend(limits::RELOAD_WORD_EVERY * 2);
            if let Ok(done) = timeout(limits::RELOAD_WORD_EVERY, work.as_mut()).await {
                return done;
            }
        }
    }

    /// How often it wants to hear [`Self::alive`], at least; `None` if it does not watch.
    pub fn watchdog(&self) -> Option<Duration> {
        sd_notify::watchdog_enabled().filter(|_| self.listens)
    }

    /// Feeds the watchdog.
    pub fn alive(&self) {
        self.say(&[NotifyState::Watchdog]);
    }

    fn say(&self, words: &[NotifyState<'_>]) {
        if !self.listens {
            return;
        }
        if let Err(error) = sd_notify::notify(words) {
            tracing::warn!(%error, "the service manager cannot be told how it goes");
        }
    }
}
