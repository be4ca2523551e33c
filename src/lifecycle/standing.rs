//! How the daemon stands, in the one line that `systemctl status` has room for.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::config::Config;
use crate::error::{Code, Explain as _};
use crate::sync::{End, Summary};

/// Names that a line shows of each kind; the rest is counted. The log has all of them.
const NAMES_SHOWN: usize = 3;

/// What is known of all walks; copies of it know the same.
#[derive(Clone, Debug, Default)]
pub(super) struct Standing(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    streams: usize,
    /// The ends that did not let us in at the start, until the first sync has more to say.
    refused: Vec<(&'static str, Code)>,
    walks: BTreeMap<String, Heard>,
}

/// The last word of a walk.
#[derive(Debug)]
struct Heard {
    at: Instant,
    /// When the last sync began that read all there was.
    complete: Option<Instant>,
    /// How old the newest settled change was at that time; of a quiet account it may be years.
    lag: Option<Duration>,
    failure: Option<Code>,
}

impl Heard {
    /// How far behind Zendesk the walk is, at most; `None` if that is not known.
    fn behind(&self) -> Option<Duration> {
        match self.complete {
            Some(begin) => Some(begin.elapsed()),
            None => Some(self.lag? + self.at.elapsed()),
        }
    }
}

impl Standing {
    /// Nothing is known yet of so many streams.
    pub(super) fn new(streams: usize) -> Self {
        let known = Known {
            streams,
            ..Known::default()
        };
        Self(Arc::new(Mutex::new(known)))
    }

    /// From now on these streams are served; of walks that are no more, nothing is told.
    pub(super) fn serve(&self, config: &Config) {
        let mut known = self.lock();
        known.streams = config.streams.len();
        let walks = config.walks();
        let is_served = |name: &str| walks.iter().any(|walk| &*walk.root.spec.name == name);
        known.walks.retain(|root, _| is_served(root));
    }

    /// An end could not be signed in to.
    pub(super) fn refused(&self, end: &'static str, code: Code) {
        self.lock().refused.push((end, code));
    }

    /// A sync has ended.
    pub(super) fn heard(&self, summary: &Summary) {
        let (at, root) = (Instant::now(), summary.root());
        let mut known = self.lock();
        let complete_before = known.walks.get(root).and_then(|heard| heard.complete);
        let (complete, failure) = match &summary.end {
            End::Complete => (at.checked_sub(summary.duration), None),
            End::Failed(error) => (complete_before, Some(error.code())),
            End::Split | End::Stopped => (complete_before, None),
        };
        let heard = Heard {
            at,
            complete,
            lag: summary.lag,
            failure,
        };
        known.walks.insert(root.to_owned(), heard);
    }

    /// All of it in a line.
    pub(super) fn line(&self) -> String {
        let known = self.lock();
        let mut parts = vec![match known.streams {
            1 => "1 stream".to_owned(),
            streams => format!("{streams} streams"),
        }];
        let behind = known
            .walks
            .iter()
            .filter_map(|(root, heard)| Some((heard.behind()?, root)));
        if let Some((behind, root)) = behind.max() {
            parts.push(format!("at most {} behind ({root})", roughly(behind)));
        } else if known.walks.is_empty() {
            parts.push("the first sync is under way".to_owned());
        }
        if known.walks.is_empty() {
            let refused = known.refused.iter();
            let refused = refused.map(|(end, code)| format!("{end}: no sign-in yet, {code}"));
            parts.extend(refused);
        }
        let failed = |attention: bool| {
            let walks = known.walks.iter().filter_map(move |(root, heard)| {
                let code = heard.failure?;
                (code.needs_a_person() == attention).then(|| format!("{root} ({code})"))
            });
            some(walks.collect())
        };
        parts.extend(failed(true).map(|walks| format!("NEEDS ATTENTION: {walks}")));
        parts.extend(failed(false).map(|walks| format!("failing, tried again: {walks}")));
        parts.join("; ")
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // Each change of it is one insertion.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first few names; `None` of none.
fn some(mut names: Vec<String>) -> Option<String> {
    let further = names.len().saturating_sub(NAMES_SHOWN);
    names.truncate(NAMES_SHOWN);
    let shown = names.join(", ");
    match (names.len(), further) {
        (0, _) => None,
        (_, 0) => Some(shown),
        (_, further) => Some(format!("{shown} and {further} more")),
    }
}

/// As coarse as a glance needs it, so that the line does not change all the time.
fn roughly(lag: Duration) -> String {
    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;
    match lag.as_secs() {
        seconds if seconds < 2 * MINUTE => format!("{} s", seconds.next_multiple_of(10)),
        seconds if seconds < 2 * HOUR => format!("{} min", seconds / MINUTE),
        seconds if seconds < 2 * DAY => format!("{} h", seconds / HOUR),
        seconds => format!("{} days", seconds / DAY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Trouble;
    use crate::sync::Tally;
    use crate::zendesk;

    fn ended(root: &str, lag: Option<u64>, end: End) -> Summary {
        Summary {
            streams: vec![Tally {
                stream: root.into(),
                counts: Default::default(),
            }],
            end,
            fresh_until: None,
            lag: lag.map(Duration::from_secs),
            duration: Duration::ZERO,
        }
    }

    fn trouble() -> Trouble {
        Trouble::Unexpected("a test".to_owned())
    }

    fn sign_in_refused() -> End {
        End::Failed(zendesk::Error::SignIn(trouble()).into())
    }

    fn unavailable() -> End {
        let error = zendesk::Error::Unavailable {
            what: "read users".to_owned(),
            attempts: 8,
            last: trouble(),
        };
        End::Failed(error.into())
    }

    #[tokio::test(start_paused = true)]
    async fn the_line_says_what_one_wants_to_know_first() {
        let standing = Standing::new(3);
        assert_eq!(standing.line(), "3 streams; the first sync is under way");
        standing.refused("zendesk", Code::ZendeskUnavailable);
        assert_eq!(
            standing.line(),
            "3 streams; the first sync is under way; zendesk: no sign-in yet, ZENDESK-UNAVAILABLE"
        );
        let years = Some(60_000_000);
        standing.heard(&ended("users", years, End::Complete));
        standing.heard(&ended("tickets", Some(7_300), End::Split));
        let line = "3 streams; at most 2 h behind (tickets)";
        assert_eq!(
            standing.line(),
            line,
            "the back-log is what there is to tell"
        );
        standing.heard(&ended("tickets", Some(75), End::Complete));
        tokio::time::advance(Duration::from_secs(600)).await;
        standing.heard(&ended("users", years, End::Complete));
        standing.heard(&ended("tickets", Some(675), unavailable()));
        assert_eq!(
            standing.line(),
            "3 streams; at most 10 min behind (tickets); failing, tried again: tickets (ZENDESK-UNAVAILABLE)"
        );
        standing.heard(&ended("tickets", Some(675), sign_in_refused()));
        assert_eq!(
            standing.line(),
            "3 streams; at most 10 min behind (tickets); NEEDS ATTENTION: tickets (ZENDESK-SIGN-IN)"
        );
        standing.heard(&ended("tickets", Some(5), End::Complete));
        tokio::time::advance(Duration::from_secs(62)).await;
        standing.heard(&ended("tickets", Some(5), End::Complete));
        assert_eq!(standing.line(), "3 streams; at most 70 s behind (users)");
    }

    #[tokio::test]
    async fn of_many_troubles_the_first_few_are_named() {
        let standing = Standing::new(5);
        for walk in ["a", "b", "c", "d", "e"] {
            standing.heard(&ended(walk, None, sign_in_refused()));
        }
        assert_eq!(
            standing.line(),
            "5 streams; NEEDS ATTENTION: a (ZENDESK-SIGN-IN), b (ZENDESK-SIGN-IN), c (ZENDESK-SIGN-IN) and 2 more"
        );
    }
}
