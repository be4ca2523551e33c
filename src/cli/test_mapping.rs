//! `test-mapping`: a user's own pairs of records and what is expected of them.
//!
//! A case is a file `NAME.input.json` with a record, and beside it either `NAME.expected.json` with
//! the mapped object, or `NAME.refused.txt` with words of the reason why there is none.

use std::fs;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;

use super::trial::difference::{Difference, differences};
use super::trial::{self, Trial, Tried, Verdict};
use super::{Output, exit, output};
use crate::lifecycle;
use crate::zendesk::page::read_given_records;

const INPUT: &str = ".input.json";
const EXPECTED: &str = ".expected.json";
const REFUSED: &str = ".refused.txt";

/// Which cases, for which stream.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The directory of the cases
    directory: PathBuf,

    /// The stream whose mapping is tested, if there are several
    #[arg(long, value_name = "STREAM")]
    stream: Option<String>,
}

/// How one case went.
#[derive(Debug, Serialize)]
struct Case {
    name: String,
    passed: bool,
    /// What is wrong, if it is no difference.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differences: Vec<Difference>,
}

pub(super) async fn run(path: &Path, arguments: &Arguments, output: Output) -> u8 {
    match test(path, arguments, output).await {
        Ok(code) | Err(code) => code,
    }
}

async fn test(path: &Path, arguments: &Arguments, output: Output) -> Result<u8, u8> {
    let config = output::load(path)?;
    let usage = |why: String| {
        eprintln!("{why}");
        exit::CONFIGURATION
    };
    let stream = trial::stream(&config, arguments.stream.as_deref()).map_err(usage)?;
    let inputs = inputs(&arguments.directory).map_err(usage)?;
    let stop = lifecycle::stop_on_signals().map_err(|error| output::fail(&error))?;
    let trial = Trial::new(&config, stream, &stop, None).await?;
    let cases: Vec<Case> = inputs
        .iter()
        .map(|input| Case::of(input, &trial, stream))
        .collect();
    match output {
        Output::Json => output::json(&cases),
        Output::Human => print(&cases),
    }
    Ok(if cases.iter().all(|case| case.passed) {
        exit::SUCCESS
    } else {
        exit::FAILED
    })
}

/// The records of all cases, in order.
fn inputs(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(directory)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| format!("error: cannot read `{}`: {error}", directory.display()))?;
    let mut inputs: Vec<PathBuf> = entries
        .into_iter()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with(INPUT))
        .collect();
    inputs.sort();
    if inputs.is_empty() {
        return Err(format!(
            "error: there is no case in `{}`\n\nhint: a case is a record in `NAME{INPUT}` and the mapped object in `NAME{EXPECTED}`, or words of the reason in `NAME{REFUSED}`",
            directory.display()
        ));
    }
    Ok(inputs)
}

impl Case {
    fn of(input: &Path, trial: &Trial, stream: &crate::config::Stream) -> Self {
        let path = input.to_string_lossy();
        let stem = path.strip_suffix(INPUT).unwrap_or(&path);
        let name = Path::new(stem).file_name().unwrap_or_default();
        let judged = Self::judge(input, stem, trial, stream);
        let (faults, differences) = match judged {
            Ok(differences) => (Vec::new(), differences),
            Err(faults) => (faults, Vec::new()),
        };
        Self {
            name: name.to_string_lossy().into_owned(),
            passed: faults.is_empty() && differences.is_empty(),
            faults,
            differences,
        }
    }

    fn judge(
        input: &Path,
        stem: &str,
        trial: &Trial,
        stream: &crate::config::Stream,
    ) -> Result<Vec<Difference>, Vec<String>> {
        let cannot =
            |path: &Path, why: String| vec![format!("cannot read {}: {why}", path.display())];
        let text = fs::read(input).map_err(|error| cannot(input, error.to_string()))?;
        let records = read_given_records(text.into(), &stream.spec);
        let records = records.map_err(|why| cannot(input, why))?;
        let [record] = &records[..] else {
            let why = format!("it has {} records instead of one", records.len());
            return Err(cannot(input, why));
        };
        let tried = trial.of(record);
        let (expected, refused) = (
            PathBuf::from(format!("{stem}{EXPECTED}")),
            PathBuf::from(format!("{stem}{REFUSED}")),
        );
        match (expected.exists(), refused.exists()) {
            (true, false) => {
                let text = fs::read(&expected);
                let text = text.map_err(|error| cannot(&expected, error.to_string()))?;
                let value: Value = serde_json::from_slice(&text)
                    .map_err(|error| cannot(&expected, error.to_string()))?;
                as_expected(&value, &tried, trial)
            }
            (false, true) => {
                let words = fs::read_to_string(&refused);
                let words = words.map_err(|error| cannot(&refused, error.to_string()))?;
                as_refused(words.trim(), &tried)
            }
            (true, true) => Err(vec![format!(
                "there is both `{EXPECTED}` and `{REFUSED}`: keep one"
            )]),
            (false, false) => Err(vec![format!(
                "there is neither `{EXPECTED}` nor `{REFUSED}`"
            )]),
        }
    }
}

/// The differences between what is expected and what is made; an error if nothing is, or nothing
/// that the platform would take.
fn as_expected(
    expected: &Value,
    tried: &Tried,
    trial: &Trial,
) -> Result<Vec<Difference>, Vec<String>> {
    match &tried.verdict {
        Verdict::Message => Ok(differences(expected, &tried.content(trial))),
        other => Err(other.lines()),
    }
}

fn as_refused(words: &str, tried: &Tried) -> Result<Vec<Difference>, Vec<String>> {
    let said = match tried.verdict {
        Verdict::Message => return Err(vec!["it becomes a message, and should not".to_owned()]),
        ref verdict => verdict.lines(),
    };
    if said.iter().any(|line| line.contains(words)) {
        Ok(Vec::new())
    } else {
        Err(vec![format!("the reason is another: {}", said.join(" "))])
    }
}

fn print(cases: &[Case]) {
    for case in cases {
        let mark = if case.passed { "ok    " } else { "FAILED" };
        output::line(&format!("{mark}  {}", case.name));
        for fault in &case.faults {
            output::line(&format!("        {fault}"));
        }
        for line in case.differences.iter().flat_map(Difference::lines) {
            output::line(&format!("        {line}"));
        }
    }
    let failed = cases.iter().filter(|case| !case.passed).count();
    output::line(&format!("{} passed, {failed} failed", cases.len() - failed));
    if cases.iter().any(|case| !case.differences.is_empty()) {
        output::line("(- as expected, + as the mapping makes it)");
    }
}
