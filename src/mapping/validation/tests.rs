use super::*;
use proptest::prelude::*;

/// The findings of a message, one a line.
fn findings(message: &str) -> String {
    match Validation::Fields.check(message.as_bytes()) {
        Ok(()) => String::new(),
        Err(refusal) => {
            let mut text: Vec<String> = refusal.findings.iter().map(Finding::to_string).collect();
            if refusal.further > 0 {
                text.push(format!("{} more", refusal.further));
            }
            text.join("\n")
        }
    }
}

fn check(message: &str, expected: &str) {
    assert_eq!(findings(message), expected, "of {message}");
}

#[test]
fn what_is_not_one_object_is_refused() {
    for message in ["", "{", "{} {}", r#"{"a":1,}"#, "{\"a\":\"\u{1}\"}"] {
        check(message, "the message is not JSON, or nested too deeply");
    }
    let deep = format!("{}1{}", r#"{"a":"#.repeat(200), "}".repeat(200));
    check(&deep, "the message is not JSON, or nested too deeply");
    check("[1]", "the message is a list, not an object");
    check("7", "the message is a number, not an object");
}

#[test]
fn nothing_may_be_empty() {
    insta::assert_snapshot!(
        findings(r#"{"a":null,"b":{"c":" "},"d":[],"e":[{"f":{}}],"g":[1,null]}"#), @r"
    a is null; the platform takes no empty values, so leave it out
    b.c is empty; the platform takes no empty values, so leave it out
    d is an empty list; the platform takes no empty values, so leave it out
    e[0].f is an empty object; the platform takes no empty values, so leave it out
    g[1] is null; the platform takes no empty values, so leave it out
    ");
    check(
        "{}",
        "the message is an empty object; the platform takes no empty values, so leave it out",
    );
    check(r#"{"a":false,"b":0}"#, "");
}

#[test]
fn lists_hold_one_kind_and_numbers_are_safe() {
    check(
        r#"{"a":[1,"b"]}"#,
        "a[1] is text in a list that begins with a number",
    );
    let beyond = "a is beyond 2^53 - 1, the largest whole number the platform takes";
    check(
        r#"{"a":9007199254740991,"b":-9007199254740991,"c":1e-300}"#,
        "",
    );
    for number in [
        "9007199254740992",
        "-9007199254740992",
        "123456789012345678901",
        "1e300",
    ] {
        check(&format!(r#"{{"a":{number}}}"#), beyond);
    }
}

#[test]
fn known_fields_have_their_forms() {
    insta::assert_snapshot!(findings(r#"{"_id":"zendesk ticket 1","personalEmail":{"address":"maria.@example"},
        "mobilePhone":{"countryCode":"+1","primary":"yes"},"preferredLanguage":"english (us)"}"#), @r"
    _id is not a URI reference
    personalEmail.address is not an e-mail address
    mobilePhone.countryCode is not a telephone country code: one to three digits
    mobilePhone.primary is text, not a boolean
    preferredLanguage is not a language tag, as in en-US
    ");
    insta::assert_snapshot!(findings(r#"{"person":{"birthDate":"2026-02-29","nationality":"de"},"accountKey":"57542",
        "accountOrganization":{"rating":5,"numberOfEmployees":2.5}}"#), @r"
    person.birthDate is not a date, as in 2026-03-02
    person.nationality is not a country code: two capitals
    accountKey is text, not an object
    accountOrganization.rating is not between 0 and 1
    accountOrganization.numberOfEmployees is not a whole number
    ");
    check(
        r#"{"defaultCurrencyCode":"usd","channel":{"_id":"https://ns.adobe.com/xdm/channels/email","_type":"email"}}"#,
        "defaultCurrencyCode is not a currency code: three capitals\nchannel._type is not a URI",
    );
}

#[test]
fn events_and_channels_have_what_they_need() {
    check(
        r#"{"timestamp":"2026-03-02T10:15:30Z"}"#,
        "_id is missing, and required",
    );
    check(
        r#"{"eventType":"support.ticketSolved"}"#,
        "_id is missing, and required\ntimestamp is missing, and required",
    );
    check(
        r#"{"_id":"a","timestamp":"2026-03-02T10:15:30.5+02:00","channel":{"typeAtSource":"web"}}"#,
        "channel._id is missing, and required",
    );
    check(r#"{"personID":"1"}"#, "");
}

#[test]
fn identities_are_what_the_identity_service_takes() {
    insta::assert_snapshot!(findings(r#"{"identityMap":{
        "ZendeskUserID":[{"id":6,"primary":true}],
        "Email":[{"id":"Jane@example.com","authenticatedState":"verified","primary":true},{"primary":false}],
        "Phone_E.164":[{"id":"0415"}]}}"#), @r#"
    identityMap.ZendeskUserID[0].id is a number, not text
    identityMap.Email[0].id is not in lower case, as identities must be
    identityMap.Email[0].authenticatedState is none of ambiguous, authenticated, loggedOut
    identityMap.Email[1].id is missing, and required
    identityMap."Phone_E.164"[0].id is not a telephone number in E.164
    1 more
    "#);
    check(
        r#"{"identityMap":{"CRMID":[{"id":" Anonymous"}]}}"#,
        "identityMap.CRMID[0].id is a word that the Identity Service refuses",
    );
    let id = |chars| {
        format!(
            r#"{{"identityMap":{{"CRMID":[{{"id":"{}"}}]}}}}"#,
            "é".repeat(chars)
        )
    };
    check(&id(1_024), "");
    check(
        &id(1_025),
        "identityMap.CRMID[0].id is longer than the 1024 characters of an identity",
    );
    let many = |count| {
        let one = r#"{"id":"1"}"#;
        format!(
            r#"{{"identityMap":{{"CRMID":[{}]}}}}"#,
            vec![one; count].join(",")
        )
    };
    check(&many(20), "");
    check(
        &many(21),
        "identityMap has 21 identities; a message may have 20",
    );
}

#[test]
fn sizes_are_those_the_profile_takes() {
    let record = |size: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(size - 8));
    check(&record(100_000), "");
    check(
        &record(100_001),
        "the message has 100001 bytes; the profile silently drops a record above 100000",
    );
    let event = |size: usize| {
        format!(
            r#"{{"_id":"a","timestamp":"2026-03-02T10:15:30Z","a":"{}"}}"#,
            "x".repeat(size - 53)
        )
    };
    check(&event(10_000), "");
    check(
        &event(10_001),
        "the message has 10001 bytes; the profile silently drops an event above 10000",
    );
}

#[test]
fn off_takes_everything() {
    assert_eq!(Validation::Off.check(b"{"), Ok(()));
}

#[test]
fn email_addresses() {
    for good in ["a@b.co", "jane.doe+x@mail.example.com", "o'neil@x-y.org"] {
        assert!(forms::is_email(good), "{good}");
    }
    for bad in [
        "",
        "a",
        "@b.co",
        "a@",
        "a@b",
        "a@localhost",
        "a@b.c",
        "a@b.c1",
        "a..b@c.de",
        ".a@b.de",
        "a.@b.de",
        "a@-b.de",
        "a@b-.de",
        "a@b..de",
        "a b@c.de",
        "Jane <a@b.de>",
        "a@[1.2.3.4]",
        "ä@b.de",
        "a@b@c.de ",
    ] {
        assert!(!forms::is_email(bad), "{bad}");
    }
    assert!(!forms::is_email(&format!("{}@b.de", "a".repeat(65))));
}

#[test]
fn date_times() {
    for good in [
        "2026-03-02T10:15:30Z",
        "2024-02-29t23:59:60.123456789+14:00",
        "2000-02-29T00:00:00-00:00",
    ] {
        assert!(forms::is_date_time(good), "{good}");
    }
    for bad in [
        "",
        "2026-03-02",
        "2026-03-02T10:15:30",
        "2026-03-02 10:15:30Z",
        "2026-03-02T10:15Z",
        "2026-02-30T10:15:30Z",
        "1900-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-00T00:00:00Z",
        "2026-03-02T24:00:00Z",
        "2026-03-02T10:60:00Z",
        "2026-03-02T10:15:30.Z",
        "2026-03-02T10:15:30+0200",
        "2026-03-02T10:15:30ZZ",
        "02/03/2026 10:15",
        "２026-03-02T10:15:30Z",
        "2026-03-0２T10:15:30Z",
    ] {
        assert!(!forms::is_date_time(bad), "{bad}");
    }
}

proptest! {
    /// What RFC 3339's own parser takes, this one does not refuse.
    #[test]
    fn printed_times_are_date_times(second in -2_000_000_000_i64..4_000_000_000) {
        let time = jiff::Timestamp::from_second(second).expect("a time").to_string();
        prop_assert!(forms::is_date_time(&time), "{}", time);
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = Validation::Fields.check(&bytes);
    }

    #[test]
    fn no_json_panics_and_no_value_is_quoted(message in json()) {
        if let Err(refusal) = Validation::Fields.check(message.to_string().as_bytes()) {
            prop_assert!(!refusal.findings.is_empty() && refusal.findings.len() <= Refusal::FINDINGS_MAX);
            prop_assert!(!refusal.to_string().contains("SECRET"), "{}", refusal);
        }
    }
}

/// Any JSON, with the names of known fields often in their places, and texts that can be recognised.
pub(super) fn json() -> impl Strategy<Value = serde_json::Value> {
    use serde_json::Value;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "SECRET.{0,12}".prop_map(Value::from),
        Just(Value::from("")),
    ];
    let key = prop_oneof![
        proptest::sample::select(vec![
            "_id",
            "id",
            "timestamp",
            "eventType",
            "identityMap",
            "Email",
            "Phone_E.164",
            "primary",
            "personalEmail",
            "address",
            "channel",
            "accountOrganization",
            "rating",
            "surveyResponse",
            "surveyAnswers",
            "person",
            "name",
        ])
        .prop_map(str::to_owned),
        ".{0,4}",
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::vec((key.clone(), inner), 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// The findings by a schema, one a line.
fn by_schema(schema: &serde_json::Value, message: &str) -> String {
    let schema = Schema::compile(schema.to_string().as_bytes()).expect("a schema");
    match Validation::Schema(Arc::new(schema)).check(message.as_bytes()) {
        Ok(()) => String::new(),
        Err(refusal) => refusal.to_string().replace("; ", "\n"),
    }
}

fn some_schema() -> serde_json::Value {
    serde_json::json!({
        "$id": "https://ns.adobe.com/acme/schemas/1",
        "$schema": "http://ns.adobe.com/unheard-of#",
        "type": "object",
        "properties": {
            "_id": {"type": "string", "format": "uri-reference"},
            "count": {"type": "integer", "meta:xdmType": "int"},
            "identityMap": {"type": "object", "meta:xdmType": "map", "additionalProperties":
                {"type": "array", "items": {"type": "object", "properties": {"id": {"type": "string"}}}}},
            "who": {"type": "object", "properties": {"name": {"type": "string", "maxLength": 5}}},
            "tier": {"type": "string", "enum": ["gold", "tin"]},
            "mail": {"type": "string", "format": "email"},
        },
        "allOf": [
            {"properties": {"who": {"properties": {"age": {"type": "number", "minimum": 0}}}}, "required": ["_id"]},
            {"allOf": [{"properties": {"code": {"type": "string", "pattern": "^[a-z]+$"}}}]},
        ],
    })
}

#[test]
fn a_schema_is_closed_after_its_parts_are_merged() {
    let schema = some_schema();
    let good = r#"{"_id":"a","who":{"name":"Zoë","age":3},"code":"x","identityMap":{"CRMID":[{"id":"1"}]}}"#;
    assert_eq!(by_schema(&schema, good), "");
    insta::assert_snapshot!(by_schema(&schema, r#"{"who":{"name":"Zoë","nick":"Z"},"code":"X","more":1}"#), @r"
    code does not match the pattern ^[a-z]+$
    who.nick is not in the schema
    more is not in the schema
    _id is missing, and required
    ");
}

#[test]
fn what_a_schema_says_is_told_in_words() {
    let schema = some_schema();
    insta::assert_snapshot!(by_schema(&schema, r#"{"_id":"a","count":2147483648,"tier":"SECRET","mail":"a@localhost",
        "who":{"name":"SECRET","age":-1}}"#), @r#"
    count is above 2147483647
    mail does not have the format email
    tier is none of ["gold","tin"]
    who.age is below 0
    who.name is longer than 5 characters
    "#);
    insta::assert_snapshot!(by_schema(&schema, r#"{"_id":7,"identityMap":{"CRMID":[{"id":1,"x":2}]}}"#), @"
    _id is a number, not text
    identityMap.CRMID[0].id is a number, not text
    identityMap.CRMID[0].x is not in the schema
    ");
}

#[test]
fn what_is_no_schema_is_told_at_once() {
    let fault = |text: &str| {
        Schema::compile(text.as_bytes())
            .expect_err("no schema")
            .to_string()
    };
    assert_eq!(fault("<html>"), "it is not a JSON object");
    assert_eq!(fault("[]"), "it is not a JSON object");
    assert_eq!(
        fault("{}"),
        "it declares no properties, so every message would be refused"
    );
    let part = r#"{"properties":{"a":{"allOf":[{"$ref":"https://ns.adobe.com/xdm/x"}]}}}"#;
    assert_eq!(
        fault(part),
        "it refers to `https://ns.adobe.com/xdm/x`; only schemas with all references resolved can be used"
    );
    assert!(
        fault(r#"{"properties":{"a":{"type":"strang"}}}"#).starts_with("it is not a JSON schema: ")
    );
    assert!(
        fault(r#"{"properties":{"a":{"pattern":"("}}}"#).starts_with("it is not a JSON schema: ")
    );
}

/// A message of that schema, each member good or not.
fn some_message() -> impl Strategy<Value = serde_json::Value> {
    use proptest::option;
    use proptest::sample::select;
    use serde_json::{Value, json};
    let text = |good: &'static str, bad: &'static str| prop_oneof![9 => Just(json!(good)), 1 => Just(json!(bad)), 1 => json()];
    let members = (
        option::weighted(0.9, text("a", "a b")),
        option::of(
            prop_oneof![9 => any::<i32>().prop_map(Value::from), 1 => any::<i64>().prop_map(Value::from)],
        ),
        option::of(text("gold", "lead")),
        option::of(text("a@b.de", "a@localhost")),
        option::of(text("x", "X")),
        option::of(
            (text("Zoë", "Zoë Zoë"), -1_i64..9)
                .prop_map(|(name, age)| json!({"name": name, "age": age})),
        ),
        option::weighted(0.1, select(vec!["more", "identityMap"])),
    );
    members.prop_map(|(id, count, tier, mail, code, who, other)| {
        let known = [
            ("_id", id),
            ("count", count),
            ("tier", tier),
            ("mail", mail),
            ("code", code),
            ("who", who),
        ];
        let members = known
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?)));
        members
            .chain(other.map(|key| (key.to_owned(), json!(1))))
            .collect()
    })
}

/// What passes is valid by a validator that is built another way, of the schema as it is; and both
/// happens.
#[test]
fn what_passes_by_a_schema_is_valid() {
    let mut schema = some_schema();
    let ours = Schema::compile(schema.to_string().as_bytes()).expect("a schema");
    let ours = Validation::Schema(Arc::new(ours));
    schema.as_object_mut().expect("an object").remove("$schema");
    let theirs = jsonschema::draft6::options()
        .should_validate_formats(true)
        .build(&schema);
    let theirs = theirs.expect("a schema");
    let passed = std::cell::Cell::new(0);
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(1_000));
    runner
        .run(&some_message(), |message| {
            if ours.check(message.to_string().as_bytes()).is_ok() {
                prop_assert!(theirs.is_valid(&message), "{}", message);
                passed.set(passed.get() + 1);
            }
            Ok(())
        })
        .expect("what passes is valid");
    assert!(
        (100..900).contains(&passed.get()),
        "{} of 1000 pass",
        passed.get()
    );
}
