//! Tickets: two clocks, deletions that end in erasure, and all that is told of them.

use super::*;

const CURSOR: &str = "/api/v2/incremental/tickets/cursor.json";

async fn account() -> ZendeskSimulator {
    let zendesk = ZendeskSimulator::start(options()).await;
    zendesk.expect("a simulator")
}

async fn page(zendesk: &ZendeskSimulator, path: &str, query: &[(&str, &str)]) -> Value {
    let answer = get(zendesk, path, query).await;
    assert_eq!(answer.status(), 200, "{path} {query:?}");
    value(answer).await
}

fn parsed(zendesk: &ZendeskSimulator, id: &str) -> Value {
    let ticket = zendesk
        .collection("tickets")
        .and_then(|tickets| tickets.get(id));
    serde_json::from_slice(&ticket.expect("a ticket").json).expect("JSON")
}

#[tokio::test]
async fn a_system_update_moves_one_clock_only() {
    let zendesk = account().await;
    let tickets = zendesk.collection("tickets").expect("tickets");
    let id = tickets.update_by_system(1).remove(0);
    let history = tickets.history().remove(&id).expect("versions");
    let versions: Vec<Value> = history
        .iter()
        .map(|version| serde_json::from_slice(&version.json).expect("JSON"))
        .collect();
    let [mut before, after] = <[Value; 2]>::try_from(versions).expect("two versions");
    assert!(before["generated_timestamp"].as_i64() < after["generated_timestamp"].as_i64());
    before["generated_timestamp"] = after["generated_timestamp"].clone();
    assert_eq!(before, after);
}

#[tokio::test]
async fn updated_at_lags_and_is_not_in_order() {
    let zendesk = account().await;
    let page = page(&zendesk, CURSOR, &[("start_time", "0")]).await;
    let tickets = page["tickets"].as_array().expect("tickets");
    let lags: Vec<i64> = tickets
        .iter()
        .filter(|ticket| ticket["subject"] != "SCRUBBED")
        .map(|ticket| {
            let updated = ticket["updated_at"].as_str().expect("a time");
            let updated: jiff::Timestamp = updated.parse().expect("a time");
            ticket["generated_timestamp"].as_i64().expect("a second") - updated.as_second()
        })
        .collect();
    assert!(lags.iter().all(|lag| (0..=5).contains(lag)), "{lags:?}");
    assert!(lags.iter().any(|lag| *lag > 0));
    assert!(
        tickets
            .iter()
            .all(|ticket| ticket["fields"] == ticket["custom_fields"])
    );
}

#[tokio::test]
async fn a_deleted_ticket_keeps_its_content_until_it_is_scrubbed() {
    let zendesk = account().await;
    let tickets = zendesk.collection("tickets").expect("tickets");
    let id = tickets.delete(1).remove(0);
    let deleted = parsed(&zendesk, &id);
    assert_eq!(deleted["status"], "deleted");
    assert_ne!(deleted["subject"], "SCRUBBED");
    let path = format!("/api/v2/tickets/{id}/comments");
    assert_eq!(get(&zendesk, &path, &[]).await.status(), 404);
    let list = page(&zendesk, "/api/v2/deleted_tickets", &[]).await;
    assert_eq!(list["deleted_tickets"][0]["id"].to_string(), id);
    assert_eq!(list["count"], 1, "older deletions are no longer listed");

    tokio::time::sleep(Duration::from_millis(1_100)).await;
    while !tickets.scrub(1).contains(&id) {}
    let scrubbed = parsed(&zendesk, &id);
    assert_eq!(scrubbed["subject"], "SCRUBBED");
    assert_eq!(scrubbed["raw_subject"], "SCRUBBED");
    assert_eq!(scrubbed["description"], "X");
    assert_eq!(scrubbed["updated_at"], deleted["updated_at"]);
    for key in ["tags", "custom_fields", "fields"] {
        assert_eq!(scrubbed[key], json!([]), "{key}");
    }
    let list = page(&zendesk, "/api/v2/deleted_tickets", &[]).await;
    assert_eq!(list["count"], 0);
}

#[tokio::test]
async fn bots_tickets_and_the_deleted_are_shown_as_asked() {
    let options = ZendeskOptions {
        bot_tickets: 40,
        ..options()
    };
    let zendesk = ZendeskSimulator::start(options).await.expect("a simulator");
    let count = async |more: (&'static str, &'static str)| {
        let page = page(&zendesk, CURSOR, &[("start_time", "0"), more]).await;
        page["tickets"].as_array().map_or(0, Vec::len)
    };
    let all = count(("support_type_scope", "all")).await;
    let usual = count(("support_type_scope", "agent")).await;
    assert_eq!(all, 60);
    assert!((20..50).contains(&usual), "{usual}");
    assert_eq!(count(("support_type_scope", "ai_agent")).await, all - usual);
    assert_eq!(count(("per_page", "1000")).await, usual);
    let query = [
        ("start_time", "0"),
        ("support_type_scope", "all"),
        ("exclude_deleted", "true"),
    ];
    let live = page(&zendesk, CURSOR, &query).await;
    assert_eq!(live["tickets"].as_array().map(Vec::len), Some(all - 3));
}

