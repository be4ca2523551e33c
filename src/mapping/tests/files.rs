//! Mapping files: what they change, and what is said of their faults.

use serde_json::{Value, json};

use super::shared::{compiled, mapped, mapped_for, mapped_record, settings};
use crate::config::Preset;
use crate::mapping::{Account, Change, Definitions, FieldsOf, Joined, Notes};
use crate::record::{Deletion, Record};

/// What the users' preset with `file` on it makes of `user`.
fn message(file: &str, user: &Value) -> Value {
    noted(file, user, &mut Notes::counting())
}

fn noted(file: &str, user: &Value, notes: &mut Notes) -> Value {
    let plan = match compiled("users", Preset::Standard, settings(), Some(file)) {
        Ok(plan) => plan,
        Err(faults) => panic!("{faults}"),
    };
    let message = mapped(&plan, user.to_string(), Joined::default(), notes);
    let message = message.expect("it can be mapped").expect("not skipped");
    serde_json::from_str(&message).expect("JSON")
}

fn faults(file: &str) -> String {
    match compiled("users", Preset::Standard, settings(), Some(file)) {
        Ok(_) => "none".to_owned(),
        Err(faults) => faults.to_string(),
    }
}

fn user() -> Value {
    json!({
        "id": 7, "name": "Jane Doe", "email": "Jane@Example.com", "role": "end-user",
        "notes": "calls often", "tags": ["vip"], "updated_at": "2026-03-02T10:15:30Z",
        "user_fields": {"tier": "gold", "seats": "250", "since": "2025-11-30T00:00:00+00:00",
            "open": true, "likes": ["a", "b"], "my.key": "x"},
    })
}

#[test]
fn rows_extend_override_and_turn_off_those_of_the_preset() {
    let message = message(
        r#"
        [fields]
        "person.name.fullName" = false
        "person.name.courtesyTitle" = "concat('Dear ', first_name($name))"
        "_{TENANT}.zendesk.user.notes" = true
        "_{TENANT}.zendesk.user.role" = "upper(role)"
        "_{TENANT}.zendesk.user.alias" = { default = "'none'" }
        "_acme.hash" = "sha256(lower(email))"
        "_acme.key" = 'user_fields."my.key"'
        "_acme.tag" = "tags[0]"

        [identities]
        Email = false
        CRMID = "user_fields.tier"
        "#,
        &user(),
    );
    assert_eq!(
        message["person"],
        json!({"name": {"firstName": "Jane", "lastName": "Doe", "courtesyTitle": "Dear Jane"}})
    );
    let user = &message["_examplecorp"]["zendesk"]["user"];
    assert_eq!(user["notes"], "calls often");
    assert_eq!(user["role"], "END-USER");
    assert_eq!(user["alias"], "none");
    assert_eq!(
        message["_acme"],
        json!({
            "hash": "8c87b489ce35cf2e2f39f80e282cb2e804932a56a213983eeeb428407d43b52d",
            "key": "x",
            "tag": "vip",
        })
    );
    let namespaces: Vec<_> = message["identityMap"]
        .as_object()
        .expect("a map")
        .keys()
        .collect();
    assert_eq!(namespaces, ["CRMID", "ZendeskUserID"]);
}

#[test]
fn promoted_fields_are_typed_and_leave_the_list() {
    let mut notes = Notes::keeping();
    let message = noted(
        r#"
        [promote.user_fields]
        tier = { path = "_{TENANT}.loyalty.tier", type = "string" }
        seats = { path = "_{TENANT}.loyalty.seats", type = "integer" }
        since = { path = "_{TENANT}.loyalty.since", type = "date" }
        open = { path = "_{TENANT}.loyalty.open", type = "boolean" }
        likes = { path = "_{TENANT}.loyalty.likes", type = "string-array" }
        "my.key" = { path = "_{TENANT}.loyalty.key", type = "number" }
        "#,
        &user(),
        &mut notes,
    );
    assert_eq!(
        message["_examplecorp"]["loyalty"],
        json!({"tier": "gold", "seats": 250, "since": "2025-11-30", "open": true, "likes": ["a", "b"]})
    );
    assert!(
        message["_examplecorp"]["zendesk"]["user"]
            .get("userFields")
            .is_none()
    );
    let [note] = notes.kept() else {
        panic!("{:?}", notes.kept());
    };
    assert_eq!(note.path, "_examplecorp.loyalty.key");
    assert_eq!(note.change, Change::Omitted);
    assert_eq!(note.why, "it is no number");
}

