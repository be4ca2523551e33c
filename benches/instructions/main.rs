//! What the hot path costs in instructions, against what it cost before:
//! `cargo bench --profile instructions --bench instructions`.
//!
//! Times differ from machine to machine and from minute to minute; instructions do not. Each case runs
//! under valgrind's callgrind, once and then several times, so that what the preparation costs cancels
//! out. A count more than [`MARGIN`] above the kept one is a failure; `INSTRUCTIONS_WRITE=1` keeps the
//! present ones, after a change that was wanted.
//!
//! Counts belong to a compiler, to the profile `instructions` and to a processor with AVX2, for which
//! some libraries look at run time. With another compiler the table is printed and nothing is judged.

mod cases;
#[path = "../mapping/data.rs"]
mod data;
mod kept;

use std::collections::BTreeMap;
use std::process::{Command, ExitCode, Stdio};

use kept::Kept;

/// How much a count may differ unnoticed. Hash seeds and addresses move it by some tenths of a percent.
const MARGIN: f64 = 0.05;

/// What a run is told: which case, and how often.
const CASE: &str = "INSTRUCTIONS_CASE";
const TIMES: &str = "INSTRUCTIONS_TIMES";

const OFTEN: u64 = 5;

/// What the counts are of.
const PROFILE: &str = "instructions";

fn main() -> ExitCode {
    if let Ok(name) = std::env::var(CASE) {
        let times = std::env::var(TIMES).expect("a number");
        cases::run(&name, times.parse().expect("a number"));
        return ExitCode::SUCCESS;
    }
    if let Err(why) = can_count() {
        println!("skipped: {why}");
        return ExitCode::SUCCESS;
    }
    let counts = cases::NAMES
        .into_iter()
        .map(|name| (name.to_owned(), count_of(name)));
    let now = Kept {
        compiler: compiler(),
        counts: counts.collect(),
    };
    let before = Kept::read();
    let verdict = Verdict::new(&before.counts, &now.counts);
    print(&before.counts, &now.counts);
    if std::env::var_os("INSTRUCTIONS_WRITE").is_some() {
        now.write();
        println!("\nkept");
        return ExitCode::SUCCESS;
    }
    if before.compiler != now.compiler {
        println!(
            "\nnot judged: these were counted with {}, the kept ones with {}; INSTRUCTIONS_WRITE=1 cargo bench --profile instructions --bench instructions keeps these",
            now.compiler, before.compiler
        );
        return ExitCode::SUCCESS;
    }
    verdict.tell()
}

fn can_count() -> Result<(), &'static str> {
    #[cfg(target_arch = "x86_64")]
    let avx2 = std::arch::is_x86_feature_detected!("avx2");
    #[cfg(not(target_arch = "x86_64"))]
    let avx2 = false;
    if !avx2 {
        return Err("the kept counts are those of an x86-64 with AVX2");
    }
    // Cargo names the folder after the profile.
    let itself = std::env::current_exe().expect("a program");
    if !itself.components().any(|part| part.as_os_str() == PROFILE) {
        return Err("the kept counts are those of `--profile instructions`");
    }
    let mut valgrind = Command::new("valgrind");
    let asked = valgrind.arg("--version").stdout(Stdio::null()).status();
    match asked {
        Ok(status) if status.success() => Ok(()),
        _ => Err("valgrind is not installed"),
    }
}

/// The compiler that Cargo runs in this directory, in its own words.
fn compiler() -> String {
    let program = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(program).arg("--version").output();
    let words = String::from_utf8(output.expect("a compiler").stdout).expect("text");
    words.trim().to_owned()
}

/// Instructions of doing it once.
fn count_of(name: &str) -> u64 {
    (whole_run(name, OFTEN) - whole_run(name, 1)) / (OFTEN - 1)
}

fn whole_run(name: &str, times: u64) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().expect("a program"))
        .env(CASE, name)
        .env(TIMES, times.to_string())
        .output()
        .expect("valgrind");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {text}");
    let line = text
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let (_, number) = line.expect("a count");
    number.trim().parse().expect("a number")
}

/// What has changed by more than the margin.
#[derive(Default)]
struct Verdict {
    dearer: Vec<String>,
    cheaper: Vec<String>,
    /// In one of the two only.
    unmatched: Vec<String>,
}

impl Verdict {
    fn new(before: &BTreeMap<String, u64>, now: &BTreeMap<String, u64>) -> Self {
        let mut verdict = Self::default();
        for (name, now) in now {
            let list = match before.get(name) {
                None => &mut verdict.unmatched,
                Some(before) => match change(*before, *now) {
                    change if change > MARGIN => &mut verdict.dearer,
                    change if change < -MARGIN => &mut verdict.cheaper,
                    _ => continue,
                },
            };
            list.push(name.clone());
        }
        let gone = before.keys().filter(|name| !now.contains_key(*name));
        verdict.unmatched.extend(gone.cloned());
        verdict
    }

    fn tell(&self) -> ExitCode {
        let percent = MARGIN * 100.0;
        if !self.cheaper.is_empty() {
            println!(
                "\nmore than {percent:.0} % cheaper: {}. Keep that: INSTRUCTIONS_WRITE=1 cargo bench --profile instructions --bench instructions",
                self.cheaper.join(", ")
            );
        }
        if self.dearer.is_empty() && self.unmatched.is_empty() {
            return ExitCode::SUCCESS;
        }
        if !self.dearer.is_empty() {
            println!(
                "\nFAILED: more than {percent:.0} % dearer: {}",
                self.dearer.join(", ")
            );
        }
        if !self.unmatched.is_empty() {
            println!(
                "\nFAILED: not among the cases and the kept counts alike: {}",
                self.unmatched.join(", ")
            );
        }
        println!(
            "If that is meant: INSTRUCTIONS_WRITE=1 cargo bench --profile instructions --bench instructions, and say why in the commit."
        );
        ExitCode::FAILURE
    }
}

fn change(before: u64, now: u64) -> f64 {
    now as f64 / before as f64 - 1.0
}

fn print(before: &BTreeMap<String, u64>, now: &BTreeMap<String, u64>) {
    let each = |count: u64| count as f64 / data::RECORDS as f64;
    println!(
        "{:<28} {:>10} {:>10}",
        "instructions per record", "kept", "now"
    );
    for (name, now) in now {
        match before.get(name) {
            None => println!("{name:<28} {:>10} {:>10.1}", "none", each(*now)),
            Some(before) => println!(
                "{name:<28} {:>10.1} {:>10.1} {:>+7.1} %",
                each(*before),
                each(*now),
                change(*before, *now) * 100.0
            ),
        }
    }
}
