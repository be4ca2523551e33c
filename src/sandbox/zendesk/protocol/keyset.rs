//! The cursors of lists: base64 of a JSON object that names the order, and in it the values of
//! the record at which the page ends, in Zendesk's binary form and base64 once more. Those of the
//! newer services are binary throughout, so that their base64 has `+` and `/` in it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use super::super::renderer::Renderer;
use super::super::row::Row;
use super::super::stream::{Order, Stream};
use super::super::template::name;

#[derive(Serialize, Deserialize)]
struct Cursor {
    /// Order: the columns.
    o: String,
    /// Their values.
    v: String,
}

/// Begins a cursor of the newer services; gives `++//` in base64, which breaks a client that does not
/// percent-encode it.
const NEWER: [u8; 3] = [0xfb, 0xef, 0xff];

/// Where in a list a record stands: its name where the list is sorted by that, and its id.
pub(super) type Key = (String, u64);

/// The columns that order a stream's list.
fn columns(stream: &Stream, order: Order) -> &'static str {
    match (order, stream.of) {
        (Order::Name, _) => "name,id",
        (Order::Newest, _) => "created_at,id",
        (Order::Id, "tickets") => "nice_id",
        (Order::Id, "tags") => "-score,id",
        (Order::Id, _) => "id",
    }
}

/// A record's place in the list.
pub(super) fn key(renderer: &Renderer, stream: &Stream, order: Order, row: &Row) -> Key {
    match order {
        Order::Name => (name(renderer, stream, row), row.id),
        Order::Id | Order::Newest => (String::new(), row.id),
    }
}

/// The cursor that names a record's place.
pub(super) fn encode(renderer: &Renderer, stream: &Stream, order: Order, row: &Row) -> String {
    let mut values = Vec::new();
    match order {
        Order::Name => {
            let name = name(renderer, stream, row);
            values.push(b's');
            values.extend((name.len() as u32).to_le_bytes());
            values.extend(name.into_bytes());
        }
        Order::Newest => {
            values.push(b'd');
            values.extend(row.created.to_le_bytes());
        }
        Order::Id => {}
    }
    values.push(b'i');
    values.extend(row.id.to_le_bytes());
    if stream.is_newer() {
        return STANDARD.encode([&NEWER[..], &values].concat());
    }
    let cursor = Cursor {
        o: columns(stream, order).into(),
        v: STANDARD.encode(values),
    };
    // Two texts: serde_json cannot fail on them.
    STANDARD.encode(serde_json::to_vec(&cursor).unwrap_or_default())
}

/// The place that a cursor of this list names.
pub(super) fn decode(text: &str, stream: &Stream, order: Order) -> Option<Key> {
    let bytes = STANDARD.decode(text).ok()?;
    let values = if stream.is_newer() {
        bytes.strip_prefix(&NEWER)?.to_vec()
    } else {
        let cursor: Cursor = serde_json::from_slice(&bytes).ok()?;
        let own = cursor.o == columns(stream, order);
        STANDARD.decode(cursor.v).ok().filter(|_| own)?
    };
    let (before, id) = values.split_at_checked(values.len().checked_sub(9)?)?;
    let id = u64::from_le_bytes(id.strip_prefix(b"i")?.try_into().ok()?);
    let name = match order {
        Order::Name => String::from_utf8(before.get(5..)?.to_vec()).ok()?,
        Order::Id | Order::Newest => String::new(),
    };
    Some((name, id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::zendesk::ZendeskOptions;
    use crate::sandbox::zendesk::data::Data;

    #[test]
    fn reads_recorded_cursors() {
        let find = |name| Stream::find(name).expect("a stream");
        let recorded = "eyJvIjoiaWQiLCJ2IjoiYVJvL1IzU1RCUUFBIn0=";
        let key = decode(recorded, find("organizations"), Order::Id);
        assert_eq!(key, Some((String::new(), 6_130_869_157_658)));
        assert_eq!(decode(recorded, find("tickets"), Order::Id), None);
        let recorded = "eyJvIjoibmFtZSxpZCIsInYiOiJjd1FBQUFCaWIzSnJhWnFuWU5PS0JRQUEifQ==";
        let key = decode(recorded, find("groups"), Order::Name);
        assert_eq!(key, Some(("bork".into(), 6_093_809_952_666)));
    }

    #[test]
    fn a_cursor_leads_back_to_its_record() {
        let data = Data::new(&ZendeskOptions::default());
        for name in ["groups", "ticket_audits", "tickets", "tags", "posts"] {
            let stream = Stream::find(name).expect("a stream");
            let order = stream.list.expect("a list").order;
            let row = &data.of(stream).rows()[3];
            let cursor = encode(&data.renderer, stream, order, row);
            let expected = key(&data.renderer, stream, order, row);
            assert_eq!(decode(&cursor, stream, order), Some(expected), "{name}");
            assert_eq!(cursor.starts_with("++//"), name == "posts", "{cursor}");
        }
    }
}
