//! Reading a page while it arrives: every byte is looked at once, and copied once, into the part
//! whose slices the records are.
//!
//! A part is handed out when the caller finds it large enough, or else at the end of the page. What
//! is not handed out is all that is held, so a page may be far larger than memory.

use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use super::Shape;
use super::shape::Marks;
use crate::json::scan::{Element, Fault, Listener, Outline, Scan};
use crate::limits;
use crate::record::Record;

/// Room for a part, with what has arrived behind it. All buffers of large pages have this size, so
/// that one takes the place of another.
const PART_CAPACITY: usize = limits::PAGE_PART_BYTES + 2 * limits::PAGE_STEP_BYTES;

/// What a kind of page holds: its lists of records, and members that tell how it goes on.
#[derive(Debug)]
pub struct Layout<'s> {
    lists: Vec<(&'s str, Shape<'s>)>,
    /// The first list may be another value.
    or_else_value: bool,
    /// How many members are looked for, the lists among them.
    members: usize,
    outline: Arc<Outline>,
}

/// A page, as far as it has arrived.
#[derive(Debug)]
pub struct Reader {
    scan: Scan,
    buffer: BytesMut,
    found: Found,
}

/// Some or all records of a page.
#[derive(Debug)]
pub struct Part {
    /// Of each list of the layout, in Zendesk's order.
    pub lists: Vec<Vec<Record>>,
    /// Bytes of the page since the last part.
    pub bytes: usize,
}

/// What a whole page says besides its records.
#[derive(Debug)]
pub struct Trailer {
    /// Whether the lists of the layout were there.
    pub lists: Vec<bool>,
    /// What was there instead of the first one, if that may be.
    pub instead: Option<Box<[u8]>>,
    /// The values of its members; `None` for what is absent or null.
    pub members: Vec<Option<Box<[u8]>>>,
}

/// What was found and not handed out yet.
#[derive(Debug)]
struct Found {
    drafts: Vec<Draft>,
    /// Of lists, if they are none, and of members.
    values: Vec<Option<Box<[u8]>>>,
}

/// Takes down what the scan finds.
struct Collector<'f> {
    found: &'f mut Found,
    layout: &'f Layout<'f>,
}

/// A record whose bytes are still in the buffer.
#[derive(Debug)]
struct Draft {
    list: usize,
    place: Range<usize>,
    marks: Marks,
}

impl<'s> Layout<'s> {
    /// A page with the lists `lists`, and `members` besides.
    pub fn new(lists: Vec<(&'s str, Shape<'s>)>, members: &[&str]) -> Self {
        let mut outline = Outline::default();
        for (key, shape) in &lists {
            outline = outline.list(key, shape.fields());
        }
        for key in members {
            outline = outline.value(key);
        }
        Self {
            members: lists.len() + members.len(),
            lists,
            or_else_value: false,
            outline: Arc::new(outline),
        }
    }

    /// Such pages, or ones with another value in the place of the first list, which is then held
    /// until the end of the page.
    #[must_use]
    pub fn or_else_value(self) -> Self {
        Self {
            or_else_value: true,
            ..self
        }
    }
}

impl Reader {
    /// Before the first byte of a page.
    pub fn new(layout: &Layout<'_>) -> Self {
        Self {
            scan: Scan::new(layout.outline.clone()),
            buffer: BytesMut::new(),
            found: Found {
                drafts: Vec::new(),
                values: vec![None; layout.members],
            },
        }
    }

    /// Reads a page that is there as a whole, without copying it.
    ///
    /// # Errors
    /// What is wrong with it, without quoting it.
    pub fn whole(body: &Bytes, layout: &Layout<'_>) -> Result<(Part, Trailer), String> {
        let mut reader = Self::new(layout);
        reader.end(body, layout)?;
        let part = reader.found.part(body, layout);
        Ok((part, reader.trailer(layout)?))
    }

