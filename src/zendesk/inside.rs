//! Streams that are part of another stream's pages, and cost no request of their own.
//!
//! The parents' request asks for the sideloads they need, and their records are cut out of the
//! page. A record of theirs is a slice of the page as its parent is, but for comments: in a ticket
//! event they name neither their ticket nor their time, so each gets its parent's `ticket_id` and
//! `timestamp` put before its own fields, which stay as they are spelled. A comment that has one
//! of the two keys already keeps its own; its version is the event's time in any case.
//!
//! Zendesk ignores a sideload that it does not know or the account does not have. What then is
//! missing from a page is said once, since a stream that stays empty looks like one that has
//! nothing.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::page::Shape;
use crate::catalogue::{Place, Reading, StreamSpec, Text};
use crate::json;
use crate::record::{Children, Record};

/// Room for the fields that a comment gets: an id and a time, with their keys.
const FIELDS_BYTES: usize = 64;

/// The streams inside one stream's pages.
#[derive(Debug, Default)]
pub struct Inside {
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    name: Arc<str>,
    spec: Arc<StreamSpec>,
    include: Option<Text>,
    place: Place,
    /// That its sideload is missing has been said.
    missed: AtomicBool,
}

impl Inside {
    /// Those of `streams` that are inside the pages of `parent`.
    pub fn new<'s>(parent: &str, streams: impl IntoIterator<Item = &'s Arc<StreamSpec>>) -> Self {
        let member = |spec: &Arc<StreamSpec>| match &spec.reading {
            Reading::Inside {
                parent: of,
                include,
                place,
            } if of == parent => Some(Member {
                name: (&*spec.name).into(),
                spec: spec.clone(),
                include: include.clone(),
                place: place.clone(),
                missed: AtomicBool::new(false),
            }),
            _ => None,
        };
        Self {
            members: streams.into_iter().filter_map(member).collect(),
        }
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The sideloads that bring them.
    pub(super) fn sideloads(&self) -> impl Iterator<Item = &Text> {
        self.members
            .iter()
            .filter_map(|member| member.include.as_ref())
    }

    /// The lists of those that stand beside the parents, to look for in a page.
    pub(super) fn beside(&self) -> impl Iterator<Item = (&str, Shape<'_>)> {
        self.members
            .iter()
            .filter_map(|member| match &member.place {
                Place::Beside(key) => Some((&**key, Shape::exported(&member.spec))),
                Place::Field(_) | Place::ChildEvents(_) => None,
            })
    }

    /// Their records in a page that is there as a whole; see [`Self::cut`].
    ///
    /// # Errors
    /// When one of them is not where it must be in a page that has it.
    pub(super) fn cut_whole(
        &self,
        parents: &[Record],
        beside: Vec<Option<Vec<Record>>>,
    ) -> Result<Vec<Children>, String> {
        if !parents.is_empty() {
            let there: Vec<bool> = beside.iter().map(Option::is_some).collect();
            self.miss(&there);
        }
        let beside = beside.into_iter().map(Option::unwrap_or_default);
        self.cut(parents, beside.collect())
    }

    /// Their records in a page, or in part of one, that has the records `parents`, and of the lists
    /// of [`Self::beside`] these.
    ///
    /// # Errors
    /// When one of them is not where it must be in a page that has it.
    pub(super) fn cut(
        &self,
        parents: &[Record],
        beside: Vec<Vec<Record>>,
    ) -> Result<Vec<Children>, String> {
        let mut beside = beside.into_iter();
        let cut = |member: &Member| {
            let records = match &member.place {
                Place::Field(key) => member.fields(key, parents),
                Place::Beside(_) => beside.next().unwrap_or_default(),
                Place::ChildEvents(kind) => member.child_events(kind, parents)?,
            };
            Ok(Children {
                stream: member.name.clone(),
                records,
                scope: None,
            })
        };
        self.members.iter().map(cut).collect()
    }

    /// Says what is missing beside the parents of a page that has some; `there` says which of the
    /// lists of [`Self::beside`] were in it.
    pub(super) fn miss(&self, there: &[bool]) {
        let keys = self
            .members
            .iter()
            .filter_map(|member| match &member.place {
                Place::Beside(key) => Some((member, key)),
                Place::Field(_) | Place::ChildEvents(_) => None,
            });
        for ((member, key), there) in keys.zip(there) {
            if !there {
                member.miss(key);
            }
        }
    }
}

