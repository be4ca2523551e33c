//! `GET /api/v2/search/export`: active users by creation, newest first, from an index that lags.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::incremental::{joined, page_size};
use super::options::ZendeskOptions;
use super::people::{People, UserVersion, ago};
use super::query::Query;
use super::refusals;
use super::user::ZENDESK_HOST;
use crate::clock::Clock;
use crate::sandbox::answer::Answer;
use crate::sandbox::request::Head;

/// The page of a client that does not ask: what Zendesk recommends.
const PAGE_SIZE_DEFAULT: usize = 100;

#[derive(Debug)]
pub(super) struct Search {
    clock: Clock,
    index_delay: Duration,
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
    query: &'a str,
    size: usize,
}

impl Search {
    pub(super) fn new(options: &ZendeskOptions) -> Self {
        Self {
            clock: options.clock,
            index_delay: options.index_delay,
            cursor_lifetime: options.search_cursor_lifetime,
            salt: options.seed,
        }
    }

    /// Refuses from now on all cursors issued so far.
    pub(super) fn forget_cursors(&mut self) {
        self.salt = self.salt.wrapping_add(1);
    }

    /// The versions found at present, whatever the query.
    pub(super) fn visible<'a>(&self, people: &'a People) -> impl Iterator<Item = &'a UserVersion> {
        people.indexed(ago(self.clock.now(), self.index_delay))
    }

    pub(super) fn page(&self, people: &People, head: &Head) -> Answer {
        self.try_page(people, head)
            .unwrap_or_else(|refusal| refusal)
    }

    fn try_page(&self, people: &People, head: &Head) -> Result<Answer, Answer> {
        if head.query("filter[type]") != Some("user") {
            return Err(refusals::invalid_search("filter[type] must be `user` here"));
        }
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
        let wanted = Wanted { query: text, size };
        let cursor = match head.query("page[after]") {
            Some(cursor) => Some(self.accept(cursor, &wanted)?),
            None => None,
        };

        let mut rows: Vec<&UserVersion> = self
            .visible(people)
            .filter(|user| query.admits(user.updated_at))
            .filter(|user| {
                cursor
                    .as_ref()
                    .is_none_or(|cursor| rank(user) > cursor.rank())
            })
            .collect();
        rows.sort_unstable_by_key(|user| rank(user));
        let has_more = rows.len() > size;
        rows.truncate(size);
        let next = rows
            .last()
            .filter(|_| has_more)
            .map(|last| self.issue(last, rows.len(), cursor, &wanted));
        Ok(respond(&rows, next, &wanted))
    }

    fn issue(
        &self,
        last: &UserVersion,
        rows: usize,
        before: Option<Cursor>,
        wanted: &Wanted<'_>,
    ) -> String {
        let now = self.clock.now().as_millisecond();
        let (exported, session_start) = before.map_or((0, now), |cursor| {
            (cursor.exported_thus_far, cursor.session_start)
        });
        let mut cursor = Cursor {
            field: "created_at".into(),
            desc: true,
            tie_break_field: "id".into(),
            tie_break_desc: false,
            sort_values: (last.created_at.as_millisecond(), last.id),
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

    fn accept(&self, text: &str, wanted: &Wanted<'_>) -> Result<Cursor, Answer> {
        let decoded = STANDARD
            .decode(text)
            .map_err(|_| refusals::invalid_cursor())?;
        let cursor: Cursor =
            serde_json::from_slice(&decoded).map_err(|_| refusals::invalid_cursor())?;
        let oldest =
            self.clock.now().as_millisecond().saturating_sub(
                i64::try_from(self.cursor_lifetime.as_millis()).unwrap_or(i64::MAX),
            );
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

/// The recorded order: creation descending, then id ascending.
fn rank(user: &UserVersion) -> (i64, u64) {
    (-user.created_at.as_millisecond(), user.id)
}

fn respond(rows: &[&UserVersion], next: Option<String>, wanted: &Wanted<'_>) -> Answer {
    let results: Vec<Vec<u8>> = rows.iter().map(|user| as_result(&user.json)).collect();
    let link = next.as_ref().map(|cursor| {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("filter[type]", "user")
            .append_pair("page[after]", cursor)
            .append_pair("page[size]", &wanted.size.to_string())
            .append_pair("query", wanted.query)
            .finish();
        format!("https://{ZENDESK_HOST}/api/v2/search/export.json?{query}")
    });
    let meta = json!({"has_more": next.is_some(), "after_cursor": next, "before_cursor": null});
    let links = json!({"prev": null, "next": Value::from(link)});

    let mut body = b"{\"results\":[".to_vec();
    body.extend(joined(results.iter().map(Vec::as_slice)));
    let tail = format!("],\"facets\":null,\"meta\":{meta},\"links\":{links}}}");
    body.extend(tail.into_bytes());
    Answer::json(200, body).header("cache-control", "max-age=10, private")
}

/// The user as search gives it: with one key more, at the end.
fn as_result(json: &[u8]) -> Vec<u8> {
    let open = json.strip_suffix(b"}").unwrap_or(json);
    [open, b",\"result_type\":\"user\"}"].concat()
}
