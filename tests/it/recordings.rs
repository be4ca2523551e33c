//! Answers that the real Zendesk gave, read back by the real program. Without the recordings these
//! tests pass, and say that they were skipped.

use serde_json::Value;
use zendesk_aep::sandbox::{Answer, Fault, Simulator as _};

use crate::support::{INCREMENTAL, Recorded, SEARCH, World, recorded, shared};

fn delivered(world: &World) -> Vec<String> {
    world
        .platform
        .accepted()
        .iter()
        .map(|delivery| String::from_utf8(delivery.json.to_vec()).expect("text"))
        .collect()
}

#[tokio::test]
async fn recorded_pages_of_the_incremental_export_are_read_to_the_end() {
    let Some(folder) = shared("fixtures/zendesk/incremental_users") else {
        return;
    };
    // The chains are open-ended; the last page of a walk has been recorded for tickets.
    let last = r#"{"users":[],"after_url":null,"before_url":null,"after_cursor":null,"before_cursor":null,"end_of_stream":true}"#;
    for file in ["cursor_first_1000_2024.json", "cursor_per_page_1_2024.json"] {
        let mut world = World::new().await;
        world
            .settings
            .set("zendesk.page_size", 1_000)
            .set("platform.in_flight", 1)
            .remove("platform.batch_bytes");
        let page = recorded(&folder, file).remove(0);
        world
            .zendesk
            .fault(INCREMENTAL, Fault::Answer(page.answer()), 1);
        world
            .zendesk
            .fault(INCREMENTAL, Fault::status(200, last), 1);
        let sync = world.sync().await;
        sync.assert_code(0);
        assert_eq!(delivered(&world), page.records("users"), "{file}");
        let body: Value = serde_json::from_str(page.body.expect("a body").get()).expect("JSON");
        assert_eq!(
            world.page_requests()[1].head.query("cursor"),
            body["after_cursor"].as_str()
        );
        assert_eq!(
            world.users_state()["position"]["cursor"],
            body["after_cursor"],
            "the null of the last page does not replace it"
        );
    }
}

