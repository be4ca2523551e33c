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
mod itinerary;
mod listed;
mod outlet;
mod page;
mod pass;
mod report;
mod retry;
mod schema;
mod under;
mod watch;

use std::convert::Infallible;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

pub use error::Error;
pub use outlet::{Judge, Outcome, Outlet};
pub use report::{End, Summary, Tally};
pub use retry::{Retried, retry};
pub use schema::{Origin, SchemaFault, SchemaSource};

use crate::checkpoint::{Counts, Store, StreamState};
use crate::config::Attention;
use crate::dead_letters::DeadLetters;
use crate::error::{Chain, Explain as _};
use crate::limits;
use crate::record::{Page, Position};
use crate::snapshots::Snapshots;
use crate::zendesk::{self, Export, Split, Urgency};
use itinerary::{Itinerary, Leg, Passed, Route, Step};
use pass::Pass;

/// What keeps the streams of one walk in sync.
#[derive(Debug)]
pub struct Walk<E = Export> {
    export: E,
    delivery: Delivery,
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

/// Everything behind the reader.
#[derive(Debug)]
struct Delivery {
    /// The root first.
    members: Vec<Member>,
    store: Arc<Store>,
    dead_letters: Arc<DeadLetters>,
    snapshots: Arc<Snapshots>,
    attention: Attention,
    /// Only changes before this moment are wanted.
    end: Option<Timestamp>,
}

/// What a walk needs of an export.
pub trait Pages: Send {
    /// Where to stand for a walk that was last read up to `checkpoint`, if ever.
    fn position(&self, checkpoint: Option<Position>) -> Position;

    /// The time up to which a page that is asked for now shows every change.
    fn horizon(&self) -> Timestamp;

    /// Where a walk that stands at `position` can go on live while it reads its back-log besides;
    /// `None` if it cannot, or if that would gain nothing.
    fn split(&self, position: &Position) -> Option<Split>;

    /// Called before each pass: a page of which only parts were given begins again. `settled` says
    /// whether all pages of the pass before were; if not, they may be asked for again.
    fn begin(&mut self, settled: bool);

    /// Whether the next page may be asked for although none is due.
    fn may_poll_early(&mut self) -> bool;

    /// The page after `position`, which comes from [`Self::position`], from [`Self::split`] or
    /// from an earlier page, for those of `streams` that it has records of: what only others want
    /// may be left out. A page may come in parts, each with a `next` that is `position` but
    /// for the last: the following calls, all with `position`, get the other parts.
    ///
    /// # Errors
    /// When there is no such page within the configured attempts.
    fn page(
        &mut self,
        position: &Position,
        urgency: Urgency,
        streams: &[String],
    ) -> impl Future<Output = Result<Page, zendesk::Error>> + Send;
}

impl Pages for Export {
    fn position(&self, checkpoint: Option<Position>) -> Position {
        Self::position(self, checkpoint)
    }

    fn begin(&mut self, settled: bool) {
        Self::begin(self, settled);
    }

    fn horizon(&self) -> Timestamp {
        Self::horizon(self)
    }

    fn split(&self, position: &Position) -> Option<Split> {
        Self::split(self, position)
    }

    fn may_poll_early(&mut self) -> bool {
        Self::may_poll_early(self)
    }

    async fn page(
        &mut self,
        position: &Position,
        urgency: Urgency,
        streams: &[String],
    ) -> Result<Page, zendesk::Error> {
        Self::page(self, position, urgency, streams).await
    }
}

/// Hears of every settled page: the counts of all streams of the walk together.
pub type Progress<'a> = dyn Fn(&Counts) + Sync + 'a;

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
        progress: &Progress<'_>,
    ) -> Summary {
        let mut pass = Pass::begin(&self.delivery, &self.export);
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
        progress: &Progress<'_>,
    ) -> End {
        let (events, queue) = mpsc::channel(limits::PAGES_IN_FLIGHT);
        let resumes = pass.root().state.position.is_some();
        let itinerary = Itinerary::new(pass.route.clone(), self.delivery.end, resumes);
        let reading = read(&mut self.export, itinerary, events, stop, due);
        let delivering = self.delivery.run(queue, pass, progress);
        tokio::select! {
            // The deliverer ends when the queue does or when it fails; in either case a page that
            // is still being fetched is of no use, and dropping the reader loses nothing.
            end = delivering => end,
            never = reading => match never {},
        }
    }
}

/// What the reader has to say, in order.
#[derive(Debug)]
enum Event {
    /// A page of a leg, and how far the leg is with it.
    Page(Box<Page>, Passed),
    /// There is no next page.
    Failed(zendesk::Error),
    /// The next sync is due; the back-log becomes history.
    Split(Split),
    /// All that this sync has to read is read.
    Over,
}

