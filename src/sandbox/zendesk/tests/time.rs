//! The time-based exports: where a page ends, and what it says about the next.

use super::*;

const TICKETS: &str = "/api/v2/incremental/tickets.json";
const ORGANIZATIONS: &str = "/api/v2/incremental/organizations.json";

async fn page(zendesk: &ZendeskSimulator, path: &str, query: &[(&str, &str)]) -> Value {
    let answer = get(zendesk, path, query).await;
    assert_eq!(answer.status(), 200, "{path} {query:?}");
    value(answer).await
}

fn seconds(page: &Value) -> Vec<i64> {
    let tickets = page["tickets"].as_array().expect("tickets").iter();
    let seconds = tickets.map(|ticket| ticket["generated_timestamp"].as_i64());
    seconds.map(|second| second.expect("a second")).collect()
}

async fn account(change: impl FnOnce(&mut ZendeskOptions)) -> ZendeskSimulator {
    let mut options = options();
    change(&mut options);
    ZendeskSimulator::start(options).await.expect("a simulator")
}

#[tokio::test]
async fn a_page_of_several_seconds_ends_in_its_last_second() {
    let zendesk = account(|_| {}).await;
    let page = page(
        &zendesk,
        TICKETS,
        &[("start_time", "0"), ("per_page", "30")],
    )
    .await;
    let seconds = seconds(&page);
    assert_eq!(seconds.len(), 30);
    assert_eq!(page["count"], 30);
    assert_eq!(page["end_of_stream"], false);
    assert_eq!(page["end_time"], seconds[29]);
    let next = page["next_page"].as_str().expect("a link");
    let wanted = format!("tickets.json?per_page=30&start_time={}", seconds[29]);
    assert!(next.ends_with(&wanted), "{next}");
}

#[tokio::test]
async fn a_full_page_of_one_second_is_extended_and_ends_one_second_later() {
    let zendesk = account(|_| {}).await;
    let tied = zendesk
        .collection("organizations")
        .expect("a stream")
        .tie(60);
    assert_eq!(tied.len(), 60);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let tie = zendesk
        .collection("organizations")
        .expect("a stream")
        .visible();
    let second = tie.last().expect("a record").changed_at.as_second();
    let start = second.to_string();
    let query = [("start_time", &*start), ("per_page", "10")];
    let page = page(&zendesk, ORGANIZATIONS, &query).await;
    assert_eq!(page["count"], 60);
    assert_eq!(page["end_time"], second + 1);
    assert_eq!(page["end_of_stream"], false);
}

#[tokio::test]
async fn a_stuck_export_gives_the_same_page_for_ever() {
    let zendesk = account(|options| {
        options.stuck.insert("organizations".into());
    });
    let zendesk = zendesk.await;
    zendesk
        .collection("organizations")
        .expect("a stream")
        .tie(60);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let last = zendesk
        .collection("organizations")
        .expect("a stream")
        .visible();
    let start = last.last().expect("a record").changed_at.as_second();
    let text = start.to_string();
    let query = [("start_time", &*text), ("per_page", "10")];
    let page = page(&zendesk, ORGANIZATIONS, &query).await;
    assert_eq!(page["count"], 10);
    assert_eq!(page["end_time"], start);
    assert_eq!(page["end_of_stream"], false);
}

#[tokio::test]
async fn the_last_page_is_the_one_that_is_not_full_and_an_empty_one_ends_nowhere() {
    let zendesk = account(|_| {}).await;
    let last = page(&zendesk, TICKETS, &[("start_time", "0")]).await;
    let seconds = seconds(&last);
    assert_eq!(last["end_of_stream"], true);
    assert_eq!(last["end_time"], *seconds.last().expect("a ticket"));
    assert!(last["next_page"].is_string(), "it goes on from here");

    let later = (seconds.last().expect("a ticket") + 1).to_string();
    let empty = page(&zendesk, TICKETS, &[("start_time", &later)]).await;
    let expected = json!({
        "tickets": [], "count": 0, "end_of_stream": true, "next_page": null, "end_time": null,
    });
    assert_eq!(empty, expected);
}

