//! Every stream, read over plain HTTP from its begin to its end as its protocol wants it.

use std::collections::BTreeMap;

use super::*;
use crate::sandbox::ServedRecord;

/// A client that knows the protocols and nothing else.
struct Walk<'a> {
    zendesk: &'a ZendeskSimulator,
    client: Client,
    key: &'static str,
    records: Vec<Value>,
    pages: usize,
}

impl<'a> Walk<'a> {
    fn new(zendesk: &'a ZendeskSimulator, key: &'static str) -> Self {
        Self {
            zendesk,
            client: Client::new(),
            key,
            records: Vec::new(),
            pages: 0,
        }
    }

    async fn get(&self, path: &str, query: &[(&str, &str)]) -> Response {
        let request = self.client.get(self.zendesk.base_url() + path).query(query);
        let answer = request.bearer_auth("sandbox-access-token").send().await;
        answer.expect("an answer")
    }

    /// One page, of which the records are kept. No stream here has more than 400 pages.
    async fn page(&mut self, path: &str, query: &[(&str, &str)]) -> Value {
        self.pages += 1;
        assert!(self.pages < 400, "no end: {path} {query:?}");
        let answer = self.get(path, query).await;
        assert_eq!(answer.status(), 200, "{path} {query:?}");
        let page = value(answer).await;
        match &page[self.key] {
            Value::Array(records) => self.records.extend(records.iter().cloned()),
            record => self.records.push(record.clone()),
        }
        page
    }

    async fn cursor(&mut self, path: &str, more: &[(&str, &str)]) {
        let mut place = ("start_time", "0".to_owned());
        loop {
            let query = [more, &[(place.0, &place.1), ("per_page", "7")]].concat();
            let page = self.page(path, &query).await;
            if page["end_of_stream"] == true {
                return;
            }
            let cursor = page["after_cursor"].as_str().expect("a cursor");
            place = ("cursor", cursor.to_owned());
        }
    }

    /// By `next_page` alone, until a page is not full.
    async fn time(&mut self, path: &str, size: &str, more: &[(&str, &str)]) {
        let mut start = "0".to_owned();
        loop {
            let query = [more, &[("start_time", &*start), (size, "7")]].concat();
            // A second that was full is followed by one that may be too recent still.
            if start != "0" && self.get(path, &query).await.status() == 400 {
                return;
            }
            let page = self.page(path, &query).await;
            let count = page["count"].as_u64().expect("a count");
            if count < 7 || page["end_of_stream"] == true {
                return;
            }
            let next = page["next_page"].as_str().expect("a link");
            let (_, query) = next.split_once("start_time=").expect("a start");
            start = query.split('&').next().expect("a number").to_owned();
        }
    }

    async fn list(&mut self, path: &str, more: &[(&str, &str)]) {
        let mut after: Option<String> = None;
        loop {
            let place = after.as_ref().map(|after| ("page[after]", &**after));
            let mut query = [more, &[("page[size]", "7")]].concat();
            query.extend(place);
            let page = self.page(path, &query).await;
            match page["meta"]["has_more"].as_bool() {
                Some(true) => {}
                // None: a list without pages.
                Some(false) | None => return,
            }
            let cursor = page["meta"]["after_cursor"].as_str().expect("a cursor");
            after = Some(cursor.to_owned());
        }
    }

    async fn offset(&mut self, path: &str, more: &[(&str, &str)]) {
        for number in 1.. {
            let number = number.to_string();
            let query = [more, &[("page", &*number), ("per_page", "7")]].concat();
            let page = self.page(path, &query).await;
            if page["next_page"].is_null() {
                return;
            }
        }
    }
}

/// What was read and what is there, each once.
fn assert_same(stream: &Stream, read: &[Value], expected: &[ServedRecord]) {
    let by_text = |values: Vec<Value>| -> BTreeMap<String, Value> {
        let values = values.into_iter();
        values.map(|value| (value.to_string(), value)).collect()
    };
    let expected = expected.iter();
    let expected = expected.map(|record| serde_json::from_slice(&record.json).expect("JSON"));
    let expected = by_text(expected.collect());
    let read = by_text(read.to_vec());
    let lost: Vec<_> = expected
        .keys()
        .filter(|key| !read.contains_key(*key))
        .collect();
    let other: Vec<_> = read
        .keys()
        .filter(|key| !expected.contains_key(*key))
        .collect();
    assert!(lost.is_empty(), "{}: lost {lost:?}", stream.name);
    assert!(other.is_empty(), "{}: not expected {other:?}", stream.name);
}

/// Parameters without which something is hidden.
const EVERYTHING: [(&str, &str); 3] = [
    ("support_type_scope", "all"),
    ("exclude_deleted", "false"),
    ("include_deleted", "true"),
];