    /// Takes the bytes that arrived.
    ///
    /// # Errors
    /// What is wrong with them, without quoting them.
    pub fn push(&mut self, chunk: &[u8], layout: &Layout<'_>) -> Result<(), String> {
        let length = self.buffer.len() + chunk.len();
        if length > self.buffer.capacity() && length > PART_CAPACITY / 16 {
            // It will be a whole part. Beyond that, it is a record that is larger than one.
            self.buffer.reserve(
                PART_CAPACITY
                    .saturating_sub(self.buffer.len())
                    .max(chunk.len()),
            );
        }
        self.buffer.extend_from_slice(chunk);
        let mut collector = Collector {
            found: &mut self.found,
            layout,
        };
        self.scan
            .go_on(&self.buffer, &mut collector)
            .map_err(|fault| not_a_page(&fault))?;
        if self.buffer.len() - self.scan.needs_from() > limits::RECORD_BYTES_MAX {
            return Err(format!(
                "a record of the page is larger than {} bytes",
                limits::RECORD_BYTES_MAX
            ));
        }
        Ok(())
    }

    /// Bytes of what is complete and not handed out yet.
    pub fn ready(&self) -> usize {
        self.scan.needs_from()
    }

    /// Hands out what is complete of the page.
    pub fn part(&mut self, layout: &Layout<'_>) -> Part {
        let bytes = self.ready();
        // What has begun goes on in a buffer of its own, so that this one goes with its records. It is
        // small until more arrives, which may be when this one is gone.
        let next = BytesMut::from(&self.buffer[bytes..]);
        let mut part = std::mem::replace(&mut self.buffer, next);
        part.truncate(bytes);
        let part = part.freeze();
        self.scan.forget(bytes);
        self.found.part(&part, layout)
    }

    /// Ends the page: the last part, and what it says besides.
    ///
    /// # Errors
    /// What is wrong with the page, without quoting it.
    pub fn finish(mut self, layout: &Layout<'_>) -> Result<(Part, Trailer), String> {
        let body = std::mem::take(&mut self.buffer).freeze();
        self.end(&body, layout)?;
        let part = self.found.part(&body, layout);
        Ok((part, self.trailer(layout)?))
    }

    fn end(&mut self, body: &Bytes, layout: &Layout<'_>) -> Result<(), String> {
        let mut collector = Collector {
            found: &mut self.found,
            layout,
        };
        let end = self.scan.finish(body, &mut collector);
        end.map_err(|fault| not_a_page(&fault))
    }

    fn trailer(self, layout: &Layout<'_>) -> Result<Trailer, String> {
        let mut values = self.found.values;
        let members = values.split_off(layout.lists.len());
        let instead = match (layout.or_else_value, values.first_mut()) {
            (true, Some(first)) => first.take(),
            _ => None,
        };
        for ((key, _), value) in layout.lists.iter().zip(values) {
            if value.is_some() {
                return Err(format!(
                    "the answer is no page of an export: `{key}` is no list"
                ));
            }
        }
        let lists = 0..layout.lists.len();
        Ok(Trailer {
            lists: lists.map(|list| self.scan.has_seen(list)).collect(),
            instead,
            members,
        })
    }
}

impl Found {
    /// The records of `part`, in which the drafts have their places.
    fn part(&mut self, part: &Bytes, layout: &Layout<'_>) -> Part {
        let mut lists: Vec<Vec<Record>> = layout.lists.iter().map(|_| Vec::new()).collect();
        if let [only] = &mut lists[..] {
            only.reserve_exact(self.drafts.len());
        }
        for Draft { list, place, marks } in self.drafts.drain(..) {
            lists[list].push(marks.record(part.slice(place)));
        }
        Part {
            lists,
            bytes: part.len(),
        }
    }
}

impl Listener for Collector<'_> {
    fn value(&mut self, member: usize, json: &[u8]) {
        // Of a repeated key the last one counts.
        self.found.values[member] = (json != b"null").then(|| json.into());
    }

    fn element(&mut self, element: Element<'_>) {
        let (_, shape) = &self.layout.lists[element.list];
        self.found.drafts.push(Draft {
            list: element.list,
            place: element.place,
            marks: match element.fields {
                Some(values) => shape.tell(element.json, values),
                None => shape.look(element.json),
            },
        });
    }
}

