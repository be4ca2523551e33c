//! `dead-letters show`: one letter as JSON, made safe to paste into a ticket unless told otherwise.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{exit, not_found, output, warn};
use crate::dead_letters::{
    Error, Letter, LetterId, Reason, Segments, without_values, without_values_in,
};
use crate::record::RecordId;

#[derive(Debug, Serialize)]
struct Shown {
    id: LetterId,
    at: Timestamp,
    stream: String,
    record_id: Option<RecordId>,
    version: Option<Timestamp>,
    reason: Reason,
    superseded: bool,
    record: Value,
}

pub(super) fn run(segments: &Segments, id: LetterId, reveal: bool) -> u8 {
    match find(segments, id) {
        Ok(Some(letter)) => {
            output::json(&Shown::new(letter, reveal));
            exit::SUCCESS
        }
        Ok(None) => not_found(&[id]),
        Err(error) => output::fail(&error),
    }
}

fn find(segments: &Segments, id: LetterId) -> Result<Option<Letter>, Error> {
    for number in segments.numbers()? {
        for line in segments.read(number)? {
            match line.letter {
                Ok(letter) if letter.id == id => return Ok(Some(letter)),
                Ok(_) => {}
                Err(damaged) => warn(&damaged),
            }
        }
    }
    Ok(None)
}

impl Shown {
    fn new(letter: Letter, reveal: bool) -> Self {
        let (reason, record) = if reveal {
            let text = letter.record.get();
            // What is nested too deeply to be laid out is shown as the text it is.
            let record = serde_json::from_str(text).unwrap_or_else(|_| Value::from(text));
            (letter.reason, record)
        } else {
            let message = without_values(letter.reason.message());
            let reason = letter.reason.with_message(message);
            (reason, without_values_in(&letter.record))
        };
        Self {
            id: letter.id,
            at: letter.at,
            stream: letter.stream,
            record_id: letter.record_id,
            version: letter.version,
            reason,
            superseded: letter.superseded,
            record,
        }
    }
}
