//! From the body of an export's answer to records: slices of the body.

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::value::RawValue;
use url::form_urlencoded;

use crate::catalogue::{StreamSpec, TimeUnit};
use crate::json;
use crate::record::{Children, Record};

mod given;
mod list;
mod reader;
mod shape;

pub use given::read_given_records;
pub use list::{Following, ListBody, read_list_page};
pub(super) use list::{list_layout, read_list_trailer};
pub use reader::{Layout, Part, Reader, Trailer};
pub use shape::Shape;

/// A page of the incremental cursor export.
#[derive(Debug)]
pub struct CursorPage {
    /// In Zendesk's order.
    pub records: Vec<Record>,
    /// Of the lists beside them that were looked for; `None` for one that is not there.
    pub beside: Vec<Option<Vec<Record>>>,
    /// Records of the streams inside, once they are cut out.
    pub children: Vec<Children>,
    /// Null on a terminal page without records.
    pub after_cursor: Option<String>,
    /// Nothing more for now.
    pub end_of_stream: bool,
    /// Size of the body.
    pub bytes: usize,
}

/// What the end of a page of the incremental time export tells.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeEnd {
    /// Where the next page begins, as far as Zendesk says; it does not for empty pages.
    pub(super) ends_at: Option<Timestamp>,
    /// Nothing more for now; `None` where the endpoint does not say.
    pub(super) end_of_stream: Option<bool>,
}

/// What the end of a page of the search export tells.
#[derive(Debug)]
pub(super) struct SearchEnd {
    /// For the next page, if there is one.
    pub(super) after_cursor: Option<String>,
    /// There is a next page.
    pub(super) has_more: bool,
}

/// The members of a page of the cursor export that tell how it goes on.
const CURSOR_MEMBERS: [&str; 3] = ["after_cursor", "end_of_stream", "meta"];

/// Pages of the cursor export of `spec`, with the lists `beside` its records.
pub(super) fn cursor_layout<'s>(
    spec: &'s StreamSpec,
    beside: impl IntoIterator<Item = (&'s str, Shape<'s>)>,
) -> Layout<'s> {
    layout(spec, beside, &CURSOR_MEMBERS)
}

fn layout<'s>(
    spec: &'s StreamSpec,
    beside: impl IntoIterator<Item = (&'s str, Shape<'s>)>,
    members: &[&str],
) -> Layout<'s> {
    let own = (&*spec.records_key, Shape::exported(spec));
    Layout::new([own].into_iter().chain(beside).collect(), members)
}

/// How the export goes on behind a page of [`cursor_layout`]: the cursor, and whether nothing is
/// there for now. A body without its records or without `end_of_stream` is not such a page: taking
/// it for an empty one would be a silent zero.
///
/// # Errors
/// What is wrong with the page, without quoting it.
pub(super) fn read_cursor_trailer(
    trailer: &Trailer,
    spec: &StreamSpec,
) -> Result<(Option<String>, bool), String> {
    trailer.require_records(spec)?;
    let [after_cursor, end_of_stream, meta] = trailer.members();
    // Records of custom objects are documented with `meta.has_more`.
    let has_more = match meta {
        Some(meta) => {
            let [has_more] = json::pick(meta, &["has_more"]).map_err(|error| not_a_page(&error))?;
            has_more.map(parse::<bool>).transpose()?
        }
        None => None,
    };
    let end_of_stream = match (end_of_stream, has_more) {
        (None, Some(has_more)) => !has_more,
        (end_of_stream, _) => parse_bytes(required(end_of_stream, "end_of_stream")?)?,
    };
    let after_cursor = after_cursor.map(parse_bytes).transpose()?;
    Ok((after_cursor, end_of_stream))
}

/// Reads a page of the incremental cursor export, which is there as a whole, with the lists
/// `beside` its records.
///
/// # Errors
/// What is wrong with the body, without quoting it.
pub fn read_cursor_page<'s>(
    body: &Bytes,
    spec: &'s StreamSpec,
    beside: impl IntoIterator<Item = (&'s str, Shape<'s>)>,
) -> Result<CursorPage, String> {
    let (part, trailer) = Reader::whole(body, &cursor_layout(spec, beside))?;
    let (after_cursor, end_of_stream) = read_cursor_trailer(&trailer, spec)?;
    let (records, beside) = part.into_lists(&trailer);
    Ok(CursorPage {
        records,
        beside,
        children: Vec::new(),
        after_cursor,
        end_of_stream,
        bytes: body.len(),
    })
}

