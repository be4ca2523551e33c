//! `privacy-check`: which fields leave and how, and a failure if one would that is not on the list.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::output::grouped;
use super::trial::records::Selection;
use super::trial::{self, Trial};
use super::{Output, exit, output};
use crate::lifecycle;
use crate::mapping::{Change, member};

/// Which records of which stream.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The stream
    stream: String,

    #[command(flatten)]
    selection: Selection,

    /// At most so many records
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    limit: usize,
}

/// How fields leave: each path with the number of records that have it.
#[derive(Debug, Default, Serialize)]
struct Report {
    records: u64,
    /// As they are.
    plain: BTreeMap<String, u64>,
    /// As keyed hashes.
    hashed: BTreeMap<String, u64>,
    /// With a part hidden.
    masked: BTreeMap<String, u64>,
    /// Not at all, by a rule.
    dropped: BTreeMap<String, u64>,
    /// Not at all, because they are not on the list. What makes the check fail.
    unlisted: BTreeMap<String, u64>,
}

pub(super) async fn run(path: &Path, arguments: &Arguments, output: Output) -> u8 {
    match check(path, arguments, output).await {
        Ok(code) | Err(code) => code,
    }
}

async fn check(path: &Path, arguments: &Arguments, output: Output) -> Result<u8, u8> {
    let config = output::load(path)?;
    let stream = trial::stream(&config, Some(&arguments.stream)).map_err(|why| {
        eprintln!("{why}");
        exit::CONFIGURATION
    })?;
    let lists = stream
        .privacy
        .as_ref()
        .is_some_and(|privacy| privacy.allow.is_some());
    if !lists {
        eprintln!(
            "error: nothing says what may leave of `{}`\n\nhint: write `allow = [\"…\"]` into `[mapping.privacy]`, or into that of the stream",
            arguments.stream
        );
        return Err(exit::CONFIGURATION);
    }
    let stop = lifecycle::stop_on_signals().map_err(|error| output::fail(&error))?;
    let selection = &arguments.selection;
    let client = selection.client(&config, &stop)?;
    let trial = Trial::new(&config, stream, &stop, client.as_ref()).await?;
    let records = selection
        .records(&config, stream, arguments.limit, client.as_ref())
        .await?;
    let mut report = Report::default();
    for record in &records {
        report.add(record, &trial);
    }
    match output {
        Output::Json => output::json(&report),
        Output::Human => report.print(),
    }
    Ok(if report.unlisted.is_empty() {
        exit::SUCCESS
    } else {
        exit::FAILED
    })
}

impl Report {
    fn add(&mut self, record: &crate::record::Record, trial: &Trial) {
        let tried = trial.of(record);
        self.records += 1;
        let mut treated: BTreeMap<String, Change> = BTreeMap::new();
        for note in &tried.notes {
            treated.insert(without_indexes(&note.path), note.change);
        }
        for (path, change) in &treated {
            let counts = match change {
                Change::Hashed => &mut self.hashed,
                Change::Masked => &mut self.masked,
                Change::Dropped => &mut self.dropped,
                Change::Unlisted => &mut self.unlisted,
                Change::Omitted | Change::Shortened | Change::Shed => continue,
            };
            *counts.entry(path.clone()).or_default() += 1;
        }
        let mut leaves = BTreeMap::new();
        collect(&tried.content(trial), "", &mut leaves);
        for (path, ()) in leaves {
            let is_changed = matches!(treated.get(&path), Some(Change::Hashed | Change::Masked));
            if !is_changed {
                *self.plain.entry(path).or_default() += 1;
            }
        }
    }

    fn print(&self) {
        output::line(&format!("{} records", grouped(self.records)));
        for (title, paths) in [
            ("leave as they are", &self.plain),
            ("leave as keyed hashes", &self.hashed),
            ("leave with a part hidden", &self.masked),
            ("stay here by a rule", &self.dropped),
            ("NOT ON THE LIST, so they stay here", &self.unlisted),
        ] {
            if paths.is_empty() {
                continue;
            }
            output::line(&format!("\n{title}:"));
            for (path, records) in paths {
                output::line(&format!("{:>9}  {path}", grouped(*records)));
            }
        }
    }
}

/// The paths of all texts, numbers and booleans.
fn collect(value: &Value, path: &str, found: &mut BTreeMap<String, ()>) {
    match value {
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            found.insert(path.to_owned(), ());
        }
        Value::Array(elements) => {
            for element in elements {
                collect(element, path, found);
            }
        }
        Value::Object(members) => {
            for (key, value) in members {
                collect(value, &member(path, key), found);
            }
        }
    }
}

/// `a[0].b` as `a.b`: a rule means all elements of a list.
fn without_indexes(path: &str) -> String {
    let mut plain = String::new();
    let (mut quoted, mut index) = (false, false);
    for c in path.chars() {
        match c {
            '"' => quoted = !quoted,
            '[' if !quoted => index = true,
            _ => {}
        }
        if !index {
            plain.push(c);
        }
        if c == ']' && !quoted {
            index = false;
        }
    }
    plain
}
