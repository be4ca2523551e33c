//! The engine: one pass over one walk, the only place where export, mapping, inlet, checkpoint
//! and dead letters meet. It knows no HTTP and no protocol.
//!
//! A walk is one export, read once for every stream whose records are in its pages: the root,
//! which the export is named after, and those that are read with it. Each has a way to the inlet,
//! a memory of repeats, a report and dead letters of its own; the checkpoint is the walk's, and is
//! kept with the root.
//!
//! A reader fetches page N+1 while page N is delivered; between them is a queue of
//! [`limits::PAGES_IN_FLIGHT`], so at most two pages, or parts of one, are ever held. Pages are
//! delivered in order, and the checkpoint moves over a page only when every record of it, of whatever stream,
//! is settled: accepted by the inlet, in the dead letters, or skipped because it was settled
//! before. What was learnt from a page is saved for all its streams in one write.
//!
//! What dies with the process in the middle of a page is read and sent again: at least once, by
//! construction.

mod back_fill;
mod delivery;
mod error;
mod guard;
mod itinerary;
mod listed;
mod outlet;
mod page;
mod pass;
mod reader;
mod report;
mod retry;
mod schema;
mod under;
mod watch;

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

pub use back_fill::BackFill;
pub use error::Error;
pub use outlet::{Judge, Outcome, Outlet};
pub use reader::Pages;
pub use report::{End, Summary, Tally};
pub use retry::{Retried, retry};
pub use schema::{Origin, SchemaFault, SchemaSource};

use crate::checkpoint::{Counts, Store, StreamState};
use crate::config::Attention;
use crate::dead_letters::DeadLetters;
use crate::limits;
use crate::progress;
use crate::snapshots::Snapshots;
use crate::zendesk::Export;
use back_fill::Gauge;
use delivery::Delivery;
use itinerary::Itinerary;
use pass::Pass;
use reader::read;

/// What keeps the streams of one walk in sync.
#[derive(Debug)]
pub struct Walk<E = Export> {
    export: E,
    delivery: Delivery,
    gauge: Gauge,
    /// All pages of the last pass were settled.
    settled: bool,
}

/// A stream that a walk delivers, or only reads.
#[derive(Debug)]
pub struct Member {
    /// The stream.
    pub stream: Arc<str>,
    /// Its records' way to the inlet. `None` for a root whose own records nobody wants.
    pub outlet: Option<Outlet>,
}

/// What lies in the state directory.
#[derive(Clone, Debug)]
pub struct Stores {
    /// The checkpoints.
    pub state: Arc<Store>,
    /// The refused records.
    pub dead_letters: Arc<DeadLetters>,
    /// What was delivered of lists.
    pub snapshots: Arc<Snapshots>,
}

/// How far a pass has come.
#[derive(Clone, Debug)]
pub struct Progress {
    /// What was done so far, for all streams of the walk together.
    pub counts: Counts,
    /// What was done so far, for each stream of the walk.
    pub streams: Vec<Tally>,
    /// The history that is still to be read, if any.
    pub back_fill: Option<BackFill>,
}

/// Hears of every settled page.
pub type Listener<'a> = dyn Fn(&Progress) + Sync + 'a;

impl<E: Pages> Walk<E> {
    /// Joins the parts of one walk. The first of `members` is the root; changes at or after `end`
    /// are left out.
    pub fn new(
        export: E,
        members: Vec<Member>,
        end: Option<Timestamp>,
        stores: Stores,
        attention: Attention,
    ) -> Self {
        let Stores {
            state: store,
            dead_letters,
            snapshots,
        } = stores;
        Self {
            export,
            settled: false,
            delivery: Delivery {
                members,
                store,
                dead_letters,
                snapshots,
                attention,
                end,
            },
            gauge: Gauge::default(),
        }
    }

    /// The name of the stream that the walk is named after.
    pub fn root(&self) -> &str {
        self.delivery.root()
    }

    /// Whether a sync may begin that is not due: reading has room to spare.
    pub fn may_poll_early(&mut self) -> bool {
        self.export.may_poll_early()
    }

    /// Whether the configured end is reached and nothing will ever be read again.
    pub fn is_finished(&self) -> bool {
        let (route, _) = self.delivery.route(&self.export);
        route.is_finished(self.delivery.end)
    }

    /// Reads and delivers the live changes after the checkpoint, then history. `progress` hears of
    /// every settled page.
    ///
    /// When `due` is cancelled, the next sync is wanted: history waits for it from the next page
    /// on, and so does a back-log, which becomes history. When `stop` is cancelled no further page
    /// is fetched. In either case the pages in hand are finished.
    pub async fn run(
        &mut self,
        stop: &CancellationToken,
        due: &CancellationToken,
        progress: &Listener<'_>,
    ) -> Summary {
        let mut pass = Pass::begin(&self.delivery, &self.export);
        if pass.root().state.position.is_none()
            && let Some((begin, split)) = self.export.history().await
        {
            pass.route.begin_with(begin, split);
        }
        self.export.begin(std::mem::take(&mut self.settled));
        self.delivery.expire_dead_letters().await;
        let end = self.pass(&mut pass, stop, due, progress).await;
        self.settled = matches!(end, End::Complete);
        self.delivery.conclude(pass, end).await
    }

    async fn pass(
        &mut self,
        pass: &mut Pass,
        stop: &CancellationToken,
        due: &CancellationToken,
        progress: &Listener<'_>,
    ) -> End {
        let (events, queue) = mpsc::channel(limits::PAGES_IN_FLIGHT);
        let resumes = pass.root().state.position.is_some();
        let horizon = self.export.horizon();
        pass.horizon = Some(horizon);
        let itinerary = Itinerary::new(pass.route.clone(), self.delivery.end, resumes, horizon);
        let reading = read(&mut self.export, itinerary, events, stop, due);
        let delivering = self.delivery.run(queue, pass, &mut self.gauge, progress);
        tokio::select! {
            // The deliverer ends when the queue does or when it fails; in either case a page that
            // is still being fetched is of no use, and dropping the reader loses nothing.
            end = delivering => end,
            never = reading => match never {},
        }
    }
}

/// Writes states away from the threads that serve the network.
async fn save(store: &Arc<Store>, streams: Vec<(Arc<str>, StreamState)>) -> Result<(), Error> {
    let store = store.clone();
    Ok(blocking(move || store.save(streams)).await?)
}

/// Whoever holds a permit may block.
static ROOM_TO_BLOCK: Semaphore = Semaphore::const_new(limits::BLOCKING_AT_ONCE);

/// Runs `work` where it may block, when it has its turn. A panic in it goes on here.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let turn = progress::in_line(ROOM_TO_BLOCK.acquire()).await;
    let turn = turn.unwrap_or_else(|closed| unreachable!("nobody closes it: {closed}"));
    let in_turn = move || {
        // It goes on when nobody waits for it any more, and so does its turn.
        let _turn = turn;
        work()
    };
    match tokio::task::spawn_blocking(in_turn).await {
        Ok(value) => {
            progress::passed();
            value
        }
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            Err(error) => unreachable!("blocking work is never cancelled: {error}"),
        },
    }
}

#[cfg(test)]
mod tests;