/// Lists have a protocol of their own, but the users in them are users: twelve years of them, with
/// keys that came and went, sideloads and sample data.
#[tokio::test]
async fn every_user_ever_recorded_gets_through_byte_for_byte() {
    let Some(folder) = shared("fixtures/zendesk/users") else {
        return;
    };
    let files = std::fs::read_dir(&folder).expect("the folder");
    let names = files.map(|file| {
        file.expect("a file")
            .file_name()
            .into_string()
            .expect("text")
    });
    // What other projects wrote by hand has no exchange around it.
    let recordings = names.filter(|name| !name.starts_with("handmade_"));
    let mut users: Vec<String> = recordings
        .flat_map(|name| recorded(&folder, &name))
        .filter_map(|answer| answer.records_if_any("users"))
        .flatten()
        .collect();
    users.sort();
    users.dedup();
    assert!(users.len() > 150, "{} users", users.len());

    let mut world = World::new().await;
    world.settings.set("platform.in_flight", 1);
    // Each on a page of its own: several recordings hold several versions of one user.
    for (number, user) in users.iter().enumerate() {
        let end = number + 1 == users.len();
        let page =
            format!(r#"{{"users":[{user}],"after_cursor":"{number}","end_of_stream":{end}}}"#);
        // An account that allows so many requests says so.
        let page = Answer::json(200, page)
            .header("x-rate-limit", "100000")
            .header("x-rate-limit-remaining", "99999")
            .header(
                "zendesk-ratelimit-incremental-exports-cursor",
                "total=100000; remaining=99999; resets=30",
            );
        world.zendesk.fault(INCREMENTAL, Fault::Answer(page), 1);
    }
    let sync = world.sync().await;
    sync.assert_code(0);
    let report = sync.report();
    assert_eq!(report["received"], users.len());
    assert_eq!(report["failed"], 0);
    let delivered = delivered(&world);
    assert!(
        delivered.iter().all(|user| users.contains(user)),
        "to the byte"
    );
    assert_eq!(
        report["ingested"].as_u64().expect("a count")
            + report["skipped"].as_u64().expect("a count"),
        users.len() as u64,
        "what is skipped is an older version of a user"
    );
}

#[tokio::test]
async fn recorded_pages_of_the_search_export_are_read_to_the_end() {
    let Some(folder) = shared("fixtures/zendesk/search_export") else {
        return;
    };
    let mut world = World::new().await;
    world.settings.set("streams.users.export", "search");
    let pages = recorded(&folder, "users_two_pages_2024.json");
    for page in &pages {
        world.zendesk.fault(SEARCH, Fault::Answer(page.answer()), 1);
    }
    let last = r#"{"results":[],"facets":null,"meta":{"has_more":false,"after_cursor":null,"before_cursor":null},"links":{"prev":null,"next":null}}"#;
    world.zendesk.fault(SEARCH, Fault::status(200, last), 1);
    world.sync().await.assert_code(0);
    let records: Vec<String> = pages
        .iter()
        .flat_map(|page| page.records("results"))
        .collect();
    assert_eq!(delivered(&world), records);

    let asked: Vec<Option<String>> = world
        .zendesk
        .requests_to(SEARCH)
        .iter()
        .map(|search| search.head.query("page[after]").map(str::to_owned))
        .collect();
    let cursor = |page: &Recorded| -> Option<String> {
        let body = page.body.as_ref().expect("a body").get();
        let body: Value = serde_json::from_str(body).expect("JSON");
        body["meta"]["after_cursor"].as_str().map(str::to_owned)
    };
    assert_eq!(asked, [None, cursor(&pages[0]), cursor(&pages[1])]);
}

#[tokio::test]
async fn the_recorded_answer_about_ourselves_is_understood() {
    let Some(folder) = shared("fixtures/zendesk/users") else {
        return;
    };
    let world = World::new().await;
    let me = recorded(&folder, "me_2023.json").remove(0);
    world
        .zendesk
        .fault("/api/v2/users/me", Fault::Answer(me.answer()), 1);
    let check = world.run(&["check", "--output", "json"]).await;
    check.assert_code(0);
    let body: Value = serde_json::from_str(me.body.expect("a body").get()).expect("JSON");
    let id = &body["user"]["id"];
    let said = check.json();
    let mut said = said.as_array().expect("a list").iter();
    let signed_in = said.find(|finding| finding["subject"] == "zendesk sign-in");
    let what = signed_in.expect("it is told")["what"].as_str();
    let what = what.expect("text");
    assert!(what.contains(&format!("as user {id}, role ")), "{what}");
}

#[tokio::test]
async fn recorded_errors_end_in_the_right_code() {
    let Some(folder) = shared("fixtures/zendesk/errors") else {
        return;
    };
    for (file, exit, code, says) in [
        (
            "400_plain_html_content_type_2013",
            1,
            "ZENDESK-REFUSED",
            "Required parameter missing",
        ),
        (
            "400_too_many_values_max_count",
            1,
            "ZENDESK-REFUSED",
            "TooManyValues",
        ),
        (
            "404_invalid_endpoint_2015",
            1,
            "ZENDESK-ADDRESS",
            "InvalidEndpoint",
        ),
        (
            "404_no_help_desk_2022",
            1,
            "ZENDESK-ADDRESS",
            "No help desk at",
        ),
        (
            "404_record_not_found_2023",
            1,
            "ZENDESK-ADDRESS",
            "RecordNotFound",
        ),
        (
            "404_record_not_found_organization_2023",
            1,
            "ZENDESK-ADDRESS",
            "RecordNotFound",
        ),
        (
            "406_comment_required_2015",
            1,
            "ZENDESK-REFUSED",
            "CommentRequired",
        ),
        (
            "422_blank_value_2015",
            1,
            "ZENDESK-REFUSED",
            "RecordInvalid",
        ),
        (
            "422_details_without_error_2012",
            1,
            "ZENDESK-REFUSED",
            "RecordInvalid",
        ),
        (
            "422_record_invalid_email_2021",
            1,
            "ZENDESK-REFUSED",
            "RecordInvalid",
        ),
        (
            "quoted_401_basic_auth_2021",
            3,
            "ZENDESK-SIGN-IN",
            "Couldn't authenticate you",
        ),
        (
            "quoted_403_forbidden_2019",
            3,
            "ZENDESK-FORBIDDEN",
            "Forbidden: You do not have access",
        ),
        (
            "quoted_500_search_unavailable_2013",
            1,
            "ZENDESK-UNAVAILABLE",
            "unavailable",
        ),
    ] {
        let world = World::new().await;
        let answer = recorded(&folder, &format!("{file}.json"))
            .remove(0)
            .answer();
        world
            .zendesk
            .fault(INCREMENTAL, Fault::Answer(answer), usize::MAX);
        let sync = world.sync().await;
        assert_eq!(sync.code, Some(exit), "{file}");
        let report = sync.report();
        assert_eq!(report["outcome"], code, "{file}");
        let error = report["error"].as_str().expect("an error");
        assert!(error.contains(says), "{file}: `{says}` in `{error}`");
        assert!(report["hint"].is_string(), "{file}");
        assert!(world.users_state()["position"].is_null(), "{file}");
    }
}

#[tokio::test]
async fn the_recorded_429_is_waited_out_for_the_time_it_names() {
    let Some(folder) = shared("fixtures/zendesk/errors") else {
        return;
    };
    let world = World::new().await;
    let limited = recorded(&folder, "429_single_user_update_text_plain_2021.json").remove(0);
    world
        .zendesk
        .fault(INCREMENTAL, Fault::Answer(limited.answer()), 1);
    let daemon = world.daemon();
    daemon
        .wait_for_log("a wait of 27 s", |line| line["wait_ms"] == 27_000)
        .await;
    daemon.stop().await;
}

#[tokio::test]
async fn recorded_rate_limit_headers_of_all_years_do_no_harm() {
    let Some(folder) = shared("fixtures/zendesk/rate_limit_headers") else {
        return;
    };
    let page = r#"{"users":[],"after_url":null,"before_url":null,"after_cursor":null,"before_cursor":null,"end_of_stream":true}"#;
    let world = World::new().await;
    let mut files = 0;
    for file in std::fs::read_dir(&folder).expect("a folder") {
        let name = file.expect("a file").file_name();
        for mut recorded in recorded(&folder, &name.to_string_lossy()) {
            recorded.status = 200;
            let answer = recorded.answer().body(page);
            world.zendesk.fault(INCREMENTAL, Fault::Answer(answer), 1);
            world.sync().await.assert_code(0);
        }
        files += 1;
    }
    assert!(files > 0, "the folder holds recordings");
    assert_eq!(world.zendesk.faults_left(), 0);
}

/// A world of one stream, with pages as large as the recorded ones and one batch at a time.
async fn world_of(stream: &str) -> World {
    let mut world = World::new().await;
    world
        .settings
        .only_stream(stream)
        .set("zendesk.page_size", 1_000)
        .set("platform.in_flight", 1);
    world
}

#[tokio::test]
async fn recorded_lists_are_read_to_their_end_byte_for_byte() {
    let Some(folder) = shared("fixtures/zendesk") else {
        return;
    };
    let by_cursor = r#""meta":{"has_more":false,"after_cursor":null,"before_cursor":null}"#;
    let by_number = r#""next_page":null,"previous_page":"x","count":1"#;
    for (stream, file, rest) in [
        ("groups", "groups/cursor_chain_2023", Some(by_cursor)),
        ("groups", "groups/cursor_page_2023", None),
        ("groups", "groups/offset_page_2023", None),
        (
            "group_memberships",
            "group_memberships/cursor_chain_2023",
            Some(by_cursor),
        ),
        ("tags", "tags/cursor_chain_2023", Some(by_cursor)),
        ("users", "users/cursor_chain_11_users_complete_2023", None),
        ("users", "users/offset_page_100_2023", Some(by_number)),
        (
            "organizations",
            "organizations/cursor_chain_complete_2023",
            None,
        ),
        (
            "organizations",
            "organizations/cursor_page_100_2023",
            Some(by_cursor),
        ),
        (
            "organizations",
            "organizations/offset_page_100_2023",
            Some(by_number),
        ),
        ("tickets", "tickets/cursor_page_100_2023", Some(by_cursor)),
        ("brands", "brands/list_2015", None),
        ("suspended_tickets", "suspended_tickets/list_2015", None),
        ("ticket_fields", "ticket_fields/list_15_2015", None),
        (
            "satisfaction_ratings",
            "satisfaction_ratings/list_65_2012",
            None,
        ),
        ("activities", "activities/list_2012", None),
    ] {
        let mut world = world_of(stream).await;
        world
            .settings
            .set(&format!("streams.{stream}.export"), "list");
        let path = format!("/api/v2/{stream}");
        let pages = recorded(&folder, &format!("{file}.json"));
        let is_last = |page: &&Recorded| page.records(stream).is_empty();
        // A chain may end before its list does.
        let ends = pages.iter().any(|page| is_last(&page));
        for page in &pages {
            world.zendesk.fault(&path, Fault::Answer(page.answer()), 1);
        }
        if let Some(rest) = rest.filter(|_| !ends) {
            let last = format!("{{\"{stream}\":[],{rest}}}");
            world.zendesk.fault(&path, Fault::status(200, last), 1);
        }
        world.sync().await.assert_code(0);
        assert_eq!(world.zendesk.faults_left(), 0, "{file}");
        let records: Vec<String> = pages.iter().flat_map(|page| page.records(stream)).collect();
        assert!(!records.is_empty(), "{file}");
        assert_eq!(delivered(&world), records, "{file}");
        for answer in pages {
            world
                .zendesk
                .fault(&path, Fault::Answer(answer.answer()), 1);
        }
        if let Some(rest) = rest.filter(|_| !ends) {
            let last = format!("{{\"{stream}\":[],{rest}}}");
            world.zendesk.fault(&path, Fault::status(200, last), 1);
        }
        world.sync().await.assert_code(0);
        assert_eq!(delivered(&world).len(), records.len(), "{file}: unchanged");
    }
}

#[tokio::test]
async fn recorded_pages_of_the_time_export_are_read_to_the_end() {
    let Some(folder) = shared("fixtures/zendesk") else {
        return;
    };
    let last = |key: &str| {
        format!(r#"{{"{key}":[],"count":0,"end_of_stream":true,"next_page":null,"end_time":null}}"#)
    };
    for (key, file) in [
        (
            "tickets",
            "incremental_tickets/time_based_chain_to_empty_page_2023",
        ),
        (
            "tickets",
            "incremental_tickets/time_based_per_page_1_returns_7_2024",
        ),
        ("tickets", "incremental_tickets/time_based_single_page_2023"),
        ("users", "incremental_users/time_based_per_page_1_2024"),
    ] {
        // Zendesk has better exports of these, so they are declared.
        let mut world = world_of("recorded").await;
        let path = format!("/api/v2/incremental/{key}.json");
        let version = match key {
            "tickets" => "generated_timestamp",
            _ => "updated_at",
        };
        world
            .settings
            .set("streams.recorded.path", path.as_str())
            .set("streams.recorded.export", "time")
            .set("streams.recorded.records_key", key)
            .set("streams.recorded.version_field", version)
            .set("streams.recorded.size", "per_page");
        let pages = recorded(&folder, &format!("{file}.json"));
        let mut expected = vec!["0".to_owned()];
        let mut over = false;
        for page in &pages {
            world.zendesk.fault(&path, Fault::Answer(page.answer()), 1);
            let body = page.body.as_ref().expect("a body").get();
            let body: Value = serde_json::from_str(body).expect("JSON");
            over = body["end_of_stream"] == true;
            if !over {
                expected.push(body["end_time"].to_string());
            }
        }
        if !over {
            world.zendesk.fault(&path, Fault::status(200, last(key)), 1);
        }
        world.sync().await.assert_code(0);
        let records: Vec<String> = pages.iter().flat_map(|page| page.records(key)).collect();
        assert_eq!(delivered(&world), records, "{file}");
        let asked: Vec<String> = world
            .zendesk
            .requests_to(&path)
            .iter()
            .filter_map(|page| page.head.query("start_time").map(str::to_owned))
            .collect();
        assert_eq!(asked, expected, "{file}");
    }
}
