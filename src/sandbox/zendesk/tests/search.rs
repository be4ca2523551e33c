//! The search export, over HTTP.

use super::*;

#[tokio::test]
async fn search_pages_through_the_active_users_newest_first() {
    let zendesk = ZendeskSimulator::start(options())
        .await
        .expect("a simulator");
    let deleted = zendesk.delete(2);
    let mut found = Vec::new();
    let mut after = String::new();
    loop {
        let search = [
            ("filter[type]", "user"),
            ("query", ALL_TIME),
            ("page[size]", "10"),
        ];
        let next = (!after.is_empty()).then_some(("page[after]", &*after));
        let query: Vec<(&str, &str)> = search.into_iter().chain(next).collect();
        let page = value(get(&zendesk, SEARCH, &query).await).await;
        assert_eq!(page["facets"], Value::Null);
        found.extend(page["results"].as_array().expect("results").clone());
        if page["meta"]["has_more"] == false {
            break;
        }
        after = page["meta"]["after_cursor"]
            .as_str()
            .expect("a cursor")
            .to_owned();
    }
    assert_eq!(found.len(), 23);
    assert!(found.iter().all(|user| user["result_type"] == "user"));
    assert!(
        found
            .iter()
            .all(|user| !deleted.contains(&user["id"].as_u64().expect("an id")))
    );
    let created: Vec<&str> = found
        .iter()
        .filter_map(|user| user["created_at"].as_str())
        .collect();
    assert!(created.is_sorted_by(|one, next| one >= next));
}

#[tokio::test]
async fn search_refuses_other_requests_and_cursors_of_other_requests() {
    let zendesk = ZendeskSimulator::start(ZendeskOptions {
        search_cursor_lifetime: Duration::from_millis(400),
        ..options()
    });
    let zendesk = zendesk.await.expect("a simulator");
    assert_eq!(
        get(&zendesk, SEARCH, &[("query", ALL_TIME)]).await.status(),
        422
    );
    let dates = [("filter[type]", "user"), ("query", "updated>=2024-01-01")];
    assert_eq!(get(&zendesk, SEARCH, &dates).await.status(), 422);
    let large = [
        ("filter[type]", "user"),
        ("query", ALL_TIME),
        ("page[size]", "1001"),
    ];
    assert_eq!(get(&zendesk, SEARCH, &large).await.status(), 400);

    let small = [
        ("filter[type]", "user"),
        ("query", ALL_TIME),
        ("page[size]", "3"),
    ];
    let page = value(get(&zendesk, SEARCH, &small).await).await;
    let after = page["meta"]["after_cursor"].as_str().expect("a cursor");
    let with = |size| {
        [
            ("filter[type]", "user"),
            ("query", ALL_TIME),
            ("page[size]", size),
            ("page[after]", after),
        ]
    };
    assert_eq!(get(&zendesk, SEARCH, &with("3")).await.status(), 200);
    assert_eq!(get(&zendesk, SEARCH, &with("4")).await.status(), 400);
    tokio::time::sleep(Duration::from_millis(450)).await;
    assert_eq!(get(&zendesk, SEARCH, &with("3")).await.status(), 400);
}

#[tokio::test]
async fn the_index_still_shows_the_version_before_a_fresh_change() {
    let lagging = ZendeskOptions {
        index_delay: Duration::from_secs(60),
        ..options()
    };
    let zendesk = ZendeskSimulator::start(lagging).await.expect("a simulator");
    let before = zendesk.users_searchable();
    zendesk.change(5);
    zendesk.delete(5);
    zendesk.create(5);
    assert_eq!(zendesk.users_searchable(), before);
}

#[tokio::test]
async fn search_finds_records_of_every_type_by_window_and_property() {
    let zendesk = ZendeskSimulator::start(options()).await;
    let zendesk = zendesk.expect("a simulator");
    for (r#type, count) in [
        ("ticket", 57),
        ("organization", 40),
        ("group", 12),
        ("user", 25),
    ] {
        let query = "created>=2000-01-01T00:00:00Z";
        let search = [
            ("filter[type]", r#type),
            ("query", query),
            ("page[size]", "1000"),
        ];
        let page = value(get(&zendesk, SEARCH, &search).await).await;
        let results = page["results"].as_array().expect("results");
        assert_eq!(results.len(), count, "{type}");
        assert!(results.iter().all(|found| found["result_type"] == r#type));
        assert!(
            results
                .iter()
                .all(|found| found.get("generated_timestamp").is_none())
        );
    }
    let search = [("filter[type]", "user"), ("query", "role:admin")];
    let page = value(get(&zendesk, SEARCH, &search).await).await;
    assert_eq!(page["results"].as_array().map(Vec::len), Some(1));
    let search = [("filter[type]", "article"), ("query", "role:admin")];
    assert_eq!(get(&zendesk, SEARCH, &search).await.status(), 422);
}
