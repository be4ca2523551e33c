//! Reading a stream page by page, whatever the protocol.

use std::sync::Arc;

use jiff::Timestamp;

use super::Error;
use super::client::{Client, PageSize};
use super::incremental::Incremental;
use super::quota::Urgency;
use super::search::{SEARCH_PATH, Search};
use super::source::Source;
use crate::config;
use crate::limits;
use crate::record::{Page, Position};

/// One stream's way of being read. It remembers nothing but how heavy pages may be, and whether the
/// next one is early: every page is asked for by position.
#[derive(Debug)]
pub struct Export {
    protocol: Protocol,
    /// No tick asked for the next page.
    is_early: bool,
}

/// Where to go on so that live changes need not wait for a back-log.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// The position to go on from; it reads everything of `until` or later.
    pub live: Position,
    /// Up to here the back-log has to be read besides.
    pub until: Timestamp,
}

#[derive(Debug)]
enum Protocol {
    Incremental(Incremental),
    Search(Search),
}

impl Export {
    /// The export that `stream` configures.
    pub fn new(client: Arc<Client>, stream: &config::Stream, page_size: u32) -> Self {
        let spec = &stream.spec;
        let source = Source {
            client,
            spec: spec.clone(),
            start: stream.start,
            overlap: stream.overlap,
            page_size: PageSize::new(page_size),
            urgency: Urgency::Fresh,
        };
        Self {
            protocol: match &stream.export {
                config::Export::Incremental { path } => {
                    Protocol::Incremental(Incremental::new(source, path.clone()))
                }
                config::Export::Search {
                    search_type,
                    settle,
                } => Protocol::Search(Search::new(source, search_type.clone(), *settle)),
            },
            is_early: false,
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

    /// The time up to which a page that is asked for now shows every change, by Zendesk's clock.
    pub fn horizon(&self) -> Timestamp {
        let (source, hold_back) = match &self.protocol {
            Protocol::Incremental(export) => (&export.source, limits::START_TIME_AGE_MIN),
            Protocol::Search(export) => (&export.source, export.settle),
        };
        let time = source.client.clock().now().saturating_sub(hold_back);
        time.ok()
            .and_then(|time| Timestamp::from_second(time.as_second()).ok())
            .unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Where a walk that stands at `position` can go on live while it reads its back-log besides.
    /// `None` if pages do not come in the order of time, or the back-log is too short to be worth
    /// reading its last stretch twice.
    pub fn split(&self, position: &Position) -> Option<Split> {
        let Protocol::Incremental(export) = &self.protocol else {
            return None;
        };
        let until = self.horizon();
        let begin = export.source.overlapped(until);
        position
            .recovery_time()
            .is_some_and(|time| time < begin)
            .then_some(Split {
                live: Position::Incremental {
                    cursor: None,
                    recovery_time: Some(until),
                },
                until,
            })
    }

    /// The page after `position`.
    ///
    /// # Errors
    /// When Zendesk gives no such page within the configured attempts.
    pub async fn page(&mut self, position: &Position, urgency: Urgency) -> Result<Page, Error> {
        tracing::debug!(
            stream = self.stream(),
            ?urgency,
            read_to = position.recovery_time().map(tracing::field::display),
            "reading a page"
        );
        let is_early = std::mem::take(&mut self.is_early);
        self.source_mut().urgency = match urgency {
            Urgency::Fresh if is_early => Urgency::Spare,
            other => other,
        };
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

    /// Whether a poll may be made that no tick asked for, which the next page then is: there is
    /// room for it in the quota that nobody else wants.
    pub fn may_poll_early(&mut self) -> bool {
        let path = match &self.protocol {
            Protocol::Incremental(export) => export.path(),
            Protocol::Search(_) => SEARCH_PATH,
        };
        self.is_early = self.source().client.governor().has_spare(path);
        self.is_early
    }

    fn stream(&self) -> &str {
        self.source().stream()
    }

    fn source(&self) -> &Source {
        match &self.protocol {
            Protocol::Incremental(export) => &export.source,
            Protocol::Search(export) => &export.source,
        }
    }

    fn source_mut(&mut self) -> &mut Source {
        match &mut self.protocol {
            Protocol::Incremental(export) => &mut export.source,
            Protocol::Search(export) => &mut export.source,
        }
    }
}