/// Fetches pages into the queue until there is nothing more to read for now, or reading fails or
/// is stopped; then closes the queue and waits to be dropped.
async fn read<E: Pages>(
    export: &mut E,
    mut itinerary: Itinerary,
    events: mpsc::Sender<Event>,
    stop: &CancellationToken,
    due: &CancellationToken,
) -> Infallible {
    loop {
        let event = match itinerary.next(due.is_cancelled(), |position| export.split(position)) {
            Step::Over => Event::Over,
            Step::Split(split) => Event::Split(split),
            Step::Read(leg) => {
                let horizon = export.horizon();
                let urgency = itinerary.urgency(leg, horizon);
                let page = tokio::select! {
                    () = stop.cancelled() => break,
                    page = export.page(itinerary.position(leg), urgency, itinerary.streams(leg)) => page,
                };
                match page {
                    Err(error) => Event::Failed(error),
                    Ok(page) => {
                        let passed = Passed::new(leg, &page, horizon);
                        itinerary.passed(passed.clone());
                        Event::Page(Box::new(page), passed)
                    }
                }
            }
        };
        let more = matches!(event, Event::Page(..));
        if events.send(event).await.is_err() || !more {
            break;
        }
    }
    drop(events);
    std::future::pending().await
}

impl Delivery {
    fn root(&self) -> &str {
        self.members.first().map_or("", |root| &root.stream)
    }

    /// Where the walk goes on, and the streams that have to wait; see [`Route::resume`].
    fn route(&self, export: &impl Pages) -> (Route, Vec<String>) {
        let delivered = self.members.iter().filter(|one| one.outlet.is_some());
        let delivered: Vec<&str> = delivered.map(|member| &*member.stream).collect();
        let (root, state) = (self.root(), self.store.stream(self.root()));
        Route::resume(&state, root, &delivered, self.end, |checkpoint| {
            export.position(checkpoint)
        })
    }

    async fn run(
        &self,
        mut queue: mpsc::Receiver<Event>,
        pass: &mut Pass,
        progress: &Progress<'_>,
    ) -> End {
        // Only a stop closes the queue without a last word.
        let mut end = End::Stopped;
        while let Some(event) = queue.recv().await {
            let moved = match event {
                Event::Over => {
                    end = End::Complete;
                    break;
                }
                Event::Failed(error) => Err(error.into()),
                Event::Split(split) => {
                    let mut route = pass.route.clone();
                    route.split(split);
                    end = End::Split;
                    self.advance(route, None, pass).await
                }
                Event::Page(page, passed) => self.take(*page, passed, pass).await,
            };
            match moved {
                Ok(()) => progress(&pass.total()),
                Err(error) if error.is_stop() => return End::Stopped,
                Err(error) => return End::Failed(error),
            }
        }
        end
    }

    /// Settles a page, and moves the checkpoint over it.
    async fn take(&self, page: Page, passed: Passed, pass: &mut Pass) -> Result<(), Error> {
        if passed.leg == Leg::Live {
            pass.watch.look(&page);
        }
        let settled = self.settle(page, passed, pass).await?;
        let (passed, counts, doubt) = settled.into_parts();
        let leg = passed.leg;
        let mut route = pass.route.clone();
        route.pass(passed, self.end);
        self.advance(route, Some(&counts), pass).await?;
        for (stream, counts) in pass.streams.iter_mut().zip(counts) {
            stream.counts += counts;
            if leg == Leg::Live {
                stream.live_changes += counts.received - counts.skipped;
            }
        }
        doubt.map_or(Ok(()), Err)
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

    /// Moves the walk to `route`, and keeps what is known since of the streams that `counts` has
    /// records of: all of it in one write.
    async fn advance(
        &self,
        route: Route,
        counts: Option<&[Counts]>,
        pass: &mut Pass,
    ) -> Result<(), Error> {
        let mut next: Vec<(usize, StreamState)> = Vec::new();
        for (place, stream) in pass.streams.iter().enumerate() {
            let mut state = stream.state.clone();
            if place == 0 {
                route.store(self.root(), &mut state);
            }
            let has_records = counts.is_some_and(|counts| counts[place].received > 0);
            // A quiet poll leaves everything as it is: the report at the end of the sync is enough.
            if has_records || !state.stands_where(&stream.state) {
                state.recent = stream.repeats.to_seen();
                next.push((place, state));
            }
        }
        if !next.is_empty() {
            let named = next
                .iter()
                .map(|(place, state)| (self.members[*place].stream.clone(), state.clone()));
            save(&self.store, named.collect()).await?;
        }
        for (place, state) in next {
            pass.streams[place].state = state;
        }
        pass.route = route;
        Ok(())
    }
}

/// Writes states away from the threads that serve the network.
async fn save(store: &Arc<Store>, streams: Vec<(Arc<str>, StreamState)>) -> Result<(), Error> {
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
