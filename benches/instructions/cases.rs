//! The cases: each one step of the hot path, over a page of made-up records.

use std::hint::black_box;

use bytes::Bytes;
use zendesk_aep::catalogue;
use zendesk_aep::config::{Endpoint, Preset};
use zendesk_aep::mapping::{Mapping, Notes};
use zendesk_aep::platform::{Packer, decode};
use zendesk_aep::record::Record;
use zendesk_aep::zendesk::page::read_cursor_page;

use crate::data::{RECORDS, mapping, records, ticket, user};

/// All cases.
pub const NAMES: [&str; 5] = [
    "page_reader",
    "packer",
    "outcomes",
    "users_preset",
    "tickets_preset",
];

const BATCH_BYTES: usize = 250_000;

/// Runs one of them so many times.
pub fn run(name: &str, times: u64) {
    match name {
        "page_reader" => {
            let page = page();
            let spec = catalogue::find("users").expect("a row");
            repeat(times, || {
                let page = read_cursor_page(&page, spec, []);
                page.expect("a page").records.len()
            });
        }
        "packer" => {
            let users = records(user);
            repeat(times, || {
                let mut packer = Packer::new(BATCH_BYTES, Endpoint::Batch);
                for record in &users {
                    black_box(packer.push(&record.bytes).expect("it fits"));
                }
                packer.flush().map_or(0, |_| 1)
            });
        }
        "outcomes" => {
            let answer = answer();
            repeat(times, || decode(&answer, RECORDS).len());
        }
        "users_preset" => map(
            times,
            &mapping("users", Preset::Standard, None),
            &records(user),
        ),
        "tickets_preset" => map(
            times,
            &mapping("tickets", Preset::Standard, None),
            &records(ticket),
        ),
        other => panic!("no such case: {other}"),
    }
}

fn repeat(times: u64, mut work: impl FnMut() -> usize) {
    for _ in 0..times {
        black_box(work());
    }
}

fn map(times: u64, mapping: &Mapping, records: &[Record]) {
    let mut message = Vec::new();
    repeat(times, || {
        let mut written = 0;
        for record in records {
            message.clear();
            mapping
                .write(record, &mut message, &mut Notes::counting())
                .expect("a message");
            written += message.len();
        }
        written
    });
}

fn page() -> Bytes {
    let users: Vec<String> = (0..RECORDS).map(user).collect();
    Bytes::from(format!(
        r#"{{"users":[{}],"after_url":null,"before_url":null,"after_cursor":"MTY5NDMxMTkzOS4wfHw2MTMwOTA3OTkzMTE0fA==","before_cursor":null,"end_of_stream":false}}"#,
        users.join(",")
    ))
}

fn answer() -> Vec<u8> {
    let responses: Vec<String> = (0..RECORDS)
        .map(|n| format!(r#"{{"xactionId":"1565628583792:1485:153:{n}"}}"#))
        .collect();
    format!(
        r#"{{"inletId":"x","batchId":"1565628583792:1485:153","receivedTimeMs":1565628583854,"responses":[{}]}}"#,
        responses.join(",")
    )
    .into_bytes()
}
