//! What mapping, validation and privacy cost: `cargo bench --bench mapping`.
//!
//! Each line is the fastest of many runs, what it costs with nobody in the way, over one page of
//! made-up records: about 900 bytes for a user and 1,400 for a ticket, as Zendesk's are. MB/s are of
//! the records that come in. Nothing is asserted here; the figures are for comparing two builds on one
//! machine. Allocations are those of a page that is mapped again, by each of its records.

mod data;
mod validation;

use std::alloc::System;
use std::hint::black_box;
use std::time::{Duration, Instant};

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use zendesk_aep::config::Preset;
use zendesk_aep::mapping::{Composer, Mapping, Notes, Raw, Validation};
use zendesk_aep::record::Record;

use data::{RECORDS, mapping, records, ticket, user};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const RUNS: usize = 100;

/// What a company might lay on the preset.
const FILE: &str = r#"
[promote.user_fields]
loyalty_tier = { path = "_{TENANT}.loyalty.tier", type = "string" }
lifetime_value = { path = "_{TENANT}.loyalty.value", type = "number" }

[fields]
"_{TENANT}.emailHash" = "sha256($address)"
"_{TENANT}.isVip" = { source = "in('vip', tags)", type = "boolean" }
"_{TENANT}.greeting" = "concat('Dear ', coalesce(first_name($name), $name))"
"_{TENANT}.zendesk.user.notes" = true
"#;

fn main() {
    println!(
        "{:<36} {:>12} {:>10} {:>14} {:>12} {:>12}",
        "", "µs/record", "MB/s", "records/s", "allocations", "bytes out"
    );
    let (users, tickets) = (records(user), records(ticket));
    measure("users: raw", &Mapping::Raw(Raw::default()), &users);
    let of_users = |preset, file| mapping("users", preset, file);
    let adobe = of_users(Preset::AdobeSourceCompatible, None);
    measure("users: adobe-source-compatible", &adobe, &users);
    let standard = of_users(Preset::Standard, None);
    measure("users: preset", &standard, &users);
    let with_file = of_users(Preset::Standard, Some(FILE));
    measure("users: preset and mapping file", &with_file, &users);
    measure("tickets: raw", &Mapping::Raw(Raw::default()), &tickets);
    let events = mapping("tickets", Preset::Standard, None);
    measure("tickets: preset", &events, &tickets);
    for (name, stream, records) in [
        ("users: preset, judged", "users", &users),
        ("tickets: preset, judged", "tickets", &tickets),
    ] {
        let composer = Composer::new(mapping(stream, Preset::Standard, None), None);
        measure_judged(name, &composer, records);
    }
    validation::measure_all(&users);
}

fn measure_judged(name: &str, composer: &Composer, records: &[Record]) {
    let mut message = Vec::new();
    let measured = fastest(|| {
        for record in records {
            message.clear();
            composer
                .write_judged(
                    record,
                    &Validation::Fields,
                    &mut message,
                    &mut Notes::counting(),
                )
                .expect("a message");
            black_box(&message);
        }
    });
    let bytes = records.iter().map(|record| record.bytes.len()).sum();
    print(name, measured, bytes, None);
}

fn measure(name: &str, mapping: &Mapping, records: &[Record]) {
    let mut message = Vec::new();
    let mut written = 0;
    let fastest = fastest(|| {
        written = 0;
        for record in records {
            message.clear();
            mapping
                .write(record, &mut message, &mut Notes::counting())
                .expect("a message");
            written += black_box(&message).len();
        }
    });
    let bytes = records.iter().map(|record| record.bytes.len()).sum();
    print(name, fastest, bytes, Some(written / RECORDS));
}

/// What the fastest of many runs took.
struct Measured {
    time: Duration,
    allocations: usize,
}

fn fastest(mut work: impl FnMut()) -> Measured {
    let times = (0..RUNS).map(|_| {
        let begin = Instant::now();
        work();
        begin.elapsed()
    });
    let time = times.min().unwrap_or_default();
    let region = Region::new(ALLOCATOR);
    work();
    let change = region.change();
    Measured {
        time,
        allocations: change.allocations + change.reallocations,
    }
}

/// One line about a page of records that had so many bytes together.
fn print(name: &str, took: Measured, bytes: usize, bytes_out: Option<usize>) {
    let (seconds, each) = (took.time.as_secs_f64(), RECORDS as f64);
    println!(
        "{name:<36} {:>12.2} {:>10.0} {:>14.0} {:>12.2} {:>12}",
        seconds * 1e6 / each,
        bytes as f64 / seconds / 1e6,
        each / seconds,
        took.allocations as f64 / each,
        bytes_out.map_or(String::new(), |bytes| bytes.to_string())
    );
}
