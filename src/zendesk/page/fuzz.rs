//! Whatever Zendesk answers: a page whose records are slices of it, in its order, or an error.

use bytes::Bytes;
use serde::de::IgnoredAny;

use super::{
    Reader, read_cursor_page, read_list_page, read_search_page, read_time_trailer, time_layout,
};
use crate::catalogue::{self, TimeUnit};
use crate::fuzzing::{Input, deep, fuzz, mutated};
use crate::record::Record;

const CORPUS: &[&[u8]] = &[
    br#"{"users":[{"id":1,"updated_at":"2026-01-02T03:04:05Z","name":"Zo\u00eb"},{"id":"x","updated_at":7}],"after_url":"https://acme.zendesk.com/","before_url":null,"after_cursor":"MTIz==","before_cursor":null,"end_of_stream":false}"#,
    br#"{"users":[],"after_cursor":null,"end_of_stream":true}"#,
    br#"{"results":[{"id":5,"updated_at":"2026-01-02T03:04:05Z","result_type":"user","user_fields":{"a":[1,2.50,{"b":null}]}}],"facets":null,"meta":{"has_more":true,"after_cursor":"abc","before_cursor":null},"links":{"next":"x","prev":null}}"#,
    br#"{"results":[],"meta":{"has_more":false,"after_cursor":null},"links":{}}"#,
    br#"{"users":[{"id":1,"updated_at":"2026-01-02T03:04:05Z"}],"count":1,"end_of_stream":false,"end_time":1695053007,"next_page":"https://acme.zendesk.com/api/v2/incremental/users.json?per_page=1&start_time=1695053007"}"#,
    br#"{"users":[{"id":1}],"meta":{"has_more":true,"after_cursor":"eyJvIjoiaWQifQ=="},"links":{"next":"x"},"next_page":null,"count":3}"#,
    br#"{"users":{"id":7,"waiting":[]}}"#,
    b"{\n  \"users\": [\n    {\n      \"id\": 9007199254740993,\n      \"updated_at\": \"2026-01-02T03:04:05+02:00\"\n    }\n  ],\n  \"end_of_stream\": true\n}\n",
];

/// Records are whole JSON values, each a slice of the body that begins after the one before.
fn slices_in_order(body: &Bytes, records: &[Record]) {
    let mut free_from = body.as_ptr() as usize;
    let end = free_from + body.len();
    for record in records {
        let begin = record.bytes.as_ptr() as usize;
        assert!(free_from <= begin && begin + record.bytes.len() <= end);
        free_from = begin + record.bytes.len();
        serde_json::from_slice::<IgnoredAny>(&record.bytes).expect("a whole value");
        assert!(record.id.as_ref().is_none_or(|id| !id.as_str().is_empty()));
    }
}

fn check(body: Vec<u8>) {
    let (body, spec) = (Bytes::from(body), catalogue::find("users").expect("a row"));
    let cursor_page = read_cursor_page(&body, spec, []);
    let search_page = read_search_page(&body, spec);
    let time_page = Reader::whole(&body, &time_layout(spec, [])).and_then(|(part, trailer)| {
        read_time_trailer(&trailer, spec, TimeUnit::Microseconds)?;
        Ok(part.lists.into_iter().flatten().collect())
    });
    let list_page = read_list_page(&body, spec);
    let is_json = serde_json::from_slice::<IgnoredAny>(&body).is_ok();
    assert!(is_json || (cursor_page.is_err() && search_page.is_err()));
    assert!(is_json || (time_page.is_err() && list_page.is_err()));
    for records in [cursor_page.map(|page| page.records), search_page, time_page] {
        match records {
            Ok(records) => slices_in_order(&body, &records),
            Err(why) => not_quoted(&why),
        }
    }
    match list_page {
        // One object is a record too, and no slice of the body.
        Ok(page) if page.records.len() > 1 => slices_in_order(&body, &page.records),
        Ok(_) => {}
        Err(why) => not_quoted(&why),
    }
}

fn not_quoted(why: &str) {
    assert!(why.len() < 200, "the body is not quoted: {why}");
}

#[test]
fn any_body() {
    fuzz("pages", &mutated(CORPUS), |Input(body)| check(body));
}

#[test]
fn a_deep_body() {
    for nest in deep() {
        check(nest.clone());
        check([br#"{"users":["#, &nest[..]].concat());
        check([br#"{"users":[{"id":"#, &nest[..]].concat());
    }
    let closed = ["[".repeat(500_000), "]".repeat(500_000)].concat();
    check(format!(r#"{{"users":[{{"id":{closed}}}],"end_of_stream":true}}"#).into_bytes());
}
