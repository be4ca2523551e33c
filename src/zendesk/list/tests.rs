//! Which page follows which, and how a walk ends.

use std::time::Duration;

use bytes::Bytes;

use super::*;
use crate::zendesk::page::read_list_page;
use crate::zendesk::testing::source;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

/// A walk that began at second 5, after one that was complete as of second 1.
const WALK: u64 = 7;

fn read(asked: Option<&ListPage>, body: &str) -> Result<Page, Error> {
    let path = "/api/v2/groups.json".into();
    let list = List::new(
        source("groups", 2, Duration::ZERO),
        path,
        Pagination::Cursor,
    );
    let body = Bytes::copy_from_slice(body.as_bytes());
    let body = read_list_page(&body, &list.source.spec).expect("a page");
    let given = Page {
        bytes: body.bytes,
        ..Page::nothing(after(0, 0), 1)
    };
    let walk = Walk {
        number: WALK,
        began: asked.map(|_| at(5)),
        complete: Some(at(1)),
    };
    let asked = Asked {
        page: asked.cloned(),
        began: at(9),
    };
    list.read(walk, &asked, body.records.len(), given, body.following)
}

#[track_caller]
fn check(asked: Option<&ListPage>, body: &str, end: ListEnd, next: &Position) {
    let page = read(asked, body).expect("a page");
    assert_eq!(page.listed.expect("a list").end, end);
    assert_eq!(page.end_of_stream, end != ListEnd::More);
    assert_eq!(page.next, *next);
}

fn within(page: ListPage, began: i64) -> Position {
    Position::List {
        walk: WALK,
        page: Some(page),
        began: Some(at(began)),
        complete: Some(at(1)),
    }
}

fn after(walk: u64, complete: i64) -> Position {
    Position::List {
        walk,
        page: None,
        began: None,
        complete: Some(at(complete)),
    }
}

const MORE: &str = r#"{"groups":[{"id":1}],"meta":{"has_more":true,"after_cursor":"b"}}"#;
const LAST: &str = r#"{"groups":[{"id":1}],"meta":{"has_more":false,"after_cursor":"b"}}"#;
const NEXT: &str = r#"{"groups":[{"id":1},{"id":2},{"id":3}],"next_page":"x"}"#;
const NO_NEXT: &str = r#"{"groups":[{"id":1}],"next_page":null}"#;
const EMPTY: &str = r#"{"groups":[],"next_page":"x"}"#;

#[test]
fn a_walk_by_cursor() {
    let cursor = |text: &str| ListPage::After(Cursor::new(text));
    check(None, MORE, ListEnd::More, &within(cursor("b"), 9));
    let asked = cursor("a");
    check(Some(&asked), MORE, ListEnd::More, &within(cursor("b"), 5));
    check(Some(&asked), LAST, ListEnd::Complete, &after(WALK + 1, 5));
    check(None, LAST, ListEnd::Complete, &after(WALK + 1, 9));
    let same = read(Some(&cursor("b")), MORE);
    assert!(matches!(same, Err(Error::NoProgress { .. })), "{same:?}");
}

#[test]
fn a_walk_by_page_number_has_pages_as_large_as_the_first() {
    let number = |page| ListPage::Number(page, 3);
    check(None, NEXT, ListEnd::More, &within(number(2), 9));
    check(Some(&number(2)), NEXT, ListEnd::More, &within(number(3), 5));
    check(
        Some(&number(3)),
        NO_NEXT,
        ListEnd::Complete,
        &after(WALK + 1, 5),
    );
    check(
        Some(&number(3)),
        EMPTY,
        ListEnd::Complete,
        &after(WALK + 1, 5),
    );
    check(
        Some(&number(99)),
        NEXT,
        ListEnd::More,
        &within(number(100), 5),
    );
}

#[test]
fn the_hundredth_page_cuts_a_list_off_and_proves_nothing() {
    let hundredth = ListPage::Number(100, 3);
    check(Some(&hundredth), NEXT, ListEnd::CutOff, &after(WALK, 1));
    check(
        Some(&hundredth),
        NO_NEXT,
        ListEnd::Complete,
        &after(WALK + 1, 5),
    );
}