/// Where the body is wrong is told, its content is not: it may be a record.
fn not_a_page(fault: &Fault) -> String {
    format!("the answer is no page of an export: {fault}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::catalogue::{self, StreamSpec};

    fn layout<'s>(users: &'s StreamSpec, identities: &'s StreamSpec) -> Layout<'s> {
        let lists = vec![
            ("users", Shape::exported(users)),
            ("identities", Shape::exported(identities)),
        ];
        Layout::new(lists, &["after_cursor", "end_of_stream"])
    }

    /// A page of so many users, with lists and members in one of the orders that exist.
    fn page(users: usize, cursor_first: bool) -> String {
        let user = |id: usize| {
            let (name, second) = ("é".repeat(id % 90), id % 60);
            format!(r#"{{"id":{id},"name":"{name}","updated_at":"2026-01-02T03:04:{second:02}Z"}}"#)
        };
        let identity = |id: usize| format!(r#"{{"id":{},"user_id":{id}}}"#, id + 1_000);
        let users: Vec<usize> = (0..users).collect();
        let list = |of: &dyn Fn(usize) -> String| {
            let records: Vec<String> = users.iter().map(|id| of(*id)).collect();
            records.join(",")
        };
        let lists = format!(
            r#""users":[{}],"identities":[{}]"#,
            list(&user),
            list(&identity)
        );
        let members = r#""after_cursor":"c==","end_of_stream":false"#;
        match cursor_first {
            true => format!("{{{members},{lists}}}"),
            false => format!("{{{lists},{members}}}"),
        }
    }

    /// What is told of the records of each list.
    fn told(lists: &[Vec<Record>]) -> Vec<Vec<String>> {
        let told = |list: &Vec<Record>| list.iter().map(|one| format!("{one:?}")).collect();
        lists.iter().map(told).collect()
    }

    proptest! {
        #[test]
        fn parts_are_together_what_the_whole_is(
            users in 0usize..60,
            cursor_first: bool,
            sizes in prop::collection::vec(1usize..300, 1..5),
            part_bytes in 1usize..2_000,
        ) {
            let users = page(users, cursor_first);
            let rows = ["users", "user_identities"].map(|name| catalogue::find(name).expect("a row"));
            let layout = layout(rows[0], rows[1]);
            let body = Bytes::from(users);
            let (whole, trailer) = Reader::whole(&body, &layout).expect("a page");

            let (mut lists, mut bytes) = (vec![Vec::new(), Vec::new()], 0);
            let mut add = |part: Part| {
                bytes += part.bytes;
                for (all, more) in lists.iter_mut().zip(part.lists) {
                    all.extend(more);
                }
            };
            let mut reader = Reader::new(&layout);
            let mut rest = &body[..];
            for size in sizes.iter().cycle() {
                let (chunk, behind) = rest.split_at(rest.len().min(*size));
                reader.push(chunk, &layout).expect("a page so far");
                if reader.ready() >= part_bytes {
                    add(reader.part(&layout));
                }
                rest = behind;
                if rest.is_empty() {
                    break;
                }
            }
            let (last, last_trailer) = reader.finish(&layout).expect("a page");
            add(last);
            prop_assert_eq!(bytes, body.len());
            prop_assert_eq!(told(&lists), told(&whole.lists));
            prop_assert_eq!(last_trailer.lists, trailer.lists);
            prop_assert_eq!(last_trailer.members, trailer.members);
        }
    }

    #[test]
    fn a_record_without_end_is_an_error() {
        let users = catalogue::find("users").expect("a row");
        let layout = Layout::new(vec![("users", Shape::exported(users))], &[]);
        let mut reader = Reader::new(&layout);
        reader
            .push(br#"{"users":[{"notes":""#, &layout)
            .expect("a page so far");
        let notes = vec![b'x'; 1024 * 1024];
        let pushes = limits::RECORD_BYTES_MAX / notes.len() + 1;
        let failed = (0..pushes).find_map(|_| reader.push(&notes, &layout).err());
        assert!(failed.is_some_and(|why| why.contains("larger than")));
    }
}
