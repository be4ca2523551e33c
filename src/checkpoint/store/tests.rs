use std::fs;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use super::*;
use crate::record::Cursor;

const STATE: &str = "state.json";
const TEMPORARY: &str = "state.json.tmp";
const HISTORY: &str = "history";
const ACCOUNT: &str = "acme.zendesk.com";

fn at(cursor: &str) -> StreamState {
    StreamState {
        position: Some(Position::Incremental {
            cursor: Some(Cursor::new(cursor)),
            recovery_time: "2026-01-02T03:04:05Z".parse().ok(),
        }),
        ..StreamState::default()
    }
}

fn open(directory: &Path) -> Store {
    Store::open(directory, ACCOUNT).expect("the state opens")
}

fn text_of(directory: &Path) -> String {
    fs::read_to_string(directory.join(STATE)).expect("a state file")
}

#[test]
fn what_is_saved_is_there_after_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    {
        let store = open(directory.path());
        assert_eq!(store.stream("users"), StreamState::default());
        store.save([("users", at("c1"))]).expect("saved");
    }
    let store = open(directory.path());
    assert_eq!(store.stream("users"), at("c1"));
    assert!(!directory.path().join(TEMPORARY).exists());
}

#[test]
fn whoever_looks_does_not_wait_for_a_save() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = Arc::new(open(directory.path()));
    store.save([("users", at("c1"))]).expect("saved");
    let onlooker = store.clone();
    let amid = std::iter::once_with(|| {
        let (tell, told) = mpsc::channel();
        thread::spawn(move || {
            let _ = tell.send(onlooker.stream("users"));
        });
        let seen = told.recv_timeout(Duration::from_secs(10));
        assert_eq!(seen, Ok(at("c1")));
        ("users", at("c2"))
    });
    store.save(amid).expect("saved");
    assert_eq!(store.stream("users"), at("c2"));
}

#[test]
fn the_file_is_readable_and_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().expect("a directory");
    open(directory.path())
        .save([("users", at("c1"))])
        .expect("saved");
    let text = text_of(directory.path()).replace(
        serde_json::from_str::<serde_json::Value>(&text_of(directory.path())).expect("JSON")["saved_at"]
            .as_str()
            .expect("a time"),
        "NOW",
    );
    insta::assert_snapshot!(text, @r#"
    {
      "version": 1,
      "account": "acme.zendesk.com",
      "generation": 1,
      "saved_at": "NOW",
      "streams": {
        "users": {
          "position": {
            "export": "incremental",
            "cursor": "c1",
            "recovery_time": "2026-01-02T03:04:05Z"
          }
        }
      }
    }
    "#);
    let mode = fs::metadata(directory.path().join(STATE))
        .expect("metadata")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn ten_generations_are_kept_and_only_moves_make_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let store = open(directory.path());
    for n in 0..15 {
        store
            .save([("users", at(&format!("c{n}")))])
            .expect("saved");
        store
            .save([("users", at(&format!("c{n}")))])
            .expect("saved again without a move");
    }
    let mut kept: Vec<String> = fs::read_dir(directory.path().join(HISTORY))
        .expect("a history")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    kept.sort();
    assert_eq!(kept.len(), limits::STATE_GENERATIONS);
    assert_eq!(
        kept.last().map(String::as_str),
        Some("state.0000000014.json")
    );
    let newest = fs::read_to_string(directory.path().join(HISTORY).join(&kept[9])).expect("a file");
    assert!(newest.contains("\"c13\""), "the one before the present");
}

#[test]
fn a_second_owner_is_refused_and_told_who_is_first() {
    let directory = tempfile::tempdir().expect("a directory");
    let first = open(directory.path());
    let error = Store::open(directory.path(), ACCOUNT).expect_err("locked");
    assert!(
        error
            .to_string()
            .ends_with(&format!("is in use by process {}", std::process::id())),
        "{error}"
    );
    drop(first);
    open(directory.path());
}

#[test]
fn a_foreign_a_newer_and_a_damaged_file_stop_the_start_and_stay() {
    let directory = tempfile::tempdir().expect("a directory");
    open(directory.path())
        .save([("users", at("c1"))])
        .expect("saved");
    let good = text_of(directory.path());

    let check = |account: &str, text: &str, expected: &str| {
        fs::write(directory.path().join(STATE), text).expect("written");
        let error = Store::open(directory.path(), account).expect_err(expected);
        assert!(error.to_string().contains(expected), "{error}");
        assert_eq!(text_of(directory.path()), text, "the file is left alone");
    };
    check(
        "other.zendesk.com",
        &good,
        "belongs to the zendesk account `acme.zendesk.com`",
    );
    check(
        ACCOUNT,
        &good.replace("\"version\": 1", "\"version\": 9"),
        "format version 9",
    );
    check(ACCOUNT, "", "is damaged");
    check(ACCOUNT, "{}", "is damaged");
    check(ACCOUNT, &good[..good.len() / 2], "is damaged");
    check(
        ACCOUNT,
        &good.replace("\"position\"", "\"positon\""),
        "unknown field `positon`",
    );
}

#[test]
fn a_crash_between_history_and_rename_is_survived() {
    let directory = tempfile::tempdir().expect("a directory");
    open(directory.path())
        .save([("users", at("c1"))])
        .expect("saved");
    fs::write(directory.path().join(TEMPORARY), "{\"version\": 1, \"acc").expect("a torn write");
    fs::hard_link(
        directory.path().join(STATE),
        directory.path().join(HISTORY).join("state.0000000001.json"),
    )
    .expect("a link");
    let store = open(directory.path());
    assert_eq!(store.stream("users"), at("c1"));
    store.save([("users", at("c2"))]).expect("saved");
    assert_eq!(store.stream("users"), at("c2"));
}