#[test]
fn options_can_go_by_their_titles() {
    let account = Account::default();
    let file = r#"
        [promote.user_fields]
        tier = { path = "_{TENANT}.tier", type = "string", titles = true }
        likes = { path = "_{TENANT}.likes", type = "string-array", titles = true }
    "#;
    let plan = compiled("users", Preset::Standard, settings(), Some(file)).expect("a plan");
    let told = || {
        let record = user().to_string();
        let joined = Joined::default();
        let message = mapped_for(&plan, record, joined, &account, &mut Notes::counting());
        let message: Value =
            serde_json::from_str(&message.expect("mapped").expect("a message")).expect("JSON");
        let told = &message["_examplecorp"];
        (
            told["tier"].clone(),
            told["likes"].clone(),
            account.met_unknown(),
        )
    };
    // Nothing is known, so nothing is unknown.
    assert_eq!(told(), (json!("gold"), json!(["a", "b"]), false));
    let mut definitions = Definitions::default();
    for definition in [
        r#"{"key":"tier","custom_field_options":[{"name":"Gold ★","value":"gold"}]}"#,
        r#"{"key":"likes","custom_field_options":[{"name":"Apples","value":"a"}]}"#,
    ] {
        assert!(definitions.add(FieldsOf::Users, definition.as_bytes()));
    }
    account.set_definitions(definitions);
    assert_eq!(
        told(),
        (json!("Gold \u{2605}"), json!(["Apples", "b"]), true)
    );
    assert!(!account.met_unknown(), "it is told once");
}

#[test]
fn a_file_can_begin_with_nothing() {
    let file = r#"
        extends = "nothing"
        [lookup.grade]
        gold = "1"
        [variables]
        tier = "user_fields.tier"
        [fields]
        "a.grade" = { source = "lookup('grade', $tier)", type = "integer" }
        "a.other" = { source = "lookup('grade', role)", default = "'0'" }
    "#;
    assert_eq!(
        message(file, &user()),
        json!({"a": {"grade": 1, "other": "0"}})
    );
}

#[test]
fn records_can_be_left_out_by_choice() {
    let file = "[skip]\n\"suspended users\" = \"suspended\"";
    let plan = compiled("users", Preset::Standard, settings(), Some(file)).expect("a plan");
    let skipped = |user: &Value| {
        let message = mapped(
            &plan,
            user.to_string(),
            Joined::default(),
            &mut Notes::counting(),
        );
        message.expect("mapped").is_none()
    };
    assert!(!skipped(&user()));
    assert!(skipped(&json!({"id": 7, "suspended": true})));
}

