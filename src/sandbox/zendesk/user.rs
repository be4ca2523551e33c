//! A user as Zendesk serves it: the 37 usual keys in their recorded order, one more once deleted.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::options::Role;
use crate::sandbox::dice::Dice;

/// Host that records and links name. Recorded links name the account's own host even when the
/// request used another one; a client must not follow them with its credentials.
pub const ZENDESK_HOST: &str = "sandbox-account.zendesk.example";

const FIRST_NAMES: &[&str] = &[
    "Łukasz",
    "José",
    "Zoë",
    "Åsa",
    "Олена",
    "美咲",
    "محمد",
    "Anna",
    "Grace",
    "Tom",
    "Priya",
    "Jürgen",
];
const LAST_NAMES: &[&str] = &[
    "Nowak",
    "Nuñez",
    "O'Brien",
    "Öberg",
    "Шевченко",
    "山田",
    "الفاسي",
    "Smith",
    "Hopper",
    "\"Q\" Li",
    "Nair",
    "Groß",
];
const TAGS: &[&str] = &[
    "vip",
    "beta",
    "7",
    "важливо",
    "🎉",
    "trial_2024",
    "newsletter",
];
const TIME_ZONES: &[(&str, &str)] = &[
    ("Eastern Time (US & Canada)", "America/New_York"),
    ("Warsaw", "Europe/Warsaw"),
    ("International Date Line West", "Etc/GMT+12"),
    ("Asia/Tokyo", "Asia/Tokyo"),
];
const PLANS: &[Option<&str>] = &[None, Some("free"), Some("gold"), Some("")];

#[derive(Clone, Debug, Serialize)]
pub(super) struct User {
    pub(super) id: u64,
    url: String,
    name: String,
    email: Option<String>,
    #[serde(serialize_with = "whole_seconds")]
    pub(super) created_at: Timestamp,
    #[serde(serialize_with = "whole_seconds")]
    pub(super) updated_at: Timestamp,
    time_zone: &'static str,
    iana_time_zone: &'static str,
    phone: Option<String>,
    shared_phone_number: Option<bool>,
    photo: Option<()>,
    locale_id: u32,
    locale: &'static str,
    organization_id: Option<u64>,
    role: &'static str,
    verified: bool,
    external_id: Option<String>,
    tags: Vec<&'static str>,
    alias: Option<&'static str>,
    pub(super) active: bool,
    shared: bool,
    shared_agent: bool,
    last_login_at: Option<()>,
    two_factor_auth_enabled: Option<bool>,
    signature: Option<&'static str>,
    details: Option<&'static str>,
    notes: Option<String>,
    role_type: Option<u32>,
    custom_role_id: Option<u64>,
    moderator: bool,
    ticket_restriction: Option<&'static str>,
    only_private_comments: bool,
    restricted_agent: bool,
    suspended: bool,
    default_group_id: Option<u64>,
    report_csv: bool,
    user_fields: UserFields,
    /// Only deleted users have this key; it was never seen true.
    #[serde(skip_serializing_if = "Option::is_none")]
    permanently_deleted: Option<bool>,
}

/// The account's custom fields: every user has all keys.
#[derive(Clone, Debug, Serialize)]
struct UserFields {
    plan: Option<&'static str>,
    /// Grows with every change, so that no two versions of a user are alike.
    visits: u64,
    score: Option<f64>,
    newsletter: bool,
    member_since: Option<&'static str>,
}

