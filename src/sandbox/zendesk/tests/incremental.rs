//! The incremental export, over HTTP.

use super::*;

/// Reads an export to its end; returns the records' ids.
async fn read_all(zendesk: &ZendeskSimulator) -> Vec<u64> {
    let mut ids = Vec::new();
    let mut query = ("start_time", "0".to_owned());
    loop {
        let parameters = [(query.0, &*query.1), ("per_page", "10")];
        let page = value(get(zendesk, INCREMENTAL, &parameters).await).await;
        let users = page["users"].as_array().expect("users");
        ids.extend(users.iter().filter_map(|user| user["id"].as_u64()));
        if page["end_of_stream"] == true {
            return ids;
        }
        query = (
            "cursor",
            page["after_cursor"].as_str().expect("a cursor").to_owned(),
        );
    }
}

#[tokio::test]
async fn the_incremental_export_gives_every_user_once_and_in_order() {
    let zendesk = ZendeskSimulator::start(options())
        .await
        .expect("a simulator");
    let expected: Vec<u64> = zendesk.users().iter().map(|user| user.id).collect();
    assert_eq!(read_all(&zendesk).await, expected);
    assert_eq!(zendesk.users_visible(), zendesk.users());
}

#[tokio::test]
async fn the_last_page_has_a_cursor_and_the_page_after_it_has_none() {
    let zendesk = ZendeskSimulator::start(options())
        .await
        .expect("a simulator");
    let last = value(get(&zendesk, INCREMENTAL, &[("start_time", "0")]).await).await;
    assert_eq!(last["end_of_stream"], true);
    assert_eq!(last["users"].as_array().map(Vec::len), Some(25));
    let cursor = last["after_cursor"].as_str().expect("a cursor");
    let link = last["after_url"].as_str().expect("a link");
    assert!(link.starts_with(&format!("https://{ZENDESK_HOST}/")));
    assert!(link.ends_with(&cursor.replace('=', "%3D")), "{link}");

    let terminal = value(get(&zendesk, INCREMENTAL, &[("cursor", cursor)]).await).await;
    let expected = json!({
        "users": [], "after_url": null, "before_url": null,
        "after_cursor": null, "before_cursor": null, "end_of_stream": true,
    });
    assert_eq!(terminal, expected);
}

#[tokio::test]
async fn a_fresh_change_is_withheld_and_a_fresh_start_time_refused() {
    let withheld = ZendeskOptions {
        withhold: Duration::from_secs(60),
        ..options()
    };
    let zendesk = ZendeskSimulator::start(withheld)
        .await
        .expect("a simulator");
    let changed = zendesk.change(3);
    assert_eq!(changed.len(), 3);
    assert_eq!(zendesk.users_visible().len(), 22);
    assert!(!read_all(&zendesk).await.contains(&changed[0]));

    let now = jiff::Timestamp::now().as_second().to_string();
    let refusal = get(&zendesk, INCREMENTAL, &[("start_time", &now)]).await;
    assert_eq!(refusal.status(), 400);
    assert!(
        refusal
            .text()
            .await
            .expect("a body")
            .contains("Too recent start_time")
    );
}

#[tokio::test]
async fn a_second_shows_only_when_it_is_over() {
    let zendesk = ZendeskSimulator::start(options())
        .await
        .expect("a simulator");
    let deleted = zendesk.delete(1)[0];
    let visible = |zendesk: &ZendeskSimulator| {
        zendesk
            .users_visible()
            .into_iter()
            .find(|user| user.id == deleted)
    };
    assert_eq!(visible(&zendesk), None);
    tokio::time::sleep(Duration::from_millis(1_050)).await;
    let tombstone: Value =
        serde_json::from_slice(&visible(&zendesk).expect("a tombstone").json).expect("JSON");
    assert_eq!(tombstone["active"], false);
    assert_eq!(tombstone["email"], Value::Null);
    assert_eq!(tombstone["permanently_deleted"], false);
    assert_eq!(zendesk.history()[&deleted].len(), 2);
}

#[tokio::test]
async fn wrong_positions_and_sizes_are_refused() {
    let zendesk = ZendeskSimulator::start(options())
        .await
        .expect("a simulator");
    for query in [
        &[][..],
        &[("start_time", "yesterday")],
        &[("start_time", "-1")],
        &[("start_time", "0"), ("cursor", "MS4wfHwxfA==")],
        &[("start_time", "0"), ("per_page", "1001")],
        &[("start_time", "0"), ("per_page", "0")],
        &[("cursor", "%%%")],
    ] {
        assert_eq!(
            get(&zendesk, INCREMENTAL, query).await.status(),
            400,
            "{query:?}"
        );
    }
}

#[tokio::test]
async fn forgotten_cursors_are_refused_by_both_exports() {
    let zendesk = ZendeskSimulator::start(options())
        .await
        .expect("a simulator");
    let page = value(
        get(
            &zendesk,
            INCREMENTAL,
            &[("start_time", "0"), ("per_page", "5")],
        )
        .await,
    )
    .await;
    let search = [
        ("filter[type]", "user"),
        ("query", ALL_TIME),
        ("page[size]", "5"),
    ];
    let found = value(get(&zendesk, SEARCH, &search).await).await;

    zendesk.forget_cursors();
    let cursor = page["after_cursor"].as_str().expect("a cursor");
    assert_eq!(
        get(&zendesk, INCREMENTAL, &[("cursor", cursor)])
            .await
            .status(),
        400
    );
    let after = found["meta"]["after_cursor"].as_str().expect("a cursor");
    let next = [&search[..], &[("page[after]", after)]].concat();
    let refusal = get(&zendesk, SEARCH, &next).await;
    assert_eq!(refusal.status(), 400);
    assert!(value(refusal).await["errors"].is_array());
}
