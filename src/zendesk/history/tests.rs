use super::*;
use crate::record::{Counted, Record, RecordId};

fn time(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

/// Counted at second 100: this many present and this many deleted.
fn position(list: HistoryList, present: u64, deleted: u64) -> HistoryPosition {
    let counted = |records| Counted {
        records,
        at: time(100),
        found: 0,
    };
    HistoryPosition {
        until: time(50),
        list,
        page: None,
        last_id: None,
        present: counted(present),
        deleted: Some(counted(deleted)),
    }
}

fn named(id: u64, created: i64, updated: i64, name: &str) -> Record {
    let created = time(created);
    let json = format!(r#"{{"id":{id},"created_at":"{created}","name":"{name}"}}"#);
    let id = RecordId::new(id.to_string());
    Record::new(json.into(), Some(id), Some(time(updated)))
}

fn record(id: u64, created: i64, updated: i64) -> Record {
    named(id, created, updated, "x")
}

#[track_caller]
fn check(list: HistoryList, records: &[Record], present: u64, deleted: u64) {
    let mut position = position(list, 0, 0);
    position.count(records);
    let found = position.deleted.map(|deleted| deleted.found);
    assert_eq!((position.present.found, found), (present, Some(deleted)));
}

#[test]
fn those_present_are_found_if_they_were_there_to_be_counted() {
    let present = HistoryList::Present;
    check(present, &[record(1, 10, 10), record(2, 99, 300)], 2, 0);
    check(present, &[record(1, 100, 100), record(2, 101, 300)], 0, 0);
    let nameless = Record {
        id: None,
        ..record(1, 10, 10)
    };
    check(present, &[nameless], 0, 0);
}

#[test]
fn nobody_is_found_twice() {
    let twice = [record(2, 10, 10), record(2, 10, 10), record(1, 10, 10)];
    check(HistoryList::Present, &twice, 1, 0);
}

#[test]
fn those_deleted_since_the_count_were_present() {
    let deleted = HistoryList::Deleted;
    check(deleted, &[record(1, 10, 99), record(2, 10, 101)], 1, 1);
    check(deleted, &[record(1, 10, 100)], 0, 0);
    check(deleted, &[record(1, 101, 102)], 0, 0);
    let for_good = named(1, 10, 101, "Permanently Deleted User");
    check(deleted, &[for_good], 0, 0);
    let unversioned = Record {
        version: None,
        ..record(1, 10, 10)
    };
    check(deleted, &[unversioned], 0, 0);
}

/// What follows a page of these records.
fn after(position: &HistoryPosition, records: &[Record], following: Following) -> Next {
    let mut position = position.clone();
    position.count(records);
    follow(position, following)
}

#[test]
fn the_lists_follow_one_another_and_end_with_the_check() {
    let first = position(HistoryList::Deleted, 2, 1);
    let Next::Page(second) = after(&first, &[record(9, 10, 10)], Following::Nothing) else {
        panic!("the list of those present follows");
    };
    assert_eq!((second.list, second.last_id), (HistoryList::Present, None));
    let more = Following::After("c".to_owned());
    let Next::Page(third) = after(&second, &[record(1, 10, 10)], more.clone()) else {
        panic!("there is another page");
    };
    assert_eq!(third.page, Some(Cursor::new("c".to_owned())));
    let end = |records: &[Record]| after(&third, records, Following::Nothing);
    assert!(matches!(end(&[record(2, 10, 10)]), Next::Over(_)));
    assert!(matches!(end(&[]), Next::ByExport(why) if why.contains("did not give 1")));
    assert!(matches!(after(&third, &[], more), Next::ByExport(_)));
    for following in [Following::NextPage, Following::CutOff] {
        assert!(matches!(after(&third, &[], following), Next::ByExport(_)));
    }
}

#[test]
fn what_was_found_outlives_a_kill() {
    let mut position = position(HistoryList::Present, 5, 1);
    position.page = Some(Cursor::new("c".to_owned()));
    position.count(&[record(7, 10, 10)]);
    let position = Position::History(position);
    let text = serde_json::to_string(&position).expect("JSON");
    assert!(text.contains(r#""export":"history""#), "{text}");
    let read: Position = serde_json::from_str(&text).expect("a position");
    assert_eq!(read, position);
}
