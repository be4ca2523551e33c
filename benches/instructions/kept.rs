//! The kept counts: a file in the repository, a line for each case.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

const HEAD: &str = "\
# Instructions for a page of 1,000 records, by case, and the compiler that made them.
# Written by `INSTRUCTIONS_WRITE=1 cargo bench --profile instructions --bench instructions`.
";

const COMPILER: &str = "compiler: ";

/// Counts, and what they hold for.
#[derive(Default)]
pub struct Kept {
    pub compiler: String,
    pub counts: BTreeMap<String, u64>,
}

impl Kept {
    /// The kept ones; empty if there is no file.
    pub fn read() -> Self {
        let text = match std::fs::read_to_string(path()) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Self::default(),
            Err(error) => panic!("{}: {error}", path().display()),
        };
        let mut kept = Self::default();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            if let Some(compiler) = line.strip_prefix(COMPILER) {
                compiler.clone_into(&mut kept.compiler);
                continue;
            }
            let pair = line.rsplit_once(": ");
            let pair = pair.and_then(|(name, count)| Some((name.to_owned(), count.parse().ok()?)));
            let (name, count) =
                pair.unwrap_or_else(|| panic!("{}: no count: `{line}`", path().display()));
            kept.counts.insert(name, count);
        }
        kept
    }

    /// Puts these in their place.
    pub fn write(&self) {
        let mut text = format!("{HEAD}{COMPILER}{}\n", self.compiler);
        for (name, count) in &self.counts {
            let _ = writeln!(text, "{name}: {count}");
        }
        std::fs::write(path(), text).expect("the kept counts");
    }
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("benches/instructions/kept.txt")
}
