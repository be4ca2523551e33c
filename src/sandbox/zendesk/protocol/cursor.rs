//! The cursor exports: changes in order, withheld while they are fresh, each page after a cursor
//! that names the last record of the page before.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::form_urlencoded::byte_serialize;

use super::super::collection::Place;
use super::super::data::Wanted;
use super::super::refusals;
use super::super::row::Row;
use super::super::user::ZENDESK_HOST;
use super::sideload::Sideloads;
use super::{Call, body, quoted};
use crate::sandbox::answer::Answer;

/// Real cursors do not expire, they only name a place; this exists so that a test can have them
/// lost.
#[derive(Debug, Default)]
pub(in super::super) struct Cursors {
    issued: HashSet<String>,
    forgotten: HashSet<String>,
}

impl Cursors {
    /// Refuses from now on all cursors issued so far, until they are issued again.
    pub(in super::super) fn forget(&mut self) {
        self.forgotten.extend(self.issued.drain());
    }

    fn issue(&mut self, last: &Row) -> String {
        let cursor = STANDARD.encode(format!("{}.0||{}|", last.place, last.id));
        self.forgotten.remove(&cursor);
        self.issued.insert(cursor.clone());
        cursor
    }

    /// The place after which the page begins.
    fn place(&self, call: &Call<'_>) -> Result<Place, Answer> {
        match (call.head.query("start_time"), call.head.query("cursor")) {
            (Some(start_time), None) => Ok(before(call.start_time(start_time, 1)?)),
            (None, Some(cursor)) => {
                let place = decode(cursor).filter(|_| !self.forgotten.contains(cursor));
                place.ok_or_else(refusals::invalid_cursor)
            }
            (None, None) => Err(refusals::invalid_attribute("start_time is missing")),
            (Some(_), Some(_)) => Err(refusals::invalid_attribute(
                "start_time and cursor exclude each other",
            )),
        }
    }
}

/// One page.
pub(in super::super) fn page(cursors: &mut Cursors, call: &Call<'_>) -> Result<Answer, Answer> {
    let place = cursors.place(call)?;
    let size = call.page_size("per_page")?;
    let sideloads = Sideloads::of(call)?;
    let wanted = Wanted::of(call.head, true);
    let collection = call.data.of(call.stream);
    let mut rest = collection.after(place, call.horizon()).filter(|row| {
        call.data.exports(call.stream, row, wanted)
            && call.parent.is_none_or(|parent| row.parent == parent)
    });
    let rows: Vec<&Row> = rest.by_ref().take(size).collect();
    let end_of_stream = rest.next().is_none();
    let records = sideloads.render(call, &rows)?;

    // A page without records has no place to name: its cursor is null, also in recordings.
    let cursor = rows.last().map(|last| cursors.issue(last));
    let after_url = cursor.as_ref().map(|cursor| {
        let cursor: String = byte_serialize(cursor.as_bytes()).collect();
        let path = call
            .head
            .path
            .strip_suffix(".json")
            .unwrap_or(&call.head.path);
        let size = match call.head.query("per_page") {
            Some(_) => format!("&per_page={size}"),
            None => String::new(),
        };
        format!("https://{ZENDESK_HOST}{path}.json?cursor={cursor}{size}")
    });
    let mut tail = sideloads.extra(call, &rows);
    tail += &format!(
        ",\"after_url\":{},\"before_url\":null,\"after_cursor\":{},\"before_cursor\":null,\
         \"end_of_stream\":{end_of_stream}",
        quoted(after_url.as_deref()),
        quoted(cursor.as_deref()),
    );
    Ok(body(call.stream.key, &records, &tail))
}

/// The place before all records of that second.
fn before(second: i64) -> Place {
    // Ids begin above 0, so nothing is at the excluded place itself.
    (second, 0)
}

/// `{epoch}.0||{id}|` in base64.
fn decode(cursor: &str) -> Option<Place> {
    let text = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
    let (second, id) = text.strip_suffix('|')?.split_once(".0||")?;
    Some((second.parse().ok()?, id.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_recorded_cursor() {
        let cursor = STANDARD.encode("1694311939.0||6130907993114|");
        assert_eq!(decode(&cursor), Some((1_694_311_939, 6_130_907_993_114)));
    }

    #[test]
    fn refuses_what_is_no_cursor() {
        for text in ["", "1694311939", "1694311939.0||1", "x.0||1|", "1.0||y|"] {
            assert_eq!(decode(&STANDARD.encode(text)), None, "{text}");
        }
        assert_eq!(decode("not base64!"), None);
    }
}
