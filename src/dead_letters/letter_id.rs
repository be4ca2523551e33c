//! The name of a letter.

use std::fmt;
use std::str::FromStr;

use crc32fast::Hasher;
use serde::{Deserialize, Serialize};

use crate::record::Record;

/// Names the letter of one version of one record: the same version refused again has the same id,
/// so that what is appended twice around a crash is recognised.
///
/// Written as 16 hexadecimal digits. The first 8 come from stream and record, so that all letters
/// of a record stand together when sorted; the last 8 from version and content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct LetterId(u64);

impl LetterId {
    /// The id of the letter of `record`.
    pub fn of(stream: &str, record: &Record) -> Self {
        let mut who = Hasher::new();
        who.update(stream.as_bytes());
        if let Some(id) = &record.id {
            // No stream's name holds this byte, so no two pairs run together.
            who.update(&[0]);
            who.update(id.as_str().as_bytes());
        }
        let mut what = Hasher::new();
        if let Some(version) = record.version {
            what.update(&version.as_nanosecond().to_le_bytes());
        }
        what.update(&record.crc.to_le_bytes());
        Self(u64::from(who.finalize()) << 32 | u64::from(what.finalize()))
    }
}

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl From<LetterId> for String {
    fn from(id: LetterId) -> Self {
        id.to_string()
    }
}

impl FromStr for LetterId {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match u64::from_str_radix(text, 16) {
            Ok(id) if digits => Ok(Self(id)),
            _ => Err("an id has 16 hexadecimal digits, as `dead-letters list` shows it".to_owned()),
        }
    }
}

impl TryFrom<String> for LetterId {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::RecordId;
    use bytes::Bytes;

    fn id(stream: &str, id: &str, version: &str, content: &'static str) -> LetterId {
        let content = Bytes::from_static(content.as_bytes());
        let record = Record::new(content, Some(RecordId::new(id)), version.parse().ok());
        LetterId::of(stream, &record)
    }

    #[test]
    fn the_same_version_has_the_same_id_in_every_release() {
        let letter = id("users", "7", "2026-01-02T03:04:05Z", "{}");
        assert_eq!(letter.to_string(), "d064bcb1c086dc2c");
        assert_eq!(letter.to_string().parse(), Ok(letter));
    }

    #[test]
    fn whatever_differs_shows() {
        let letter = id("users", "7", "2026-01-02T03:04:05Z", "{}");
        for other in [
            id("user", "s7", "2026-01-02T03:04:05Z", "{}"),
            id("users", "8", "2026-01-02T03:04:05Z", "{}"),
            id("users", "7", "2026-01-02T03:04:06Z", "{}"),
            id("users", "7", "", "{}"),
            id("users", "7", "2026-01-02T03:04:05Z", "{ }"),
        ] {
            assert_ne!(other, letter);
        }
    }

    #[test]
    fn only_sixteen_digits_are_an_id() {
        for text in [
            "",
            "7",
            "+123456789abcdef",
            "0123456789abcdefg",
            "0123456789abcdef0",
        ] {
            assert!(text.parse::<LetterId>().is_err(), "{text}");
        }
    }
}
