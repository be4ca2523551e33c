//! Pages by number, and the other answers that look like one: counts and multi-gets.

use serde_json::json;

use super::super::data::{Wanted, second};
use super::super::refusals;
use super::super::renderer::{Guise, instant};
use super::super::row::Row;
use super::super::stream::{List, is_help_centers};
use super::list::{PAGE_MAX, render, rows, shown};
use super::{Call, body, quoted};
use crate::sandbox::answer::{Answer, json};

/// Pages that can be asked for; refused beyond since August 2023.
const PAGES_MAX: usize = 100;

/// Page size of the help centre for a client that does not ask.
const HELP_CENTER_PAGE: usize = 30;

/// One page of a list.
pub(super) fn page(call: &Call<'_>, list: List) -> Result<Answer, Answer> {
    let head = call.head;
    let help_center = is_help_centers(&head.path);
    let number = match head.query("page").map_or(Ok(1), str::parse) {
        Ok(number) if number > PAGES_MAX => return Err(refusals::too_deep()),
        Ok(number) if number > 0 => number,
        _ => return Err(refusals::invalid_attribute("page must be an integer")),
    };
    let usual = if help_center {
        HELP_CENTER_PAGE
    } else {
        PAGE_MAX
    };
    let size = head.query("per_page").and_then(|size| size.parse().ok());
    let size = size.unwrap_or(usual).clamp(1, PAGE_MAX);
    let rows = shown(call, list)?;
    let from = rows.len().min((number - 1) * size);
    let page = &rows[from..rows.len().min(from + size)];
    let records = render(call, page, Guise::List)?;
    let link = |page: usize| call.link(&[("page", &page.to_string())], &[]);
    let next = (from + size < rows.len()).then(|| link(number + 1));
    let previous = (number > 1).then(|| link(number - 1));
    let mut tail = format!(
        ",\"next_page\":{},\"previous_page\":{},\"count\":{}",
        quoted(next.as_deref()),
        quoted(previous.as_deref()),
        rows.len()
    );
    if help_center {
        let pages = rows.len().div_ceil(size);
        tail += &format!(
            ",\"page\":{number},\"per_page\":{size},\"page_count\":{pages},\
             \"sort_by\":\"position\",\"sort_order\":\"asc\""
        );
    }
    Ok(body(call.stream.key, &records, &tail))
}

/// `…/count`.
pub(in super::super) fn count(call: &Call<'_>, list: List) -> Result<Answer, Answer> {
    let value = rows(call, list)?.len();
    let refreshed_at: serde_json::Value =
        serde_json::from_str(&instant(second(call.now))).unwrap_or_default();
    Ok(json(
        200,
        &json!({"count": {"value": value, "refreshed_at": refreshed_at}}),
    ))
}

/// `…/show_many?ids=`: what is unknown or deleted is left out without a word.
pub(in super::super) fn show_many(call: &Call<'_>) -> Result<Answer, Answer> {
    let ids = call.head.query("ids").unwrap_or_default();
    let ids: Vec<&str> = ids.split(',').filter(|id| !id.is_empty()).collect();
    if ids.len() > PAGE_MAX {
        return Err(refusals::too_many_values(PAGE_MAX));
    }
    let wanted = Wanted::of(call.head, false);
    let now = second(call.now);
    let found: Vec<&Row> = ids
        .into_iter()
        .filter_map(|id| call.data.find(call.stream, id))
        .filter(|row| match call.stream.name {
            "users" => wanted.deleted || call.data.lists(call.stream, row, wanted, now),
            _ => row.is_live(),
        })
        .collect();
    let records = call.render(&found, Guise::List)?;
    let tail = format!(
        ",\"next_page\":null,\"previous_page\":null,\"count\":{}",
        found.len()
    );
    Ok(body(call.stream.key, &records, &tail))
}
