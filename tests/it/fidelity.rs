//! The simulator beside recordings of the real service: the same envelopes, records with the same
//! keys. Without the recordings these tests pass, and say that they were skipped.

use std::collections::BTreeSet;

use serde_json::Value;
use zendesk_aep::sandbox::{ZendeskOptions, ZendeskSimulator};

use crate::support::{recorded, shared};

/// One recorded endpoint, and the request that gets its like here.
struct Case {
    file: &'static str,
    request: &'static str,
    /// The key of the records.
    key: &'static str,
    /// Whether the envelope has been the same ever since.
    envelope: bool,
    /// Keys of recorded records that are no longer served.
    retired: &'static [&'static str],
    /// Keys that came later than the recording, or that only some records have.
    newer: &'static [&'static str],
}

const fn case(file: &'static str, request: &'static str, key: &'static str) -> Case {
    Case {
        file,
        request,
        key,
        envelope: true,
        retired: &[],
        newer: &[],
    }
}

impl Case {
    const fn newer(mut self, newer: &'static [&'static str]) -> Self {
        self.newer = newer;
        self
    }

    const fn retired(mut self, retired: &'static [&'static str]) -> Self {
        self.retired = retired;
        self
    }

    /// Of before there was pagination by cursor.
    const fn other_envelope(mut self) -> Self {
        self.envelope = false;
        self
    }
}

/// Keys of the few, whichever were recorded: a deleted user's, a bot's ticket's.
const SOME: &[&str] = &["permanently_deleted", "support_type"];

const CASES: &[Case] = &[
    case(
        "incremental_users/cursor_first_1000_2024.json",
        "incremental/users/cursor?start_time=0",
        "users",
    )
    .newer(SOME),
    case(
        "incremental_users/time_based_per_page_1_2024.json",
        "incremental/users?start_time=0&per_page=1",
        "users",
    )
    .newer(SOME),
    case(
        "incremental_tickets/cursor_single_page_2023.json",
        "incremental/tickets/cursor?start_time=0",
        "tickets",
    )
    .newer(SOME),
    case(
        "incremental_tickets/cursor_page_87_with_scrubbed_2024.json",
        "incremental/tickets/cursor?start_time=0",
        "tickets",
    )
    .newer(SOME),
    case(
        "incremental_tickets/time_based_single_page_2023.json",
        "incremental/tickets?start_time=0",
        "tickets",
    )
    .newer(SOME),
    case(
        "users/cursor_page_100_2023.json",
        "users?page[size]=100",
        "users",
    ),
    case("users/offset_page_100_2023.json", "users", "users"),
    case(
        "tickets/cursor_page_100_2023.json",
        "tickets?page[size]=100",
        "tickets",
    )
    .newer(SOME),
    case("tickets/offset_page_100_2023.json", "tickets", "tickets").newer(SOME),
    case(
        "organizations/cursor_page_100_2023.json",
        "organizations?page[size]=100",
        "organizations",
    ),
    case(
        "organizations/offset_page_100_2023.json",
        "organizations",
        "organizations",
    ),
    case(
        "organizations/show_many_100_2018.json",
        "organizations/show_many?ids={organizations}",
        "organizations",
    ),
    case(
        "groups/cursor_page_2023.json",
        "groups?page[size]=100",
        "groups",
    ),
    case("groups/offset_page_2023.json", "groups", "groups"),
    case(
        "group_memberships/cursor_chain_2023.json",
        "group_memberships?page[size]=1",
        "group_memberships",
    ),
    case("tags/cursor_chain_2023.json", "tags?page[size]=1", "tags"),
    case(
        "ticket_audits/cursor_page_100_2023.json",
        "ticket_audits?page[size]=100",
        "audits",
    ),
    case(
        "ticket_metrics/list_100_2012.json",
        "ticket_metrics",
        "ticket_metrics",
    )
    .newer(&["custom_status_updated_at"]),
    case(
        "satisfaction_ratings/list_65_2012.json",
        "satisfaction_ratings",
        "satisfaction_ratings",
    )
    .newer(&["reason", "reason_id"]),
    case("activities/list_2012.json", "activities", "activities").newer(&["actor_id", "user_id"]),
    case("brands/list_2015.json", "brands", "brands")
        .other_envelope()
        .newer(&["signature_template"]),
    case(
        "suspended_tickets/list_2015.json",
        "suspended_tickets",
        "suspended_tickets",
    )
    .other_envelope()
    .newer(&["cause_id"]),
    case(
        "ticket_fields/list_15_2015.json",
        "ticket_fields",
        "ticket_fields",
    )
    .newer(&[
        "agent_can_edit",
        "agent_description",
        "custom_field_options",
    ]),
    case("user_fields/list_2021.json", "user_fields", "user_fields")
        .retired(&["custom_field_options", "tag"]),
    case(
        "organization_fields/list_2015.json",
        "organization_fields",
        "organization_fields",
    ),
    case(
        "search_export/users_two_pages_2024.json",
        "search/export?filter[type]=user&query=created>2000-01-01T00:00:00Z",
        "results",
    ),
];

