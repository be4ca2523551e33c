//! How records are handed out: one file per protocol, and what all of them share.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::data::Data;
use super::options::ZendeskOptions;
use super::refusals;
use super::renderer::{Guise, at_second, joined};
use super::row::Row;
use super::stream::Stream;
use super::user::ZENDESK_HOST;
use crate::sandbox::answer::Answer;
use crate::sandbox::request::Head;

pub(super) mod cursor;
mod cursor_list;
mod keyset;
pub(super) mod list;
pub(super) mod offset;
pub(super) mod query;
pub(super) mod search;
pub(super) mod sideload;
pub(super) mod time;

/// Largest page of an export, and the page of a client that does not ask.
pub(super) const PER_PAGE_MAX: usize = 1_000;

/// One request, with everything that answering it needs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call<'a> {
    pub(super) data: &'a Data,
    pub(super) options: &'a ZendeskOptions,
    pub(super) head: &'a Head,
    pub(super) now: Timestamp,
    pub(super) stream: &'static Stream,
    /// The rows' parent, where the path names one.
    pub(super) parent: Option<u64>,
}

impl Call<'_> {
    /// The youngest second that an export shows.
    pub(super) fn horizon(&self) -> i64 {
        horizon(self.now, self.options.withhold)
    }

    /// The rows as the stream's endpoints serve them, or a 504 where one takes too long.
    pub(super) fn render(&self, rows: &[&Row], guise: Guise) -> Result<Vec<Vec<u8>>, Answer> {
        self.servable(rows)?;
        let data = self.data;
        Ok(rows
            .iter()
            .map(|row| data.json(self.stream, row, guise))
            .collect())
    }

    pub(super) fn servable(&self, rows: &[&Row]) -> Result<(), Answer> {
        let slow = &self.data.of(self.stream).unservable;
        match rows.iter().any(|row| slow.contains(&row.id)) {
            true => Err(refusals::gateway_timeout()),
            false => Ok(()),
        }
    }

    /// The start of an export, in seconds, or why there is none.
    pub(super) fn start_time(&self, start_time: &str, per_second: i64) -> Result<i64, Answer> {
        let start: i64 = start_time
            .parse()
            .ok()
            .filter(|start| *start >= 0)
            .ok_or_else(|| {
                refusals::invalid_attribute("start_time must be a Unix time in seconds")
            })?;
        if start / per_second > self.horizon() {
            let withheld = self.options.withhold.as_secs();
            return Err(refusals::too_recent(self.options.too_recent, withheld));
        }
        Ok(start)
    }

    /// The page size that `name` asks for.
    pub(super) fn page_size(&self, name: &str) -> Result<usize, Answer> {
        let size = self.head.query(name);
        size.map_or(Some(PER_PAGE_MAX), page_size).ok_or_else(|| {
            refusals::invalid_attribute(&format!("{name} must be an integer from 1 to 1000"))
        })
    }

    /// This address with some of its parameters replaced, as links name it: on the account's own
    /// host, its parameters sorted.
    pub(super) fn link(&self, set: &[(&str, &str)], removed: &[&str]) -> String {
        let own = self.head.query.iter();
        let kept = own
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(name, _)| {
                !removed.contains(name) && set.iter().all(|(changed, _)| changed != name)
            });
        let parameters: BTreeSet<(&str, &str)> = kept.chain(set.iter().copied()).collect();
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish();
        let path = self
            .head
            .path
            .strip_suffix(".json")
            .unwrap_or(&self.head.path);
        format!("https://{ZENDESK_HOST}{path}.json?{query}")
    }
}

/// A body of records under a key, with `tail` behind it: further members, each after a comma.
pub(super) fn body(key: &str, records: &[Vec<u8>], tail: &str) -> Answer {
    let mut body = format!("{{\"{key}\":[").into_bytes();
    body.extend(joined(records.iter().map(Vec::as_slice)));
    body.extend(format!("]{tail}}}").into_bytes());
    Answer::json(200, body).header("cache-control", "max-age=0, private, must-revalidate")
}

/// A text or null, as JSON.
pub(super) fn quoted(text: Option<&str>) -> Value {
    Value::from(text)
}

/// A page size from the query; `None` if it is none.
pub(super) fn page_size(text: &str) -> Option<usize> {
    text.parse()
        .ok()
        .filter(|size| (1..=PER_PAGE_MAX).contains(size))
}

/// The second that lies `age` back; the very beginning of time for an age beyond it.
pub(super) fn ago(now: Timestamp, age: Duration) -> Timestamp {
    let age = SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX);
    let then = now.checked_sub(age).unwrap_or(Timestamp::MIN);
    at_second(then.as_second())
}

/// The youngest second that an incremental export shows: old enough, and over, so that nothing
/// can be added to it any more.
pub(super) fn horizon(now: Timestamp, withhold: Duration) -> i64 {
    ago(now, withhold.max(Duration::from_secs(1))).as_second()
}
