//! The tasks that work by one configuration, and how those of the next one take over from them.
//!
//! There is no moment at which everything stands still. Each walk is left at the end of the pages
//! in hand, as at a stop, and the one that has its streams from now on begins as soon as it is: one
//! that sits in a slow request holds up nobody but its own successor, which waits as long as it
//! takes. A batch of the old walk that arrived after one of the new could bring an old version of a
//! record after a newer one.

use std::pin::pin;

use futures_util::FutureExt as _;
use futures_util::future::{Shared, join_all};
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::Assembled;
use super::reload::Means;
use super::tasks::{self, Rest};
use crate::config::{Cadence, Config};
use crate::limits;
use crate::schedule::Ticks;

/// The tasks that work by one configuration.
#[derive(Debug)]
pub(super) struct Crew {
    dismissed: CancellationToken,
    posts: Vec<Post>,
    /// The one that is being relieved.
    before: Option<Box<Self>>,
}

/// One walk's task.
#[derive(Debug)]
struct Post {
    /// The streams of the walk, the root first.
    streams: Vec<String>,
    cadence: Cadence,
    left: Left,
}

/// Resolves when a walk is left.
type Left = Shared<oneshot::Receiver<Rest>>;

/// A crew that is ready to begin.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) assembled: Assembled,
    /// Of each walk.
    pub(super) ticks: Vec<Ticks>,
    /// What all its waits end by.
    pub(super) dismissed: CancellationToken,
}

impl Crew {
    /// Begins, after those of `before` who have the same streams have left.
    pub(super) fn begin(
        tasks: &mut JoinSet<()>,
        means: &Means<'_>,
        config: &Config,
        ready: Ready,
        before: Option<Self>,
    ) -> Self {
        let Ready {
            assembled,
            ticks,
            dismissed,
        } = ready;
        let Assembled {
            walks,
            custom_fields,
            kept,
        } = assembled;
        let progress = means.progress.of_requests(config.request_timeout());
        let definitions = progress.pulse("definitions of custom fields");
        let keep_definitions = custom_fields.keep(dismissed.clone());
        tasks.spawn(async move { definitions.watch(keep_definitions).await });
        let mut posts = Vec::new();
        for ((walk, ticks), configured) in walks.into_iter().zip(ticks).zip(config.walks()) {
            let streams: Vec<String> = configured.names().map(str::to_owned).collect();
            let cadence = &configured.root.cadence;
            let (leave, left) = oneshot::channel();
            let predecessors = before
                .as_ref()
                .map_or_else(Vec::new, |crew| crew.with_any_of(&streams, cadence));
            let pulse = progress.pulse(walk.root());
            let kept = kept.clone();
            let (paused_for, stop) = (config.attention.retry_every, dismissed.clone());
            tasks.spawn(async move {
                let ticks = relieve(predecessors).await.unwrap_or(ticks);
                let rest = tasks::keep_in_sync(pulse, walk, ticks, paused_for, &kept, stop);
                // Nobody listens at the stop.
                let _ = leave.send(rest.await);
            });
            posts.push(Post {
                cadence: cadence.clone(),
                left: left.shared(),
                streams,
            });
        }
        if let Some(before) = &before {
            before.dismissed.cancel();
        }
        Self {
            dismissed,
            posts,
            before: before.map(Box::new),
        }
    }

    /// Resolves when everybody of the crew before has left; the reload is done then.
    pub(super) async fn has_taken_over(&mut self, means: &Means<'_>) {
        let Some(before) = &self.before else {
            return;
        };
        let mut everybody = pin!(join_all(before.posts.iter().map(|post| post.left.clone())));
        while timeout(limits::RELOAD_WORD_EVERY, everybody.as_mut())
            .await
            .is_err()
        {
            let manager = means.manager;
            manager.extend(limits::RELOAD_WORD_EVERY * 2);
            let roots = before.still_there().join(", ");
            manager.status(&format!("reloading: finishing what is in hand of {roots}"));
            tracing::info!(
                streams = roots,
                "the configuration is in use, but for these streams, which finish what is in hand first"
            );
        }
        self.before = None;
        means.manager.status(&means.watched.line());
        means.manager.ready();
    }

    /// The walks that have any of these streams, and of each whether it is the same walk, due at the
    /// same times.
    fn with_any_of(&self, streams: &[String], cadence: &Cadence) -> Vec<(Left, bool)> {
        let posts = self.posts.iter();
        posts
            .filter(|post| post.streams.iter().any(|stream| streams.contains(stream)))
            .map(|post| {
                let same = post.streams == streams && post.cadence == *cadence;
                (post.left.clone(), same)
            })
            .collect()
    }

    /// The roots of the walks that nobody has left yet.
    fn still_there(&self) -> Vec<&str> {
        let posts = self.posts.iter();
        posts
            .filter(|post| post.left.peek().is_none())
            .map(|post| post.streams[0].as_str())
            .collect()
    }
}

/// Waits until all of these have left. Gives the ticks that the same walk rests until.
async fn relieve(predecessors: Vec<(Left, bool)>) -> Option<Ticks> {
    let mut ticks = None;
    for (left, same) in predecessors {
        // Nobody answers for a task that has panicked, which ends the process.
        if let Ok(Rest(rest)) = left.await
            && same
        {
            ticks = rest;
        }
    }
    ticks
}