#[tokio::test]
async fn metrics_come_along_when_asked_for() {
    let zendesk = account().await;
    let query = [
        ("start_time", "0"),
        ("include", "metric_sets,users,comment_count"),
    ];
    let page = page(&zendesk, CURSOR, &query).await;
    for ticket in page["tickets"].as_array().expect("tickets") {
        let deleted = ticket["status"] == "deleted";
        assert_eq!(ticket["metric_set"].is_null(), deleted);
        assert!(ticket.get("metric_set").is_some());
        assert!(ticket["comment_count"].as_u64() >= Some(1));
    }
    assert!(
        page["users"]
            .as_array()
            .is_some_and(|users| !users.is_empty())
    );
    let refused = [("start_time", "0"), ("include", "last_audits")];
    assert_eq!(get(&zendesk, CURSOR, &refused).await.status(), 400);
}

#[tokio::test]
async fn identities_stand_beside_the_users() {
    let zendesk = account().await;
    let query = [("start_time", "0"), ("include", "identities")];
    let page = page(&zendesk, INCREMENTAL, &query).await;
    let identities = page["identities"].as_array().expect("identities");
    let known = zendesk.collection("user_identities").expect("a stream");
    assert_eq!(identities.len(), known.count());
    let user = &identities[0]["user_id"];
    let path = format!("/api/v2/users/{user}/identities");
    let own = self::page(&zendesk, &path, &[]).await;
    assert!(
        own["identities"]
            .as_array()
            .expect("a list")
            .contains(&identities[0])
    );
}

#[tokio::test]
async fn a_change_is_an_event_an_audit_and_perhaps_a_comment() {
    let zendesk = account().await;
    let comments = zendesk.collection("ticket_comments").expect("a stream");
    let id = comments.create(1).remove(0);
    let comment = comments.get(&id).expect("a comment");
    let comment: Value = serde_json::from_slice(&comment.json).expect("JSON");
    assert_eq!(comment["event_type"], "Comment");
    tokio::time::sleep(Duration::from_millis(1_100)).await;

    let path = "/api/v2/incremental/ticket_events.json";
    let start = ("start_time", "1790000000");
    let announced = page(&zendesk, path, &[start]).await;
    let event = &announced["ticket_events"][0];
    assert_eq!(event["child_events"][0]["comment_present"], true);
    assert_eq!(event["child_events"][0].get("body"), None);
    assert_eq!(event["child_events"][1]["event_type"], "Change");
    let whole = page(&zendesk, path, &[start, ("include", "comment_events")]).await;
    assert_eq!(whole["ticket_events"][0]["child_events"][0], comment);

    let ticket = event["ticket_id"].to_string();
    let audits = page(&zendesk, &format!("/api/v2/tickets/{ticket}/audits"), &[]).await;
    let audits = audits["audits"].as_array().expect("audits").clone();
    assert!(audits.iter().any(|audit| audit["id"] == event["id"]));
    let own = page(&zendesk, &format!("/api/v2/tickets/{ticket}/comments"), &[]).await;
    let own = own["comments"].as_array().expect("comments").clone();
    assert!(
        own.iter()
            .any(|one| one["id"] == comment["id"] && one.get("event_type").is_none())
    );
    let metric = page(&zendesk, &format!("/api/v2/tickets/{ticket}/metrics"), &[]).await;
    assert_eq!(metric["ticket_metric"]["ticket_id"].to_string(), ticket);
}

#[tokio::test]
async fn the_archive_is_in_exports_only() {
    let options = ZendeskOptions {
        records: [("tickets".to_owned(), 400)].into(),
        bot_tickets: 0,
        ..options()
    };
    let zendesk = ZendeskSimulator::start(options).await.expect("a simulator");
    let exported = page(
        &zendesk,
        CURSOR,
        &[("start_time", "0"), ("exclude_deleted", "true")],
    )
    .await;
    let exported = exported["tickets"].as_array().map_or(0, Vec::len) as u64;
    let listed = page(&zendesk, "/api/v2/tickets/count", &[]).await;
    let metrics = page(&zendesk, "/api/v2/ticket_metrics", &[]).await;
    assert!(listed["count"]["value"].as_u64() < Some(exported));
    assert_eq!(listed["count"]["value"], metrics["count"]);
}

#[tokio::test]
async fn losers_of_merges_stay_with_their_marks() {
    let zendesk = account().await;
    let ticket = zendesk
        .collection("tickets")
        .expect("tickets")
        .merge(1)
        .remove(0);
    let ticket = parsed(&zendesk, &ticket);
    assert_eq!(ticket["status"], "closed");
    assert!(
        ticket["tags"]
            .as_array()
            .expect("tags")
            .contains(&json!("closed_by_merge"))
    );
    let user = zendesk
        .collection("users")
        .expect("users")
        .merge(1)
        .remove(0);
    let user = zendesk
        .users()
        .into_iter()
        .find(|one| one.id.to_string() == user);
    assert!(!user.expect("a user").active);
}

#[tokio::test]
async fn a_ticket_that_no_page_can_be_made_with() {
    let zendesk = account().await;
    let tickets = zendesk.collection("tickets").expect("tickets");
    let first = tickets.visible().remove(0).id;
    tickets.fail_pages_with(&first);
    let query = [("start_time", "0"), ("support_type_scope", "all")];
    assert_eq!(get(&zendesk, CURSOR, &query).await.status(), 504);
}

#[tokio::test]
async fn tombstones_do_not_stay_for_ever() {
    let zendesk = account().await;
    let tickets = zendesk.collection("tickets").expect("tickets");
    let before = tickets.count();
    let deleted = tickets
        .present()
        .iter()
        .filter(|ticket| ticket.deleted)
        .count();
    assert!(deleted > 0);
    tickets.drop_tombstones();
    assert_eq!(tickets.count(), before - deleted);
}