/// Pages of the time export of `spec`, with the lists `beside` its records.
pub(super) fn time_layout<'s>(
    spec: &'s StreamSpec,
    beside: impl IntoIterator<Item = (&'s str, Shape<'s>)>,
) -> Layout<'s> {
    layout(spec, beside, &["end_time", "end_of_stream", "next_page"])
}

/// How the export goes on behind a page of [`time_layout`]. Where `end_time` is missing, the time in
/// the address of the next page serves; the address itself is never asked.
///
/// # Errors
/// What is wrong with the page, without quoting it.
pub(super) fn read_time_trailer(
    trailer: &Trailer,
    spec: &StreamSpec,
    unit: TimeUnit,
) -> Result<TimeEnd, String> {
    trailer.require_records(spec)?;
    let [end_time, end_of_stream, next_page] = trailer.members();
    let end_time: Option<i64> = end_time.map(parse_bytes).transpose()?;
    let next_page: Option<String> = next_page.map(parse_bytes).transpose()?;
    let end = end_time.or_else(|| start_time_in(&next_page?));
    Ok(TimeEnd {
        ends_at: end.and_then(|number| unit.time(number)),
        end_of_stream: end_of_stream.map(parse_bytes).transpose()?,
    })
}

/// The `start_time` in the query of an address.
fn start_time_in(address: &str) -> Option<i64> {
    let (_, query) = address.split_once('?')?;
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "start_time")
        .and_then(|(_, value)| value.parse().ok())
}

/// Pages of the search export.
pub(super) fn search_layout(spec: &StreamSpec) -> Layout<'_> {
    Layout::new(vec![("results", Shape::listed(spec))], &["meta"])
}

/// How the export goes on behind a page of [`search_layout`].
///
/// # Errors
/// What is wrong with the page, without quoting it.
pub(super) fn read_search_trailer(trailer: &Trailer) -> Result<SearchEnd, String> {
    trailer.require("results")?;
    let [meta] = trailer.members();
    let [has_more, after_cursor] =
        json::pick(required(meta, "meta")?, &["has_more", "after_cursor"])
            .map_err(|error| not_a_page(&error))?;
    Ok(SearchEnd {
        after_cursor: optional_text(after_cursor)?,
        has_more: parse(required(has_more, "meta.has_more")?)?,
    })
}

/// The records of a page of the search export, which is there as a whole.
///
/// # Errors
/// What is wrong with the body, without quoting it.
pub(super) fn read_search_page(body: &Bytes, spec: &StreamSpec) -> Result<Vec<Record>, String> {
    let (part, trailer) = Reader::whole(body, &search_layout(spec))?;
    read_search_trailer(&trailer)?;
    Ok(part.into_lists(&trailer).0)
}

/// Reads the answer of a count: a number, or an object that holds one as its `value`.
///
/// # Errors
/// What is wrong with the body, without quoting it.
pub(super) fn read_count(body: Bytes) -> Result<u64, String> {
    let [count] = json::pick(&body, &["count"]).map_err(|error| not_a_page(&error))?;
    let count = required(count, "count")?;
    match json::pick(count.get().as_bytes(), &["value"]) {
        Ok([value]) => parse(required(value, "count.value")?),
        Err(_) => parse(count),
    }
}

/// Reads the answer of a count with the time of counting. Beyond 100,000 records Zendesk counts
/// once a day, and while it does, it gives 100,000 and no time: that is no count.
///
/// # Errors
/// What is wrong with the body, without quoting it.
pub(super) fn read_dated_count(body: Bytes) -> Result<Option<(u64, Timestamp)>, String> {
    let [count] = json::pick(&body, &["count"]).map_err(|error| not_a_page(&error))?;
    let count = required(count, "count")?;
    let Ok([Some(value), Some(time)]) =
        json::pick(count.get().as_bytes(), &["value", "refreshed_at"])
    else {
        return Ok(None);
    };
    Ok(Some((parse(value)?, parse(time)?)))
}

