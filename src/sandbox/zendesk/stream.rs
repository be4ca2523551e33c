//! What a stream is to the simulator: a kind of record, and the endpoints that show it.

use super::ids::Ids;
use super::renderer::{Guise, Renderer};
use super::row::Row;
use super::streams;

/// One stream. The tables in [`streams`] are written with the methods below.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stream {
    /// What [`ZendeskSimulator::collection`](super::ZendeskSimulator::collection) calls it.
    pub(super) name: &'static str,
    /// The key of an answer that holds the records.
    pub(super) key: &'static str,
    /// The stream that keeps the records; its own name, but for a view of another one.
    pub(super) of: &'static str,
    pub(super) ids: Ids,
    pub(super) form: Form,
    /// Records at the start.
    pub(super) begins_with: usize,
    /// The stream whose records these belong to.
    pub(super) parent: Option<&'static str>,
    /// Whether the deleted leave a tombstone where the stream shows those.
    pub(super) tombstones: bool,
    pub(super) list: Option<List>,
    /// The list of one parent's records, its parents' ids as `{}`.
    pub(super) child: Option<List>,
    /// The cursor export's path.
    pub(super) cursor: Option<&'static str>,
    pub(super) time: Option<Time>,
}

/// How a record gets its bytes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Form {
    /// A template; see [`template`](super::template).
    Text(&'static str),
    Made(fn(&Renderer, &Row, Guise) -> Vec<u8>),
}

/// A list endpoint.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    pub(super) path: &'static str,
    pub(super) paging: Paging,
    pub(super) order: Order,
}

/// Which pagination a list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paging {
    /// By cursor if `page[size]` is given, by offset otherwise.
    Either,
    /// By cursor only.
    Cursor,
    /// By offset only.
    Offset,
    /// None, in an answer that looks like an offset page.
    Whole,
    /// None, and nothing but the records.
    Bare,
    /// Not even an array: one record under the key.
    Single,
    /// By cursor if `page[size]` is given, by the audits' own cursor otherwise.
    Audits,
}

/// How a list is sorted; never by the time of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Id,
    /// The newest first.
    Newest,
    Name,
}

/// A time-based export.
#[derive(Clone, Copy, Debug)]
pub(super) struct Time {
    pub(super) path: &'static str,
    pub(super) flavour: Flavour,
}

/// What the time-based exports do differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    /// With `end_of_stream`.
    Support,
    /// Without it; and a list by cursor if `page[size]` is given.
    MetricEvents,
    /// Without it; also of side conversations' events, of which no recording tells.
    Articles,
    /// Without it, and `next_page` is never null.
    Talk,
    /// Without it; `limit` is the page size, `start_id` continues inside a second.
    Chat,
    /// Like chats, in microseconds.
    ChatMicros,
}

impl Flavour {
    /// Units of the export's clock in a second.
    pub(super) fn per_second(self) -> i64 {
        if self == Self::ChatMicros {
            1_000_000
        } else {
            1
        }
    }
}

impl Stream {
    /// A stream of records of its own.
    pub(super) const fn new(name: &'static str, ids: Ids, form: Form) -> Self {
        Self {
            name,
            key: name,
            of: name,
            ids,
            form,
            begins_with: 12,
            parent: None,
            tombstones: false,
            list: None,
            child: None,
            cursor: None,
            time: None,
        }
    }

    /// A stream of integers for ids, from a template.
    pub(super) const fn text(name: &'static str, base: u64, form: &'static str) -> Self {
        Self::new(name, Ids::Long(base), Form::Text(form))
    }

    pub(super) const fn key(mut self, key: &'static str) -> Self {
        self.key = key;
        self
    }

    /// Makes it a view of another stream's records.
    pub(super) const fn view(mut self, of: &'static str) -> Self {
        self.of = of;
        self.begins_with = 0;
        self
    }

    pub(super) const fn begins_with(mut self, count: usize) -> Self {
        self.begins_with = count;
        self
    }

    pub(super) const fn parent(mut self, parent: &'static str) -> Self {
        self.parent = Some(parent);
        self
    }

    pub(super) const fn tombstones(mut self) -> Self {
        self.tombstones = true;
        self
    }

    pub(super) const fn list(mut self, path: &'static str, paging: Paging) -> Self {
        let order = Order::Id;
        self.list = Some(List {
            path,
            paging,
            order,
        });
        self
    }

    pub(super) const fn sorted(mut self, order: Order) -> Self {
        if let Some(list) = &mut self.list {
            list.order = order;
        }
        self
    }

    pub(super) const fn child(mut self, path: &'static str, paging: Paging) -> Self {
        let order = Order::Id;
        self.child = Some(List {
            path,
            paging,
            order,
        });
        self
    }

    pub(super) const fn cursor(mut self, path: &'static str) -> Self {
        self.cursor = Some(path);
        self
    }

    pub(super) const fn time(mut self, path: &'static str, flavour: Flavour) -> Self {
        self.time = Some(Time { path, flavour });
        self
    }

    /// Units of the clock that orders the export, in a second.
    pub(super) fn per_second(&self) -> i64 {
        self.time.map_or(1, |time| time.flavour.per_second())
    }

    /// The stream of that name, also by the other names that products have for some.
    pub(super) fn find(name: &str) -> Option<&'static Self> {
        let name = match name {
            "ticket_activities" => "activities",
            "ticket_skips" => "skips",
            "account_attributes" => "routing_attributes",
            name => name,
        };
        streams::all().find(|stream| stream.name == name)
    }

    /// The stream that keeps its records.
    pub(super) fn keeper(&self) -> &'static Self {
        // Every view names a stream of the tables; a test goes through all.
        Self::find(self.of).unwrap_or(&streams::core::STREAMS[0])
    }

    /// Whether an export shows its records, tombstones included.
    pub(super) fn is_exported(&self) -> bool {
        self.cursor.is_some() || self.time.is_some() || self.name == "ticket_comments"
    }

    /// Whether one of the newer services serves its lists, with other cursors and other ends.
    pub(super) fn is_newer(&self) -> bool {
        let path = self.list.or(self.child).map_or("", |list| list.path);
        is_help_centers(path) || path.starts_with("/api/v2/community/")
    }

    /// Whether there is only one record, which is always there.
    pub(super) fn is_single(&self) -> bool {
        self.list.is_some_and(|list| list.paging == Paging::Single)
    }

    /// Whether it keeps records, or is a view of another's.
    pub(super) fn keeps(&self) -> bool {
        self.of == self.name
    }
}

/// Whether a path is the help centre's.
pub(super) fn is_help_centers(path: &str) -> bool {
    path.starts_with("/api/v2/help_center/")
}
