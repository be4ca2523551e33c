//! The table.

use std::fmt;
use std::path::Path;

use crate::runs::{Case, Program, Run};

/// Around the table in the document.
const BEGIN: &str = "<!-- pipeline: begin -->";
const END: &str = "<!-- pipeline: end -->";

/// All cases, as medians.
pub struct Table {
    records: usize,
    repeats: usize,
    cases: Vec<Case>,
}

impl Table {
    pub fn new(records: usize, repeats: usize, cases: Vec<Case>) -> Self {
        Self {
            records,
            repeats,
            cases,
        }
    }

    /// Puts the table into the document.
    pub fn write(&self) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/benchmarks.md");
        let text = std::fs::read_to_string(&path).expect("the document");
        let (before, rest) = text.split_once(BEGIN).expect("a place for the table");
        let (_, after) = rest.split_once(END).expect("the end of that place");
        let text = format!("{before}{BEGIN}\n\n{self}\n{END}{after}");
        std::fs::write(&path, text).expect("the document");
    }

    fn floor_of(&self, case: &Case) -> f64 {
        let is_floor = |other: &&Case| {
            other.program == Program::Floor
                && other.stream == case.stream
                && other.dress == case.dress
        };
        let floor = self.cases.iter().find(is_floor).expect("a floor");
        median(&floor.runs, |run| run.cpu.as_secs_f64())
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} users and {} tickets, medians of {} runs, {}.\n",
            self.records,
            self.records,
            self.repeats,
            machine()
        )?;
        writeln!(
            f,
            "| stream | program | ends | CPU s per million | over the floor | records/s | peak RSS MiB | allocations per record | requests | first request ms |"
        )?;
        writeln!(
            f,
            "| --- | --- | --- | --: | --: | --: | --: | --: | --: | --: |"
        )?;
        for case in &self.cases {
            let of = |what: &dyn Fn(&Run) -> f64| median(&case.runs, what);
            let cpu = of(&|run| run.cpu.as_secs_f64());
            let records = of(&|run| run.records as f64);
            let program = match case.program {
                Program::Floor => "floor",
                Program::Raw => "raw",
                Program::Preset => "preset",
            };
            let allocated = case
                .allocated
                .map_or_else(String::new, |(times, _)| format!("{times:.2}"));
            // What the floor says it moved is a guess: it does not look.
            let speed = self.records as f64 / of(&|run| run.wall.as_secs_f64());
            writeln!(
                f,
                "| {} | {program} | {} | {:.2} | {:.2} | {speed:.0} | {:.1} | {allocated} | {:.0} | {:.0} |",
                case.stream,
                case.dress.name(),
                cpu / self.records as f64 * 1e6,
                cpu / self.floor_of(case),
                of(&|run| run.rss_max as f64) / 1_048_576.0,
                of(&|run| run.requests as f64),
                of(&|run| run.start_up.as_secs_f64()) * 1e3,
            )?;
            assert!(
                case.program == Program::Floor || records >= self.records as f64 * 0.99,
                "{records} of {} were moved",
                self.records
            );
        }
        Ok(())
    }
}

fn median(runs: &[Run], what: impl Fn(&Run) -> f64) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(what).collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Its processor and how many cores it lends.
fn machine() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("unknown processor", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{model}, {cores} cores")
}
