use bytes::Bytes;

use super::*;
use crate::record::{Record, RecordId};

const GROUPS: List<'_> = List {
    stream: "groups",
    scope: "",
};

fn noted(id: &str, content: &str) -> Noted {
    let json = format!(r#"{{"id":{id},"name":"{content}"}}"#);
    let record = Record::new(Bytes::from(json), Some(RecordId::new(id)), None);
    Noted::new(&record, "id")
}

fn open(directory: &Path) -> Snapshots {
    let snapshots = Snapshots::new(directory);
    snapshots.ready().expect("opened");
    snapshots
}

fn keys(gone: &[Gone]) -> Vec<&str> {
    gone.iter().map(|gone| gone.key.as_str()).collect()
}

#[test]
fn a_record_has_changed_until_its_content_is_noted_also_after_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let first = [noted("1", "a"), noted("2", "a")];
    let snapshots = open(directory.path());
    assert_eq!(snapshots.changed(GROUPS, &first).expect("read"), [true; 2]);
    snapshots.note(GROUPS, 1, &first).expect("noted");
    drop(snapshots);

    let snapshots = open(directory.path());
    let second = [noted("1", "a"), noted("2", "b"), noted("3", "a")];
    let changed = snapshots.changed(GROUPS, &second).expect("read");
    assert_eq!(changed, [false, true, true]);
    for other in [
        List {
            stream: "brands",
            ..GROUPS
        },
        List {
            scope: "7",
            ..GROUPS
        },
    ] {
        assert_eq!(snapshots.changed(other, &first).expect("read"), [true; 2]);
    }
}

#[test]
fn a_record_is_gone_when_two_walks_in_a_row_have_missed_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let snapshots = open(directory.path());
    let all = [noted("1", "a"), noted("2", "a"), noted("10", "a")];
    let note = |walk, noted: &[Noted]| snapshots.note(GROUPS, walk, noted).expect("noted");
    let gone = |walk| snapshots.gone(GROUPS, walk, 100).expect("read");
    note(1, &all);
    // Another list's records are none of this one's.
    let scope = List {
        scope: "1",
        ..GROUPS
    };
    snapshots.note(scope, 1, &all).expect("noted");
    note(2, &all[..2]);
    assert_eq!(gone(2), []);
    let absent = snapshots.absent(GROUPS, 2).expect("read");
    assert_eq!((absent.known, absent.missing), (3, 1));
    note(3, &all[..1]);
    assert_eq!(keys(&gone(3)), ["10"]);
    note(3, &all[2..]);
    assert_eq!(gone(3), [], "it came back");
    note(4, &all[..1]);
    let missed_twice = gone(4);
    assert_eq!(keys(&missed_twice), ["2"]);
    snapshots.remove(GROUPS, &missed_twice).expect("removed");
    assert_eq!(gone(5).len(), 1);
    assert_eq!(snapshots.absent(GROUPS, 4).expect("read").known, 2);
    assert_eq!(snapshots.absent(scope, 4).expect("read").known, 3);
    assert_eq!(snapshots.gone(GROUPS, 9, 1).expect("read").len(), 1);
}

#[test]
fn what_is_to_be_sent_again_is_still_known_to_be_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let snapshots = open(directory.path());
    let many = limits::SNAPSHOT_ENTRIES_AT_ONCE + 5;
    let all: Vec<Noted> = (0..many).map(|n| noted(&n.to_string(), "a")).collect();
    snapshots.note(GROUPS, 7, &all).expect("noted");
    snapshots.forget_contents(GROUPS).expect("forgotten");
    let changed = snapshots.changed(GROUPS, &all).expect("read");
    assert!(changed.iter().all(|changed| *changed));
    assert_eq!(snapshots.gone(GROUPS, 1, many).expect("read"), []);
    snapshots.note(GROUPS, 1, &all[1..]).expect("noted");
    assert_eq!(keys(&snapshots.gone(GROUPS, 2, many).expect("read")), ["0"]);
}

#[test]
fn a_file_that_is_not_ours_or_is_broken_is_refused_and_left_as_it_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join(FILE);
    let all: Vec<Noted> = (0..500).map(|n| noted(&n.to_string(), "a")).collect();
    let snapshots = open(directory.path());
    snapshots.note(GROUPS, 1, &all).expect("noted");
    drop(snapshots);
    let whole = std::fs::read(&path).expect("the file");

    let check = |broken: &[u8]| {
        std::fs::write(&path, broken).expect("written");
        let snapshots = Snapshots::new(directory.path());
        match snapshots.ready() {
            Err(Error::Damaged { .. }) => {}
            // What was broken may have been no part of the content.
            Ok(()) => {
                let changed = snapshots.changed(GROUPS, &all).expect("read");
                assert!(changed.iter().all(|changed| !changed));
            }
            Err(other) => panic!("{other}"),
        }
    };
    check(b"not a store at all");
    check(&whole[..whole.len() / 2]);
    check(&whole[..100]);
    for place in (0..whole.len()).step_by(whole.len() / 64) {
        let mut broken = whole.clone();
        broken[place] ^= 0xff;
        check(&broken);
    }
}

#[cfg(unix)]
#[test]
fn the_file_is_for_its_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;

    let directory = tempfile::tempdir().expect("a directory");
    drop(open(directory.path()));
    let metadata = std::fs::metadata(directory.path().join(FILE)).expect("the file");
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);
}
