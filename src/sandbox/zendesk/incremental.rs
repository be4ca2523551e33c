//! `GET /api/v2/incremental/users/cursor`: changes in order, withheld while they are fresh.

use std::collections::HashSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::Value;
use url::form_urlencoded::byte_serialize;

use super::options::ZendeskOptions;
use super::people::{People, Place, UserVersion, export_horizon};
use super::refusals;
use super::user::ZENDESK_HOST;
use crate::clock::Clock;
use crate::sandbox::answer::Answer;
use crate::sandbox::request::Head;

/// Largest page, and the page of a client that does not ask.
const PER_PAGE_MAX: usize = 1_000;

#[derive(Debug)]
pub(super) struct Incremental {
    clock: Clock,
    withhold: Duration,
    /// Real cursors do not expire, they only name a place; these two sets exist so that a test
    /// can have them lost.
    issued: HashSet<String>,
    forgotten: HashSet<String>,
    /// Users that no page can be made with.
    unservable: HashSet<u64>,
}

impl Incremental {
    pub(super) fn new(options: &ZendeskOptions) -> Self {
        Self {
            clock: options.clock,
            withhold: options.withhold,
            issued: HashSet::new(),
            forgotten: HashSet::new(),
            unservable: HashSet::new(),
        }
    }

    /// Answers 504 to every page with `user` in it, as a gateway does when a record takes too long
    /// to render.
    pub(super) fn fail_pages_with(&mut self, user: u64) {
        self.unservable.insert(user);
    }

    /// Refuses from now on all cursors issued so far, until they are issued again.
    pub(super) fn forget_cursors(&mut self) {
        self.forgotten.extend(self.issued.drain());
    }

    /// The versions shown at present, in order.
    pub(super) fn visible<'a>(&self, people: &'a People) -> impl Iterator<Item = &'a UserVersion> {
        people.after(before(i64::MIN), self.horizon())
    }

    fn horizon(&self) -> Timestamp {
        export_horizon(self.clock.now(), self.withhold)
    }

    pub(super) fn page(&mut self, people: &People, head: &Head) -> Answer {
        let place = match self.place(head) {
            Ok(place) => place,
            Err(refusal) => return refusal,
        };
        let per_page = head.query("per_page");
        let Some(size) = per_page.map_or(Some(PER_PAGE_MAX), page_size) else {
            return refusals::invalid_attribute("per_page must be an integer from 1 to 1000");
        };
        let mut rest = people.after(place, self.horizon());
        let users: Vec<&UserVersion> = rest.by_ref().take(size).collect();
        let end_of_stream = rest.next().is_none();
        if users.iter().any(|user| self.unservable.contains(&user.id)) {
            return Answer::html(504, "<html><body>504 Gateway Time-out</body></html>");
        }

        // A page without records has no place to name: its cursor is null, also in recordings.
        let cursor = users.last().map(|last| self.issue(last));
        let after_url = cursor.as_ref().map(|cursor| {
            let cursor: String = byte_serialize(cursor.as_bytes()).collect();
            let size = per_page
                .map(|_| format!("&per_page={size}"))
                .unwrap_or_default();
            format!(
                "https://{ZENDESK_HOST}/api/v2/incremental/users/cursor.json?cursor={cursor}{size}"
            )
        });

        let mut body = b"{\"users\":[".to_vec();
        body.extend(joined(users.iter().map(|user| &user.json[..])));
        let tail = format!(
            "],\"after_url\":{},\"before_url\":null,\"after_cursor\":{},\"before_cursor\":null,\
             \"end_of_stream\":{end_of_stream}}}",
            Value::from(after_url),
            Value::from(cursor),
        );
        body.extend(tail.into_bytes());
        Answer::json(200, body).header("cache-control", "max-age=0, private, must-revalidate")
    }

    /// The place after which the page begins.
    fn place(&self, head: &Head) -> Result<Place, Answer> {
        match (head.query("start_time"), head.query("cursor")) {
            (Some(start_time), None) => self.start(start_time),
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

    fn start(&self, start_time: &str) -> Result<Place, Answer> {
        let second: i64 = start_time
            .parse()
            .ok()
            .filter(|second| *second >= 0)
            .ok_or_else(|| {
                refusals::invalid_attribute("start_time must be a Unix time in seconds")
            })?;
        if second > self.horizon().as_second() {
            return Err(refusals::too_recent(self.withhold.as_secs()));
        }
        Ok(before(second))
    }

    fn issue(&mut self, last: &UserVersion) -> String {
        let text = format!("{}.0||{}|", last.updated_at.as_second(), last.id);
        let cursor = STANDARD.encode(text);
        self.forgotten.remove(&cursor);
        self.issued.insert(cursor.clone());
        cursor
    }
}

/// The place before all users of that second.
fn before(second: i64) -> Place {
    // Ids begin far above 0, so nobody is at the excluded place itself.
    (second, 0)
}

/// `{epoch}.0||{id}|` in base64.
fn decode(cursor: &str) -> Option<Place> {
    let text = String::from_utf8(STANDARD.decode(cursor).ok()?).ok()?;
    let (second, id) = text.strip_suffix('|')?.split_once(".0||")?;
    Some((second.parse().ok()?, id.parse().ok()?))
}

/// A page size from the query; `None` if it is none.
pub(super) fn page_size(text: &str) -> Option<usize> {
    text.parse()
        .ok()
        .filter(|size| (1..=PER_PAGE_MAX).contains(size))
}

/// JSON values with commas between them.
pub(super) fn joined<'a>(items: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut all = Vec::new();
    for (place, item) in items.enumerate() {
        if place > 0 {
            all.push(b',');
        }
        all.extend_from_slice(item);
    }
    all
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
