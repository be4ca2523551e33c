//! Reading a stream page by page, whatever the protocol.

use std::sync::Arc;

use super::Error;
use super::client::{Client, PageSize};
use super::incremental::Incremental;
use super::quota::Urgency;
use super::search::{SEARCH_PATH, Search};
use super::source::{Source, newest};
use crate::config;
use crate::record::{Page, Position};

/// One stream's way of being read. It remembers nothing but how heavy pages may be, and whether it
/// reads history or live changes: every page is asked for by position.
#[derive(Debug)]
pub struct Export {
    protocol: Protocol,
}

#[derive(Debug)]
enum Protocol {
    Incremental(Incremental),
    Search(Search),
}

impl Export {
    /// The export that `stream` configures.
    pub fn new(client: Arc<Client>, stream: &config::Stream, page_size: u32) -> Self {
        let source = Source {
            client,
            spec: stream.spec,
            start: stream.start,
            overlap: stream.overlap,
            page_size: PageSize::new(page_size),
            urgency: Urgency::Fresh,
        };
        Self {
            protocol: match stream.export {
                config::Export::Incremental => Protocol::Incremental(Incremental::new(source)),
                config::Export::Search { settle } => Protocol::Search(Search::new(source, settle)),
            },
        }
    }

    /// Where to stand for a stream that was last read up to `checkpoint`, if ever. A checkpoint of
    /// the other protocol is carried over by its time.
    pub fn position(&self, checkpoint: Option<Position>) -> Position {
        match (&self.protocol, checkpoint) {
            (Protocol::Incremental(_), Some(position @ Position::Incremental { .. }))
            | (Protocol::Search(_), Some(position @ Position::Search { .. })) => position,
            (Protocol::Incremental(_), other) => Position::Incremental {
                cursor: None,
                recovery_time: other.and_then(|position| position.recovery_time()),
            },
            (Protocol::Search(_), other) => Position::Search {
                from: other.and_then(|position| position.recovery_time()),
                window: None,
            },
        }
    }

    /// The page after `position`.
    ///
    /// # Errors
    /// When Zendesk gives no such page within the configured attempts.
    pub async fn page(&mut self, position: &Position) -> Result<Page, Error> {
        if position.recovery_time().is_none() {
            self.source().urgency = Urgency::BackFill;
        }
        let page = self.page_after(position).await;
        let source = self.source();
        source.urgency = match &page {
            Ok(page) if page.end_of_stream => Urgency::Fresh,
            Ok(page) => match newest(&page.records, None) {
                Some(newest) if source.is_history(newest) => Urgency::BackFill,
                Some(_) => Urgency::Fresh,
                None => source.urgency,
            },
            Err(_) if source.urgency == Urgency::Spare => Urgency::Fresh,
            Err(_) => source.urgency,
        };
        page
    }

    /// Whether a poll may be made that no tick asked for, which the next page then is: there is
    /// room for it in the quota that nobody else wants.
    pub fn may_poll_early(&mut self) -> bool {
        let path = match &self.protocol {
            Protocol::Incremental(export) => export.source.spec.incremental_path,
            Protocol::Search(_) => SEARCH_PATH,
        };
        let source = self.source();
        let may = source.urgency == Urgency::Fresh && source.client.governor().has_spare(path);
        if may {
            source.urgency = Urgency::Spare;
        }
        may
    }

    fn source(&mut self) -> &mut Source {
        match &mut self.protocol {
            Protocol::Incremental(export) => &mut export.source,
            Protocol::Search(export) => &mut export.source,
        }
    }

    async fn page_after(&mut self, position: &Position) -> Result<Page, Error> {
        match (&mut self.protocol, position) {
            (
                Protocol::Incremental(export),
                Position::Incremental {
                    cursor,
                    recovery_time,
                },
            ) => export.page(cursor.as_ref(), *recovery_time).await,
            (Protocol::Search(export), Position::Search { from, window }) => {
                export.page(*from, window.as_ref()).await
            }
            (Protocol::Incremental(_), Position::Search { .. })
            | (Protocol::Search(_), Position::Incremental { .. }) => {
                unreachable!("positions come from `position` and from pages of this export")
            }
        }
    }
}
