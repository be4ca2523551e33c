//! From the body of an export's answer to records: slices of the body, nothing copied.

use bytes::Bytes;
use serde_json::value::RawValue;

use crate::catalogue::StreamSpec;
use crate::json;
use crate::record::Record;

mod given;
mod shape;

pub use given::read_given_records;
pub use shape::Shape;

/// A page of the incremental cursor export.
#[derive(Debug)]
pub struct CursorPage {
    /// In Zendesk's order.
    pub records: Vec<Record>,
    /// Null on a terminal page without records.
    pub after_cursor: Option<String>,
    /// Nothing more for now.
    pub end_of_stream: bool,
    /// Size of the body.
    pub bytes: usize,
}

/// A page of the search export.
#[derive(Debug)]
pub struct SearchPage {
    /// In Zendesk's order.
    pub records: Vec<Record>,
    /// For the next page, if there is one.
    pub after_cursor: Option<String>,
    /// There is a next page.
    pub has_more: bool,
    /// Size of the body.
    pub bytes: usize,
}

/// Reads a page of the incremental cursor export. A body without its records or without
/// `end_of_stream` is not such a page: taking it for an empty one would be a silent zero.
///
/// # Errors
/// What is wrong with the body, without quoting it.
pub fn read_cursor_page(body: Bytes, spec: &StreamSpec) -> Result<CursorPage, String> {
    let [records, after_cursor, end_of_stream] = json::pick(
        &body,
        &[&*spec.records_key, "after_cursor", "end_of_stream"],
    )
    .map_err(|error| not_a_page(&error))?;
    let records = required(records, &spec.records_key)?;
    Ok(CursorPage {
        records: records_of(&body, records, Shape::exported(spec))?,
        after_cursor: optional_text(after_cursor)?,
        end_of_stream: parse(required(end_of_stream, "end_of_stream")?)?,
        bytes: body.len(),
    })
}

/// Reads a page of the search export.
///
/// # Errors
/// What is wrong with the body, without quoting it.
pub fn read_search_page(body: Bytes, spec: &StreamSpec) -> Result<SearchPage, String> {
    let [records, meta] =
        json::pick(&body, &["results", "meta"]).map_err(|error| not_a_page(&error))?;
    let meta = required(meta, "meta")?;
    let [has_more, after_cursor] = json::pick(meta.get().as_bytes(), &["has_more", "after_cursor"])
        .map_err(|error| not_a_page(&error))?;
    Ok(SearchPage {
        records: records_of(&body, required(records, "results")?, Shape::listed(spec))?,
        after_cursor: optional_text(after_cursor)?,
        has_more: parse(required(has_more, "meta.has_more")?)?,
        bytes: body.len(),
    })
}

fn records_of(body: &Bytes, array: &RawValue, shape: Shape<'_>) -> Result<Vec<Record>, String> {
    let records: Vec<&RawValue> =
        serde_json::from_str(array.get()).map_err(|error| not_a_page(&error))?;
    Ok(records
        .into_iter()
        .map(|record| shape.read(body, record))
        .collect())
}

fn required<'a>(value: Option<&'a RawValue>, key: &str) -> Result<&'a RawValue, String> {
    value.ok_or_else(|| format!("the answer is no page of an export: it has no `{key}`"))
}

fn optional_text(value: Option<&RawValue>) -> Result<Option<String>, String> {
    value.map(parse).transpose()
}

fn parse<T: serde::de::DeserializeOwned>(value: &RawValue) -> Result<T, String> {
    serde_json::from_str(value.get()).map_err(|error| not_a_page(&error))
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
        read_cursor_page(Bytes::from_static(body.as_bytes()), users())
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
        let page = read_search_page(
            Bytes::from_static(
                br#"{"results":[{"id":5,"updated_at":"2026-01-02T03:04:05Z","result_type":"user"}],"facets":null,"meta":{"has_more":true,"after_cursor":"abc","before_cursor":null},"links":{}}"#,
            ),
            users(),
        )
        .expect("a page");
        assert_eq!((page.records.len(), page.has_more), (1, true));
        assert!(read_search_page(Bytes::from_static(br#"{"results":[]}"#), users()).is_err());
    }

    proptest! {
        #[test]
        fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_cursor_page(Bytes::from(body.clone()), users());
            let _ = read_search_page(Bytes::from(body), users());
        }

        #[test]
        fn a_page_cut_anywhere_is_an_error(cut in 0usize..110) {
            let whole = r#"{"users":[{"id":1,"updated_at":"2026-01-02T03:04:05Z"}],"after_cursor":"MTIz","before":null,"end_of_stream":false}"#;
            prop_assume!(cut < whole.len());
            prop_assert!(read_cursor_page(Bytes::copy_from_slice(&whole.as_bytes()[..cut]), users()).is_err());
        }
    }
}