fn keys(value: &Value) -> BTreeSet<&str> {
    let members = value.as_object().into_iter().flatten();
    members.map(|(key, _)| key.as_str()).collect()
}

/// All keys that some record has.
fn record_keys<'a>(body: &'a Value, key: &str) -> BTreeSet<&'a str> {
    body[key]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(keys)
        .collect()
}

async fn served(zendesk: &ZendeskSimulator, request: &str) -> Value {
    let ids: Vec<String> = zendesk
        .collection("organizations")
        .expect("a stream")
        .present()
        .into_iter()
        .map(|record| record.id)
        .collect();
    let request = request.replace("{organizations}", &ids.join(","));
    let url = format!("{}/api/v2/{request}", zendesk.base_url());
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("a client");
    let answer = client
        .get(url)
        .bearer_auth("sandbox-access-token")
        .send()
        .await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.status(), 200, "{request}");
    serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON")
}

#[tokio::test]
async fn envelopes_and_records_have_the_recorded_keys() {
    let Some(folder) = shared("fixtures/zendesk") else {
        return;
    };
    let zendesk = ZendeskSimulator::start(ZendeskOptions::default()).await;
    let zendesk = zendesk.expect("a port");
    for case in CASES {
        let body = recorded(&folder, case.file).remove(0).body.expect("a body");
        let real: Value = serde_json::from_str(body.get()).expect("JSON");
        let ours = served(&zendesk, case.request).await;
        if case.envelope {
            assert_eq!(keys(&ours), keys(&real), "{}", case.file);
            for part in ["meta", "links"] {
                assert_eq!(keys(&ours[part]), keys(&real[part]), "{}", case.file);
            }
        }
        let (ours, real) = (record_keys(&ours, case.key), record_keys(&real, case.key));
        let missing: Vec<_> = real
            .difference(&ours)
            .filter(|key| !case.retired.contains(key))
            .collect();
        let invented: Vec<_> = ours
            .difference(&real)
            .filter(|key| !case.newer.contains(key))
            .collect();
        assert!(missing.is_empty(), "{}: {missing:?} are missing", case.file);
        assert!(
            invented.is_empty(),
            "{}: {invented:?} were never recorded",
            case.file
        );
    }
}

/// A list whose last page is full is followed by an empty one, without cursors and links.
#[tokio::test]
async fn the_end_of_a_list_is_the_recorded_one() {
    let Some(folder) = shared("fixtures/zendesk/users") else {
        return;
    };
    let options = ZendeskOptions {
        users: 11,
        ..ZendeskOptions::default()
    };
    let zendesk = ZendeskSimulator::start(options).await.expect("a port");
    for (file, size) in [
        ("cursor_chain_11_users_complete_2023.json", 1),
        ("cursor_chain_page100_then_empty_2023.json", 100),
    ] {
        let mut after = String::new();
        for page in recorded(&folder, file) {
            let real: Value = serde_json::from_str(page.body.expect("a body").get()).expect("JSON");
            let ours = served(&zendesk, &format!("users?page[size]={size}{after}")).await;
            assert_eq!(ours["meta"]["has_more"], real["meta"]["has_more"], "{file}");
            for (part, end) in [
                ("meta", "after_cursor"),
                ("meta", "before_cursor"),
                ("links", "next"),
                ("links", "prev"),
            ] {
                assert_eq!(
                    ours[part][end].is_null(),
                    real[part][end].is_null(),
                    "{file}: {end}"
                );
            }
            let count = |body: &Value| body["users"].as_array().map(Vec::len);
            assert_eq!(count(&ours), count(&real), "{file}");
            if let Some(cursor) = ours["meta"]["after_cursor"].as_str() {
                after = format!(
                    "&page[after]={}",
                    cursor.replace('+', "%2B").replace('=', "%3D")
                );
            }
        }
    }
}
