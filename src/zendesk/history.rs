//! Another way to a stream's history: its lists, where they take less time than its export.
//!
//! The list of the deleted is read first, then that of those present, each once and by cursor. A
//! list is in the order of ids, so a record that does not change while it is read keeps its place
//! and is found, whatever comes and goes around it; one that does change is found by the live walk.
//!
//! That is how it should be, and is not taken on trust. Beforehand Zendesk is asked how many
//! records each list has, and in the end those that were there to be counted have to be found.
//! Where they are not, or where a list is refused, goes by page numbers, is cut off or has to begin
//! again, the export reads all of the history after all: it is the truth.

use std::sync::Arc;

use jiff::Timestamp;

use super::Error;
use super::list::List;
use super::page::Following;
use super::parts::UnderWay;
use super::source::Source;
use crate::catalogue::{Pagination, StreamSpec};
use crate::config::BackFill;
use crate::record::{Cursor, HistoryList, HistoryPosition, ListPage, Page, Position};

mod choice;
mod counted;

pub use choice::{Choice, ListsCounted, Minutes};

/// Reads history from lists.
#[derive(Debug)]
pub(super) struct History {
    configured: BackFill,
    present: List,
    deleted: Option<List>,
    /// The page of which parts were given, and what was found with them.
    open: Option<Box<UnderWay<HistoryPosition>>>,
}

impl History {
    /// The lists that `configured` names; `source` makes what the list of a row is read from.
    pub(super) fn new(
        spec: &Arc<StreamSpec>,
        configured: &BackFill,
        source: impl Fn(Arc<StreamSpec>) -> Source,
    ) -> Self {
        let deleted = configured.deleted.and_then(|row| {
            let path = row.path()?.to_owned().into();
            let source = source(deleted_row(spec, row).into());
            Some(List::new(source, path, Pagination::Cursor))
        });
        Self {
            present: List::new(
                source(spec.clone()),
                configured.list.clone(),
                Pagination::Cursor,
            ),
            deleted,
            configured: configured.clone(),
            open: None,
        }
    }

    /// Begins a pass: a page of which only parts were given begins again.
    pub(super) fn begin_pass(&mut self) {
        self.open = None;
    }

    /// Where to begin, if the lists are to be taken instead of the export at `path`, which is asked
    /// for pages of `page_size`. What changes from `until` on is read live.
    pub(super) async fn begin(
        &self,
        path: &str,
        page_size: u32,
        until: Timestamp,
    ) -> Option<Position> {
        let Source { client, spec, .. } = &self.present.source;
        let stream = &*spec.name;
        let choice = client.choose_history(spec, &self.configured, path, page_size);
        let choice = match choice.await {
            Ok(choice) => choice,
            Err(error @ (Error::Unavailable { .. } | Error::Unreadable { .. })) => {
                tracing::warn!(
                    stream,
                    "history comes by the export, since its lists could not be counted: {error}"
                );
                return None;
            }
            // What is wrong then is wrong with the export too, which says so.
            Err(error) => {
                tracing::debug!(stream, "could not count: {error}");
                return None;
            }
        };
        let Some(counted) = choice.counted else {
            tracing::info!(
                stream,
                "history comes by the export: zendesk does not say how many records its lists have, so that they could not be checked"
            );
            return None;
        };
        tracing::info!(
            stream,
            records = counted.records(),
            minutes_by_list = choice.minutes.list.round(),
            minutes_by_export = choice.minutes.export.round(),
            "history comes {}",
            match choice.by_list {
                true => "from the lists, and what changes meanwhile by the export",
                false => "by the export",
            }
        );
        choice.by_list.then_some(Position::History(HistoryPosition {
            until,
            list: match counted.deleted {
                Some(_) => HistoryList::Deleted,
                None => HistoryList::Present,
            },
            page: None,
            last_id: None,
            present: counted.present,
            deleted: counted.deleted,
        }))
    }

