//! What is done to every byte that passes through: `cargo bench`. Mappings have a bench of their own.
//!
//! Each line is the median of many runs over one page of made-up users, about 900 bytes each as
//! Zendesk's are. Nothing is asserted here; the figures are for comparing two builds on one
//! machine.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use zendesk_aep::catalogue;
use zendesk_aep::config::Endpoint;
use zendesk_aep::json::scan::{Element, Listener, Outline, Scan};
use zendesk_aep::mapping::{Mapping, Notes, Raw};
use zendesk_aep::platform::{Packer, decode};
use zendesk_aep::zendesk::page::read_cursor_page;

const USERS: usize = 1_000;
const RUNS: usize = 200;
const BATCH_BYTES: usize = 250_000;

fn main() {
    let page = Bytes::from(page());
    let spec = catalogue::find("users").expect("a row");
    let records = read_cursor_page(&page, spec, []).expect("a page").records;
    let record_bytes: usize = records.iter().map(|record| record.bytes.len()).sum();

    println!("{:<34} {:>10} {:>10} {:>14}", "", "µs", "MB/s", "records/s");
    let fields = ["id", "updated_at", "active", "permanently_deleted"];
    let outline = Outline::default()
        .list("users", fields)
        .value("after_cursor")
        .value("end_of_stream");
    let outline = Arc::new(outline);
    measure("scan", page.len(), || {
        let mut counter = Counter::default();
        let mut scan = Scan::new(outline.clone());
        scan.finish(&page, &mut counter).expect("a page");
        assert_eq!((counter.elements, counter.values), (USERS, 2));
        counter.fields
    });
    measure("page → records, ids, versions", page.len(), || {
        read_cursor_page(&page, spec, [])
            .expect("a page")
            .records
            .len()
    });
    measure("map raw and pack", record_bytes, || {
        let mut packer = Packer::new(BATCH_BYTES, Endpoint::Batch);
        let raw = Mapping::Raw(Raw::default());
        let mut batches = 0;
        for record in &records {
            let pushed = packer.push_written(|out| {
                let written = raw.write(record, out, &mut Notes::counting());
                written.map(|_| ())
            });
            let closed = pushed.expect("a message").expect("it fits");
            batches += usize::from(closed.is_some());
        }
        batches + usize::from(packer.flush().is_some())
    });
    let answer = answer();
    measure("207 → outcomes", answer.len(), || {
        decode(&answer, USERS).len()
    });
}

/// Counts what a scan finds.
#[derive(Default)]
struct Counter {
    elements: usize,
    fields: usize,
    values: usize,
}

impl Listener for Counter {
    fn value(&mut self, _: usize, _: &[u8]) {
        self.values += 1;
    }

    fn element(&mut self, element: Element<'_>) {
        self.elements += 1;
        let fields = element.fields.unwrap_or_default();
        self.fields += fields.iter().flatten().count();
    }
}

/// Prints the median time of `work`, and what it means for so many bytes and [`USERS`] records.
fn measure(name: &str, bytes: usize, mut work: impl FnMut() -> usize) {
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let begin = Instant::now();
            black_box(work());
            begin.elapsed()
        })
        .collect();
    times.sort_unstable();
    let seconds = times[RUNS / 2].as_secs_f64();
    println!(
        "{name:<34} {:>10.0} {:>10.0} {:>14.0}",
        seconds * 1e6,
        bytes as f64 / seconds / 1e6,
        USERS as f64 / seconds
    );
}

fn page() -> String {
    let users: Vec<String> = (0..USERS).map(user).collect();
    format!(
        r#"{{"users":[{}],"after_url":null,"before_url":null,"after_cursor":"MTY5NDMxMTkzOS4wfHw2MTMwOTA3OTkzMTE0fA==","before_cursor":null,"end_of_stream":false}}"#,
        users.join(",")
    )
}

fn user(n: usize) -> String {
    let id = 9_999_990_000_000 + n;
    format!(
        r#"{{"id":{id},"url":"https://acme.zendesk.com/api/v2/users/{id}.json","name":"Zoë Müller {n}","email":"user{n}@example.com","created_at":"2022-05-13T08:04:22Z","updated_at":"2026-03-02T10:15:{second:02}Z","time_zone":"Mumbai","iana_time_zone":"Asia/Kolkata","phone":null,"shared_phone_number":null,"photo":null,"locale_id":1,"locale":"en-US","organization_id":null,"role":"end-user","verified":true,"external_id":null,"tags":["vip","newsletter"],"alias":"","active":true,"shared":false,"shared_agent":false,"last_login_at":null,"two_factor_auth_enabled":null,"signature":null,"details":"","notes":"","role_type":null,"custom_role_id":null,"moderator":false,"ticket_restriction":"requested","only_private_comments":false,"restricted_agent":true,"suspended":false,"default_group_id":null,"report_csv":false,"user_fields":{{"loyalty_tier":"gold","lifetime_value":123.45,"legacy_code":null}}}}"#,
        second = n % 60
    )
}

fn answer() -> Vec<u8> {
    let responses: Vec<String> = (0..USERS)
        .map(|n| format!(r#"{{"xactionId":"1565628583792:1485:153:{n}"}}"#))
        .collect();
    format!(
        r#"{{"inletId":"x","batchId":"1565628583792:1485:153","receivedTimeMs":1565628583854,"responses":[{}]}}"#,
        responses.join(",")
    )
    .into_bytes()
}
