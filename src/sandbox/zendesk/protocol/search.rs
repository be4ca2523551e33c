//! `GET /api/v2/search/export`: what is there of one type, by creation, newest first, from an index
//! that lags.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::super::data::Data;
use super::super::options::ZendeskOptions;
use super::super::refusals;
use super::super::renderer::{Guise, at_second};
use super::super::row::{Fate, Row};
use super::super::stream::Stream;
use super::super::user::ZENDESK_HOST;
use super::query::Query;
use super::{Call, ago, body, page_size};
use crate::sandbox::answer::Answer;

/// The page of a client that does not ask: what Zendesk recommends.
const PAGE_SIZE_DEFAULT: usize = 100;

#[derive(Debug)]
pub(in super::super) struct Search {
    cursor_lifetime: Duration,
    /// Part of every cursor's hash. Another salt makes all earlier cursors invalid.
    salt: u64,
}

/// A cursor with the recorded keys, in base64. It names a place in the order, is bound to its
/// request by a hash and to this server by another.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Cursor {
    field: String,
    desc: bool,
    tie_break_field: String,
    tie_break_desc: bool,
    /// Creation in milliseconds since 1970, and id, of the last row of the page.
    sort_values: (i64, u64),
    exported_thus_far: usize,
    /// Both in milliseconds since 1970.
    session_start: i64,
    created_at: i64,
    salted_request_hash: u64,
    salted_cursor_hash: u64,
}

impl Cursor {
    /// Where the rest begins, in the order of [`rank`].
    fn rank(&self) -> (i64, u64) {
        (-self.sort_values.0, self.sort_values.1)
    }
}

/// What a request asks for, the cursor aside.
#[derive(Hash)]
struct Wanted<'a> {
    r#type: &'a str,
    query: &'a str,
    size: usize,
}

impl Search {
    pub(in super::super) fn new(options: &ZendeskOptions) -> Self {
        Self {
            cursor_lifetime: options.search_cursor_lifetime,
            salt: options.seed,
        }
    }

    /// Refuses from now on all cursors issued so far.
    pub(in super::super) fn forget_cursors(&mut self) {
        self.salt = self.salt.wrapping_add(1);
    }

    pub(in super::super) fn page(&self, call: &Call<'_>) -> Result<Answer, Answer> {
        let head = call.head;
        let text = head.query("query").unwrap_or_default();
        let query = Query::parse(text).map_err(|fault| refusals::invalid_search(&fault))?;
        let size = head
            .query("page[size]")
            .map_or(Some(PAGE_SIZE_DEFAULT), page_size);
        let Some(size) = size else {
            return Err(refusals::invalid_attribute(
                "page[size] must be an integer from 1 to 1000",
            ));
        };
        let r#type = head.query("filter[type]").unwrap_or_default();
        let wanted = Wanted {
            r#type,
            query: text,
            size,
        };
        let cursor = match head.query("page[after]") {
            Some(cursor) => Some(self.accept(cursor, &wanted, call.now)?),
            None => None,
        };

        let data = call.data;
        let horizon = ago(call.now, call.options.index_delay).as_second();
        let describes = |row: &Row| {
            !query.has_properties() || {
                let json = data.json(call.stream, row, Guise::List);
                query.describes(&serde_json::from_slice(&json).unwrap_or_default())
            }
        };
        let mut found = indexed(data, call.stream, horizon)
            .filter(|row| query.admits(at_second(row.created), at_second(row.updated)))
            .filter(|row| {
                let place = cursor.as_ref();
                place.is_none_or(|cursor| rank(row) > cursor.rank())
            })
            .filter(|row| describes(row));
        let rows: Vec<&Row> = found.by_ref().take(size).collect();
        let has_more = found.next().is_some();
        let results = call.render(&rows, Guise::List)?;
        let next = rows
            .last()
            .filter(|_| has_more)
            .map(|last| self.issue(last, rows.len(), cursor, &wanted, call.now));
        Ok(respond(results, next, &wanted))
    }