impl Member {
    fn fields(&self, key: &str, parents: &[Record]) -> Vec<Record> {
        let shape = Shape::exported(&self.spec);
        let records: Vec<Record> = parents
            .iter()
            .filter_map(|parent| {
                let value = pick(&parent.bytes, key)?;
                Some(shape.read_in(&parent.bytes, value))
            })
            .collect();
        // A deleted parent has none.
        let living = parents.iter().filter(|parent| parent.deletion.is_none());
        if records.is_empty() && living.count() > 0 {
            self.miss(key);
        }
        records
    }

    fn child_events(&self, kind: &str, parents: &[Record]) -> Result<Vec<Record>, String> {
        let mut records = Vec::new();
        for parent in parents {
            let [events, ticket_id, timestamp] =
                json::pick(&parent.bytes, &["child_events", "ticket_id", "timestamp"])
                    .unwrap_or_default();
            let Some(events) = events else { continue };
            let events: Vec<&RawValue> = serde_json::from_str(events.get())
                .map_err(|_| "`child_events` of a ticket event is not an array".to_owned())?;
            for event in events {
                let text = event.get();
                let [event_type, announced] =
                    json::pick(text.as_bytes(), &["event_type", "comment_present"])
                        .unwrap_or_default();
                if event_type.and_then(word).as_deref() != Some(kind) {
                    continue;
                }
                // Without the sideload a comment is announced and not given.
                if announced.is_some() && pick(text.as_bytes(), "body").is_none() {
                    self.miss("body");
                }
                let fields = [("ticket_id", ticket_id), ("timestamp", timestamp)];
                let bytes = Bytes::from(with_fields(text, fields));
                let mut record = Shape::exported(&self.spec).read(bytes);
                record.version = parent.version;
                records.push(record);
            }
        }
        Ok(records)
    }

    fn miss(&self, key: &str) {
        if !self.missed.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                stream = &*self.spec.name,
                include = self.include.as_deref(),
                "zendesk leaves `{key}` out of its answers: this stream gets nothing while it does"
            );
        }
    }
}

/// The value of `key` in an object; `None` if it is absent or null.
fn pick<'json>(object: &'json [u8], key: &str) -> Option<&'json RawValue> {
    let [value] = json::pick(object, &[key]).unwrap_or_default();
    value
}

fn word(value: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str(value.get()).ok()
}

