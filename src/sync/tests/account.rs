//! A made-up account with an export in the order of versions, in whose pages the records of other
//! streams come along.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard};

use jiff::Timestamp;

use crate::record::{Children, Cursor, Page, Position, Record, RecordId};
use crate::sync::Pages;
use crate::zendesk::{Error, Split, Urgency};

/// Tickets by id, shared by the test and the export.
#[derive(Clone, Debug, Default)]
pub(super) struct Account(Arc<Mutex<BTreeMap<u64, Ticket>>>);

#[derive(Clone, Debug)]
struct Ticket {
    second: i64,
    edits: u32,
}

/// The streams that come along with each ticket.
pub(super) const ALONG: [&str; 2] = ["metrics", "audits"];

/// The account's export.
#[derive(Debug)]
pub(super) struct Export {
    pub(super) account: Account,
    pub(super) page_size: usize,
    /// Whether what comes along has pages of its own, before the position moves.
    pub(super) children_apart: bool,
    /// What of a page is still to come, if `children_apart`.
    pub(super) pending: Vec<Page>,
}

impl Account {
    /// Changes these tickets, or makes them, in this second.
    pub(super) fn change(&self, ids: impl IntoIterator<Item = u64>, second: i64) {
        let mut tickets = self.tickets();
        for id in ids {
            let edits = tickets.get(&id).map_or(0, |ticket| ticket.edits + 1);
            tickets.insert(id, Ticket { second, edits });
        }
    }

    /// The present content of a stream, as it should be in the inlet in the end.
    pub(super) fn messages(&self, stream: &str) -> BTreeMap<String, String> {
        let tickets = self.tickets();
        let messages = tickets.iter().map(|(id, ticket)| {
            let id = format!("{stream}-{id}");
            let message = message(&id, ticket);
            (id, message)
        });
        messages.collect()
    }

    /// The second after the newest change: what changes from now on is not before it.
    pub(super) fn now(&self) -> Timestamp {
        let newest = self.tickets().values().map(|ticket| ticket.second).max();
        Timestamp::from_second(newest.unwrap_or(0) + 1).expect("in range")
    }

    fn tickets(&self) -> MutexGuard<'_, BTreeMap<u64, Ticket>> {
        self.0.lock().expect("unpoisoned")
    }
}

fn message(id: &str, ticket: &Ticket) -> String {
    format!(
        r#"{{"id":"{id}","second":{},"edits":{}}}"#,
        ticket.second, ticket.edits
    )
}

fn record(stream: &str, id: u64, ticket: &Ticket) -> Record {
    let id = format!("{stream}-{id}");
    let version = Timestamp::from_second(ticket.second).ok();
    let content = message(&id, ticket);
    Record::new(content.into(), Some(RecordId::new(id)), version)
}

impl Export {
    pub(super) fn new(account: &Account, page_size: usize) -> Self {
        Self {
            account: account.clone(),
            page_size,
            children_apart: false,
            pending: Vec::new(),
        }
    }

    fn read(&self, position: &Position) -> Page {
        let Position::Incremental {
            cursor,
            recovery_time,
        } = position
        else {
            unreachable!("the only kind of position here");
        };
        let begin = match (cursor, recovery_time) {
            (Some(cursor), _) => Bound::Excluded(place(cursor)),
            (None, Some(time)) => Bound::Included((time.as_second(), 0)),
            (None, None) => Bound::Unbounded,
        };
        let tickets = self.account.tickets();
        let order: BTreeMap<(i64, u64), &Ticket> = tickets
            .iter()
            .map(|(id, ticket)| ((ticket.second, *id), ticket))
            .collect();
        let mut rest = order.range((begin, Bound::Unbounded));
        let read: Vec<_> = rest.by_ref().take(self.page_size).collect();
        let last = read.last().map(|(place, _)| **place);
        let along = |stream: &str| Children {
            stream: stream.into(),
            scope: None,
            records: read
                .iter()
                .map(|((_, id), ticket)| record(stream, *id, ticket))
                .collect(),
        };
        Page {
            records: read
                .iter()
                .map(|((_, id), ticket)| record("tickets", *id, ticket))
                .collect(),
            is_rest: false,
            listed: None,
            children: ALONG.map(along).into(),
            next: Position::Incremental {
                cursor: last
                    .map(|(second, id)| Cursor::new(format!("{second}|{id}")))
                    .or_else(|| cursor.clone()),
                recovery_time: last
                    .and_then(|(second, _)| Timestamp::from_second(second).ok())
                    .or(*recovery_time),
            },
            repeat_horizon: last.and_then(|(second, _)| Timestamp::from_second(second).ok()),
            end_of_stream: rest.next().is_none(),
            bytes: 100,
            requests: 1,
            unreadable: None,
        }
    }
}

fn place(cursor: &Cursor) -> (i64, u64) {
    let place = cursor.as_str().split_once('|');
    let (second, id) = place.expect("a cursor of this export");
    (
        second.parse().expect("a second"),
        id.parse().expect("an id"),
    )
}

impl Pages for Export {
    fn position(&self, checkpoint: Option<Position>) -> Position {
        checkpoint.unwrap_or(Position::Incremental {
            cursor: None,
            recovery_time: None,
        })
    }

    fn history_position(&self, checkpoint: Position) -> Position {
        checkpoint
    }

    async fn history(&self) -> Option<(Position, Split)> {
        None
    }

    fn begin(&mut self, _settled: bool) {
        self.pending.clear();
    }

    fn horizon(&self) -> Timestamp {
        self.account.now()
    }

    fn split(&self, position: &Position) -> Option<Split> {
        let until = self.account.now();
        position
            .recovery_time()
            .is_some_and(|time| time < until)
            .then_some(Split {
                live: Position::Incremental {
                    cursor: None,
                    recovery_time: Some(until),
                },
                until,
            })
    }

    fn may_poll_early(&mut self) -> bool {
        true
    }

    async fn page(&mut self, position: &Position, _: Urgency, _: &[String]) -> Result<Page, Error> {
        if let Some(page) = self.pending.pop() {
            return Ok(page);
        }
        let mut page = self.read(position);
        if !self.children_apart {
            return Ok(page);
        }
        self.pending.push(Page {
            records: Vec::new(),
            children: std::mem::take(&mut page.children),
            next: std::mem::replace(&mut page.next, position.clone()),
            unreadable: None,
            is_rest: false,
            listed: None,
            ..page
        });
        page.end_of_stream = false;
        page.repeat_horizon = None;
        Ok(page)
    }
}
