use std::fs;

use super::*;
use crate::checkpoint::{FORMAT_VERSION, Store, history, read};
use crate::record::{Cursor, Position};

const ACCOUNT: &str = "acme.zendesk.com";

fn at(cursor: &str) -> StreamState {
    StreamState {
        position: Some(Position::Incremental {
            cursor: Some(Cursor::new(cursor)),
            recovery_time: None,
        }),
        ..StreamState::default()
    }
}

/// A directory with the generations 1 to `count`, at the cursors c1 and so on.
fn with_generations(count: u32) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Store::open(directory.path(), ACCOUNT).expect("opened");
    for n in 1..=count {
        store
            .save([("users", at(&format!("c{n}")))])
            .expect("saved");
    }
    directory
}

fn streams_of(directory: &Path, number: u64) -> BTreeMap<String, StreamState> {
    let kept = history(directory).expect("a history");
    let generation = kept.into_iter().find(|one| one.number == number);
    generation.expect("listed").state.expect("good").streams
}

fn roll_back(directory: &Path, number: u64) -> Amended {
    let streams = streams_of(directory, number);
    Amendment::begin(directory, ACCOUNT)
        .expect("begun")
        .write(streams)
        .expect("written")
}

fn numbers(directory: &Path) -> Vec<u64> {
    let kept = history(directory).expect("a history");
    kept.iter().map(|generation| generation.number).collect()
}

#[test]
fn a_rollback_is_a_new_generation_and_keeps_the_replaced_one() {
    let directory = with_generations(3);
    let amended = roll_back(directory.path(), 1);
    assert_eq!((amended.generation, amended.set_aside), (4, None));
    let state = read(directory.path()).expect("readable").expect("there");
    assert_eq!((state.version, state.generation), (FORMAT_VERSION, 4));
    assert_eq!(state.streams["users"], at("c1"));
    assert_eq!(numbers(directory.path()), [3, 2, 1]);
    assert_eq!(streams_of(directory.path(), 3)["users"], at("c3"));
}

#[test]
fn numbers_are_never_used_again() {
    let directory = with_generations(3);
    let file = directory.path().join("state.json");
    // By hand, as people did before there was a command.
    fs::copy(
        directory.path().join("history/state.0000000001.json"),
        &file,
    )
    .expect("copied");
    let store = Store::open(directory.path(), ACCOUNT).expect("opened");
    store.save([("users", at("c4"))]).expect("saved");
    drop(store);
    let state = read(directory.path()).expect("readable").expect("there");
    assert_eq!(
        state.generation, 3,
        "the highest kept was 2: 3 was lost by the copy"
    );

    let mut used = vec![3];
    for _ in 0..15 {
        let oldest = numbers(directory.path()).pop().expect("one");
        used.push(roll_back(directory.path(), oldest).generation);
    }
    assert!(used.is_sorted_by(|a, b| a < b), "{used:?}");
}

#[test]
fn a_damaged_file_is_set_aside_to_the_byte() {
    let directory = with_generations(3);
    let file = directory.path().join("state.json");
    fs::write(&file, "{\"version\": 1, \"acc").expect("damaged");

    let present = Present::look(directory.path(), ACCOUNT).expect("looked");
    assert!(present.state.is_none());
    assert!(matches!(present.trouble, Some(Error::Damaged { .. })));

    let amended = roll_back(directory.path(), 2);
    assert_eq!(amended.generation, 4, "3 was the damaged one's");
    let aside = amended.set_aside.expect("set aside");
    assert_eq!(
        fs::read_to_string(&aside).expect("there"),
        "{\"version\": 1, \"acc"
    );
    let store = Store::open(directory.path(), ACCOUNT).expect("the daemon starts again");
    assert_eq!(store.stream("users"), at("c2"));
}

#[test]
fn a_file_that_is_gone_stops_the_start_and_can_be_put_back() {
    let directory = with_generations(3);
    fs::remove_file(directory.path().join("state.json")).expect("removed");
    let error = Store::open(directory.path(), ACCOUNT).expect_err("never silently reset");
    assert!(matches!(error, Error::Missing { .. }), "{error}");
    let amended = roll_back(directory.path(), 2);
    assert_eq!((amended.generation, amended.set_aside), (4, None));
    Store::open(directory.path(), ACCOUNT).expect("opened");
}

#[test]
fn after_a_downgrade_the_last_readable_generation_serves() {
    let directory = with_generations(3);
    let file = directory.path().join("state.json");
    let newer = r#"{"version": 2, "account": "acme.zendesk.com", "positions": {}}"#;
    fs::write(&file, newer).expect("the later release saved");
    let error = Store::open(directory.path(), ACCOUNT).expect_err("too new");
    assert!(matches!(error, Error::TooNew { found: 2, .. }), "{error}");

    let aside = roll_back(directory.path(), 2).set_aside.expect("set aside");
    assert_eq!(fs::read_to_string(aside).expect("there"), newer);
    Store::open(directory.path(), ACCOUNT).expect("opened");
}

#[test]
fn nobody_amends_what_a_daemon_owns_or_another_account() {
    let directory = with_generations(1);
    let store = Store::open(directory.path(), ACCOUNT).expect("opened");
    let error = Amendment::begin(directory.path(), ACCOUNT).expect_err("locked");
    assert!(error.to_string().contains("by process"), "{error}");
    drop(store);
    let error = Amendment::begin(directory.path(), "other.zendesk.com").expect_err("foreign");
    assert!(matches!(error, Error::Foreign { .. }), "{error}");
}

#[test]
fn damaged_generations_are_listed_and_strangers_files_are_left_alone() {
    let directory = with_generations(3);
    let history_of = directory.path().join("history");
    fs::write(history_of.join("state.0000000001.json"), "{").expect("damaged");
    for stranger in ["backup.json", "state.1.json", "state.0000000001.json.bak"] {
        fs::write(history_of.join(stranger), "mine").expect("written");
    }
    let kept = history(directory.path()).expect("a history");
    assert_eq!(numbers(directory.path()), [2, 1]);
    assert!(kept[0].state.is_ok());
    let error = kept[1].state.as_ref().expect_err("damaged");
    assert!(error.to_string().contains("line 1 column 1"), "{error}");

    for _ in 0..15 {
        roll_back(directory.path(), numbers(directory.path())[0]);
    }
    assert!(history_of.join("backup.json").exists());
}