#[tokio::test]
async fn inside_a_second_tickets_are_in_no_order() {
    let zendesk = account(|options| options.users = 2).await;
    zendesk.collection("tickets").expect("a stream").tie(40);
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    let page = page(&zendesk, TICKETS, &[("start_time", "1735700000")]).await;
    let ids: Vec<u64> = page["tickets"]
        .as_array()
        .expect("tickets")
        .iter()
        .filter_map(|ticket| ticket["id"].as_u64())
        .collect();
    assert!(ids.len() >= 40 && !ids.is_sorted(), "{ids:?}");
}

#[tokio::test]
async fn some_exports_never_say_that_they_end() {
    let zendesk = account(|_| {}).await;
    for path in [
        "/api/v2/incremental/ticket_metric_events",
        "/api/v2/help_center/incremental/articles",
        "/api/v2/channels/voice/stats/incremental/calls",
        "/api/v2/channels/voice/stats/incremental/legs",
        "/api/v2/chat/incremental/chats",
    ] {
        let last = page(&zendesk, path, &[("start_time", "0")]).await;
        assert_eq!(last.get("end_of_stream"), None, "{path}");
        let empty = page(&zendesk, path, &[("start_time", "1790000000")]).await;
        assert_eq!(empty["count"], 0, "{path}");
        let endless = path.contains("voice");
        assert_eq!(empty["next_page"].is_string(), endless, "{path}");
    }
}

#[tokio::test]
async fn the_agents_timeline_counts_microseconds() {
    let zendesk = account(|_| {}).await;
    let path = "/api/v2/chat/incremental/agent_timeline";
    let first = page(&zendesk, path, &[("start_time", "0"), ("limit", "5")]).await;
    let end = first["end_time"].as_i64().expect("a time");
    assert!(end > 1_600_000_000_000_000, "{end}");
    assert_eq!(first["agent_timeline"][4]["start_time"], end);
    let id = first["end_id"].as_str().expect("an id");
    let query = [
        ("start_time", &*end.to_string()),
        ("start_id", id),
        ("limit", "5"),
    ];
    let second = page(&zendesk, path, &query).await;
    assert_ne!(second["agent_timeline"][0], first["agent_timeline"][4]);
}

#[tokio::test]
async fn metric_events_are_a_list_too() {
    let zendesk = account(|_| {}).await;
    let path = "/api/v2/incremental/ticket_metric_events";
    let query = [("start_time", "0"), ("page[size]", "10")];
    let page = page(&zendesk, path, &query).await;
    assert_eq!(
        page["ticket_metric_events"].as_array().map(Vec::len),
        Some(10)
    );
    assert_eq!(page["meta"]["has_more"], true);
    assert_eq!(page.get("end_time"), None);
}

#[tokio::test]
async fn a_recent_start_is_refused_in_every_way_there_has_been() {
    for (how, status, json) in [
        (TooRecent::BadRequest, 400, true),
        (TooRecent::Unprocessable, 422, true),
        (TooRecent::UnprocessableText, 422, false),
    ] {
        let zendesk = account(|options| {
            options.too_recent = how;
            options.withhold = Duration::from_secs(60);
        });
        let zendesk = zendesk.await;
        let now = jiff::Timestamp::now().as_second().to_string();
        let refusal = get(&zendesk, TICKETS, &[("start_time", &now)]).await;
        assert_eq!(refusal.status(), status);
        let text = refusal.text().await.expect("a body");
        assert!(text.contains("Too recent start_time"));
        assert_eq!(text.starts_with('{'), json);
    }
}

#[tokio::test]
async fn the_last_minute_is_withheld_from_exports_and_not_from_lists() {
    let zendesk = account(|options| options.withhold = Duration::from_secs(60)).await;
    let organizations = zendesk.collection("organizations").expect("a stream");
    organizations.create(5);
    // Without withholding, a second shows once it is over.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    assert_eq!(
        organizations.present().len(),
        organizations.visible().len() + 5
    );
    let exported = page(&zendesk, ORGANIZATIONS, &[("start_time", "0")]).await;
    assert_eq!(exported["count"], 40);
    let listed = page(&zendesk, "/api/v2/organizations", &[]).await;
    assert_eq!(listed["count"], 45);
}
