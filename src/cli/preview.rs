//! `preview`: what would be sent, what was left out or changed on the way and why, how large it is,
//! and whether the platform would take it. Sends nothing and moves no checkpoint.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::output::grouped;
use super::trial::difference::{Difference, differences};
use super::trial::records::Selection;
use super::trial::{self, Trial, Tried, Verdict};
use super::{Output, exit, output};
use crate::config::{self, MappingFile, Stream};
use crate::lifecycle;
use crate::mapping::Note;
use crate::record::{Record, RecordId};

/// The mapping of the stream's preset alone, for `--diff`.
const PRESET: &str = "preset";

/// Which records of which stream, and what to compare with.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The stream
    stream: String,

    #[command(flatten)]
    selection: Selection,

    /// At most so many records
    #[arg(long, value_name = "N", default_value_t = 5)]
    limit: usize,

    /// Also show what would be another with this mapping file on the stream's preset, or with the
    /// preset alone if this is `preset`
    #[arg(long, value_name = "FILE")]
    diff: Option<PathBuf>,
}

/// One record, for programs.
#[derive(Debug, Serialize)]
struct Line<'a> {
    record_id: Option<&'a RecordId>,
    version: Option<Timestamp>,
    record_bytes: usize,
    #[serde(flatten)]
    verdict: &'a Verdict,
    message: Option<&'a RawValue>,
    message_bytes: usize,
    notes: &'a [Note],
    #[serde(skip_serializing_if = "Option::is_none")]
    diff: Option<Vec<Difference>>,
}

pub(super) async fn run(path: &Path, arguments: &Arguments, output: Output) -> u8 {
    match preview(path, arguments, output).await {
        Ok(code) | Err(code) => code,
    }
}

async fn preview(path: &Path, arguments: &Arguments, output: Output) -> Result<u8, u8> {
    let config = output::load(path)?;
    let stream = trial::stream(&config, Some(&arguments.stream)).map_err(usage)?;
    let other = match &arguments.diff {
        Some(file) => Some(with_other_mapping(stream, file).map_err(usage)?),
        None => None,
    };
    let stop = lifecycle::stop_on_signals().map_err(|error| output::fail(&error))?;
    let selection = &arguments.selection;
    let client = selection.client(&config, &stop)?;
    let client = client.as_ref();
    let trial = Trial::new(&config, stream, &stop, client).await?;
    let other = match &other {
        Some(stream) => Some(Trial::new(&config, stream, &stop, client).await?),
        None => None,
    };
    let records = selection
        .records(&config, stream, arguments.limit, client)
        .await?;
    let tried: Vec<(&Record, Tried, Option<Vec<Difference>>)> = records
        .iter()
        .map(|record| {
            let tried = trial.of(record);
            let diff = other.as_ref().map(|other| {
                let by_other = other.of(record);
                differences(&tried.content(&trial), &by_other.content(other))
            });
            (record, tried, diff)
        })
        .collect();
    match output {
        Output::Json => {
            let lines: Vec<Line<'_>> = tried
                .iter()
                .map(|(record, tried, diff)| Line::new(record, tried, diff.clone()))
                .collect();
            output::json(&lines);
        }
        Output::Human => {
            for (record, tried, diff) in &tried {
                print(record, tried, &tried.content(&trial), diff.as_deref());
            }
            if tried.is_empty() {
                output::line("there is no such record");
            }
        }
    }
    let refused = tried.iter().any(|(_, tried, _)| tried.is_refused());
    Ok(if refused {
        exit::PARTIAL
    } else {
        exit::SUCCESS
    })
}

fn usage(why: String) -> u8 {
    eprintln!("{why}");
    exit::CONFIGURATION
}

/// The stream with another mapping file, or none.
fn with_other_mapping(stream: &Stream, file: &Path) -> Result<Stream, String> {
    let config::Mapping::Mapped(mapped) = &stream.mapping else {
        return Err(format!(
            "error: the mapping of `{}` is `raw`, which no mapping file can change\n\nhint: leave `--diff` out, or configure `mapping = \"xdm\"`",
            stream.spec.name
        ));
    };
    let file = match file.to_str() {
        Some(PRESET) => None,
        _ => Some(MappingFile::read(file).map_err(|why| {
            format!(
                "error: `{}` {why}\n\nhint: name a mapping file, or `preset`",
                file.display()
            )
        })?),
    };
    Ok(Stream {
        mapping: config::Mapping::Mapped(config::Mapped {
            file,
            ..mapped.clone()
        }),
        ..stream.clone()
    })
}

impl<'a> Line<'a> {
    fn new(record: &'a Record, tried: &'a Tried, diff: Option<Vec<Difference>>) -> Self {
        Self {
            record_id: record.id.as_ref(),
            version: record.version,
            record_bytes: record.bytes.len(),
            verdict: &tried.verdict,
            message: tried.raw_message(),
            message_bytes: tried.message.len(),
            notes: &tried.notes,
            diff,
        }
    }
}

fn print(record: &Record, tried: &Tried, content: &Value, diff: Option<&[Difference]>) {
    let id = record.id.as_ref().map_or("without an id", RecordId::as_str);
    let version = record
        .version
        .map_or_else(String::new, |version| format!(", version {version}"));
    let bytes = |bytes: usize| grouped(bytes as u64);
    output::line(&format!(
        "── record {id}{version}: {} bytes, message {} bytes",
        bytes(record.bytes.len()),
        bytes(tried.message.len())
    ));
    if !content.is_null() {
        output::json(content);
    }
    for Note { change, path, why } in &tried.notes {
        output::line(&format!("{:<9}  {path}: {why}", change.as_str()));
    }
    for line in diff.unwrap_or_default().iter().flat_map(Difference::lines) {
        output::line(&line);
    }
    for line in tried.verdict.lines() {
        output::line(&line);
    }
    output::line("");
}