/// Takes any JSON object for an answer.
///
/// # Errors
/// When the body is none.
pub(super) fn read_answer(body: Bytes) -> Result<(), String> {
    json::pick(&body, &[])
        .map(|[]| ())
        .map_err(|error| not_a_page(&error))
}

/// The records in `array`, a slice of `body`.
pub(super) fn records_of(
    body: &Bytes,
    array: &RawValue,
    shape: Shape<'_>,
) -> Result<Vec<Record>, String> {
    let records: Vec<&RawValue> =
        serde_json::from_str(array.get()).map_err(|error| not_a_page(&error))?;
    Ok(records
        .into_iter()
        .map(|record| shape.read_in(body, record))
        .collect())
}

impl Part {
    /// The records of the first list, and of those beside it that were there.
    fn into_lists(self, trailer: &Trailer) -> (Vec<Record>, Vec<Option<Vec<Record>>>) {
        let mut lists = self.lists.into_iter();
        let own = lists.next().unwrap_or_default();
        let beside = lists.zip(&trailer.lists[1..]);
        (
            own,
            beside.map(|(list, there)| there.then_some(list)).collect(),
        )
    }
}

impl Trailer {
    /// That the list of records was there.
    fn require_records(&self, spec: &StreamSpec) -> Result<(), String> {
        self.require(&spec.records_key)
    }

    /// That the first list was there, which has this key.
    fn require(&self, key: &str) -> Result<(), String> {
        if self.lists[0] {
            return Ok(());
        }
        Err(missing(key))
    }

    /// As many members as the layout had.
    fn members<const N: usize>(&self) -> [Option<&[u8]>; N] {
        std::array::from_fn(|place| self.members[place].as_deref())
    }
}

fn required<T>(value: Option<T>, key: &str) -> Result<T, String> {
    value.ok_or_else(|| missing(key))
}

fn missing(key: &str) -> String {
    format!("the answer is no page of an export: it has no `{key}`")
}

fn optional_text(value: Option<&RawValue>) -> Result<Option<String>, String> {
    value.map(parse).transpose()
}

fn parse<T: serde::de::DeserializeOwned>(value: &RawValue) -> Result<T, String> {
    parse_bytes(value.get().as_bytes())
}

fn parse_bytes<T: serde::de::DeserializeOwned>(value: &[u8]) -> Result<T, String> {
    parse_borrowed(value)
}

fn parse_borrowed<'v, T: serde::Deserialize<'v>>(value: &'v [u8]) -> Result<T, String> {
    serde_json::from_slice(value).map_err(|error| not_a_page(&error))
}

/// The position in the body is told, its content is not: it may be a record.
fn not_a_page(error: &serde_json::Error) -> String {
    format!(
        "the answer is no page of an export: {} at line {} column {}",
        match error.classify() {
            serde_json::error::Category::Eof => "it ends too early",
            serde_json::error::Category::Syntax => "it is not JSON",
            serde_json::error::Category::Data | serde_json::error::Category::Io =>
                "a value has the wrong type",
        },
        error.line(),
        error.column()
    )
}

