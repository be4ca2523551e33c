//! The state directory under attack, each failure made to happen.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use jiff::ToSpan as _;

use super::*;
use crate::checkpoint::Seen;
use crate::checkpoint::history;
use crate::record::Cursor;

const ACCOUNT: &str = "acme.zendesk.com";

fn at(cursor: &str) -> StreamState {
    reaching("2026-01-02T03:04:05Z".parse().expect("a time"), cursor)
}

fn reaching(time: Timestamp, cursor: &str) -> StreamState {
    StreamState {
        position: Some(Position::Incremental {
            cursor: Some(Cursor::new(cursor)),
            recovery_time: Some(time),
        }),
        ..StreamState::default()
    }
}

fn open(directory: &Path) -> Store {
    Store::open(directory, ACCOUNT).expect("the state opens")
}

/// Lets the save of `next` fail by what `attack` does, and proves that it left everything as it
/// was, and that the same save succeeds when `relief` has ended the attack.
fn survives(
    next: &StreamState,
    attack: impl FnOnce(&Path),
    expected: &str,
    relief: impl FnOnce(&Path),
) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let store = open(path);
    store.save([("users", at("c1"))]).expect("saved");
    let before = fs::read(path.join("state.json")).expect("a state file");

    attack(path);
    let error = store
        .save([("users", next.clone())])
        .expect_err("under attack");
    let text = crate::error::Chain(&error).to_string();
    assert!(text.contains(expected), "{expected} is not in: {text}");
    assert_eq!(store.stream("users"), at("c1"), "memory is as it was");

    relief(path);
    assert_eq!(fs::read(path.join("state.json")).expect("there"), before);
    store.save([("users", next.clone())]).expect("saved");
    drop(store);
    assert_eq!(&open(path).stream("users"), next);
}

#[test]
fn a_directory_in_the_place_of_the_temporary() {
    let temporary = |path: &Path| path.join("state.json.tmp");
    survives(
        &at("c2"),
        |path| fs::create_dir(temporary(path)).expect("in the way"),
        "cannot write",
        |path| fs::remove_dir(temporary(path)).expect("removed"),
    );
}

#[test]
fn a_directory_in_the_place_of_the_state() {
    // A checkpoint that moves fails before the rename, since the old file cannot be kept; one
    // that stays has nothing to keep, and fails in the rename itself.
    let stays = StreamState {
        recent: [Seen::try_from("2026-01-02T03:04:05Z 0a1b2c3d 1".to_owned()).expect("remembered")]
            .into(),
        ..at("c1")
    };
    for (next, expected) in [(at("c2"), "cannot keep"), (stays, "cannot replace")] {
        survives(
            &next,
            |path| {
                fs::rename(path.join("state.json"), path.join("moved")).expect("moved");
                fs::create_dir(path.join("state.json")).expect("in the way");
            },
            expected,
            |path| {
                assert!(!path.join("state.json.tmp").exists(), "cleaned up");
                fs::remove_dir(path.join("state.json")).expect("removed");
                fs::rename(path.join("moved"), path.join("state.json")).expect("moved back");
            },
        );
    }
}

#[test]
fn a_history_that_cannot_be_written() {
    survives(
        &at("c2"),
        |path| {
            fs::remove_dir_all(path.join("history")).expect("removed");
            fs::write(path.join("history"), "").expect("in the way");
        },
        "history",
        |path| fs::remove_file(path.join("history")).expect("removed"),
    );
}

#[test]
fn permission_lost() {
    let probe = tempfile::tempdir().expect("a directory");
    fs::set_permissions(probe.path(), fs::Permissions::from_mode(0o500)).expect("set");
    if fs::write(probe.path().join("probe"), "").is_ok() {
        println!("skipped: permissions do not bind this user");
        return;
    }
    let mode = |mode| {
        move |path: &Path| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("set");
        }
    };
    survives(&at("c2"), mode(0o500), "cannot write", mode(0o700));
}

#[test]
fn a_link_where_the_temporary_should_be_is_not_written_through() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let store = open(path);
    fs::write(path.join("precious"), "precious").expect("written");
    for target in [path.join("precious"), "/dev/full".into()] {
        symlink(&target, path.join("state.json.tmp")).expect("a link");
        store
            .save([("users", at(&target.to_string_lossy()))])
            .expect("saved");
        let state = fs::symlink_metadata(path.join("state.json")).expect("there");
        assert!(state.is_file(), "a file of its own");
    }
    let precious = fs::read_to_string(path.join("precious")).expect("there");
    assert_eq!(precious, "precious");
}

#[test]
fn a_history_tidied_away_is_begun_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = open(directory.path());
    store.save([("users", at("c1"))]).expect("saved");
    store.save([("users", at("c2"))]).expect("saved");
    fs::remove_dir_all(directory.path().join("history")).expect("removed");
    store.save([("users", at("c3"))]).expect("saved");
    let kept = history(directory.path()).expect("a history");
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0].number, 2, "counted on, not begun again");
}

#[test]
fn a_state_file_that_vanishes_while_running_is_written_again() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = open(directory.path());
    store.save([("users", at("c1"))]).expect("saved");
    fs::remove_file(directory.path().join("state.json")).expect("removed");
    store.save([("users", at("c2"))]).expect("saved");
    drop(store);
    assert_eq!(open(directory.path()).stream("users"), at("c2"));
}

#[test]
fn a_clock_far_ahead_or_set_back_decides_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    open(path).save([("users", at("c1"))]).expect("saved");
    let file = path.join("state.json");
    let text = fs::read_to_string(&file).expect("a state file");
    let saved_at = serde_json::from_str::<State>(&text)
        .expect("a state")
        .saved_at
        .to_string();
    for wrong in ["1970-01-01T00:00:00Z", "9999-12-30T22:00:00Z"] {
        fs::write(&file, text.replace(&saved_at, wrong)).expect("written");
        let store = open(path);
        assert_eq!(store.stream("users"), at("c1"));
        let before = history(path).expect("a history").len();
        store.save([("users", at(wrong))]).expect("saved");
        let after = history(path).expect("a history");
        assert_eq!(
            after.len(),
            before.max(1),
            "the number decides what is newer"
        );
    }
}

#[test]
fn a_checkpoint_ahead_of_the_clock_is_named() {
    let now: Timestamp = "2026-01-02T03:04:05Z".parse().expect("a time");
    let ahead = |time: Timestamp| {
        let mut state = State::empty(ACCOUNT);
        state.streams.insert("users".into(), reaching(time, "c1"));
        ahead_of_clock(&state, now)
            .map(|(stream, ahead)| format!("{stream} {ahead:#}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(ahead(now + 72.hours()), ["users 72h"]);
    assert!(
        ahead(now + 5.minutes()).is_empty(),
        "clocks disagree a little"
    );
    assert!(ahead(now - 72.hours()).is_empty());
    assert_eq!(ahead(Timestamp::MAX).len(), 1);
}

#[test]
fn an_edit_by_hand_that_makes_sense_is_taken() {
    let directory = tempfile::tempdir().expect("a directory");
    open(directory.path())
        .save([("users", at("c1"))])
        .expect("saved");
    let file = directory.path().join("state.json");
    let text = fs::read_to_string(&file).expect("a state file");
    let edited = text.replace("\"c1\"", "\"c7\"").replace('\n', "\r\n");
    fs::write(&file, &edited).expect("written");
    assert_eq!(open(directory.path()).stream("users"), at("c7"));
    assert_eq!(
        fs::read_to_string(&file).expect("there"),
        edited,
        "reading changes nothing"
    );
}
