//! Pages of a list by cursor, with their `meta` and `links`.

use serde_json::json;

use super::super::refusals;
use super::super::renderer::Guise;
use super::super::row::Row;
use super::super::stream::{List, Order, is_help_centers};
use super::list::{PAGE_MAX, render, shown};
use super::{Call, PER_PAGE_MAX, body, keyset};
use crate::sandbox::answer::Answer;

/// A page by cursor, forwards or backwards.
pub(super) fn page(call: &Call<'_>, list: List) -> Result<Answer, Answer> {
    let most = match call.stream.name {
        "ticket_metric_events" => PER_PAGE_MAX,
        _ => PAGE_MAX,
    };
    let size: usize = match call.head.query("page[size]") {
        None => PAGE_MAX,
        Some(text) => match text.parse() {
            Ok(0) | Err(_) => return Err(refusals::invalid_cursor()),
            Ok(size) => most.min(size),
        },
    };
    let renderer = &call.data.renderer;
    let place = |name| match call.head.query(name) {
        None => Ok(None),
        Some(cursor) => keyset::decode(cursor, call.stream, list.order)
            .map(Some)
            .ok_or_else(refusals::invalid_cursor),
    };
    let (after, before) = (place("page[after]")?, place("page[before]")?);
    let key = |row: &Row| keyset::key(renderer, call.stream, list.order, row);
    let rows = shown(call, list)?;
    let is_past = |row: &Row, mark: &keyset::Key| match list.order {
        Order::Newest => key(row) < *mark,
        Order::Id | Order::Name => key(row) > *mark,
    };
    // The rows are sorted, so those up to a mark come first.
    let from = after.map_or(0, |mark| rows.partition_point(|row| !is_past(row, &mark)));
    let to = before.map_or(rows.len(), |mark| {
        rows.partition_point(|row| !is_past(row, &mark) && key(row) != mark)
    });
    let backwards = call.head.query("page[before]").is_some();
    let window = &rows[from.min(to)..to];
    let page = match backwards {
        false => &window[..size.min(window.len())],
        true => &window[window.len().saturating_sub(size)..],
    };
    // The classic endpoints do not look ahead: a full page may be followed by an empty one.
    let has_more = match call.stream.is_newer() {
        false => page.len() == size,
        true => window.len() > size,
    };
    let records = render(call, page, Guise::CursorList)?;
    let cursors = page.first().zip(page.last()).map(|(first, last)| {
        let cursor = |row| keyset::encode(renderer, call.stream, list.order, row);
        (cursor(first), cursor(last))
    });
    Ok(enveloped(call, &records, cursors, has_more, from > 0))
}

/// `meta` and `links`. The classic endpoints give both links on every page that has records; the
/// community's say null at the ends, and those of the help centre leave the ends out.
fn enveloped(
    call: &Call<'_>,
    records: &[Vec<u8>],
    cursors: Option<(String, String)>,
    has_more: bool,
    has_before: bool,
) -> Answer {
    let help_center = is_help_centers(&call.head.path);
    let newer = call.stream.is_newer();
    let (first, last) = cursors.unzip();
    let first = first.filter(|_| !newer || has_before);
    let last = last.filter(|_| !newer || has_more);
    let link = |name: &str, cursor: &String| {
        call.link(&[(name, cursor)], &["page[after]", "page[before]"])
    };
    let next = last.as_ref().map(|cursor| link("page[after]", cursor));
    let prev = first.as_ref().map(|cursor| link("page[before]", cursor));
    let mut meta = json!({"has_more": has_more, "after_cursor": last, "before_cursor": first});
    let mut links = json!({"prev": prev, "next": next});
    if help_center && let (Some(meta), Some(links)) = (meta.as_object_mut(), links.as_object_mut())
    {
        meta.retain(|_, value| !value.is_null());
        links.retain(|_, value| !value.is_null());
        let whole = call.link(&[], &["page[after]", "page[before]"]);
        links.insert("first".into(), json!(whole));
        links.insert("last".into(), json!(whole));
    }
    let answer = body(
        call.stream.key,
        records,
        &format!(",\"meta\":{meta},\"links\":{links}"),
    );
    if !newer {
        return answer;
    }
    // Two lines of one name, as recorded.
    let mut answer = answer;
    for (rel, link) in [("next", next), ("prev", prev)] {
        if let Some(link) = link {
            answer = answer.header("link", &format!("<{link}>; rel=\"{rel}\""));
        }
    }
    answer
}
