//! The whole way of a record, measured: `cargo bench --bench pipeline`.
//!
//! The real program makes one pass over a simulated account, from HTTP to HTTP over loopback, in a
//! process of its own. Beside it, in turn, runs the floor: a program that makes the same requests and
//! copies page bytes into batch posts without looking at them. Pages are made, and compressed,
//! before anything is measured, and given from memory.
//!
//! `PIPELINE_RECORDS` is the number of users and of tickets (100000), `PIPELINE_RUNS` how often each
//! case runs (5); figures are medians. With `PIPELINE_WRITE=1` the table goes into
//! `docs/benchmarks.md` as well. `PIPELINE_PROGRAM` is a program to measure in place of this build's.

mod floor;
mod front;
mod report;
mod runs;
mod world;

use std::ffi::OsStr;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use report::Table;
use world::World;

/// Counts for the role that asks; the figures of time and memory are of the real program.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

/// What this program is, when it runs itself.
const ROLE: &str = "PIPELINE_ROLE";

/// The role of the floor; its load is in the file that the next variable names.
const FLOOR: &str = "floor";
const LOAD: &str = "PIPELINE_LOAD";

/// The role of the daemon with its allocations counted.
const COUNTED: &str = "counted";

fn main() {
    let role = std::env::var_os(ROLE);
    match role.as_deref().and_then(OsStr::to_str) {
        Some(FLOOR) => floor::main(&std::env::var(LOAD).expect("a load")),
        Some(COUNTED) => {
            let before = ALLOCATOR.stats();
            let code = zendesk_aep::cli::main();
            let made = ALLOCATOR.stats() - before;
            println!(
                "{} {}",
                made.allocations + made.reallocations,
                made.bytes_allocated
            );
            assert_eq!(code, std::process::ExitCode::SUCCESS);
        }
        _ => measure(),
    }
}

fn measure() {
    let number = |name: &str, default: usize| {
        let given = std::env::var(name).ok();
        given.map_or(default, |text| text.parse().expect("a whole number"))
    };
    let records = number("PIPELINE_RECORDS", 100_000);
    let repeats = number("PIPELINE_RUNS", 5);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let world = runtime.block_on(World::new(records));
    let table = Table::new(records, repeats, runs::all(&world, repeats));
    println!("{table}");
    if std::env::var_os("PIPELINE_WRITE").is_some() {
        table.write();
    }
}
