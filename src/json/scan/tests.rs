use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::*;
use crate::fuzzing::{Input, deep, fuzz, mutated};

const LISTS: [&str; 2] = ["users", "identities"];
const MEMBERS: [&str; 3] = ["after_cursor", "end_of_stream", "meta"];
const WANTED: [&str; FIELDS] = ["id", "updated_at", "", "permanently_deleted"];

const CORPUS: &[&[u8]] = &[
    br#"{"users":[{"id":1,"updated_at":"2026-01-02T03:04:05Z","name":"Zo\u00eb"},{"id":"x","updated_at":7,"u":{"id":2,"a":[1,-2.5e+7,true,false,null]}}],"after_url":"https://acme.zendesk.com/","before_url":null,"after_cursor":"MTIz==","before_cursor":null,"end_of_stream":false}"#,
    b"{\n  \"users\": [\n    {\n      \"id\" : 9007199254740993,\n  \"updated_at\" : \"2026-01-02T03:04:05+02:00\"\n    } ,\t7 , \"x\" , [ ] , { }\n  ],\n  \"end_of_stream\": true , \"identities\" : [ { \"id\" : 5 } ] , \"meta\" : { \"a\" : [ { \"b\" : { } } ] } }\n",
    br#"{"meta":{"has_more":true},"users":[],"x":[[[{"id":"\\\"\n"}]]],"after_cursor":null,"end_of_stream":true}"#,
    br#"{"users":[{"i\u0064":4,"id":3,"id":5,"a key that goes on over blocks and blocks 0123456789 0123456789 0123456789":"value \u0041 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789 0123456789","updated_at":12345678901234567890123456789012345678901234567890123456789012345678901234567890.5e-10,"permanently_deleted":true,"not_permanently_deleted":false}]}"#,
    br#"{"users":[{"\"id":1,"\\":{},"name":"\ud83d\ude00 \/ \b\f\r\t","x":"]}\",[{"}],"after_cursor":"a\"b"}"#,
    b"{}",
];

/// What was heard of a page.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    elements: Vec<(usize, String)>,
    fields: Vec<[Option<String>; FIELDS]>,
    values: [Option<String>; LISTS.len() + MEMBERS.len()],
}

fn text(json: &[u8]) -> String {
    String::from_utf8_lossy(json).into_owned()
}

impl Listener for Heard {
    fn value(&mut self, member: usize, json: &[u8]) {
        self.values[member] = (json != b"null").then(|| text(json));
    }

    fn element(&mut self, element: Element<'_>) {
        let fields = match element.fields {
            Some(fields) => fields.map(|value| value.map(text)),
            None => picked(element.json),
        };
        self.elements.push((element.list, text(element.json)));
        self.fields.push(fields);
    }
}

/// What [`crate::json::pick`] finds.
fn picked(json: &[u8]) -> [Option<String>; FIELDS] {
    let wanted = WANTED.map(|name| if name.is_empty() { "\0" } else { name });
    let fields = crate::json::pick(json, &wanted).unwrap_or_default();
    fields.map(|value| value.map(|value| value.get().to_owned()))
}

fn outline() -> Arc<Outline> {
    let lists = LISTS
        .into_iter()
        .fold(Outline::default(), |outline, key| outline.list(key, WANTED));
    Arc::new(MEMBERS.into_iter().fold(lists, Outline::value))
}

/// Scans `page` in pieces of these sizes, over and over; what is behind the scan is dropped after
/// each.
fn scan(page: &[u8], sizes: &[usize]) -> Result<Heard, Fault> {
    let (mut scan, mut heard) = (Scan::new(outline()), Heard::default());
    let (mut buffer, mut rest) = (Vec::new(), page);
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (piece, behind) = rest.split_at(rest.len().min(*size));
        buffer.extend_from_slice(piece);
        rest = behind;
        scan.go_on(&buffer, &mut heard)?;
        let needless = scan.needs_from();
        buffer.drain(..needless);
        scan.forget(needless);
    }
    scan.finish(&buffer, &mut heard)?;
    Ok(heard)
}

/// The members of an object, in order.
struct Members<'de>(Vec<(String, &'de RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(All)
    }
}

