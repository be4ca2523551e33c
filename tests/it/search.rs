//! The search export: windows of update time, walked page by page.

use std::time::Duration;

use jiff::Timestamp;
use zendesk_aep::sandbox::{Fault, SeenRequest, Simulator as _};

use crate::support::{Expected, SEARCH, World, eventually};

/// `settle` of the windows.
const SETTLE: Duration = Duration::from_millis(100);

pub async fn world() -> World {
    let mut world = World::new().await;
    world
        .settings
        .set("streams.users.export", "search")
        .set("streams.users.settle", "100ms");
    world
}

pub fn searches(world: &World) -> Vec<SeenRequest> {
    world.zendesk.requests_to(SEARCH)
}

/// The bounds of a search's query: begin, if there is one, and end.
#[track_caller]
pub fn bounds(request: &SeenRequest) -> (Option<Timestamp>, Timestamp) {
    let query = request.head.query("query").expect("a query");
    let time = |text: &str| -> Timestamp {
        assert!(text.ends_with('Z') && text.len() == 20, "{text}");
        text.parse().expect("a time")
    };
    let (begin, end) = match query.split_once(' ') {
        Some((begin, end)) => (begin.strip_prefix("updated>="), end),
        None => (None, query),
    };
    let end = end.strip_prefix("updated<");
    (begin.map(time), time(end.expect("an end")))
}

/// Waits until the next window would take in every change made so far, and is not empty.
async fn changes_settle(world: &World) {
    let users = world.zendesk.users();
    let newest = users.iter().map(|user| user.updated_at).max();
    let from = world.users_state()["position"]["from"].take();
    let from = from.as_str().map(|from| from.parse().expect("a time"));
    let after = newest.max(from).expect("a user");
    eventually("a whole second has settled after the last change", || {
        Timestamp::now() >= after + Duration::from_secs(1) + SETTLE
    })
    .await;
}

#[tokio::test]
async fn a_full_export_is_one_window_without_a_beginning() {
    let world = world().await;
    let sync = world.sync().await;
    sync.assert_code(0);
    assert_eq!(sync.report()["ingested"], 200);
    Expected::Search.assert_settled(&world);
    assert_eq!(world.platform.accepted_count(), 200);

    let searches = searches(&world);
    assert_eq!(searches.len(), 4, "pages");
    let (begin, end) = bounds(&searches[0]);
    assert_eq!(begin, None);
    for (page, search) in searches.iter().enumerate() {
        assert_eq!(bounds(search), (None, end), "the window stays the same");
        assert_eq!(search.head.query("filter[type]"), Some("user"));
        assert_eq!(search.head.query("page[size]"), Some("50"));
        assert_eq!(search.head.query("page[after]").is_some(), page > 0);
    }
    assert_eq!(world.users_state()["position"]["from"], end.to_string());
}

#[tokio::test]
async fn windows_are_half_open_and_overlap() {
    let mut world = world().await;
    world.settings.set("streams.users.overlap", "7m");
    world.sync().await.assert_code(0);
    let (_, first_end) = bounds(&searches(&world)[0]);
    world.zendesk.change(5);
    changes_settle(&world).await;
    let sync = world.sync().await;
    assert_eq!(sync.report()["ingested"], 5);
    Expected::Search.assert_settled(&world);

    let last = searches(&world).pop().expect("a search");
    let (begin, end) = bounds(&last);
    assert_eq!(begin, Some(first_end - Duration::from_secs(7 * 60)));
    assert!(end > first_end);
    assert!(
        end <= Timestamp::now() - SETTLE,
        "it ends before what has not settled"
    );
}

#[tokio::test]
async fn what_the_overlap_repeats_is_not_sent_again() {
    let world = world().await;
    world.zendesk.change(8);
    changes_settle(&world).await;
    world.sync().await.assert_code(0);
    Expected::Search.assert_settled(&world);
    let sent = world.inlet_requests();

    changes_settle(&world).await;
    let quiet = world.sync().await;
    quiet.assert_code(0);
    let report = quiet.report();
    assert_eq!(report["received"], 8, "the overlap reads them again");
    assert_eq!(report["skipped"], 8);
    assert_eq!(world.inlet_requests(), sent);
}

#[tokio::test]
async fn a_second_version_within_the_overlap_is_sent() {
    let world = world().await;
    let user = world.zendesk.change(1)[0];
    changes_settle(&world).await;
    world.sync().await.assert_code(0);
    assert!(world.zendesk.change_user(user));
    changes_settle(&world).await;
    let sync = world.sync().await;
    assert_eq!(sync.report()["ingested"], 1);
    Expected::Search.assert_settled(&world);
}

#[tokio::test]
async fn what_the_index_shows_late_is_found_by_the_overlap() {
    let world = world().await;
    world.sync().await.assert_code(0);
    world.zendesk.change(3);
    changes_settle(&world).await;
    let nothing_yet = r#"{"results":[],"facets":null,"meta":{"has_more":false,
        "after_cursor":null,"before_cursor":null},"links":{"prev":null,"next":null}}"#;
    world
        .zendesk
        .fault(SEARCH, Fault::status(200, nothing_yet), 1);
    let early = world.sync().await;
    assert_eq!(early.report()["received"], 0, "the index lags");

    changes_settle(&world).await;
    let late = world.sync().await;
    assert_eq!(late.report()["ingested"], 3);
    Expected::Search.assert_settled(&world);
}

#[tokio::test]
async fn a_start_is_where_the_first_window_begins() {
    let mut world = world().await;
    let start: Timestamp = "2023-05-01T00:00:00Z".parse().expect("a time");
    world.settings.set("streams.users.start", start.to_string());
    world.sync().await.assert_code(0);
    assert_eq!(bounds(&searches(&world)[0]).0, Some(start));
    let users = world.zendesk.users();
    let expected = users.iter().filter(|user| user.updated_at >= start).count();
    assert!(expected > 0);
    assert_eq!(world.platform.accepted_count(), expected);
}

#[tokio::test]
async fn a_stream_can_change_from_one_export_to_the_other() {
    let mut world = world().await;
    world.sync().await.assert_code(0);
    let serde_json::Value::String(from) = world.users_state()["position"]["from"].take() else {
        panic!("a window was closed");
    };
    world
        .settings
        .set("streams.users.export", "incremental")
        .remove("streams.users.settle");
    world.zendesk.delete(2);
    world.changes_show().await;
    world.sync().await.assert_code(0);
    let first = &world.page_requests()[0];
    let start: i64 = first
        .head
        .query("start_time")
        .expect("a time")
        .parse()
        .expect("seconds");
    let from: Timestamp = from.parse().expect("a time");
    assert!(
        start <= from.as_second() - 120 && start >= from.as_second() - 700,
        "{start} {from}"
    );
    let inactive = world.platform.accepted()[200..]
        .iter()
        .filter(|delivery| String::from_utf8_lossy(&delivery.json).contains("\"active\":false"))
        .count();
    assert_eq!(inactive, 2);
}
