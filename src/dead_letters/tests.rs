use super::*;
use crate::record::RecordId;
use bytes::Bytes;
use proptest::prelude::*;
use std::fs;

fn letter(id: &str, record: &str) -> DeadLetter {
    DeadLetter {
        record: Record::new(
            Bytes::copy_from_slice(record.as_bytes()),
            Some(RecordId::new(id)),
            "2026-01-02T03:04:05Z".parse().ok(),
        ),
        reason: Reason::Rejected {
            status: 400,
            message: "unknown xdm format".to_owned(),
        },
    }
}

fn open(directory: &Path) -> DeadLetters {
    DeadLetters::open(directory, 1_000_000).expect("the store opens")
}

fn lines(directory: &Path) -> Vec<serde_json::Value> {
    fs::read_to_string(directory.join(FILE))
        .expect("a file")
        .lines()
        .map(|line| serde_json::from_str(line).expect("one JSON object per line"))
        .collect()
}

#[test]
fn a_letter_holds_the_record_as_it_came_and_the_reason() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().expect("a directory");
    open(directory.path())
        .append("users", &[letter("7", r#"{"id":7, "n":1.0}"#)])
        .expect("kept");
    let text = fs::read_to_string(directory.path().join(FILE)).expect("a file");
    assert!(text.ends_with(
        r#""stream":"users","id":"7","version":"2026-01-02T03:04:05Z","reason":{"code":"rejected","status":400,"message":"unknown xdm format"},"record":{"id":7, "n":1.0}}
"#
    ), "{text}");
    let mode = fs::metadata(directory.path().join(FILE))
        .expect("metadata")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_pretty_record_stays_on_one_line() {
    let directory = tempfile::tempdir().expect("a directory");
    open(directory.path())
        .append("users", &[letter("7", "{\n \"id\":\r\n7}")])
        .expect("kept");
    assert_eq!(lines(directory.path())[0]["record"]["id"], 7);
}

#[test]
fn a_full_store_refuses_and_stays_whole() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = DeadLetters::open(directory.path(), 300).expect("opens");
    store
        .append("users", &[letter("1", "{}")])
        .expect("room for one");
    let error = store
        .append("users", &[letter("2", "{}"), letter("3", "{}")])
        .expect_err("full");
    assert!(matches!(error, Error::Full { max: 300, .. }), "{error}");
    assert_eq!(lines(directory.path()).len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn a_file_cut_anywhere_keeps_every_whole_line(cut in 0.0f64..1.0, size in 0usize..3_000) {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join(FILE);
        let big = format!("{{\"x\":\"{}\"}}", "y".repeat(size));
        let letters: Vec<DeadLetter> = (0..40).map(|n| letter(&n.to_string(), &big)).collect();
        open(directory.path()).append("users", &letters).expect("kept");
        let whole = fs::read(&path).expect("a file");
        let cut = (whole.len() as f64 * cut) as usize;
        fs::write(&path, &whole[..cut]).expect("cut");
        open(directory.path()).append("users", &[letter("after", "{}")]).expect("kept");
        let expected = whole[..cut].iter().filter(|byte| **byte == b'\n').count() + 1;
        let lines = lines(directory.path());
        prop_assert_eq!(lines.len(), expected);
        prop_assert_eq!(&lines[expected - 1]["id"], "after");
    }
}
