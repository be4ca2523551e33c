//! `dead-letters list`: how many and why, then each on a line, without personal data.

use jiff::Timestamp;
use serde::Serialize;

use super::groups::{self, Group, Groups};
use super::selection::Filter;
use super::{Output, exit, output, warn};
use crate::dead_letters::{Error, Letter, LetterId, ReasonCode, Segments, without_values};
use crate::record::RecordId;

#[derive(Debug, Serialize)]
struct List {
    groups: Vec<Group>,
    letters: Vec<Row>,
}

/// A letter without its record.
#[derive(Debug, Serialize)]
struct Row {
    id: LetterId,
    at: Timestamp,
    stream: String,
    record_id: Option<RecordId>,
    version: Option<Timestamp>,
    reason: ReasonCode,
    superseded: bool,
    message: String,
}

pub(super) fn run(segments: &Segments, filter: &Filter, output: Output) -> u8 {
    let list = match collect(segments, filter) {
        Ok(list) => list,
        Err(error) => return output::fail(&error),
    };
    match output {
        Output::Json => output::json(&list),
        Output::Human => print(&list),
    }
    exit::SUCCESS
}

fn collect(segments: &Segments, filter: &Filter) -> Result<List, Error> {
    let mut groups = Groups::default();
    let mut letters = Vec::new();
    for number in segments.numbers()? {
        for line in segments.read(number)? {
            match line.letter {
                Err(damaged) => warn(&damaged),
                Ok(letter) if !filter.matches(&letter) => {}
                Ok(letter) => {
                    groups.count(&letter);
                    letters.push(Row::new(letter));
                }
            }
        }
    }
    Ok(List {
        groups: groups.into_vec(),
        letters,
    })
}

impl Row {
    fn new(letter: Letter) -> Self {
        let message = without_values(letter.reason.message());
        Self {
            id: letter.id,
            at: letter.at,
            stream: letter.stream,
            record_id: letter.record_id,
            version: letter.version,
            reason: letter.reason.code(),
            superseded: letter.superseded,
            message: message.lines().next().unwrap_or_default().to_owned(),
        }
    }
}

fn print(list: &List) {
    if list.letters.is_empty() {
        output::line("no dead letters");
        return;
    }
    groups::print(&list.groups);
    output::line(&format!(
        "\n{:<16}  {:<20}  {:<10}  {:<15}  {:<20}  {:<10}  MESSAGE",
        "ID", "TIME", "STREAM", "RECORD", "VERSION", "REASON"
    ));
    for row in &list.letters {
        let version = row.version.map(|version| format!("{version:.0}"));
        output::line(&format!(
            "{}  {:.0}  {:<10}  {:<15}  {:<20}  {:<10}  {}{}",
            row.id,
            row.at,
            row.stream,
            printable(row.record_id.as_ref().map_or("none", RecordId::as_str)),
            version.as_deref().unwrap_or("none"),
            row.reason,
            if row.superseded { "(superseded) " } else { "" },
            printable(&row.message),
        ));
    }
}

/// Others wrote this text: a terminal must not take orders from it.
fn printable(text: &str) -> String {
    text.replace(char::is_control, "�")
}
