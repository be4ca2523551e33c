//! The reading half of a walk: fetching pages in the order of the itinerary.

use std::convert::Infallible;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::itinerary::{Itinerary, Passed, Step};
use crate::record::{Page, Position};
use crate::zendesk::{self, Export, Split, Urgency};

/// What a walk needs of an export.
pub trait Pages: Send {
    /// Where to stand for a walk that was last read up to `checkpoint`, if ever.
    fn position(&self, checkpoint: Option<Position>) -> Position;

    /// As [`Self::position`], for a stretch of history.
    fn history_position(&self, checkpoint: Position) -> Position;

    /// For a walk that was never read: where its history begins if that has a way of its own, and
    /// where the walk goes on live besides.
    fn history(&self) -> impl Future<Output = Option<(Position, Split)>> + Send;

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

    fn history_position(&self, checkpoint: Position) -> Position {
        Self::history_position(self, checkpoint)
    }

    async fn history(&self) -> Option<(Position, Split)> {
        Self::history(self).await
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

/// What the reader has to say, in order.
#[derive(Debug)]
pub(super) enum Event {
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
pub(super) async fn read<E: Pages>(
    export: &mut E,
    mut itinerary: Itinerary,
    events: mpsc::Sender<Event>,
    stop: &CancellationToken,
    due: &CancellationToken,
) -> Infallible {
    // Room comes first: a page that was read and has to wait for it would be one more in memory.
    while let Ok(room) = events.reserve().await {
        let event = match itinerary.next(due.is_cancelled(), |position| export.split(position)) {
            Step::Over => Event::Over,
            Step::Split(split) => Event::Split(split),
            Step::Read(leg) => {
                let horizon = export.horizon();
                let urgency = itinerary.urgency(leg, horizon);
                let (position, streams) = (itinerary.position(leg), itinerary.streams(leg));
                let page = tokio::select! {
                    () = stop.cancelled() => break,
                    page = export.page(position, urgency, streams) => page,
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
        room.send(event);
        if !more {
            break;
        }
    }
    drop(events);
    std::future::pending().await
}
