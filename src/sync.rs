//! The engine: one pass over one walk, the only place where export, mapping, inlet, checkpoint
//! and dead letters meet. It knows no HTTP and no protocol.
//!
//! A walk is one export, read once for every stream whose records are in its pages: the root,
//! which the export is named after, and those that are read with it. Each has a way to the inlet,
//! a memory of repeats, a report and dead letters of its own; the checkpoint is the walk's, and is
//! kept with the root.
//!
//! A reader fetches page N+1 while page N is delivered; between them is a queue of
//! [`limits::PAGES_IN_FLIGHT`], so at most three pages are ever held. Pages are delivered in
//! order, and the checkpoint moves over a page only when every record of it, of whatever stream,
//! is settled: accepted by the inlet, in the dead letters, or skipped because it was settled
//! before. What was learnt from a page is saved for all its streams in one write.
//!
//! What dies with the process in the middle of a page is read and sent again: at least once, by
//! construction.

mod error;
mod guard;
mod outlet;
mod page;
mod pass;
mod report;
mod retry;
mod watch;

use std::convert::Infallible;
use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use error::Error;
pub use outlet::Outlet;
pub use report::{End, Summary, Tally};
pub use retry::{Retried, retry};

use crate::checkpoint::{Counts, Store, StreamState};
use crate::config::Attention;
use crate::dead_letters::DeadLetters;
use crate::error::{Chain, Explain as _};
use crate::limits;
use crate::record::{Page, Position};
use crate::zendesk::{self, Export};
use page::Settled;
use pass::Pass;

/// What keeps the streams of one walk in sync.
#[derive(Debug)]
pub struct Walk<E = Export> {
    export: E,
    delivery: Delivery,
}

/// A stream that a walk delivers, or only reads.
#[derive(Debug)]
pub struct Member {
    /// The stream.
    pub stream: &'static str,
    /// Its records' way to the inlet. `None` for a root whose own records nobody wants.
    pub outlet: Option<Outlet>,
}

/// Everything behind the reader.
#[derive(Debug)]
struct Delivery {
    /// The root first.
    members: Vec<Member>,
    store: Arc<Store>,
    dead_letters: Arc<DeadLetters>,
    attention: Attention,
}

/// What a walk needs of an export.
pub trait Pages: Send {
    /// Where to stand for a walk that was last read up to `checkpoint`, if ever.
    fn position(&self, checkpoint: Option<Position>) -> Position;

    /// The page after `position`, which comes from [`Self::position`] or from an earlier page.
    ///
    /// # Errors
    /// When there is no such page within the configured attempts.
    fn page(
        &mut self,
        position: &Position,
    ) -> impl Future<Output = Result<Page, zendesk::Error>> + Send;
}

impl Pages for Export {
    fn position(&self, checkpoint: Option<Position>) -> Position {
        Self::position(self, checkpoint)
    }

    async fn page(&mut self, position: &Position) -> Result<Page, zendesk::Error> {
        Self::page(self, position).await
    }
}

/// Hears of every settled page: the counts of all streams of the walk together.
pub type Progress<'a> = dyn Fn(&Counts) + Sync + 'a;

impl<E: Pages> Walk<E> {
    /// Joins the parts of one walk. The first of `members` is the root.
    pub fn new(
        export: E,
        members: Vec<Member>,
        store: Arc<Store>,
        dead_letters: Arc<DeadLetters>,
        attention: Attention,
    ) -> Self {
        Self {
            export,
            delivery: Delivery {
                members,
                store,
                dead_letters,
                attention,
            },
        }
    }

    /// The name of the stream that the walk is named after.
    pub fn root(&self) -> &'static str {
        self.delivery.root()
    }

    /// Reads and delivers everything after the checkpoint. `progress` hears of every settled page.
    ///
    /// When `stop` is cancelled no further page is fetched, and the ones in hand are finished.
    pub async fn run(&mut self, stop: &CancellationToken, progress: &Progress<'_>) -> Summary {
        let mut pass = Pass::begin(&self.delivery);
        self.delivery.expire_dead_letters().await;
        let end = self.pass(&mut pass, stop, progress).await;
        self.delivery.conclude(pass, end).await
    }

    async fn pass(
        &mut self,
        pass: &mut Pass,
        stop: &CancellationToken,
        progress: &Progress<'_>,
    ) -> End {
        let (pages, queue) = mpsc::channel(limits::PAGES_IN_FLIGHT);
        let position = self.export.position(pass.root().state.position.clone());
        let reading = read(&mut self.export, position, pages, stop);
        let delivering = self.delivery.run(queue, pass, stop, progress);
        tokio::select! {
            // The deliverer ends when the queue does or when it fails; in either case a page that
            // is still being fetched is of no use, and dropping the reader loses nothing.
            end = delivering => end,
            never = reading => match never {},
        }
    }
}

/// Fetches pages into the queue until the stream ends, fails or is stopped; then closes the queue
/// and waits to be dropped.
async fn read<E: Pages>(
    export: &mut E,
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
    fn root(&self) -> &'static str {
        self.members.first().map_or("", |root| root.stream)
    }

    async fn run(
        &self,
        mut queue: mpsc::Receiver<Result<Page, zendesk::Error>>,
        pass: &mut Pass,
        stop: &CancellationToken,
        progress: &Progress<'_>,
    ) -> End {
        let mut complete = false;
        while let Some(page) = queue.recv().await {
            let settled = match page {
                Ok(page) => {
                    complete = page.end_of_stream;
                    pass.watch.look(&page);
                    self.settle(page, pass).await
                }
                Err(error) => Err(error.into()),
            };
            let advanced = match settled {
                Ok(settled) => self.advance(settled, pass).await,
                Err(error) => Err(error),
            };
            match advanced {
                Ok(()) => progress(&pass.total()),
                Err(error) if error.is_stop() => return End::Stopped,
                Err(error) => return End::Failed(error),
            }
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
    async fn advance(&self, settled: Settled, pass: &mut Pass) -> Result<(), Error> {
        let (position, counts) = settled.into_parts();
        let moves = pass.root().state.position.as_ref() != Some(&position);
        let mut next: Vec<(usize, StreamState)> = Vec::new();
        for (place, (stream, counts)) in pass.streams.iter().zip(&counts).enumerate() {
            let is_root = place == 0;
            // A quiet poll leaves everything as it is: the report at the end of the sync is enough.
            if counts.received > 0 || is_root && moves {
                next.push((
                    place,
                    StreamState {
                        recent: stream.repeats.to_seen(),
                        ..stream.state.clone()
                    },
                ));
            }
        }
        if let Some((0, root)) = next.first_mut() {
            root.position = Some(position);
        }
        if !next.is_empty() {
            let named = next
                .iter()
                .map(|(place, state)| (self.members[*place].stream, state.clone()));
            save(&self.store, named.collect()).await?;
        }
        for (place, state) in next {
            pass.streams[place].state = state;
        }
        for (stream, counts) in pass.streams.iter_mut().zip(counts) {
            stream.counts += counts;
        }
        Ok(())
    }
}

/// Writes states away from the threads that serve the network.
async fn save(store: &Arc<Store>, streams: Vec<(&'static str, StreamState)>) -> Result<(), Error> {
    let store = store.clone();
    Ok(blocking(move || store.save(streams)).await?)
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

#[cfg(test)]
mod tests;
