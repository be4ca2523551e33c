//! The list endpoints: what is there now, by cursor, by offset, or all at once.

use std::ops::Range;

use super::super::data::{Wanted, second};
use super::super::refusals;
use super::super::renderer::Guise;
use super::super::row::Row;
use super::super::stream::{List, Order, Paging, Stream};
use super::super::{audit, ticket};
use super::{Call, body, cursor_list, keyset, offset, quoted};
use crate::sandbox::answer::Answer;

/// Largest page of a list; whoever asks for more gets as much.
pub(super) const PAGE_MAX: usize = 100;

/// One page of a list.
pub(in super::super) fn page(call: &Call<'_>, list: List) -> Result<Answer, Answer> {
    let by_cursor = call.head.query("page[size]").is_some()
        || call.head.query("page[after]").is_some()
        || call.head.query("page[before]").is_some();
    if call.stream.name == "ticket_audits" && call.parent.is_some_and(|id| is_archived(call, id)) {
        return whole(call, list);
    }
    match list.paging {
        Paging::Either | Paging::Audits if by_cursor => cursor_list::page(call, list),
        Paging::Cursor => cursor_list::page(call, list),
        Paging::Audits => audits(call, list),
        Paging::Either | Paging::Offset => offset::page(call, list),
        Paging::Whole | Paging::Bare | Paging::Single => whole(call, list),
    }
}

/// Whether the ticket lies in the archive, whose audits come all at once.
fn is_archived(call: &Call<'_>, ticket: u64) -> bool {
    let tickets = Stream::find("tickets").map(|stream| call.data.of(stream));
    let ticket = tickets.and_then(|tickets| tickets.get(ticket));
    ticket.is_some_and(|ticket| ticket::is_archived(&call.data.renderer, ticket))
}

/// Metric events by cursor, from `start_time` on.
pub(super) fn since(call: &Call<'_>) -> Result<Answer, Answer> {
    if let Some(start) = call.head.query("start_time") {
        call.start_time(start, 1)?;
    }
    cursor_list::page(
        call,
        List {
            path: "",
            paging: Paging::Cursor,
            order: Order::Id,
        },
    )
}

/// Everything that the list shows, in its order.
pub(super) fn shown<'a>(call: &Call<'a>, list: List) -> Result<Vec<&'a Row>, Answer> {
    let mut rows = rows(call, list)?;
    let unlisted = &call.data.of(call.stream).unlisted;
    rows.retain(|row| !unlisted.contains(&row.id));
    Ok(rows)
}

/// Everything that the list ought to show, in its order: what is counted.
pub(super) fn rows<'a>(call: &Call<'a>, list: List) -> Result<Vec<&'a Row>, Answer> {
    let data = call.data;
    let stream = call.stream;
    let wanted = Wanted::of(call.head, false);
    let now = second(call.now);
    let times = times(call)?;
    let collection = data.of(stream);
    let admits = |row: &&Row| {
        // A ticket's own audits are there as long as the ticket is.
        let listed = match (stream.name, call.parent) {
            ("ticket_audits", Some(_)) => true,
            _ => data.lists(stream, row, wanted, now),
        };
        listed
            && match stream.name {
                "ticket_metric_events" => row.place >= times.start && row.place <= call.horizon(),
                "audit_logs" => times.contains(&row.created),
                _ => times.contains(&row.updated),
            }
    };
    let mut rows: Vec<&Row> = match call.parent {
        Some(parent) => collection.of_parent(parent).filter(admits).collect(),
        None => collection.rows().iter().filter(admits).collect(),
    };
    match list.order {
        Order::Id => {}
        Order::Newest => rows.reverse(),
        Order::Name => {
            rows.sort_by_cached_key(|row| keyset::key(&data.renderer, stream, list.order, row))
        }
    }
    Ok(rows)
}

