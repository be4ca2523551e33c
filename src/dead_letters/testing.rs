//! What the tests of this room share.

use bytes::Bytes;
use jiff::Timestamp;
use tempfile::TempDir;

use super::{DeadLetter, Letter, Reason, Segments};
use crate::record::{Record, RecordId};

/// A refused version of a record.
pub(super) fn refused(id: &str, version: i64, content: &str) -> DeadLetter {
    DeadLetter {
        record: record(id, version, content),
        reason: Reason::Rejected {
            status: 400,
            message: "unknown xdm format".to_owned(),
        },
    }
}

/// A version of a record, in seconds since 1970.
pub(super) fn record(id: &str, version: i64, content: &str) -> Record {
    Record::new(
        Bytes::copy_from_slice(content.as_bytes()),
        Some(RecordId::new(id)),
        Timestamp::from_second(version).ok(),
    )
}

/// The letter of a refused version.
pub(super) fn letter(id: &str, version: i64, content: &str) -> Letter {
    let at = Timestamp::from_second(1_000).expect("in range");
    Letter::new(at, "users", &refused(id, version, content)).expect("JSON")
}

/// No segments yet, in a directory that goes with the test.
pub(super) fn segments() -> (TempDir, Segments) {
    let directory = tempfile::tempdir().expect("a directory");
    let segments = Segments::create(directory.path()).expect("created");
    (directory, segments)
}
