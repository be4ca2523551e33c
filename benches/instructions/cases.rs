//! The cases: each one step of the hot path, over a page of made-up records.

use std::hint::black_box;
use std::sync::Arc;

use bytes::Bytes;
use zendesk_aep::catalogue;
use zendesk_aep::config::{Endpoint, Preset};
use zendesk_aep::json::scan::{Element, Listener, Outline, Scan};
use zendesk_aep::mapping::{Composer, Mapping, Notes, Raw, Validation};
use zendesk_aep::platform::{Packer, decode};
use zendesk_aep::record::Record;
use zendesk_aep::zendesk::page::read_cursor_page;

use crate::data::{RECORDS, mapping, records, ticket, user};

/// All cases.
pub const NAMES: [&str; 6] = [
    "scan",
    "page",
    "raw and pack",
    "answer",
    "users: preset, fields",
    "tickets: preset, fields",
];

const BATCH_BYTES: usize = 250_000;

/// Runs one of them so many times.
pub fn run(name: &str, times: u64) {
    let mut work: Box<dyn FnMut() -> usize> = match name {
        "scan" => scan(),
        "page" => page(),
        "raw and pack" => pack(Mapping::Raw(Raw::default()), records(user), Validation::Off),
        "answer" => answer(),
        "users: preset, fields" => mapped("users", user),
        "tickets: preset, fields" => mapped("tickets", ticket),
        other => panic!("no such case: {other}"),
    };
    for _ in 0..times {
        assert_eq!(black_box(work()), RECORDS, "{name}");
    }
}

/// Finds records in a page, and the fields of them that versions are made of.
fn scan() -> Box<dyn FnMut() -> usize> {
    let page = users_page();
    let fields = ["id", "updated_at", "active", "permanently_deleted"];
    let outline = Outline::default()
        .list("users", fields)
        .value("after_cursor")
        .value("end_of_stream");
    let outline = Arc::new(outline);
    Box::new(move || {
        let mut counter = Counter::default();
        let mut scan = Scan::new(outline.clone());
        scan.finish(&page, &mut counter).expect("a page");
        counter.elements
    })
}

/// Counts what a scan finds.
#[derive(Default)]
struct Counter {
    elements: usize,
}

impl Listener for Counter {
    fn value(&mut self, _: usize, value: &[u8]) {
        black_box(value);
    }

    fn element(&mut self, element: Element<'_>) {
        black_box(&element);
        self.elements += 1;
    }
}

/// Reads a page into records with ids and versions.
fn page() -> Box<dyn FnMut() -> usize> {
    let page = users_page();
    let spec = catalogue::find("users").expect("a row");
    Box::new(move || {
        let page = read_cursor_page(&page, spec, []);
        page.expect("a page").records.len()
    })
}

/// Reads the inlet's answer about a batch.
fn answer() -> Box<dyn FnMut() -> usize> {
    let responses: Vec<String> = (0..RECORDS)
        .map(|n| format!(r#"{{"xactionId":"1565628583792:1485:153:{n}"}}"#))
        .collect();
    let answer = format!(
        r#"{{"inletId":"x","batchId":"1565628583792:1485:153","receivedTimeMs":1565628583854,"responses":[{}]}}"#,
        responses.join(",")
    );
    Box::new(move || decode(answer.as_bytes(), RECORDS).len())
}

/// Writes messages by the standard preset, and judges their fields.
fn mapped(stream: &str, make: fn(usize) -> String) -> Box<dyn FnMut() -> usize> {
    let mapping = mapping(stream, Preset::Standard, None);
    pack(mapping, records(make), Validation::Fields)
}

/// Writes messages straight into batches.
fn pack(
    mapping: Mapping,
    records: Vec<Record>,
    validation: Validation,
) -> Box<dyn FnMut() -> usize> {
    let composer = Composer::new(mapping, None);
    Box::new(move || {
        let mut packer = Packer::new(BATCH_BYTES, Endpoint::Batch);
        for record in &records {
            let pushed = packer.push_written(|out| {
                let mut notes = Notes::counting();
                let written = composer.write_judged(record, &validation, out, &mut notes);
                written.map(|_| ())
            });
            black_box(pushed.expect("a message").expect("it fits"));
        }
        black_box(packer.flush());
        records.len()
    })
}

fn users_page() -> Bytes {
    let users: Vec<String> = (0..RECORDS).map(user).collect();
    Bytes::from(format!(
        r#"{{"users":[{}],"after_url":null,"before_url":null,"after_cursor":"MTY5NDMxMTkzOS4wfHw2MTMwOTA3OTkzMTE0fA==","before_cursor":null,"end_of_stream":false}}"#,
        users.join(",")
    ))
}
