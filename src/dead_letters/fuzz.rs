//! Whatever a crash or a person leaves in the file: every whole line stays as it is, a torn one
//! goes, and what is appended is a line of its own.

use std::fs;

use super::{DeadLetter, DeadLetters, FILE, Reason};
use crate::fuzzing::{Input, fuzz, mutated};
use crate::record::Record;

const CORPUS: &[&[u8]] = &[
    b"{\"at\":\"2026-01-02T03:04:05Z\",\"stream\":\"users\",\"id\":\"7\",\"version\":\"2026-01-02T03:04:05Z\",\"reason\":{\"code\":\"rejected\",\"status\":400,\"message\":\"no\"},\"record\":{\"id\":7}}\n{\"at\":\"2026-01-02T03:04:05Z\",\"stream\":\"users\",\"reason\":{\"code\":\"unmappable\",\"message\":\"no\"},\"record\":[1]}\n",
    b"",
    b"\n\n\n",
];

#[test]
fn any_file() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join(FILE);
    let letter = DeadLetter {
        record: Record::new(bytes::Bytes::from_static(b"{\n}"), None, None),
        reason: Reason::Unmappable {
            message: "a\nb".to_owned(),
        },
    };
    fuzz("dead letters", &mutated(CORPUS), |Input(content)| {
        fs::write(&path, &content).expect("written");
        let store = DeadLetters::open(directory.path(), 1_000_000).expect("opened");
        store
            .append("users", std::slice::from_ref(&letter))
            .expect("kept");

        let whole = content.iter().rposition(|byte| *byte == b'\n');
        let whole = &content[..whole.map_or(0, |end| end + 1)];
        let now = fs::read(&path).expect("read");
        let appended = now.strip_prefix(whole).expect("whole lines stay");
        let line = appended.strip_suffix(b"\n").expect("a whole line");
        assert!(!line.contains(&b'\n'));
        let line: serde_json::Value = serde_json::from_slice(line).expect("JSON");
        assert_eq!(line["record"], serde_json::json!({}));
    });
}