    /// The page at `position`, a large one in parts. Its `next` is `afresh`, the begin of the stream's
    /// own export, where the lists do not give everything.
    pub(super) async fn page(
        &mut self,
        position: &HistoryPosition,
        afresh: Position,
    ) -> Result<Page, Error> {
        let list = match (position.list, &mut self.deleted) {
            (HistoryList::Deleted, Some(list)) => list,
            (HistoryList::Deleted, None) | (HistoryList::Present, _) => &mut self.present,
        };
        let stand = Position::History(position.clone());
        let mut under_way = match UnderWay::resume(&mut self.open, &stand) {
            Some(under_way) => under_way,
            None => UnderWay::new(&list.source.client, stand, position.clone()),
        };
        let asked = position.page.clone().map(ListPage::After);
        let received = list.receive(&mut under_way, asked.as_ref()).await;
        let (mut page, following) = match received {
            Ok(received) => received,
            Err(error) => {
                let why = refusal(error)?;
                self.give_up(&why);
                return Ok(Page {
                    end_of_stream: false,
                    ..Page::nothing(afresh, 1)
                });
            }
        };
        // Given again, a record does not count again.
        under_way.state.count(&page.records);
        if position.list == HistoryList::Deleted {
            let is_history = |time| time < position.until;
            page.records
                .retain(|record| record.version.is_none_or(is_history));
        }
        let Some(following) = following else {
            self.open = Some(under_way);
            return Ok(page);
        };
        let next = follow(under_way.state, following);
        if let Next::ByExport(why) = &next {
            self.give_up(why);
        }
        Ok(Page {
            end_of_stream: matches!(next, Next::Over(_)),
            next: match next {
                Next::Page(position) | Next::Over(position) => Position::History(position),
                Next::ByExport(_) => afresh,
            },
            ..page
        })
    }

    fn give_up(&self, why: &str) {
        tracing::warn!(
            stream = self.present.source.stream(),
            "{why}: the export reads all of the history, and what the lists gave is sent again"
        );
    }
}

/// The row of the list of a stream's deleted records, in which they show as the export shows them.
fn deleted_row(spec: &StreamSpec, row: &StreamSpec) -> StreamSpec {
    StreamSpec {
        deletion: spec.deletion,
        ..row.clone()
    }
}

/// Why a list cannot be read, or the error if that says nothing of the list.
fn refusal(error: Error) -> Result<String, Error> {
    match error {
        Error::NotFound { trouble, .. }
        | Error::NotOffered { trouble, .. }
        | Error::Forbidden { trouble, .. }
        | Error::Refused { trouble, .. } => Ok(format!("zendesk refuses a list ({trouble})")),
        Error::CursorLost(trouble) => Ok(format!(
            "zendesk does not accept the page cursor of a list any more ({trouble})"
        )),
        Error::TooDeep(trouble) => Ok(format!("zendesk cuts a list off ({trouble})")),
        Error::Unreadable { last, .. } => {
            Ok(format!("zendesk cannot give a record of a list ({last})"))
        }
        other => Err(other),
    }
}

/// What follows a page.
#[derive(Debug, PartialEq)]
enum Next {
    /// Another page.
    Page(HistoryPosition),
    /// Nothing: the lists have given everything.
    Over(HistoryPosition),
    /// The export, for this reason.
    ByExport(String),
}

/// What follows the page at `position`, whose records are counted in it.
fn follow(position: HistoryPosition, following: Following) -> Next {
    match following {
        Following::After(cursor) => match Some(Cursor::new(cursor)) {
            same if same == position.page => {
                Next::ByExport("a list returned the cursor it was given".to_owned())
            }
            page => Next::Page(HistoryPosition { page, ..position }),
        },
        Following::NextPage => Next::ByExport(
            "a list goes by page numbers, where a record may be passed over".to_owned(),
        ),
        Following::CutOff => Next::ByExport("a list is cut off".to_owned()),
        Following::Nothing if position.list == HistoryList::Deleted => {
            Next::Page(HistoryPosition {
                list: HistoryList::Present,
                page: None,
                last_id: None,
                ..position
            })
        }
        Following::Nothing => match position.missing() {
            0 => Next::Over(position),
            missing => Next::ByExport(format!(
                "of the records that zendesk counted the lists did not give {missing}"
            )),
        },
    }
}

#[cfg(test)]
mod tests;
