//! What Zendesk's limits cost: `cargo bench --bench quota`.
//!
//! A back-fill and then live changes, on a compressed clock, against a simulator that counts as
//! Zendesk does. `QUOTA_RECORDS` is the number of records of each stream (100000; the full run
//! is 1000000), `QUOTA_FACTOR` how much faster the clock runs (10). A page of 1,000 records takes some
//! tens of milliseconds of work, which the clock multiplies: with too large a factor the work itself
//! takes the minute, and the utilisation shows it.

mod compressed;

use compressed::{Plan, back_fill, freshness};

fn main() {
    let number = |name: &str, default: u32| {
        let given = std::env::var(name).ok();
        given.map_or(default, |text| text.parse().expect("a whole number"))
    };
    let plan = Plan {
        records: number("QUOTA_RECORDS", 100_000) as usize,
        page_size: 1_000,
        factor: number("QUOTA_FACTOR", 10),
        others: Vec::new(),
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");

    println!("{}\n", runtime.block_on(back_fill(&plan)));

    let live = Plan {
        records: 200,
        factor: 2 * plan.factor,
        ..plan
    };
    println!("every = \"1m\", of which Zendesk withholds 60 s:");
    println!("{}", runtime.block_on(freshness(&live, 15)));
}
