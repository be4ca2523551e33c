//! The time-based exports: from a second on, again and again.
//!
//! What `end_time` says is the recorded behaviour. A full page of several seconds ends in the
//! last of them, which is why the next page gives that second again. A full page of one second is
//! extended until the second is complete, and ends one second later. A page that is not full is
//! the last one; it ends in its last record's second. An empty page ends nowhere.

use super::super::data::Wanted;
use super::super::refusals;
use super::super::row::Row;
use super::super::stream::Flavour;
use super::sideload::Sideloads;
use super::{Call, body, list, quoted};
use crate::sandbox::answer::Answer;
use crate::sandbox::dice::Dice;

/// One page.
pub(in super::super) fn page(call: &Call<'_>, flavour: Flavour) -> Result<Answer, Answer> {
    let head = call.head;
    if flavour == Flavour::MetricEvents && head.query("page[size]").is_some() {
        return list::since(call);
    }
    let chat = matches!(flavour, Flavour::Chat | Flavour::ChatMicros);
    let size = call.page_size(if chat { "limit" } else { "per_page" })?;
    let start = head.query("start_time");
    let start = start.ok_or_else(|| refusals::invalid_attribute("start_time is missing"))?;
    let start = call.start_time(start, flavour.per_second())?;
    let sideloads = Sideloads::of(call)?;

    let after = match head.query("start_id").filter(|_| chat) {
        Some(id) => (
            start,
            call.data.find(call.stream, id).map_or(0, |row| row.id),
        ),
        None => (start, 0),
    };
    let stuck = call.options.stuck.contains(call.stream.name);
    let page = Page::read(call, after, size, flavour, stuck);
    let records = sideloads.render(call, &page.rows)?;
    let mut tail = sideloads.extra(call, &page.rows);
    tail += &page.envelope(call, start, flavour);
    Ok(body(call.stream.key, &records, &tail))
}

struct Page<'a> {
    rows: Vec<&'a Row>,
    /// Where the next page starts; `None` on an empty page.
    end: Option<i64>,
    /// Whether it has as many records as it may.
    full: bool,
}

impl<'a> Page<'a> {
    fn read(
        call: &Call<'a>,
        after: (i64, u64),
        size: usize,
        flavour: Flavour,
        stuck: bool,
    ) -> Self {
        let wanted = Wanted::of(call.head, true);
        let per_second = flavour.per_second();
        let horizon = call.horizon().saturating_add(1).saturating_mul(per_second) - 1;
        let data = call.data;
        let stream = call.stream;
        let mut rest = data
            .of(stream)
            .after(after, horizon)
            .filter(|row| data.exports(stream, row, wanted))
            .peekable();
        // Whole seconds, each in its own order, until there is enough.
        let mut rows: Vec<&Row> = Vec::new();
        while rows.len() < size {
            let Some(first) = rest.next() else { break };
            let from = rows.len();
            rows.push(first);
            while let Some(next) = rest.next_if(|next| next.place == first.place) {
                rows.push(next);
            }
            if stream.name == "tickets" {
                rows[from..].sort_by_key(|row| Dice::new(row.id).roll());
            }
        }
        let full = rows.len() >= size;
        let (Some(first), false) = (rows.first(), rows.is_empty()) else {
            return Self {
                rows,
                end: None,
                full,
            };
        };
        let one_second = rows[..size.min(rows.len())]
            .last()
            .is_some_and(|last| last.place == first.place);
        let extended = full && one_second && !stuck;
        if !extended {
            rows.truncate(size);
        }
        let last = rows.last().map_or(0, |last| last.place);
        Self {
            rows,
            end: Some(last + i64::from(extended)),
            full,
        }
    }

    /// The members behind the records.
    fn envelope(&self, call: &Call<'_>, start: i64, flavour: Flavour) -> String {
        let count = self.rows.len();
        let end_time = self.end.map_or("null".into(), |end| end.to_string());
        let next = |end: i64| call.link(&[("start_time", &end.to_string())], &["start_id"]);
        match flavour {
            Flavour::Support => {
                let next = quoted(self.end.map(next).as_deref());
                let end_of_stream = !self.full;
                format!(
                    ",\"count\":{count},\"end_of_stream\":{end_of_stream},\"next_page\":{next},\
                     \"end_time\":{end_time}"
                )
            }
            Flavour::MetricEvents | Flavour::Articles => {
                let next = quoted(self.end.map(next).as_deref());
                format!(",\"count\":{count},\"next_page\":{next},\"end_time\":{end_time}")
            }
            Flavour::Talk => {
                let next = quoted(Some(&next(self.end.unwrap_or(start))));
                format!(",\"count\":{count},\"next_page\":{next}")
            }
            Flavour::Chat | Flavour::ChatMicros => {
                // Inside a second the id says where to go on; past an extended one it is over.
                let last = self.rows.last();
                let last = last.filter(|last| self.end == Some(last.place));
                let last = last.map(|last| call.stream.ids.text(last.id));
                let next = self.end.map(|end| match &last {
                    Some(id) => {
                        let end = end.to_string();
                        call.link(&[("start_time", &end), ("start_id", id)], &[])
                    }
                    None => next(end),
                });
                format!(
                    ",\"count\":{count},\"end_time\":{end_time},\"end_id\":{},\"next_page\":{}",
                    quoted(last.as_deref()),
                    quoted(next.as_deref())
                )
            }
        }
    }
}
