use super::*;
use crate::config::{FieldPath, Mask};
use proptest::prelude::*;

const KEY: &str = "0123456789abcdef0123456789abcdef";

fn path(text: &str) -> FieldPath {
    text.parse().expect("a path")
}

fn paths(texts: &[&str]) -> Vec<FieldPath> {
    texts.iter().map(|text| path(text)).collect()
}

/// No rules at all.
fn none() -> config::Privacy {
    config::Privacy {
        allow: None,
        drop: Vec::new(),
        hash: Vec::new(),
        mask: Vec::new(),
        hash_key: None,
    }
}

fn privacy(config: &config::Privacy) -> Privacy {
    Privacy::new(config, Some(&KEY.into())).expect("a good key")
}

/// What leaves of an object, and what was noted.
fn leaves(config: &config::Privacy, object: &str) -> (Result<String, MappingError>, Vec<String>) {
    let (mut out, mut notes) = (Vec::new(), Notes::keeping());
    let written = privacy(config).write(object.as_bytes(), &mut out, &mut notes);
    let text = String::from_utf8(out).expect("text");
    let notes = notes.kept().iter();
    let notes = notes.map(|note| format!("{:?} {}", note.change, note.path));
    (written.map(|()| text), notes.collect())
}

#[track_caller]
fn check(config: &config::Privacy, object: &str, expected: &str, noted: &[&str]) {
    let (left, notes) = leaves(config, object);
    assert_eq!(left.as_deref(), Ok(expected), "of {object}");
    assert_eq!(notes, noted, "of {object}");
}

fn dropping(texts: &[&str]) -> config::Privacy {
    config::Privacy {
        drop: paths(texts),
        ..none()
    }
}

fn allowing(texts: &[&str]) -> config::Privacy {
    config::Privacy {
        allow: Some(paths(texts)),
        ..none()
    }
}

#[test]
fn what_no_rule_is_about_keeps_its_bytes() {
    let object = r#"{"a": 1.50, "b" : [ {"c":"\u00e9"} ],"d":null}"#;
    check(
        &none(),
        object,
        r#"{"a":1.50,"b":[ {"c":"\u00e9"} ],"d":null}"#,
        &[],
    );
    check(
        &dropping(&["d", "x.y"]),
        object,
        r#"{"a":1.50,"b":[ {"c":"\u00e9"} ]}"#,
        &["Dropped d"],
    );
}

#[test]
fn dropping_reaches_into_objects_and_lists() {
    let config = dropping(&["notes", "user_fields.ssn", "*.secret", "\"a.b\""]);
    check(
        &config,
        r#"{"notes":"x","user_fields":{"ssn":1,"tier":"gold"},"list":[{"secret":1,"open":2},{"secret":3},4],"a.b":5,"a":{"b":6}}"#,
        r#"{"user_fields":{"tier":"gold"},"list":[{"open":2},4],"a":{"b":6}}"#,
        &[
            "Dropped notes",
            "Dropped user_fields.ssn",
            "Dropped list[0].secret",
            "Dropped list[1].secret",
            "Dropped \"a.b\"",
        ],
    );
    // What was empty before is left as it was; what became empty goes.
    check(
        &config,
        r#"{"user_fields":{},"list":[],"x":{"secret":1}}"#,
        r#"{"user_fields":{},"list":[]}"#,
        &["Dropped x.secret"],
    );
    // Escapes hide nothing, and a repeated key is dropped each time.
    check(
        &config,
        r#"{"n\u006ftes":1,"notes":2,"id":3}"#,
        r#"{"id":3}"#,
        &["Dropped notes", "Dropped notes"],
    );
}

#[test]
fn only_what_is_listed_leaves() {
    let config = allowing(&["id", "identityMap.*.id", "person.name", "tags"]);
    check(
        &config,
        r#"{"id":1,"tags":["a"],"new":2,"identityMap":{"Email":[{"id":"a@b.de","primary":true}]},
            "person":{"name":{"fullName":"Z"},"birthDate":"x"},"other":{"deep":1}}"#,
        r#"{"id":1,"tags":["a"],"identityMap":{"Email":[{"id":"a@b.de"}]},"person":{"name":{"fullName":"Z"}}}"#,
        &[
            "Unlisted new",
            "Unlisted identityMap.Email[0].primary",
            "Unlisted person.birthDate",
            "Unlisted other",
        ],
    );
    // A path inside does not allow the thing itself to be something else.
    check(
        &config,
        r#"{"id":1,"person":"Zoë","identityMap":["x",{"id":"y"}]}"#,
        r#"{"id":1}"#,
        &[
            "Unlisted person",
            "Unlisted identityMap[0]",
            "Unlisted identityMap[1].id",
        ],
    );
    let nothing = leaves(&config, r#"{"new":1}"#);
    assert_eq!(nothing.0, Err(MappingError::Empty));
}