impl User {
    /// A user who has never been changed. Shares of null and of empty values are the recorded
    /// ones where they matter: 70 % have no e-mail address.
    pub(super) fn new(id: u64, created_at: Timestamp, dice: &mut Dice) -> Self {
        let name = format!("{} {}", dice.pick(FIRST_NAMES), dice.pick(LAST_NAMES));
        let (time_zone, iana_time_zone) = *dice.pick(TIME_ZONES);
        let phone = dice
            .percent(10)
            .then(|| format!("+48 600 {:03} {:03}", id % 997, id % 991));
        let mut tags = TAGS.to_vec();
        let tag_count = dice.below(4) as usize;
        dice.draw(&mut tags, tag_count);
        Self {
            id,
            url: format!("https://{ZENDESK_HOST}/api/v2/users/{id}.json"),
            name,
            email: dice.percent(30).then(|| format!("user{id}@example.com")),
            created_at,
            updated_at: created_at,
            time_zone,
            iana_time_zone,
            shared_phone_number: phone.is_some().then_some(false),
            phone,
            photo: None,
            locale_id: 1,
            locale: "en-US",
            organization_id: dice.percent(25).then(|| 9_000_000_000_000 + dice.below(50)),
            role: Role::EndUser.as_str(),
            verified: dice.percent(50),
            external_id: dice.percent(40).then(|| format!("CRM-{}", id % 1_000_003)),
            tags,
            alias: dice.percent(10).then_some(""),
            active: true,
            shared: false,
            shared_agent: false,
            last_login_at: None,
            two_factor_auth_enabled: dice.percent(57).then_some(false),
            signature: None,
            details: dice.percent(20).then_some(""),
            notes: dice
                .percent(10)
                .then(|| "Prefers e-mail.\nSpeaks \"Polski\" & English.".into()),
            role_type: None,
            custom_role_id: None,
            moderator: false,
            ticket_restriction: Some("requested"),
            only_private_comments: false,
            restricted_agent: true,
            suspended: dice.percent(2),
            default_group_id: None,
            report_csv: false,
            user_fields: UserFields {
                plan: *dice.pick(PLANS),
                visits: dice.below(100),
                score: dice.percent(50).then(|| dice.below(1000) as f64 / 8.0),
                newsletter: dice.percent(50),
                member_since: dice.percent(30).then_some("2020-08-19T00:00:00+00:00"),
            },
            permanently_deleted: None,
        }
    }

    /// Makes this the user whose credentials the client has.
    pub(super) fn become_owner(&mut self, email: &str, role: Role) {
        self.email = Some(email.to_owned());
        self.role = role.as_str();
        self.verified = true;
        if role != Role::EndUser {
            self.ticket_restriction = None;
            self.restricted_agent = role != Role::Admin;
            self.default_group_id = Some(8_000_000_000_001);
            self.role_type = (role == Role::Admin).then_some(4);
        }
    }

    /// A change somebody made in the account.
    pub(super) fn change(&mut self, now: Timestamp, dice: &mut Dice) {
        self.updated_at = now;
        self.user_fields.visits += 1;
        self.user_fields.plan = *dice.pick(PLANS);
        self.notes = dice.percent(50).then(|| format!("Called at {now} ☎"));
        let mut tags = TAGS.to_vec();
        let tag_count = dice.below(4) as usize;
        dice.draw(&mut tags, tag_count);
        self.tags = tags;
    }

    /// The deletion an administrator can still take back: recorded in incremental exports as
    /// inactive, without e-mail address, with one more key. The name survives.
    pub(super) fn delete(&mut self, now: Timestamp) {
        self.updated_at = now;
        self.active = false;
        self.email = None;
        self.external_id = None;
        self.permanently_deleted = Some(false);
    }
}

/// Zendesk's form, `YYYY-MM-DDTHH:MM:SSZ`, never with fractions.
fn whole_seconds<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{time:.0}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(user: &User) -> Vec<String> {
        let value = serde_json::to_value(user).expect("JSON");
        value
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect()
    }

    #[test]
    fn has_the_recorded_number_of_keys() {
        let created_at = "2021-05-06T07:08:09Z".parse().expect("a time");
        let mut user = User::new(9_999_999_999_999, created_at, &mut Dice::new(3));
        assert_eq!(keys(&user).len(), 37);
        let json = serde_json::to_string(&user).expect("JSON");
        assert!(json.contains(r#""created_at":"2021-05-06T07:08:09Z""#));

        user.delete(created_at);
        assert_eq!(keys(&user).len(), 38);
        assert_eq!(user.email, None);
    }
}
