use std::time::Duration;

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::dead_letters::testing::{record, refused};

fn open_with(directory: &TempDir, max_size: u64, keep: Option<Duration>) -> DeadLetters {
    let config = config::DeadLetters { max_size, keep };
    DeadLetters::open(directory.path(), &config).expect("the store opens")
}

fn open(directory: &TempDir) -> DeadLetters {
    open_with(directory, 1_000_000, None)
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

/// All letters: record, version in seconds, superseded.
fn letters(directory: &TempDir) -> Vec<(String, i64, bool)> {
    let segments = Segments::of(directory.path());
    let mut letters = Vec::new();
    for number in segments.numbers().expect("numbers") {
        for line in segments.read(number).expect("reads") {
            let letter = line.letter.expect("whole");
            let version = letter.version.map_or(0, Timestamp::as_second);
            let id = letter.record_id.map(|id| id.to_string());
            letters.push((id.unwrap_or_default(), version, letter.superseded));
        }
    }
    letters
}

fn expect(directory: &TempDir, expected: &[(&str, i64, bool)]) {
    let found = letters(directory);
    let found: Vec<_> = found
        .iter()
        .map(|(id, version, superseded)| (id.as_str(), *version, *superseded))
        .collect();
    assert_eq!(found, expected);
}

/// What the engine does before it sends records.
fn read(store: &DeadLetters, records: &[Record]) {
    let outdated = store.outdated_by("users", records);
    store.supersede(&outdated).expect("marked");
}

#[test]
fn a_full_store_refuses_and_stays_whole() {
    let directory = directory();
    let store = open_with(&directory, 400, None);
    store
        .append("users", &[refused("1", 100, "{}")])
        .expect("room for one");
    let error = store
        .append("users", &[refused("2", 100, "{}"), refused("3", 100, "{}")])
        .expect_err("full");
    assert!(matches!(error, Error::Full { max: 400, .. }), "{error}");
    expect(&directory, &[("1", 100, false)]);
}

#[test]
fn the_same_version_again_is_kept_once_also_over_a_restart() {
    let directory = directory();
    let store = open(&directory);
    let append = |store: &DeadLetters, id, content| {
        store
            .append("users", &[refused(id, 100, content)])
            .expect("kept");
    };
    append(&store, "1", "{}");
    append(&store, "1", "{}");
    append(&store, "1", "{ }");
    let store = open(&directory);
    append(&store, "1", "{}");
    append(&store, "2", "{}");
    let expected = [("1", 100, false), ("1", 100, false), ("2", 100, false)];
    expect(&directory, &expected);
}

#[test]
fn what_a_person_removed_meanwhile_is_kept_again() {
    let directory = directory();
    let store = open(&directory);
    let letter = [refused("1", 100, "{}")];
    store.append("users", &letter).expect("kept");
    let segments = Segments::of(directory.path());
    let locked = segments.lock().expect("locks");
    locked.rewrite(1, |_| Change::Remove).expect("removed");
    drop(locked);
    store.append("users", &letter).expect("kept");
    expect(&directory, &[("1", 100, false)]);
}

#[test]
fn a_later_version_supersedes_and_nothing_else_does() {
    let directory = directory();
    let store = open(&directory);
    let letters = ["1", "2", "3", "4"].map(|id| refused(id, 100, "{}"));
    store.append("users", &letters).expect("kept");
    read(
        &store,
        &[
            record("1", 101, "{}"),
            // Another change within the second.
            record("2", 100, "{ }"),
            // The same version, and an older one.
            record("3", 100, "{}"),
            record("4", 99, "{}"),
            record("5", 101, "{}"),
        ],
    );
    let expected = [
        ("1", 100, true),
        ("2", 100, true),
        ("3", 100, false),
        ("4", 100, false),
    ];
    expect(&directory, &expected);
    assert!(
        store
            .outdated_by("tickets", &[record("3", 101, "{}")])
            .is_empty(),
        "another stream's records are others"
    );
}

#[test]
fn an_older_version_refused_late_is_superseded_from_the_start() {
    let directory = directory();
    let store = open(&directory);
    for version in [101, 100] {
        let letter = refused("1", version, "{}");
        read(&store, std::slice::from_ref(&letter.record));
        store.append("users", &[letter]).expect("kept");
    }
    expect(&directory, &[("1", 101, false), ("1", 100, true)]);
}

#[test]
fn marks_are_known_after_a_restart() {
    let directory = directory();
    let store = open(&directory);
    store
        .append("users", &[refused("1", 100, "{}")])
        .expect("kept");
    let store = open(&directory);
    let newer = [record("1", 101, "{}")];
    assert_eq!(store.outdated_by("users", &newer).len(), 1);
    read(&store, &newer);
    assert!(store.outdated_by("users", &newer).is_empty());
    assert!(open(&directory).outdated_by("users", &newer).is_empty());
}

#[test]
fn letters_go_when_they_were_kept_long_enough_and_not_before() {
    let directory = directory();
    open(&directory)
        .append("users", &[refused("1", 100, "{}")])
        .expect("kept");
    open(&directory).expire().expect("nothing to do");
    open_with(&directory, 1_000_000, Some(Duration::from_secs(3_600)))
        .expire()
        .expect("nothing due");
    expect(&directory, &[("1", 100, false)]);

    let store = open_with(&directory, 1_000_000, Some(Duration::ZERO));
    store.expire().expect("removed");
    expect(&directory, &[]);
    assert!(
        store
            .outdated_by("users", &[record("1", 101, "{}")])
            .is_empty()
    );
}

#[test]
fn a_damaged_letter_stops_nothing_and_stays() {
    let directory = directory();
    let store = open(&directory);
    let all = [refused("1", 100, "{}"), refused("2", 100, "{}")];
    store.append("users", &all).expect("kept");
    let path = directory.path().join("dead-letters/0000000001.ndjson");
    let text = fs::read_to_string(&path).expect("reads");
    let damaged = text.replacen("unknown", "unknowm", 1);
    fs::write(&path, &damaged).expect("writes");
    let store = open(&directory);
    // Its record comes again and is kept; the damaged line is for a person to look at.
    store.append("users", &all).expect("kept");
    let text = fs::read_to_string(&path).expect("reads");
    assert!(text.starts_with(&damaged));
    assert_eq!(text.lines().count(), 3);
}