/// What there is to be heard of a page, by the word of another parser; `None` if it is none.
fn expected(page: &[u8]) -> Option<Heard> {
    let Members(members) = serde_json::from_slice(page).ok()?;
    let mut heard = Heard::default();
    let mut seen = [false; LISTS.len()];
    for (key, value) in members {
        let list = LISTS.iter().position(|name| *name == key);
        if let Some(list) = list.filter(|_| value.get().starts_with('[')) {
            if std::mem::replace(&mut seen[list], true) {
                return None;
            }
            let elements: Vec<&RawValue> = serde_json::from_str(value.get()).expect("an array");
            for element in elements {
                heard.fields.push(picked(element.get().as_bytes()));
                heard.elements.push((list, element.get().to_owned()));
            }
        } else if let Some(member) = LISTS.iter().chain(&MEMBERS).position(|name| *name == key) {
            heard.values[member] = (value.get() != "null").then(|| value.get().to_owned());
        }
    }
    Some(heard)
}

fn check(page: &[u8], sizes: &[usize]) {
    let heard = scan(page, sizes);
    if std::str::from_utf8(page).is_ok() {
        assert_eq!(heard.ok(), expected(page), "of {}", text(page));
    } else if heard.is_ok() {
        // What is skipped may be in any encoding.
        serde_json::from_slice::<IgnoredAny>(page).expect("JSON");
    }
}

#[test]
fn any_page_in_any_pieces_is_what_another_parser_takes_it_for() {
    let pages = (mutated(CORPUS), prop::collection::vec(1usize..200, 1..5));
    fuzz("scan", &pages, |(Input(page), sizes)| check(&page, &sizes));
}

#[test]
fn pages_pushed_across_the_edges_of_blocks_stay_the_same() {
    for page in CORPUS {
        for indent in 0..2 * BLOCK {
            let page = [&vec![b' '; indent][..], page].concat();
            check(&page, &[1]);
            check(&page, &[page.len()]);
        }
    }
}

#[test]
fn every_page_cut_short_ends_too_early() {
    for page in CORPUS {
        let end = page.trim_ascii_end().len();
        for cut in 0..end {
            let fault = scan(&page[..cut], &[7]).expect_err("no page");
            assert!(
                matches!(fault, Fault::EndsEarly | Fault::NotJson { .. }),
                "{fault}"
            );
        }
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    for (page, expected) in [
        ("", "it ends too early"),
        (r#"{"users":[{"id":1"#, "it ends too early"),
        (
            r#"{"users":[{"id":1}],"end_of_stream":tr"#,
            "it ends too early",
        ),
        ("<html>busy</html>", "it is not JSON at byte 0"),
        ("[]", "it is not JSON at byte 0"),
        (r#"{"users":[1,]}"#, "it is not JSON at byte 12"),
        (r#"{"users":[1}"#, "it is not JSON at byte 11"),
        ("{} {}", "it is not JSON at byte 3"),
        (r#"{"users":[],"users":[]}"#, "it has one list twice"),
        ("{\"users\":[\"\u{1}\"]}", "it is not JSON at byte 11"),
    ] {
        let fault = scan(page.as_bytes(), &[3]).expect_err(page);
        assert_eq!(fault.to_string(), expected, "{page}");
    }
    let latin = b"{\"users\":[{\"name\":\"\xe9\"}]}";
    assert_eq!(scan(latin, &[5]), Err(Fault::NotJson { at: 10 }));
}

#[test]
fn a_deep_page_is_no_danger() {
    for nest in deep() {
        check(&nest, &[4096]);
        check(&[br#"{"users":["#, &nest[..]].concat(), &[1000]);
    }
}

#[test]
fn only_what_is_in_the_making_is_kept() {
    let mut scan = Scan::new(outline());
    let mut heard = Heard::default();
    let mut buffer = br#"{"users":["#.to_vec();
    let user = br#"{"id":1,"name":"someone with a name of some length"}"#;
    for _ in 0..1000 {
        buffer.extend_from_slice(user);
        buffer.push(b',');
        scan.go_on(&buffer, &mut heard).expect("a page so far");
        let needless = scan.needs_from();
        buffer.drain(..needless);
        scan.forget(needless);
        assert!(buffer.len() < 2 * user.len() + BLOCK, "{}", buffer.len());
    }
    assert!(heard.elements.len() > 990);
}
