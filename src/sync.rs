//! The engine: one pass over one stream, the only place where export, mapping, inlet, checkpoint
//! and dead letters meet. It knows no HTTP and no protocol.
//!
//! A reader fetches page N+1 while page N is delivered; between them is a queue of
//! [`limits::PAGES_IN_FLIGHT`], so at most three pages are ever held. Pages are delivered in
//! order, and the checkpoint moves over a page only when every record of it is settled: accepted
//! by the inlet, in the dead letters, or skipped because it was settled before.
//!
//! What dies with the process in the middle of a page is read and sent again: at least once, by
//! construction.

mod error;
mod guard;
mod outlet;
mod page;
mod retry;
mod schema;
mod watch;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use error::Error;
pub use outlet::{Judge, Outcome, Outlet};
pub use retry::{Retried, retry};
pub use schema::{Origin, SchemaFault, SchemaSource};

use crate::checkpoint::{Counts, NeedsAttention, Repeats, Seen, Store, StreamState, SyncReport};
use crate::config::Attention;
use crate::dead_letters::DeadLetters;
use crate::error::{Chain, Explain as _};
use crate::limits;
use crate::record::{Page, Position};
use crate::zendesk::{self, Export};
use guard::Guard;
use page::Settled;
use watch::Watch;

/// What keeps one stream in sync.
#[derive(Debug)]
pub struct StreamSync {
    stream: String,
    export: Export,
    delivery: Delivery,
}

/// Everything behind the reader.
#[derive(Debug)]
struct Delivery {
    outlet: Outlet,
    store: Arc<Store>,
    dead_letters: Arc<DeadLetters>,
    attention: Attention,
}

/// Hears of every settled page.
pub type Progress<'a> = dyn Fn(&Counts) + Sync + 'a;

/// How a sync ended.
#[derive(Debug)]
pub enum End {
    /// Everything there was to read is settled.
    Complete,
    /// The program is stopping; the rest waits for the next start.
    Stopped,
    /// Something went wrong; the checkpoint stands where the last settled page left it.
    Failed(Error),
}

/// One finished sync.
#[derive(Debug)]
pub struct Summary {
    /// The stream.
    pub stream: String,
    /// What was done, over settled pages.
    pub counts: Counts,
    /// How it ended.
    pub end: End,
    /// Now minus the time of the newest settled change; `None` before there is one.
    pub lag: Option<Duration>,
    /// How long it took.
    pub duration: Duration,
}

impl StreamSync {
    /// Joins the parts of one stream.
    pub fn new(
        stream: &str,
        export: Export,
        outlet: Outlet,
        store: Arc<Store>,
        dead_letters: Arc<DeadLetters>,
        attention: Attention,
    ) -> Self {
        Self {
            stream: stream.to_owned(),
            export,
            delivery: Delivery {
                outlet,
                store,
                dead_letters,
                attention,
            },
        }
    }

    /// The stream's name.
    pub fn stream(&self) -> &str {
        &self.stream
    }

    /// Reads and delivers everything after the checkpoint. `progress` hears of every settled page.
    ///
    /// When `stop` is cancelled no further page is fetched, and the ones in hand are finished.
    pub async fn run(&mut self, stop: &CancellationToken, progress: &Progress<'_>) -> Summary {
        let started_at = Timestamp::now();
        let clock = tokio::time::Instant::now();
        let mut pass = Pass::new(self.delivery.store.stream(&self.stream));
        self.delivery.expire_dead_letters().await;
        let end = self.pass(&mut pass, stop, progress).await;
        let (state, counts) = (&mut pass.state, pass.counts);
        let now = Timestamp::now();
        if let End::Complete = end {
            let (activity, silent) =
                watch::silence(state.activity.take(), counts.received - counts.skipped, now);
            state.activity = activity;
            let oddity = pass.watch.oddity().or(silent);
            state.notice = watch::notice(&self.stream, state.notice.take(), oddity, now);
        }
        state.attention = attention(&end, state.attention.take(), started_at);
        state.last_sync = Some(SyncReport {
            started_at,
            finished_at: now,
            outcome: match &end {
                End::Complete => "complete".to_owned(),
                End::Stopped => "stopped".to_owned(),
                End::Failed(error) => error.code().to_string(),
            },
            counts,
        });
        let newest = state.position.as_ref().and_then(Position::recovery_time);
        let saved = save(&self.delivery.store, &self.stream, pass.state).await;
        Summary {
            stream: self.stream.clone(),
            counts,
            end: match (end, saved) {
                (End::Complete | End::Stopped, Err(error)) => End::Failed(error),
                (end, _) => end,
            },
            lag: newest
                .and_then(|time| Duration::try_from(Timestamp::now().duration_since(time)).ok()),
            duration: clock.elapsed(),
        }
    }

