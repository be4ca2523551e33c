//! Whatever a crash or a person leaves in a segment: every whole line stays as it is, a torn one
//! goes, what is appended is a line of its own, and a line is a letter only as it was written.

use std::fs;

use super::testing::{letter, refused, segments};
use super::{DeadLetters, Letter};
use crate::config;
use crate::fuzzing::{Input, fuzz, mutated};

#[test]
fn any_segment() {
    let encoded = |id, content| letter(id, 7, content).encode().expect("a line");
    let two = [encoded("1", r#"{"id":1}"#), encoded("2", "{ }")].concat();
    let corpus: [&[u8]; 3] = [&two, b"", b"\n\n{}\n"];
    let (directory, segments) = segments();
    let path = segments.path(1);
    let fresh = [refused("new", 9, "{\n}")];
    let limits = config::DeadLetters {
        max_size: u64::MAX,
        keep: None,
    };
    fuzz("dead letters", &mutated(&corpus), |Input(content)| {
        fs::write(&path, &content).expect("written");
        let store = DeadLetters::open(directory.path(), &limits).expect("opened");
        store.append("users", &fresh).expect("kept");

        let whole = content.iter().rposition(|byte| *byte == b'\n');
        let whole = &content[..whole.map_or(0, |end| end + 1)];
        let now = fs::read(&path).expect("read");
        let appended = now.strip_prefix(whole).expect("whole lines stay");
        let line = appended.strip_suffix(b"\n").expect("a whole line");
        assert!(!line.contains(&b'\n'));
        for line in segments.read(1).expect("read") {
            if let Ok(letter) = line.letter {
                assert_is(&letter, &line.bytes);
            }
        }
    });
}

/// A letter that was read is what stands in its line. Only the case of the checksum's digits is
/// free.
fn assert_is(letter: &Letter, line: &[u8]) {
    const HEAD: usize = r#"{"crc":"00000000""#.len();
    let again = letter.encode().expect("a line");
    let again = again.strip_suffix(b"\n").expect("a whole line");
    assert_eq!(again[HEAD..], line[HEAD..]);
    assert!(again[..HEAD].eq_ignore_ascii_case(&line[..HEAD]));
}
