//! What the hot path costs in instructions, against what it cost before:
//! `cargo bench --bench instructions`.
//!
//! Times differ from machine to machine and from minute to minute; instructions do not. Each case runs
//! under valgrind's callgrind, once and then often, so that what the preparation costs cancels out.
//! The counts are kept in `benches/instructions/kept.txt`; more than [`MARGIN`] above one of them is a
//! failure, and `INSTRUCTIONS_WRITE=1` writes them anew. Counts hold for processors with AVX2, which
//! some libraries look for at run time.

mod cases;
#[path = "../mapping/data.rs"]
mod data;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

/// How much a count may grow unnoticed.
const MARGIN: f64 = 0.03;

/// What a run is told: which case, and how often.
const CASE: &str = "INSTRUCTIONS_CASE";
const TIMES: &str = "INSTRUCTIONS_TIMES";

const OFTEN: u64 = 11;

fn main() -> ExitCode {
    if let Ok(name) = std::env::var(CASE) {
        let times = std::env::var(TIMES).expect("a number");
        cases::run(&name, times.parse().expect("a number"));
        return ExitCode::SUCCESS;
    }
    if !is_there() {
        println!("skipped: valgrind is not installed");
        return ExitCode::SUCCESS;
    }
    let counts: BTreeMap<&str, u64> = cases::NAMES
        .into_iter()
        .map(|name| (name, (count(name, OFTEN) - count(name, 1)) / (OFTEN - 1)))
        .collect();
    if std::env::var_os("INSTRUCTIONS_WRITE").is_some() {
        write(&counts);
    }
    compare(&counts)
}

fn is_there() -> bool {
    let mut valgrind = Command::new("valgrind");
    let asked = valgrind.arg("--version").stdout(Stdio::null()).status();
    asked.is_ok_and(|status| status.success())
}

/// Instructions of a whole run.
fn count(name: &str, times: u64) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(std::env::current_exe().expect("a program"))
        .env(CASE, name)
        .env(TIMES, times.to_string())
        .output()
        .expect("valgrind");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}");
    let line = text
        .lines()
        .find_map(|line| line.split_once("Collected : "));
    let (_, number) = line.expect("a count");
    number.trim().parse().expect("a number")
}

fn compare(counts: &BTreeMap<&str, u64>) -> ExitCode {
    let kept = kept();
    let mut worse = false;
    println!(
        "{:<16} {:>14} {:>14} {:>8}",
        "instructions", "kept", "now", ""
    );
    for (name, now) in counts {
        let Some(before) = kept.get(*name) else {
            println!("{name:<16} {:>14} {now:>14}", "none");
            worse = true;
            continue;
        };
        let change = *now as f64 / *before as f64 - 1.0;
        let verdict = if change > MARGIN { "  TOO MANY" } else { "" };
        println!(
            "{name:<16} {before:>14} {now:>14} {:>+7.1} %{verdict}",
            change * 100.0
        );
        worse |= change > MARGIN;
    }
    if worse {
        println!(
            "\nThe hot path has become dearer. If that is meant, run INSTRUCTIONS_WRITE=1 cargo bench --bench instructions and say why in the commit."
        );
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/instructions/kept.txt")
}

fn kept() -> BTreeMap<String, u64> {
    let text = std::fs::read_to_string(path()).expect("the kept counts");
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let pair = |line: &str| {
        let (name, count) = line.split_once(' ')?;
        Some((name.to_owned(), count.parse().ok()?))
    };
    lines.filter_map(pair).collect()
}

fn write(counts: &BTreeMap<&str, u64>) {
    let mut text = String::from(
        "# Instructions of one run of each case; written by `INSTRUCTIONS_WRITE=1 cargo bench --bench instructions`.\n",
    );
    for (name, count) in counts {
        let _ = writeln!(text, "{name} {count}");
    }
    std::fs::write(path(), text).expect("the kept counts");
}