    async fn pass(
        &mut self,
        pass: &mut Pass,
        stop: &CancellationToken,
        progress: &Progress<'_>,
    ) -> End {
        let (pages, queue) = mpsc::channel(limits::PAGES_IN_FLIGHT);
        let position = self.export.position(pass.state.position.clone());
        let reading = read(&mut self.export, position, pages, stop);
        let delivering = self.delivery.run(&self.stream, queue, pass, stop, progress);
        tokio::select! {
            // The deliverer ends when the queue does or when it fails; in either case a page that
            // is still being fetched is of no use, and dropping the reader loses nothing.
            end = delivering => end,
            never = reading => match never {},
        }
    }
}

/// One pass under way.
#[derive(Debug)]
struct Pass {
    /// As saved last.
    state: StreamState,
    counts: Counts,
    watch: Watch,
}

impl Pass {
    fn new(state: StreamState) -> Self {
        // Recent versions are kept from the horizon on, so the oldest of them marks it.
        let horizon = state.recent.iter().map(Seen::version).min();
        Self {
            state,
            counts: Counts::default(),
            watch: Watch::new(horizon),
        }
    }
}

/// Fetches pages into the queue until the stream ends, fails or is stopped; then closes the queue
/// and waits to be dropped.
async fn read(
    export: &mut Export,
    mut position: Position,
    pages: mpsc::Sender<Result<Page, zendesk::Error>>,
    stop: &CancellationToken,
) -> Infallible {
    loop {
        let page = tokio::select! {
            () = stop.cancelled() => break,
            page = export.page(&position) => page,
        };
        let more = match &page {
            Ok(page) => {
                position = page.next.clone();
                !page.end_of_stream
            }
            Err(_) => false,
        };
        if pages.send(page).await.is_err() || !more {
            break;
        }
    }
    drop(pages);
    std::future::pending().await
}

impl Delivery {
    async fn run(
        &self,
        stream: &str,
        mut queue: mpsc::Receiver<Result<Page, zendesk::Error>>,
        pass: &mut Pass,
        stop: &CancellationToken,
        progress: &Progress<'_>,
    ) -> End {
        let mut repeats = Repeats::new(&pass.state.recent);
        let mut guard = Guard::new(&self.attention);
        let mut complete = false;
        while let Some(page) = queue.recv().await {
            let settled = match page {
                Ok(page) => {
                    complete = page.end_of_stream;
                    pass.watch.look(&page);
                    self.settle(stream, page, &mut repeats, &mut guard).await
                }
                Err(zendesk::Error::Stopped { .. }) => return End::Stopped,
                Err(error) => Err(error.into()),
            };
            let advanced = match settled {
                Ok(settled) => {
                    self.advance(stream, settled, &repeats, &mut pass.state)
                        .await
                }
                Err(error) => Err(error),
            };
            match advanced {
                Ok(of_page) => pass.counts += of_page,
                Err(Error::Delivery(crate::platform::Error::Stopped { .. })) => {
                    return End::Stopped;
                }
                Err(error) => return End::Failed(error),
            }
            progress(&pass.counts);
        }
        if complete {
            End::Complete
        } else {
            debug_assert!(
                stop.is_cancelled(),
                "only a stop ends the queue before the stream does"
            );
            End::Stopped
        }
    }

    /// Removes dead letters that were kept long enough. What prevents that prevents no sync.
    async fn expire_dead_letters(&self) {
        let store = self.dead_letters.clone();
        if let Err(error) = blocking(move || store.expire()).await {
            tracing::warn!(
                code = error.code().as_str(),
                hint = error.hint(),
                "dead letters older than `dead_letters.keep` stay: {}",
                Chain(&error)
            );
        }
    }

    /// Moves the checkpoint over a settled page.
    async fn advance(
        &self,
        stream: &str,
        settled: Settled,
        repeats: &Repeats,
        state: &mut StreamState,
    ) -> Result<Counts, Error> {
        let (position, counts) = settled.into_parts();
        // A quiet poll leaves everything as it is: the report at the end of the sync is enough.
        if state.position.as_ref() != Some(&position) || counts.received > 0 {
            let next = StreamState {
                position: Some(position),
                recent: repeats.to_seen(),
                ..state.clone()
            };
            save(&self.store, stream, next.clone()).await?;
            *state = next;
        }
        Ok(counts)
    }
}

/// What a person must look at after a sync with this end, and since when.
fn attention(end: &End, before: Option<NeedsAttention>, now: Timestamp) -> Option<NeedsAttention> {
    let error = match end {
        End::Complete => return None,
        // Neither settles the matter.
        End::Stopped => return before,
        End::Failed(error) if !error.code().needs_a_person() => return before,
        End::Failed(error) => error,
    };
    let code = error.code().to_string();
    Some(NeedsAttention {
        since: before
            .filter(|before| before.code == code)
            .map_or(now, |before| before.since),
        code,
        what: Chain(error).to_string(),
        remedy: error.hint().unwrap_or_default().to_owned(),
    })
}

/// Writes the state away from the threads that serve the network.
async fn save(store: &Arc<Store>, stream: &str, state: StreamState) -> Result<(), Error> {
    let (store, stream) = (store.clone(), stream.to_owned());
    Ok(blocking(move || store.save(&stream, state)).await?)
}

/// Runs `work` where it may block. A panic in it goes on here.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => unreachable!("blocking work is never cancelled: {error}"),
        },
    }
}