#[test]
fn hashes_are_keyed_and_the_same_for_the_same_text() {
    let config = config::Privacy {
        hash: paths(&["email", "ids"]),
        ..none()
    };
    // By an implementation of its own: HMAC-SHA-256 of the text under the key.
    let expected = "bec7b3a3156c53c37f669dd22be17c79";
    let (left, notes) = leaves(
        &config,
        r#"{"email":"a\u0040b.de","ids":[7,"7",null,"",{"x":true}],"id":1}"#,
    );
    let left: serde_json::Value = serde_json::from_str(&left.expect("an object")).expect("JSON");
    assert_eq!(left["email"].as_str().map(str::len), Some(64));
    assert_eq!(
        left["email"].as_str().map(|hash| &hash[..32]),
        Some(expected)
    );
    assert_eq!(
        left["ids"][0], left["ids"][1],
        "a number is hashed as it is written"
    );
    assert_eq!(
        (&left["ids"][2], &left["ids"][3]),
        (&serde_json::Value::Null, &"".into()),
        "empty is nobody"
    );
    assert_eq!(left["id"], 1);
    assert_eq!(
        notes,
        [
            "Hashed email",
            "Hashed ids[0]",
            "Hashed ids[1]",
            "Hashed ids[4].x"
        ]
    );
    let other = Privacy::new(&config, Some(&KEY.replace('0', "x").into())).expect("a good key");
    let mut out = Vec::new();
    other
        .write(br#"{"email":"a@b.de"}"#, &mut out, &mut Notes::counting())
        .expect("an object");
    assert!(
        !String::from_utf8_lossy(&out).contains(expected),
        "another key, another hash"
    );
}

#[test]
fn masks_hide_all_but_what_they_are_named_after() {
    let mask = |how| config::Privacy {
        mask: vec![(path("v"), how)],
        ..none()
    };
    for (how, text, expected) in [
        (Mask::Full, "Zoë", "***"),
        (Mask::Domain, "jane@example.com", "***@example.com"),
        (Mask::Domain, "jane", "***"),
        (Mask::Last4, "+14155550123", "***0123"),
        (Mask::Last4, "1234567", "***"),
        (Mask::Last4, "äöüßäöüß", "***äöüß"),
        (Mask::Initial, "Élise", "É***"),
    ] {
        let object = serde_json::json!({"v": text}).to_string();
        check(
            &mask(how),
            &object,
            &serde_json::json!({"v": expected}).to_string(),
            &["Masked v"],
        );
    }
    check(
        &mask(Mask::Last4),
        r#"{"v":[123456789,{"w":"x"}]}"#,
        r#"{"v":["***6789",{"w":"***"}]}"#,
        &["Masked v[0]", "Masked v[1].w"],
    );
}

#[test]
fn identities_are_touched_by_name_only() {
    let object = r#"{"identityMap":{"Email":[{"id":"a@b.de"}]},"other":{"Email":{"id":"x"}}}"#;
    let config = dropping(&["*.Email.id", "*.Email"]);
    check(
        &config,
        object,
        r#"{"identityMap":{"Email":[{"id":"a@b.de"}]}}"#,
        &["Dropped other.Email"],
    );
    let config = dropping(&["identityMap.*.id"]);
    check(
        &config,
        object,
        r#"{"other":{"Email":{"id":"x"}}}"#,
        &["Dropped identityMap.Email[0].id"],
    );
}

#[test]
fn where_rules_meet_the_stricter_one_counts() {
    let config = config::Privacy {
        allow: Some(paths(&["a", "b", "c.d"])),
        drop: paths(&["a"]),
        hash: paths(&["a", "b", "c", "e"]),
        mask: vec![(path("b"), Mask::Full)],
        hash_key: None,
    };
    let (left, notes) = leaves(&config, r#"{"a":1,"b":"x","c":{"d":"y","z":1},"e":"w"}"#);
    let left: serde_json::Value = serde_json::from_str(&left.expect("an object")).expect("JSON");
    assert_eq!(left["b"].as_str().map(str::len), Some(64));
    assert_eq!(notes, ["Dropped a", "Hashed b", "Unlisted c", "Unlisted e"]);
}

#[test]
fn without_a_key_nothing_leaves_unhashed() {
    let config = config::Privacy {
        hash: paths(&["email"]),
        ..none()
    };
    let privacy = Privacy::new(&config, None).expect("no key");
    let mut out = Vec::new();
    privacy
        .write(
            br#"{"email":"a@b.de","id":1}"#,
            &mut out,
            &mut Notes::counting(),
        )
        .expect("an object");
    assert_eq!(out, br#"{"id":1}"#);
    let short = Privacy::new(&config, Some(&"short".into())).expect_err("too short");
    assert_eq!(
        short.to_string(),
        "the key of hashed fields has 5 characters; it needs 32 or more"
    );
}

#[test]
fn depth_is_no_way_around_a_rule() {
    let deep = |inner: &str| {
        format!(
            r#"{{"id":1,"a":{}{inner}{}}}"#,
            "[".repeat(100_000),
            "]".repeat(100_000)
        )
    };
    for config in [
        dropping(&["a.secret"]),
        allowing(&["id", "a.open"]),
        config::Privacy {
            hash: paths(&["a"]),
            ..none()
        },
    ] {
        check_depth(&config, &deep(r#"{"secret":"S"}"#));
    }
}

fn check_depth(config: &config::Privacy, object: &str) {
    let (left, notes) = leaves(config, object);
    assert_eq!(left.as_deref(), Ok(r#"{"id":1}"#));
    assert_eq!(notes.len(), 1, "{notes:?}");
}

/// Texts anywhere in a value.
fn texts(value: &serde_json::Value, path: &str, found: &mut Vec<(String, String)>) {
    match value {
        serde_json::Value::String(text) => found.push((path.to_owned(), text.clone())),
        serde_json::Value::Array(elements) => elements
            .iter()
            .for_each(|element| texts(element, path, found)),
        serde_json::Value::Object(members) => members
            .iter()
            .for_each(|(key, value)| texts(value, &format!("{path}/{key}"), found)),
        _ => {}
    }
}

fn tree() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        "[a-z]{1,6}".prop_map(serde_json::Value::from),
        any::<i32>().prop_map(serde_json::Value::from)
    ];
    let key = proptest::sample::select(vec!["a", "b", "c", "d"]);
    leaf.prop_recursive(4, 40, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            proptest::collection::vec((key.clone(), inner), 0..4).prop_map(|members| members
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect()),
        ]
    })
}

proptest! {
    #[test]
    fn nothing_dropped_and_nothing_unlisted_leaves(object in tree().prop_filter("an object", serde_json::Value::is_object)) {
        let config = config::Privacy { drop: paths(&["a.b", "*.c", "d"]), allow: Some(paths(&["a", "b.a", "c.*.d"])), ..none() };
        let (left, _) = leaves(&config, &object.to_string());
        let left: serde_json::Value = serde_json::from_str(&left.unwrap_or_else(|_| "{}".to_owned())).expect("JSON");
        let mut found = Vec::new();
        texts(&left, "", &mut found);
        for (path, _) in &found {
            let steps: Vec<&str> = path.split('/').skip(1).collect();
            let dropped = matches!(steps[..], ["a", "b", ..] | [_, "c", ..] | ["d", ..]);
            let listed = matches!(steps[..], ["a", ..] | ["b", "a", ..] | ["c", _, "d", ..]);
            prop_assert!(listed && !dropped, "{path} of {object}");
        }
        // And what is listed and not dropped does leave.
        let mut all = Vec::new();
        texts(&object, "", &mut all);
        let expected = all.iter().filter(|(path, _)| {
            let steps: Vec<&str> = path.split('/').skip(1).collect();
            let dropped = matches!(steps[..], ["a", "b", ..] | [_, "c", ..] | ["d", ..]);
            matches!(steps[..], ["a", ..] | ["b", "a", ..] | ["c", _, "d", ..]) && !dropped
        });
        prop_assert_eq!(found.len(), expected.count(), "{}", object);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let config = config::Privacy { hash: paths(&["*.a"]), ..dropping(&["b"]) };
        let _ = privacy(&config).write(&bytes, &mut Vec::new(), &mut Notes::counting());
    }
}

#[test]
fn an_error_leaves_no_half_message() {
    let (left, _) = leaves(&none(), "[1]");
    assert_eq!(left, Err(MappingError::NotAnObject));
}