/// The object `text` with those of `fields` before its own that have a value and a key it lacks.
fn with_fields(text: &str, fields: [(&str, Option<&RawValue>); 2]) -> Vec<u8> {
    let own: HashMap<String, IgnoredAny> = serde_json::from_str(text).unwrap_or_default();
    let mut object = String::with_capacity(text.len() + FIELDS_BYTES);
    object.push('{');
    for (key, value) in fields {
        if let Some(value) = value
            && !own.contains_key(key)
        {
            object.extend(["\"", key, "\":", value.get(), ","]);
        }
    }
    // An event that is recognised as one has at least its type, so there is more behind the comma.
    object.push_str(text.strip_prefix('{').unwrap_or(text));
    object.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;
    use crate::zendesk::page::read_cursor_page;

    fn inside(parent: &str, members: &[&str]) -> Inside {
        let rows: Vec<Arc<StreamSpec>> = members
            .iter()
            .map(|name| Arc::new(catalogue::find(name).expect("a row").clone()))
            .collect();
        Inside::new(parent, &rows)
    }

    /// What a page of `parent` holds for `member`.
    fn cut(parent: &str, member: &str, body: &'static str) -> Vec<Record> {
        let body = Bytes::from_static(body.as_bytes());
        let spec = catalogue::find(parent).expect("a row");
        let streams = inside(parent, &[member]);
        let page = read_cursor_page(&body, spec, streams.beside()).expect("a page");
        let children = streams.cut_whole(&page.records, page.beside);
        let [children] = <[Children; 1]>::try_from(children.expect("children")).expect("one list");
        assert_eq!(&*children.stream, member);
        children.records
    }

    fn text(record: &Record) -> &str {
        std::str::from_utf8(&record.bytes).expect("UTF-8")
    }

    #[test]
    fn a_metric_set_is_a_slice_of_its_ticket() {
        let records = cut(
            "tickets",
            "ticket_metrics",
            r#"{"tickets":[{"id":1,"generated_timestamp":5,"metric_set":{"id":9, "ticket_id":1,"updated_at":"2026-01-02T03:04:05Z"}},{"id":2,"status":"deleted","metric_set":null},{"id":3}],"end_of_stream":true}"#,
        );
        let [metric] = &records[..] else {
            panic!("one of three has one: {records:?}")
        };
        assert_eq!(
            text(metric),
            r#"{"id":9, "ticket_id":1,"updated_at":"2026-01-02T03:04:05Z"}"#
        );
        assert_eq!(metric.id, Some(crate::record::RecordId::new("9")));
        assert_eq!(metric.version, "2026-01-02T03:04:05Z".parse().ok());
    }

    #[test]
    fn identities_stand_beside_the_users() {
        let records = cut(
            "users",
            "user_identities",
            r#"{"users":[{"id":1}],"identities":[{"id":5,"user_id":1,"updated_at":"2026-01-02T03:04:05Z"},{"id":6}],"end_of_stream":true}"#,
        );
        assert_eq!(records.len(), 2);
        assert_eq!(text(&records[1]), r#"{"id":6}"#);
    }

    #[test]
    fn comments_are_told_their_ticket_and_time_and_keep_their_own_spelling() {
        let body = r#"{"ticket_events":[{"id":1,"ticket_id":35,"timestamp":1700000000,"child_events":[{"id":7,"event_type":"Comment","body":"a\u00e9","ratio":1.0},{"id":8,"event_type":"Change","status":"open"},{ "timestamp":5,"event_type":"Comment","id":9,"ticket_id":null}]},{"id":2,"ticket_id":36,"timestamp":1700000001},{"id":3,"child_events":[]}],"end_of_stream":true}"#;
        let records = cut("ticket_events", "ticket_comments", body);
        let texts: Vec<&str> = records.iter().map(text).collect();
        assert_eq!(
            texts,
            [
                r#"{"ticket_id":35,"timestamp":1700000000,"id":7,"event_type":"Comment","body":"a\u00e9","ratio":1.0}"#,
                r#"{ "timestamp":5,"event_type":"Comment","id":9,"ticket_id":null}"#,
            ]
        );
        for record in &records {
            assert_eq!(
                record.version,
                jiff::Timestamp::from_second(1_700_000_000).ok(),
                "the time of the event"
            );
            serde_json::from_slice::<IgnoredAny>(&record.bytes).expect("JSON");
        }
    }

    #[test]
    fn a_page_without_the_sideload_is_no_page_without_records() {
        let streams = inside("users", &["user_identities"]);
        let missed = |streams: &Inside| streams.members[0].missed.load(Ordering::Relaxed);
        streams.miss(&[true]);
        assert!(!missed(&streams));
        streams.miss(&[false]);
        assert!(missed(&streams), "it is said");
    }

    #[test]
    fn what_is_no_list_is_an_error() {
        let body = Bytes::from_static(
            br#"{"users":[],"identities":{"id":1},"after_cursor":null,"end_of_stream":true}"#,
        );
        let streams = inside("users", &["user_identities"]);
        let users = catalogue::find("users").expect("a row");
        assert!(read_cursor_page(&body, users, []).is_ok());
        let page = read_cursor_page(&body, users, streams.beside());
        assert!(page.is_err(), "{page:?}");
    }

    #[test]
    fn only_the_streams_of_this_parent_are_inside_it() {
        let members = ["ticket_metrics", "user_identities", "ticket_audits"];
        let sideloads = inside("tickets", &members);
        assert_eq!(sideloads.sideloads().collect::<Vec<_>>(), ["metric_sets"]);
    }
}
