//! The tables of streams: that they are whole, and what is made up from them.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

fn data(seed: u64) -> Data {
    Data::new(&ZendeskOptions { seed, ..options() })
}

fn json(data: &Data, stream: &Stream, row: &row::Row) -> Value {
    let bytes = data.json(stream, row, renderer::Guise::Export);
    serde_json::from_slice(&bytes).unwrap_or_else(|error| {
        panic!(
            "{}: {error}: {}",
            stream.name,
            String::from_utf8_lossy(&bytes)
        )
    })
}

#[test]
fn every_stream_is_named_once_and_names_only_others_that_exist() {
    let names: BTreeSet<&str> = streams::all().map(|stream| stream.name).collect();
    assert_eq!(names.len(), streams::all().count());
    for stream in streams::all() {
        assert!(names.contains(stream.of), "{}", stream.name);
        assert!(stream.keeper().keeps(), "{}", stream.name);
        assert!(
            stream.parent.is_none_or(|parent| names.contains(parent)),
            "{}",
            stream.name
        );
    }
}

#[test]
fn no_two_streams_give_the_same_long_ids() {
    let mut begins: BTreeMap<u64, &str> = BTreeMap::new();
    for stream in streams::all().filter(|stream| stream.keeps()) {
        if stream.ids.nth(0) > 1 {
            assert_eq!(begins.insert(stream.ids.nth(0), stream.name), None);
        }
    }
}

#[test]
fn every_record_is_json_and_every_change_shows() {
    let data = data(1);
    for stream in streams::all() {
        let rows = data.of(stream).rows();
        assert!(!rows.is_empty(), "{}", stream.name);
        for row in rows.iter().take(30) {
            let first = json(&data, stream, row);
            assert!(first.is_object(), "{}", stream.name);
            let text = first.to_string();
            assert!(!text.contains('$'), "{}: {text}", stream.name);
            let append_only = matches!(stream.of, "ticket_events" | "ticket_metric_events");
            // Nobody changes what joins two others and nothing else.
            let silent = ["deleted_tickets", "organization_subscriptions", "tags"];
            if !append_only && !silent.contains(&stream.name) {
                let later = row::Row {
                    version: row.version + 1,
                    updated: row.updated + 60,
                    ..*row
                };
                assert_ne!(json(&data, stream, &later), first, "{}", stream.name);
            }
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let (one, same, other) = (data(1), data(1), data(2));
    let bytes = |data: &Data, stream: &Stream| -> Vec<Value> {
        let rows = data.of(stream).rows().iter();
        rows.map(|row| json(data, stream, row)).collect()
    };
    for stream in streams::all() {
        assert_eq!(bytes(&one, stream), bytes(&same, stream), "{}", stream.name);
    }
    let users = Stream::find("users").expect("a stream");
    assert_ne!(bytes(&one, users), bytes(&other, users));
}

#[test]
fn other_products_names_are_understood() {
    for name in ["ticket_activities", "ticket_skips", "account_attributes"] {
        assert!(Stream::find(name).is_some(), "{name}");
    }
    assert!(Stream::find("nothing").is_none());
}