#[test]
fn roles_narrow_what_is_sent() {
    let mut settings = settings();
    settings.user_roles = vec!["end-user".to_owned()];
    let plan = compiled("users", Preset::Standard, settings, None).expect("a plan");
    let sent = |user: Value| {
        let message = mapped(
            &plan,
            user.to_string(),
            Joined::default(),
            &mut Notes::counting(),
        );
        message.expect("mapped").is_some()
    };
    assert!(sent(json!({"id": 7, "role": "end-user"})));
    assert!(!sent(json!({"id": 7, "role": "agent"})));
    // Of a user who is gone the role may not be known; the tombstone must go out.
    let gone = Record {
        deletion: Some(Deletion::Vanished),
        ..Record::new(r#"{"id":7,"deleted":true}"#.into(), None, None)
    };
    let (account, notes) = (Account::default(), &mut Notes::counting());
    let message = mapped_record(&plan, &gone, Joined::default(), &account, notes);
    assert!(message.expect("mapped").is_some());
}

#[test]
fn faults_name_the_line_and_say_what_to_write() {
    insta::assert_snapshot!(faults("[fields]\n\"a\" = \"trmi(name)\"\n\"b\" = \"trim(name, 1)\"\n\"c\" = \"trim(name\"\n\"d\" = \"$nmae\"\n\"e\" = 7\n"), @r#"
    the mapping has 5 faults

      mapping.toml:2: fields.a: there is no function `trmi`
          write `trim(…)`
      mapping.toml:3: fields.b: `trim` has 2 arguments here
          write `trim(text)`
      mapping.toml:4: fields.c: `trim(name` cannot be read: at character 10 is the end, and `,` or `)` was expected
          write a field like `user_fields.plan`, a text like 'vip', or a function like `lower(email)`
      mapping.toml:5: fields.d: there is no variable `$nmae` here
          name it in `[variables]`, above the variables that use it; always there are `$instance`, `$stream`, `$deleted`, `$vanished`, `$permanently_deleted`, `$user_roles`, `$test_tags`, `$test_email_domains`, `$requester`, `$requester_email`
      mapping.toml:6: fields.e: this says nothing of a field
          write an expression in quotes, a table like `{ source = "…", type = "…" }`, or `false` to leave the field out
    "#);
    insta::assert_snapshot!(faults("[field]\n[fields]\n\"person.name\" = \"name\"\n\"x..y\" = \"name\"\n\"person.nmae\" = false\n\"z\" = { source = \"name\", type = \"text\" }\n\"w\" = { sorce = \"name\" }\n\"{TENNANT}.a\" = \"name\""), @r#"
    the mapping has 8 faults

      mapping.toml:1: field: unknown key
          write `fields`
      mapping.toml:3: fields.person.name: `person.name` is taken: another row puts something else there
          give one of them another path
      mapping.toml:4: fields.x..y: `x..y` is no path of a message: `` is no name of a field
          write names of letters, digits and underscores with dots between them, like `person.name.lastName`
      mapping.toml:5: fields.person.nmae: the preset has no such row, so there is no source
          write `person.name`
      mapping.toml:6: fields.z: `text` is none of the choices
          write `string`, `integer`, `number`, `boolean`, `date`, `date-time`, `string-array` or `any`
      mapping.toml:7: fields.w.sorce: unknown key
          write `source`
      mapping.toml:7: fields.w: the preset has no such row, so there is no source
          write `z`
      mapping.toml:8: fields.{TENNANT}.a: `{TENNANT}.a` has a name in braces that stands for nothing
          the names are `_{TENANT}`, `_{TENANT_ID}`, `{EMAIL}`, `{PHONE}`, `{OBJECT}`, `{USER}` and `{EXTERNAL_ID}`
    "#);
    insta::assert_snapshot!(faults("extends = \"user\"\n[fields\n"), @"
    the mapping has 1 fault

      mapping.toml:2: unclosed table, expected `]`
          mapping files are written in TOML, see https://toml.io
    ");
    insta::assert_snapshot!(faults("extends = \"user\"\n[promote.user_fields]\nplan = { path = \"_{TENANT}.plan\" }\n"), @r#"
    the mapping has 2 faults

      mapping.toml:1: extends: there is no preset `user`
          leave it out for the stream's own, or write `users`, `users-b2b`, `tickets`, `tickets-record`, `ticket-audits`, `ticket-metric-events`, `satisfaction-ratings`, `organizations`, `organizations-custom`, `organization-memberships`, `reference`, `adobe-source-compatible` or `nothing`
      mapping.toml:3: promote.user_fields.plan: `type` is missing
          write `type = "…"`: `string`, `integer`, `number`, `boolean`, `date`, `date-time`, `string-array` or `any`
    "#);
}

#[test]
fn of_a_deleted_user_only_what_identifies_it_is_sent() {
    let mut user = user();
    user["active"] = false.into();
    user["phone"] = "+1 415 555 0123".into();
    user["shared_phone_number"] = false.into();
    user["external_id"] = "CRM-1".into();
    assert_eq!(
        message("", &user),
        json!({
            "_id": message("", &json!({"id": 7}))["_id"],
            "personID": "7",
            "identityMap": {"ZendeskUserID": [
                {"id": "7", "authenticatedState": "ambiguous", "primary": true},
            ]},
            "extSourceSystemAudit": {"lastUpdatedDate": "2026-03-02T10:15:30.000Z"},
            "_examplecorp": {"zendesk": {"instance": "acme", "user": {
                "id": "7", "active": false, "updatedAt": "2026-03-02T10:15:30.000Z",
            }}},
        })
    );
}