#[cfg(test)]
mod fuzz;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;
    use crate::record::RecordId;
    use jiff::Timestamp;
    use proptest::prelude::*;

    fn users() -> &'static StreamSpec {
        catalogue::find("users").expect("a row")
    }

    fn cursor_page(body: &'static str) -> Result<CursorPage, String> {
        read_cursor_page(&Bytes::from_static(body.as_bytes()), users(), [])
    }

    #[test]
    fn a_count_without_a_time_is_none() {
        let read = |body: &'static str| read_dated_count(Bytes::from_static(body.as_bytes()));
        let time = "2020-04-06T02:18:17Z".parse().expect("a time");
        let whole = r#"{"count":{"value":102,"refreshed_at":"2020-04-06T02:18:17Z"}}"#;
        assert_eq!(read(whole), Ok(Some((102, time))));
        let provisional = r#"{"count":{"value":100000,"refreshed_at":null}}"#;
        assert_eq!(read(provisional), Ok(None));
        assert_eq!(read(r#"{"count":{"value":102}}"#), Ok(None));
        assert_eq!(read(r#"{"count":102}"#), Ok(None));
        assert!(read(r#"{"users":[]}"#).is_err());
    }

    #[test]
    fn records_keep_their_bytes() {
        let page = cursor_page(
            r#"{"users":[ {"id":1, "n":1.0,"updated_at":"2026-01-02T03:04:05Z"} ,{"updated_at":7,"id":"x"}],"after_url":"u","after_cursor":"MTIz==","end_of_stream":false}"#,
        )
        .expect("a page");
        let [first, second] = &page.records[..] else {
            panic!("two records")
        };
        assert_eq!(
            first.bytes,
            r#"{"id":1, "n":1.0,"updated_at":"2026-01-02T03:04:05Z"}"#
        );
        assert_eq!(first.id, Some(RecordId::new("1")));
        assert_eq!(first.version, "2026-01-02T03:04:05Z".parse().ok());
        assert_eq!(second.id, Some(RecordId::new("x")));
        assert_eq!(second.version, Timestamp::from_second(7).ok());
        assert_eq!(page.after_cursor.as_deref(), Some("MTIz=="));
        assert!(!page.end_of_stream);
    }

    #[test]
    fn the_terminal_page_has_no_cursor() {
        let page = cursor_page(
            r#"{"users":[],"after_url":null,"before_url":null,"after_cursor":null,"before_cursor":null,"end_of_stream":true}"#,
        )
        .expect("a page");
        assert!(page.records.is_empty() && page.after_cursor.is_none() && page.end_of_stream);
    }

    #[test]
    fn records_without_readable_id_or_version_are_kept() {
        let page = cursor_page(
            r#"{"users":[{"id":null,"updated_at":"yesterday"},{"id":1.5},{"id":""},3,null],"end_of_stream":true}"#,
        )
        .expect("a page");
        assert_eq!(page.records.len(), 5);
        assert!(
            page.records
                .iter()
                .all(|r| r.id.is_none() && r.version.is_none())
        );
    }

    #[test]
    fn what_is_no_page_is_no_empty_page() {
        for body in [
            "",
            "<html>busy</html>",
            "{}",
            r#"{"users":[]}"#,
            r#"{"end_of_stream":true}"#,
            r#"{"users":null,"end_of_stream":true}"#,
            r#"{"users":{},"end_of_stream":true}"#,
            r#"{"users":[{"id":1}],"end_of_stream":tr"#,
            r#"{"users":[],"end_of_stream":"true"}"#,
        ] {
            let error = cursor_page(body).expect_err(body);
            assert!(error.starts_with("the answer is no page"), "{error}");
        }
    }

    #[test]
    fn search_pages_end_by_has_more() {
        let body = Bytes::from_static(
            br#"{"results":[{"id":5,"updated_at":"2026-01-02T03:04:05Z","result_type":"user"}],"facets":null,"meta":{"has_more":true,"after_cursor":"abc","before_cursor":null},"links":{}}"#,
        );
        let (part, trailer) = Reader::whole(&body, &search_layout(users())).expect("a page");
        let end = read_search_trailer(&trailer).expect("an end");
        assert_eq!((part.lists[0].len(), end.has_more), (1, true));
        assert_eq!(end.after_cursor.as_deref(), Some("abc"));
        assert!(read_search_page(&Bytes::from_static(br#"{"results":[]}"#), users()).is_err());
    }

    proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let body = Bytes::from(body);
            let _ = read_cursor_page(&body, users(), []);
            let _ = read_search_page(&body, users());
        }

        #[test]
        fn a_page_cut_anywhere_is_an_error(cut in 0usize..110) {
            let whole = r#"{"users":[{"id":1,"updated_at":"2026-01-02T03:04:05Z"}],"after_cursor":"MTIz","before":null,"end_of_stream":false}"#;
            prop_assume!(cut < whole.len());
            let body = Bytes::copy_from_slice(&whole.as_bytes()[..cut]);
            prop_assert!(read_cursor_page(&body, users(), []).is_err());
        }
    }
}
