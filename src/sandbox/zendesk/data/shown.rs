//! Which records an endpoint shows, and to whom asks how.

use super::super::row::{Fate, Row};
use super::super::stream::Stream;
use super::super::ticket::{is_archived, is_bots};
use super::Data;
use crate::sandbox::request::Head;

/// How long `/deleted_tickets` shows a deletion, in seconds.
const DELETED_TICKETS: i64 = 30 * 86_400;

/// Whose tickets are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Scope {
    All,
    /// Those that people have handled: what is asked for by saying nothing.
    Agent,
    AiAgent,
}

/// What a request says about the records it wants.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Wanted {
    pub(in super::super) scope: Scope,
    /// Also the deleted.
    pub(in super::super) deleted: bool,
}

impl Wanted {
    /// Everything there is to be had.
    pub(in super::super) const ALL: Self = Self {
        scope: Scope::All,
        deleted: true,
    };

    pub(in super::super) fn of(head: &Head, deleted: bool) -> Self {
        let scope = match head.query("support_type_scope") {
            Some("all") => Scope::All,
            Some("ai_agent") => Scope::AiAgent,
            _ => Scope::Agent,
        };
        let says = |name| match head.query(name) {
            Some("true") => Some(true),
            Some("false") => Some(false),
            _ => None,
        };
        let excluded = says("exclude_deleted").or_else(|| says("filter[exclude_deleted]"));
        let deleted = says("include_deleted")
            .or(excluded.map(|excluded| !excluded))
            .unwrap_or(deleted);
        Self { scope, deleted }
    }
}

impl Data {
    /// Whether an incremental export shows it.
    pub(in super::super) fn exports(&self, stream: &Stream, row: &Row, wanted: Wanted) -> bool {
        row.fate != Fate::Gone
            && self.in_scope(stream, row, wanted.scope)
            && match stream.name {
                "ticket_events" | "ticket_metric_events" => true,
                "ticket_comments" => row.marked,
                _ => wanted.deleted || !row.is_deleted(),
            }
    }

    /// Whether a list shows it at the moment `now`.
    pub(in super::super) fn lists(
        &self,
        stream: &Stream,
        row: &Row,
        wanted: Wanted,
        now: i64,
    ) -> bool {
        let archived = |row: &Row| is_archived(&self.renderer, row);
        match stream.name {
            "users" => row.fate == Fate::Live,
            "deleted_users" => matches!(row.fate, Fate::Merged | Fate::Deleted),
            "tickets" | "requests" => {
                row.is_live() && !archived(row) && self.in_scope(stream, row, wanted.scope)
            }
            "ticket_metrics" => row.is_live() && !archived(row),
            "deleted_tickets" => {
                row.fate == Fate::Deleted
                    && row.updated > now - DELETED_TICKETS
                    && self.in_scope(stream, row, wanted.scope)
            }
            "ticket_comments" => row.marked,
            "ticket_audits" => self
                .ticket_of(row)
                .is_some_and(|ticket| ticket.is_live() && !archived(ticket)),
            "groups" | "brands" => row.is_live() || wanted.deleted && row.is_deleted(),
            _ => row.is_live(),
        }
    }

    fn in_scope(&self, stream: &Stream, row: &Row, scope: Scope) -> bool {
        let ticket = match stream.of {
            "tickets" => Some(row),
            "ticket_events" => self.ticket_of(row),
            _ => None,
        };
        let Some(ticket) = ticket else {
            return true;
        };
        let bots = is_bots(&self.renderer, ticket);
        match scope {
            Scope::All => true,
            Scope::Agent => !bots,
            Scope::AiAgent => bots,
        }
    }

    fn ticket_of(&self, row: &Row) -> Option<&Row> {
        self.collections.get("tickets")?.get(row.parent)
    }
}
