//! Lists: their two paginations, what they hide, and what is asked beside them.

use super::*;

async fn account() -> ZendeskSimulator {
    let zendesk = ZendeskSimulator::start(options()).await;
    zendesk.expect("a simulator")
}

async fn page(zendesk: &ZendeskSimulator, path: &str, query: &[(&str, &str)]) -> Value {
    let answer = get(zendesk, path, query).await;
    assert_eq!(answer.status(), 200, "{path} {query:?}");
    value(answer).await
}

#[tokio::test]
async fn the_last_page_of_a_classic_list_still_has_links() {
    let zendesk = account().await;
    let path = "/api/v2/group_memberships.json";
    // 25 records: the full page does not know that nothing follows.
    let full = page(&zendesk, path, &[("page[size]", "25")]).await;
    assert_eq!(full["meta"]["has_more"], true);
    let after = full["meta"]["after_cursor"].as_str().expect("a cursor");
    let query = [("page[size]", "25"), ("page[after]", after)];
    let empty = page(&zendesk, path, &query).await;
    let expected = json!({
        "group_memberships": [],
        "meta": {"has_more": false, "after_cursor": null, "before_cursor": null},
        "links": {"prev": null, "next": null},
    });
    assert_eq!(empty, expected);

    let last = page(&zendesk, path, &[("page[size]", "50")]).await;
    assert_eq!(last["meta"]["has_more"], false);
    for end in ["next", "prev"] {
        let link = last["links"][end].as_str().expect("a link");
        assert!(
            link.starts_with(&format!("https://{ZENDESK_HOST}{path}?page%5B")),
            "{link}"
        );
    }
}

#[tokio::test]
async fn the_newer_services_know_their_ends() {
    let zendesk = account().await;
    let topics = page(
        &zendesk,
        "/api/v2/community/topics",
        &[("page[size]", "12")],
    )
    .await;
    assert_eq!(topics["meta"]["has_more"], false);
    assert_eq!(topics["links"], json!({"prev": null, "next": null}));
    let path = "/api/v2/help_center/sections.json";
    let answer = get(&zendesk, path, &[("page[size]", "5")]).await;
    assert_eq!(answer.headers().get_all("link").iter().count(), 1);
    let sections = value(answer).await;
    assert_eq!(sections["meta"]["has_more"], true);
    let links = sections["links"].as_object().expect("links");
    let names: Vec<&String> = links.keys().collect();
    assert_eq!(names, ["first", "last", "next"]);
}

#[tokio::test]
async fn a_page_backwards_ends_where_the_one_before_began() {
    let zendesk = account().await;
    let path = "/api/v2/tags";
    let ids = |page: &Value| -> Vec<Value> {
        let tags = page["tags"].as_array().expect("tags").iter();
        tags.map(|tag| tag["name"].clone()).collect()
    };
    let first = page(&zendesk, path, &[("page[size]", "5")]).await;
    let after = first["meta"]["after_cursor"].as_str().expect("a cursor");
    let second = page(
        &zendesk,
        path,
        &[("page[size]", "5"), ("page[after]", after)],
    )
    .await;
    let before = second["meta"]["before_cursor"].as_str().expect("a cursor");
    let again = page(
        &zendesk,
        path,
        &[("page[size]", "5"), ("page[before]", before)],
    )
    .await;
    assert_eq!(ids(&again), ids(&first));
}

#[tokio::test]
async fn a_larger_page_than_a_hundred_is_a_hundred_and_none_is_refused() {
    let zendesk = account().await;
    zendesk.collection("views").expect("a stream").create(120);
    let views = page(&zendesk, "/api/v2/views", &[("page[size]", "1000")]).await;
    assert_eq!(views["views"].as_array().map(Vec::len), Some(100));
    for query in [
        ("page[size]", "0"),
        ("page[size]", "x"),
        ("page[after]", "%%"),
    ] {
        let refusal = get(&zendesk, "/api/v2/views", &[query]).await;
        assert_eq!(refusal.status(), 400, "{query:?}");
    }
}

#[tokio::test]
async fn offset_pages_end_at_the_hundredth() {
    let zendesk = account().await;
    let path = "/api/v2/users.json";
    let first = page(&zendesk, path, &[("per_page", "10")]).await;
    assert_eq!(first["count"], 25);
    assert_eq!(first["previous_page"], Value::Null);
    let next = first["next_page"].as_str().expect("a link");
    assert!(next.ends_with("/users.json?page=2&per_page=10"), "{next}");
    let last = page(&zendesk, path, &[("per_page", "10"), ("page", "3")]).await;
    assert_eq!(last["next_page"], Value::Null);
    assert_eq!(last["users"].as_array().map(Vec::len), Some(5));
    let refusal = get(&zendesk, path, &[("page", "101")]).await;
    assert_eq!(refusal.status(), 400);
    assert_eq!(
        value(refusal).await["errors"][0]["code"],
        "InvalidPaginationDepth"
    );
}

