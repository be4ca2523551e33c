//! One letter, and the line that holds it.
//!
//! A line is one JSON object. Its first member is the CRC-32 of all that comes after it, so that
//! a flipped bit is found and the rest stays plain JSON: `{"crc":"0a1b2c3d","id":…}`.

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Damage, DeadLetter, LetterId, Reason};
use crate::record::{Deletion, Record, RecordId};

/// What a line begins with, before the 8 digits of its checksum.
const OPEN: &[u8] = br#"{"crc":""#;
/// What follows the digits.
const THEN: &[u8] = br#"","#;
const DIGITS: usize = 8;

/// A refused record as it is kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Letter {
    /// Its name.
    pub id: LetterId,
    /// When it was put here.
    pub at: Timestamp,
    /// The stream of the record.
    pub stream: String,
    /// The record's primary key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_id: Option<RecordId>,
    /// The record's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Timestamp>,
    /// That the record was deleted, and how; absent for one that lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion: Option<Deletion>,
    /// Why it was refused.
    pub reason: Reason,
    /// A later version of the record has been read: this one must never be sent again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub superseded: bool,
    /// The record as Zendesk gave it; line breaks between its tokens became blanks.
    pub record: Box<RawValue>,
}

impl Letter {
    /// The letter of a record of `stream`.
    ///
    /// # Errors
    /// When the record is not JSON, which no export lets through.
    pub(super) fn new(
        at: Timestamp,
        stream: &str,
        letter: &DeadLetter,
    ) -> Result<Self, serde_json::Error> {
        let record = &letter.record;
        Ok(Self {
            id: LetterId::of(stream, record),
            at,
            stream: stream.to_owned(),
            record_id: record.id.clone(),
            version: record.version,
            deletion: record.deletion,
            reason: letter.reason.clone(),
            superseded: false,
            record: serde_json::from_slice(&record.bytes)?,
        })
    }

    /// The record, to be sent once more.
    pub fn to_record(&self) -> Record {
        let bytes = Bytes::copy_from_slice(self.record.get().as_bytes());
        Record {
            deletion: self.deletion,
            ..Record::new(bytes, self.record_id.clone(), self.version)
        }
    }

    /// The line that holds it, with its line break.
    pub(super) fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut object = serde_json::to_vec(self)?;
        // Within JSON a line break can only be blank space between tokens: some of Zendesk's
        // services print their bodies prettily.
        for byte in &mut object {
            if matches!(byte, b'\n' | b'\r') {
                *byte = b' ';
            }
        }
        let members = object.strip_prefix(b"{").unwrap_or(&object);
        let crc = crc32fast::hash(members);
        Ok([OPEN, format!("{crc:08x}").as_bytes(), THEN, members, b"\n"].concat())
    }

    /// Reads a line without its line break.
    pub(super) fn decode(line: &[u8]) -> Result<Self, Damage> {
        let (noted, members) = split(line).ok_or(Damage::NoChecksum)?;
        let found = crc32fast::hash(members);
        if found != noted {
            return Err(Damage::Checksum { found, noted });
        }
        Ok(serde_json::from_slice(line)?)
    }
}

/// The checksum of a line, and what it is about.
fn split(line: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = line.strip_prefix(OPEN)?.split_at_checked(DIGITS)?;
    let crc = u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    Some((crc, rest.strip_prefix(THEN)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn letter(record: &str) -> Letter {
        let refused = DeadLetter {
            record: Record::new(
                Bytes::copy_from_slice(record.as_bytes()),
                Some(RecordId::new("7")),
                "2026-01-02T03:04:05Z".parse().ok(),
            ),
            reason: Reason::Rejected {
                status: 400,
                message: "unknown xdm format".to_owned(),
            },
        };
        let at = "2026-01-02T04:00:00Z".parse().expect("a time");
        Letter::new(at, "users", &refused).expect("JSON")
    }

    #[test]
    fn a_line_is_readable_and_holds_the_record_as_it_came() {
        let line = letter(r#"{"id":7, "n":1.0}"#).encode().expect("encodes");
        assert_eq!(
            String::from_utf8_lossy(&line),
            concat!(
                r#"{"crc":"e7123020","id":"d064bcb186e7ac28","at":"2026-01-02T04:00:00Z","stream":"users","record_id":"7","#,
                r#""version":"2026-01-02T03:04:05Z","reason":{"code":"rejected","status":400,"message":"unknown xdm format"},"#,
                r#""record":{"id":7, "n":1.0}}"#,
                "\n"
            )
        );
    }

    #[test]
    fn what_the_export_knew_of_a_record_comes_back_with_it() {
        let ends = [
            None,
            Some(Deletion::Soft),
            Some(Deletion::Permanent),
            Some(Deletion::Scrubbed),
            Some(Deletion::Vanished),
        ];
        for deletion in ends {
            let letter = Letter {
                deletion,
                ..letter(r#"{"id":7}"#)
            };
            let line = letter.encode().expect("encodes");
            let record = Letter::decode(line.trim_ascii_end())
                .expect("whole")
                .to_record();
            assert_eq!(record.deletion, deletion);
            assert_eq!(record.id, Some(RecordId::new("7")));
            assert_eq!(record.version, letter.version);
        }
    }

    #[test]
    fn a_pretty_record_stays_on_one_line() {
        let line = letter("{\n \"id\":\r\n7}").encode().expect("encodes");
        let (last, line) = line.split_last().expect("not empty");
        assert_eq!(*last, b'\n');
        let read = Letter::decode(line).expect("whole");
        assert_eq!(read.record.get(), "{  \"id\":  7}");
    }

    proptest! {
        #[test]
        fn every_flipped_bit_is_found(record in "\\{\"a\":\"[a-zé]{0,20}\"\\}", at in any::<prop::sample::Index>(), bit in 0u8..8) {
            let mut line = letter(&record).encode().expect("encodes");
            line.pop();
            prop_assert!(Letter::decode(&line).is_ok());
            let at = at.index(line.len());
            line[at] ^= 1 << bit;
            // The case of a hexadecimal digit says nothing.
            let same = line.to_ascii_lowercase()[8..16] != line[8..16] && (8..16).contains(&at);
            prop_assert_eq!(Letter::decode(&line).is_ok(), same);
        }

        #[test]
        fn nothing_read_panics(line in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = Letter::decode(&line);
        }
    }
}