    fn issue(
        &self,
        last: &Row,
        rows: usize,
        before: Option<Cursor>,
        wanted: &Wanted<'_>,
        now: Timestamp,
    ) -> String {
        let now = now.as_millisecond();
        let (exported, session_start) = before.map_or((0, now), |cursor| {
            (cursor.exported_thus_far, cursor.session_start)
        });
        let mut cursor = Cursor {
            field: "created_at".into(),
            desc: true,
            tie_break_field: "id".into(),
            tie_break_desc: false,
            sort_values: (last.created * 1_000, last.id),
            exported_thus_far: exported + rows,
            session_start,
            created_at: now,
            salted_request_hash: self.hash(wanted),
            salted_cursor_hash: 0,
        };
        cursor.salted_cursor_hash = self.seal(&cursor);
        // Plain numbers and text: serde_json cannot fail on them.
        STANDARD.encode(serde_json::to_vec(&cursor).unwrap_or_default())
    }

    fn accept(&self, text: &str, wanted: &Wanted<'_>, now: Timestamp) -> Result<Cursor, Answer> {
        let decoded = STANDARD
            .decode(text)
            .map_err(|_| refusals::invalid_cursor())?;
        let cursor: Cursor =
            serde_json::from_slice(&decoded).map_err(|_| refusals::invalid_cursor())?;
        let oldest = now
            .as_millisecond()
            .saturating_sub(i64::try_from(self.cursor_lifetime.as_millis()).unwrap_or(i64::MAX));
        let ours = cursor.salted_cursor_hash == self.seal(&cursor)
            && cursor.salted_request_hash == self.hash(wanted)
            && cursor.created_at >= oldest;
        if ours {
            Ok(cursor)
        } else {
            Err(refusals::invalid_cursor())
        }
    }

    fn seal(&self, cursor: &Cursor) -> u64 {
        let exported = cursor.exported_thus_far;
        self.hash(&(
            cursor.sort_values,
            exported,
            cursor.session_start,
            cursor.created_at,
        ))
    }

    fn hash(&self, value: &impl Hash) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.salt.hash(&mut hasher);
        value.hash(&mut hasher);
        hasher.finish()
    }
}

/// The index's view, in the recorded order: of every record the newest version not younger than
/// `horizon`, without the deleted; by creation from the newest, in one second by ascending id.
pub(in super::super) fn indexed<'a>(
    data: &'a Data,
    stream: &'static Stream,
    horizon: i64,
) -> impl Iterator<Item = &'a Row> {
    let collection = data.of(stream);
    // Ids rise with the time of creation.
    let seconds = collection
        .rows()
        .chunk_by(|one, next| one.created == next.created);
    let versions = seconds.rev().flatten().filter_map(move |row| {
        if row.updated <= horizon {
            return Some(row);
        }
        collection
            .versions(row.id)
            .rev()
            .find(|version| version.updated <= horizon)
    });
    versions.filter(|row| match stream.name {
        "users" => row.fate == Fate::Live,
        _ => row.is_live(),
    })
}

/// The stream of a type.
pub(in super::super) fn stream_of(r#type: Option<&str>) -> Result<&'static Stream, Answer> {
    let name = match r#type {
        Some("user") => "users",
        Some("ticket") => "tickets",
        Some("organization") => "organizations",
        Some("group") => "groups",
        _ => "",
    };
    Stream::find(name).ok_or_else(|| {
        refusals::invalid_search("filter[type] must be one of ticket, user, organization, group")
    })
}

/// The recorded order: creation descending, then id ascending.
fn rank(row: &Row) -> (i64, u64) {
    (-row.created * 1_000, row.id)
}

fn respond(mut results: Vec<Vec<u8>>, next: Option<String>, wanted: &Wanted<'_>) -> Answer {
    for result in &mut results {
        as_result(result, wanted.r#type);
    }
    let link = next.as_ref().map(|cursor| {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("filter[type]", wanted.r#type)
            .append_pair("page[after]", cursor)
            .append_pair("page[size]", &wanted.size.to_string())
            .append_pair("query", wanted.query)
            .finish();
        format!("https://{ZENDESK_HOST}/api/v2/search/export.json?{query}")
    });
    let meta = json!({"has_more": next.is_some(), "after_cursor": next, "before_cursor": null});
    let links = json!({"prev": null, "next": Value::from(link)});
    let tail = format!(",\"facets\":null,\"meta\":{meta},\"links\":{links}");
    body("results", &results, &tail)
}

/// The record as search gives it: with one key more, at the end.
fn as_result(json: &mut Vec<u8>, r#type: &str) {
    json.pop();
    json.extend(format!(",\"result_type\":\"{type}\"}}").into_bytes());
}