/// The bounds that some lists take; everything elsewhere.
fn times(call: &Call<'_>) -> Result<Range<i64>, Answer> {
    let head = call.head;
    let number = |name: &str, usual: i64| match head.query(name) {
        None => Ok(usual),
        Some(text) => text
            .parse()
            .map_err(|_| refusals::invalid_attribute(&format!("{name} must be a Unix time"))),
    };
    let instant = |text: &str| {
        let time: Result<jiff::Timestamp, _> = text.parse();
        time.map(second)
            .map_err(|_| refusals::invalid_attribute("a time must be in ISO 8601"))
    };
    let from = |text: Option<&str>| text.map_or(Ok(i64::MIN), instant);
    match call.stream.name {
        "satisfaction_ratings" | "ticket_metric_events" => {
            Ok(number("start_time", i64::MIN)?..number("end_time", i64::MAX)?)
        }
        "activities" => Ok(from(head.query("since"))?..i64::MAX),
        "audit_logs" => {
            let mut bounds = head.query.iter();
            let mut bound = || bounds.find(|(name, _)| name == "filter[created_at][]");
            let start = from(bound().map(|(_, value)| value.as_str()))?;
            let end = bound().map_or(Ok(i64::MAX), |(_, value)| instant(value));
            Ok(start..end?.saturating_add(1))
        }
        _ => Ok(i64::MIN..i64::MAX),
    }
}

/// The records in the form of this list.
pub(super) fn render(call: &Call<'_>, rows: &[&Row], guise: Guise) -> Result<Vec<Vec<u8>>, Answer> {
    if call.stream.name == "ticket_comments" {
        call.servable(rows)?;
        let renderer = &call.data.renderer;
        return Ok(rows
            .iter()
            .map(|row| audit::comment(renderer, row))
            .collect());
    }
    call.render(rows, guise)
}

/// Everything in one answer.
fn whole(call: &Call<'_>, list: List) -> Result<Answer, Answer> {
    let rows = shown(call, list)?;
    let records = render(call, &rows, Guise::List)?;
    let key = call.stream.key;
    Ok(match (list.paging, records.first()) {
        (Paging::Single, Some(record)) => {
            let open = format!("{{\"{key}\":").into_bytes();
            Answer::json(200, [&open[..], record, b"}"].concat())
        }
        (Paging::Whole, _) => {
            let count = records.len();
            let tail = format!(",\"next_page\":null,\"previous_page\":null,\"count\":{count}");
            body(key, &records, &tail)
        }
        _ => body(key, &records, ""),
    })
}

/// The audits' own cursor: from the newest back, and no end that says so.
fn audits(call: &Call<'_>, list: List) -> Result<Answer, Answer> {
    let rows = shown(call, list)?;
    let place = |name| match call.head.query(name) {
        None => Ok(None),
        Some(cursor) => keyset::decode(cursor, call.stream, list.order)
            .map(|(_, id)| Some(id))
            .ok_or_else(refusals::invalid_cursor),
    };
    let limit = call
        .head
        .query("limit")
        .and_then(|limit| limit.parse().ok());
    let limit = limit.unwrap_or(PAGE_MAX).clamp(1, PAGE_MAX);
    let from = place("cursor")?.map_or(0, |id| rows.partition_point(|row| row.id >= id));
    let page = &rows[from..rows.len().min(from + limit)];
    let records = render(call, page, Guise::List)?;
    let cursor = |row: Option<&&Row>| {
        row.map(|row| keyset::encode(&call.data.renderer, call.stream, list.order, row))
    };
    let (before, after) = (cursor(page.last()), cursor(page.first()));
    let url = |cursor: &Option<String>| {
        quoted(
            cursor
                .as_ref()
                .map(|cursor| call.link(&[("cursor", cursor)], &[]))
                .as_deref(),
        )
    };
    // Before means older here: that is the way through the list.
    let tail = format!(
        ",\"before_url\":{},\"after_url\":{},\"before_cursor\":{},\"after_cursor\":{}",
        url(&before),
        url(&after),
        quoted(before.as_deref()),
        quoted(after.as_deref()),
    );
    Ok(body(call.stream.key, &records, &tail))
}
