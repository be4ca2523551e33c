//! Which messages are known to be good without being read again. That all of them are is asserted
//! wherever the tests map a record.

use bumpalo::Bump;

use super::shared::{compiled, settings};
use crate::config::Preset;
use crate::mapping::validation::Standing;
use crate::mapping::{Account, Joined, Notes};
use crate::record::Record;

const USER: &str = r#"{"id":7,"name":"Jane Doe","email":"jane@example.com","phone":"+14155550123",
    "shared_phone_number":false,"locale":"en-US","created_at":"2026-03-02T10:15:30Z",
    "updated_at":"2026-03-02T10:15:30Z","tags":["vip"],"role":"end-user","locale_id":1,
    "details":"0.5","user_fields":{"plan":"gold","of":["a","b"]}}"#;

const TICKET: &str = r#"{"id":8,"requester_id":7,"via":{"channel":"email"},"status":"open",
    "created_at":"2026-03-02T10:15:30Z","updated_at":"2026-03-02T10:15:31Z","subject":"\"Login\"",
    "satisfaction_rating":{"score":"good"},"custom_fields":[{"id":1,"value":"a"}]}"#;

fn check(stream: &'static str, file: &str, record: &'static str, expected: Standing) {
    let file = (!file.is_empty()).then_some(file);
    let plan = compiled(stream, Preset::Standard, settings(), file);
    let plan = plan.unwrap_or_else(|faults| panic!("{faults}"));
    let record = Record::new(record.into(), None, None);
    let mut out = Vec::new();
    let written = plan.write(
        &record,
        Joined::default(),
        &Account::default(),
        &Bump::new(),
        &mut out,
        &mut Notes::counting(),
    );
    let (_, standing) = written.expect("a message");
    assert_eq!(standing, expected, "{stream} {file:?}");
}

#[test]
fn what_the_presets_make_of_usual_records_is_not_read_again() {
    check("users", "", USER, Standing::Sound);
    check("tickets", "", TICKET, Standing::Sound);
}

#[test]
fn what_a_mapping_cannot_vouch_for_is() {
    for file in [
        r#"fields.preferredLanguage = "name""#,
        r#"fields."accountOrganization.rating" = { source = "details", type = "number" }"#,
        r#"fields."channel._type" = "'https://example.com/a'""#,
        r#"fields.timestamp = { source = "created_at", type = "date-time" }
        fields._id = { source = "missing", required = false }"#,
        r#"identities.Email = "name""#,
        r#"fields."_{TENANT}.a" = { source = "tags", type = "any" }"#,
    ] {
        check("users", file, USER, Standing::Doubtful);
    }
    for file in [
        r#"fields.preferredLanguage = "locale""#,
        r#"fields."channel._id" = "'https://example.com/a'""#,
        r#"fields."_{TENANT}.a" = { source = "details", type = "number" }"#,
    ] {
        check("users", file, USER, Standing::Sound);
    }
    let zero = r#"{"id":7,"user_fields":{"plan":"\u0000"}}"#;
    check("users", "", zero, Standing::Doubtful);
}
