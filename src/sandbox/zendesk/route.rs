//! From a path to the stream and protocol behind it.

use super::data::Data;
use super::protocol::cursor::Cursors;
use super::protocol::search::Search;
use super::protocol::{Call, cursor, list, offset, search, time};
use super::renderer::Guise;
use super::stream::{List, Stream, Time};
use super::{refusals, streams};
use crate::sandbox::answer::Answer;
use crate::sandbox::request::Head;

/// What a path asks for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Endpoint {
    Cursor,
    Time(Time),
    List(List),
    Count(List),
    ShowMany,
    Search,
    /// A ticket's metrics, the only record of their kind that is shown alone.
    TicketMetric,
    /// Answers 200 and nothing.
    Nothing,
}

impl Endpoint {
    /// Whether it is for administrators only.
    pub(super) fn is_admins(self, stream: &Stream) -> bool {
        matches!(self, Self::Cursor | Self::Time(_))
            || matches!(
                stream.name,
                "ticket_audits" | "audit_logs" | "satisfaction_ratings"
            ) && matches!(self, Self::List(_))
    }
}

/// A path that is served.
#[derive(Debug)]
pub(super) struct Route {
    pub(super) stream: &'static Stream,
    pub(super) endpoint: Endpoint,
    /// Ids in the path, in order, as text.
    parents: Vec<String>,
}

/// Where a request leads.
pub(super) fn find(head: &Head) -> Result<Route, Answer> {
    let path = head.path.strip_suffix(".json").unwrap_or(&head.path);
    if path == "/api/v2/search/export" {
        return Ok(Route {
            stream: search::stream_of(head.query("filter[type]"))?,
            endpoint: Endpoint::Search,
            parents: Vec::new(),
        });
    }
    stream_route(path).ok_or_else(refusals::no_such_endpoint)
}

fn stream_route(path: &str) -> Option<Route> {
    let found = |stream, endpoint, parents| {
        Some(Route {
            stream,
            endpoint,
            parents,
        })
    };
    for stream in streams::all() {
        if let Some(parents) = stream.cursor.and_then(|pattern| matched(pattern, path)) {
            return found(stream, Endpoint::Cursor, parents);
        }
        if let Some(time) = stream.time.filter(|time| time.path == path) {
            return found(stream, Endpoint::Time(time), Vec::new());
        }
        if let Some(list) = stream.list {
            match path.strip_prefix(list.path) {
                Some("") => return found(stream, Endpoint::List(list), Vec::new()),
                Some("/count") => return found(stream, Endpoint::Count(list), Vec::new()),
                Some("/show_many") if has_show_many(stream) => {
                    return found(stream, Endpoint::ShowMany, Vec::new());
                }
                _ => {}
            }
        }
        if let Some(child) = stream.child
            && let Some(parents) = matched(child.path, path)
        {
            return found(stream, Endpoint::List(child), parents);
        }
    }
    let metrics = [
        ("/api/v2/tickets/{}/metrics", Endpoint::TicketMetric),
        ("/api/v2/tickets/{}/metric_events", Endpoint::Nothing),
    ];
    metrics.into_iter().find_map(|(pattern, endpoint)| {
        let parents = matched(pattern, path)?;
        found(Stream::find("ticket_metrics")?, endpoint, parents)
    })
}

fn has_show_many(stream: &Stream) -> bool {
    matches!(stream.name, "users" | "tickets" | "organizations")
}

/// The parts of `path` at the places of `{}`, if all others are the same.
fn matched(pattern: &str, path: &str) -> Option<Vec<String>> {
    let mut parents = Vec::new();
    let mut parts = path.split('/');
    for wanted in pattern.split('/') {
        let part = parts.next()?;
        if wanted == "{}" {
            parents.push(part.to_owned());
        } else if part != wanted {
            return None;
        }
    }
    parts.next().is_none().then_some(parents)
}

impl Route {
    /// The row that the last id of the path names, if it and all before it are there and belong
    /// to each other.
    pub(super) fn parent(&self, data: &Data) -> Result<Option<u64>, Answer> {
        let mut streams = Vec::new();
        let mut stream = self.stream;
        while let Some(parents) = stream.parent.and_then(Stream::find) {
            streams.insert(0, parents);
            stream = parents;
        }
        let mut above = None;
        for (stream, id) in streams.into_iter().zip(&self.parents) {
            let row = data
                .find(stream, id)
                .filter(|row| row.is_live() && above.is_none_or(|above| row.parent == above))
                .ok_or_else(refusals::no_such_record)?;
            above = Some(row.id);
        }
        Ok(above)
    }

    /// The answer of this endpoint.
    pub(super) fn answer(
        &self,
        cursors: &mut Cursors,
        search: &Search,
        call: &Call<'_>,
    ) -> Result<Answer, Answer> {
        match self.endpoint {
            Endpoint::Cursor => cursor::page(cursors, call),
            Endpoint::Time(export) => time::page(call, export.flavour),
            Endpoint::List(list) => list::page(call, list),
            Endpoint::Count(list) => offset::count(call, list),
            Endpoint::ShowMany => offset::show_many(call),
            Endpoint::Search => search.page(call),
            Endpoint::TicketMetric => self.ticket_metric(call),
            Endpoint::Nothing => Ok(Answer::json(200, "{}")),
        }
    }

    fn ticket_metric(&self, call: &Call<'_>) -> Result<Answer, Answer> {
        let id = self.parents.first().map_or("", String::as_str);
        let row = call.data.find(call.stream, id).filter(|row| row.is_live());
        let row = row.ok_or_else(refusals::no_such_record)?;
        let metric = call.data.json(call.stream, row, Guise::List);
        Ok(Answer::json(
            200,
            [b"{\"ticket_metric\":", &metric[..], b"}"].concat(),
        ))
    }
}
