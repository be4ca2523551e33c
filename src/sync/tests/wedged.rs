//! A walk that never gets on is found.

use std::future::pending;
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use super::account::Export;
use super::world::World;
use crate::limits;
use crate::progress::Progress;
use crate::record::{Page, Position};
use crate::sync::Pages;
use crate::zendesk::{Error, Split, Urgency};

const REQUEST: Duration = Duration::from_secs(60);

/// An export that never gives its second page, nor an error.
struct Wedged {
    export: Export,
    first: bool,
}

impl Pages for Wedged {
    fn position(&self, checkpoint: Option<Position>) -> Position {
        self.export.position(checkpoint)
    }

    fn history_position(&self, checkpoint: Position) -> Position {
        self.export.history_position(checkpoint)
    }

    async fn history(&self) -> Option<(Position, Split)> {
        self.export.history().await
    }

    fn begin(&mut self, settled: bool) {
        self.export.begin(settled);
    }

    fn horizon(&self) -> Timestamp {
        self.export.horizon()
    }

    fn split(&self, position: &Position) -> Option<Split> {
        self.export.split(position)
    }

    fn may_poll_early(&mut self) -> bool {
        self.export.may_poll_early()
    }

    async fn page(
        &mut self,
        position: &Position,
        urgency: Urgency,
        streams: &[String],
    ) -> Result<Page, Error> {
        if !std::mem::take(&mut self.first) {
            pending::<()>().await;
        }
        self.export.page(position, urgency, streams).await
    }
}

#[tokio::test]
async fn a_walk_whose_page_never_comes_is_late_after_its_time() {
    let world = World::new().await;
    world.account.change(1..=20, 100);
    let export = Wedged {
        export: Export::new(&world.account, 10),
        first: true,
    };
    let mut walk = world.walk(export, &["tickets"]);
    let progress = Progress::new(REQUEST);
    let pulse = progress.pulse("tickets");
    let (settled, page) = oneshot::channel();
    let settled = Mutex::new(Some(settled));
    tokio::spawn(async move {
        let (stop, due) = (CancellationToken::new(), CancellationToken::new());
        let heard = |_: &_| {
            let settled = settled.lock().expect("unpoisoned").take();
            settled.expect("one page").send(()).expect("heard");
        };
        pulse.watch(walk.run(&stop, &due, &heard)).await
    });
    page.await.expect("the first page is settled");

    tokio::time::pause();
    tokio::time::advance(REQUEST).await;
    assert!(progress.late().is_empty(), "it may wait for an answer");
    tokio::time::advance(limits::PROGRESS_MARGIN).await;
    assert_eq!(progress.late(), ["tickets"]);
}