#[tokio::test]
async fn lists_hide_the_deleted_unless_they_can_be_asked_not_to() {
    let zendesk = account().await;
    let deleted = zendesk.collection("groups").expect("a stream").delete(2);
    let size = ("page[size]", "100");
    let shown = page(&zendesk, "/api/v2/groups", &[size]).await;
    assert_eq!(shown["groups"].as_array().map(Vec::len), Some(10));
    let all = page(
        &zendesk,
        "/api/v2/groups",
        &[size, ("exclude_deleted", "false")],
    )
    .await;
    let tombstones: Vec<String> = all["groups"]
        .as_array()
        .expect("groups")
        .iter()
        .filter(|group| group["deleted"] == true)
        .map(|group| group["id"].to_string())
        .collect();
    assert_eq!(tombstones.len(), 2);
    assert!(deleted.iter().all(|id| tombstones.contains(id)));

    let gone = zendesk
        .collection("group_memberships")
        .expect("a stream")
        .delete(3);
    let left = page(&zendesk, "/api/v2/group_memberships", &[size]).await;
    let left = left["group_memberships"].to_string();
    assert!(gone.iter().all(|id| !left.contains(id.as_str())));

    let users = zendesk.delete(2);
    let deleted = page(&zendesk, "/api/v2/deleted_users", &[size]).await;
    let deleted = deleted["deleted_users"].as_array().expect("users").clone();
    assert_eq!(deleted.len(), 2);
    assert!(
        deleted
            .iter()
            .all(|user| users.contains(&user["id"].as_u64().expect("an id")))
    );
}

#[tokio::test]
async fn a_list_is_not_in_the_order_of_change() {
    let zendesk = account().await;
    zendesk.collection("groups").expect("a stream").change(6);
    let groups = page(&zendesk, "/api/v2/groups", &[("page[size]", "100")]).await;
    let times: Vec<&str> = groups["groups"]
        .as_array()
        .expect("groups")
        .iter()
        .filter_map(|group| group["updated_at"].as_str())
        .collect();
    assert!(
        !times.is_sorted() && !times.iter().rev().is_sorted(),
        "{times:?}"
    );
}

#[tokio::test]
async fn counts_and_many_are_beside_the_lists() {
    let zendesk = account().await;
    let deleted = zendesk.delete(1)[0].to_string();
    let count = page(&zendesk, "/api/v2/users/count.json", &[]).await;
    assert_eq!(count["count"]["value"], 24);
    assert!(count["count"]["refreshed_at"].is_string());

    let known = zendesk.users()[0].id.to_string();
    let ids = format!("{known},{deleted},5");
    let many = page(&zendesk, "/api/v2/users/show_many", &[("ids", &ids)]).await;
    assert_eq!(many["count"], 1);
    let query = [("ids", &*ids), ("include_deleted", "true")];
    let many = page(&zendesk, "/api/v2/users/show_many", &query).await;
    assert_eq!(many["count"], 2);
    let ids = vec!["7"; 101].join(",");
    let refusal = get(&zendesk, "/api/v2/users/show_many", &[("ids", &ids)]).await;
    assert_eq!(refusal.status(), 400);
    assert_eq!(value(refusal).await["error"], "TooManyValues");
}

#[tokio::test]
async fn bounds_are_kept_where_a_list_takes_some() {
    let zendesk = account().await;
    let path = "/api/v2/satisfaction_ratings";
    let some = page(&zendesk, path, &[("start_time", "1672531200")]).await;
    let all = page(&zendesk, path, &[]).await;
    assert!(some["count"].as_u64() < all["count"].as_u64());
    let path = "/api/v2/audit_logs";
    let key = "filter[created_at][]";
    let query = [(key, "2022-01-01T00:00:00Z"), (key, "2022-12-31T23:59:59Z")];
    let year = page(&zendesk, path, &query).await;
    let logs = year["audit_logs"].as_array().expect("logs");
    assert!(!logs.is_empty());
    assert!(logs.iter().all(|log| {
        log["created_at"]
            .as_str()
            .is_some_and(|at| at.starts_with("2022"))
    }));
}

#[tokio::test]
async fn the_audits_own_cursor_leads_from_the_newest_back() {
    let zendesk = account().await;
    let path = "/api/v2/ticket_audits.json";
    let first = page(&zendesk, path, &[("limit", "5")]).await;
    let cursor = first["before_cursor"].as_str().expect("a cursor");
    assert!(first["before_url"].is_string() && first["after_url"].is_string());
    let second = page(&zendesk, path, &[("limit", "5"), ("cursor", cursor)]).await;
    let ids = |page: &Value| -> Vec<u64> {
        let audits = page["audits"].as_array().expect("audits").iter();
        audits.filter_map(|audit| audit["id"].as_u64()).collect()
    };
    let ids = [ids(&first), ids(&second)].concat();
    assert_eq!(ids.len(), 10);
    assert!(ids.is_sorted_by(|one, next| one > next), "{ids:?}");
}

#[tokio::test]
async fn single_answers_are_objects() {
    let zendesk = account().await;
    let path = "/api/v2/channels/voice/stats/current_queue_activity";
    assert!(page(&zendesk, path, &[]).await["current_queue_activity"].is_object());
    let path = "/api/v2/routing/attributes/definitions.json";
    assert!(page(&zendesk, path, &[]).await["definitions"]["conditions_all"].is_array());
    let objects = page(&zendesk, "/api/v2/custom_objects", &[]).await;
    assert_eq!(objects["custom_objects"][0]["key"], "object_1");
    assert_eq!(objects["custom_objects"][0].get("id"), None);
}