/// Everything that happens to a stream, so that a walk meets all of it. Nothing is left withheld.
async fn lived_in() -> ZendeskSimulator {
    let zendesk = ZendeskSimulator::start(ZendeskOptions {
        users: 40,
        quotas: Quotas::unlimited(),
        ..options()
    });
    let zendesk = zendesk.await.expect("a simulator");
    for stream in streams::all() {
        let records = zendesk.collection(stream.name).expect("a stream");
        records.create(3);
        records.change(4);
        records.delete(2);
        records.tie(9);
    }
    let tickets = zendesk.collection("tickets").expect("tickets");
    tickets.update_by_system(3);
    tickets.merge(2);
    tickets.scrub(1);
    zendesk.collection("users").expect("users").merge(2);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    zendesk
}

#[tokio::test]
async fn every_export_and_list_gives_what_is_there() {
    let zendesk = lived_in().await;
    for stream in streams::all() {
        let visible = zendesk.collection(stream.name).expect("a stream").visible();
        assert!(!visible.is_empty(), "{}", stream.name);
        if let Some(path) = stream.cursor.filter(|path| !path.contains("{}")) {
            let mut walk = Walk::new(&zendesk, stream.key);
            walk.cursor(path, &EVERYTHING).await;
            assert_same(stream, &walk.records, &visible);
        }
        if let Some(time) = stream.time {
            let size = match time.flavour {
                Flavour::Chat | Flavour::ChatMicros => "limit",
                _ => "per_page",
            };
            let mut walk = Walk::new(&zendesk, stream.key);
            walk.time(time.path, size, &EVERYTHING).await;
            assert_same(stream, &walk.records, &visible);
        }
        // Exports show more of a record than lists do, but for what has no export.
        let Some(list) = stream.list.filter(|_| !stream.is_exported()) else {
            continue;
        };
        let everything = match stream.name {
            "groups" => &EVERYTHING[1..2],
            "brands" => &EVERYTHING[2..],
            _ => &EVERYTHING[..1],
        };
        if list.paging != Paging::Offset {
            let mut walk = Walk::new(&zendesk, stream.key);
            walk.list(list.path, everything).await;
            assert_same(stream, &walk.records, &visible);
        }
        if matches!(list.paging, Paging::Either | Paging::Offset) && stream.of != "tickets" {
            let mut walk = Walk::new(&zendesk, stream.key);
            walk.offset(list.path, everything).await;
            assert_same(stream, &walk.records, &visible);
        }
    }
}

#[tokio::test]
async fn every_parents_list_gives_what_belongs_to_it() {
    let zendesk = lived_in().await;
    for stream in streams::all() {
        let Some(child) = stream.child else { continue };
        // Bulk exports show more of a ticket's happenings than the ticket's own lists do.
        if stream.of == "ticket_events" {
            continue;
        }
        let records = zendesk.collection(stream.name).expect("a stream");
        let mut walk = Walk::new(&zendesk, stream.key);
        for path in paths(&zendesk, stream, child.path) {
            match child.paging {
                Paging::Offset => walk.offset(&path, &[]).await,
                _ => walk.list(&path, &[]).await,
            }
        }
        let mut expected = records.visible();
        expected.retain(|record| !record.deleted);
        assert!(!expected.is_empty(), "{}", stream.name);
        assert_same(stream, &walk.records, &expected);
    }
}

#[tokio::test]
async fn custom_objects_are_exported_one_by_one() {
    let zendesk = lived_in().await;
    let stream = Stream::find("custom_object_records").expect("a stream");
    let path = stream.cursor.expect("a path");
    let mut walk = Walk::new(&zendesk, stream.key);
    for path in paths(&zendesk, stream, path) {
        walk.cursor(&path, &[]).await;
    }
    let visible = zendesk.collection(stream.name).expect("a stream").visible();
    assert_same(stream, &walk.records, &visible);
    let deleted = visible
        .iter()
        .find(|record| record.deleted)
        .expect("a tombstone");
    assert!(deleted.json.windows(9).any(|part| part == b"[DELETED]"));
}

/// The path of every parent that is there, by the parents' parents.
fn paths(zendesk: &ZendeskSimulator, stream: &Stream, pattern: &str) -> Vec<String> {
    let parents = Stream::find(stream.parent.expect("a parent")).expect("a stream");
    let state = zendesk.account.state();
    let live = state
        .data
        .of(parents)
        .rows()
        .iter()
        .filter(|row| row.is_live());
    live.map(|row| {
        let mut path = pattern.to_owned();
        if let Some(above) = parents.parent.and_then(Stream::find) {
            path = path.replacen("{}", &above.ids.text(row.parent), 1);
        }
        path.replacen("{}", &parents.ids.text(row.id), 1)
    })
    .collect()
}
