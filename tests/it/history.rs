//! History from lists, live changes from the export: nothing is lost between them, altered or out
//! of order, and what the lists leave out the export brings.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde_json::Value;
use zendesk_aep::sandbox::{Fault, Gate, Simulator as _, UserVersion};

use crate::support::{PATIENCE, World, eventually};

const PRESENT: &str = "/api/v2/users.json";
const DELETED: &str = "/api/v2/deleted_users.json";
const COUNT: &str = "/api/v2/users/count.json";

async fn world(users: usize) -> World {
    let mut world = World::with(|plan| {
        plan.zendesk.users = users;
        plan.zendesk.deleted_users = 10;
    })
    .await;
    world
        .settings
        .set("zendesk.page_size", 10)
        .set("streams.users.back_fill", "list");
    world
}

/// A daemon's world, whose history takes several ticks.
async fn slow_world() -> World {
    let mut world = world(800).await;
    world
        .settings
        .set("schedule.every", "1s")
        .set("platform.max_messages_per_second", 100);
    world
}

fn requests(world: &World, path: &str) -> usize {
    let requests = world.zendesk.requests_to(path);
    requests.iter().filter(|one| one.head.path == path).count()
}

fn stretch(world: &World) -> Value {
    world.users_state()["back_fill"][0].clone()
}

async fn is_loading(world: &World, list: &str) {
    eventually("pages of a list are settled", || {
        let position = &stretch(world)["position"];
        position["list"] == list && position["page"].is_string()
    })
    .await;
}

async fn is_loaded(world: &World) {
    eventually("history is loaded", || {
        let state = world.users_state();
        state["position"].is_object() && state["back_fill"].is_null()
    })
    .await;
}

/// Everyone whom the export gives has arrived, the deleted too, no version after a newer one.
#[track_caller]
fn assert_everyone(world: &World) {
    let mut last: HashMap<u64, (String, bool, bytes::Bytes)> = HashMap::new();
    for one in world.platform.accepted() {
        let user: Value = serde_json::from_slice(&one.json).expect("JSON");
        let version = user["updated_at"].as_str().expect("a time").to_owned();
        let id = user["id"].as_u64().expect("an id");
        let before = last.insert(id, (version.clone(), user["active"] == true, one.json));
        assert!(
            before.is_none_or(|(before, ..)| before <= version),
            "out of order: {user}"
        );
    }
    let users = world.zendesk.users();
    for user in &users {
        let (version, active, json) = last
            .get(&user.id)
            .unwrap_or_else(|| panic!("lost: {user:?}"));
        assert_eq!(*version, user.updated_at.to_string(), "{user:?}");
        assert_eq!(*active, user.active, "{user:?}");
        // The list of the deleted knows less of each than the export.
        assert!(!active || *json == user.json, "altered: {user:?}");
    }
    assert_eq!(last.len(), users.len(), "nobody but them");
}

/// The next sync is complete, and then everyone is there.
async fn settles(world: &World) {
    world.changes_show().await;
    let sync = world.sync().await;
    sync.assert_code(0);
    assert!(world.users_state()["back_fill"].is_null());
    assert_everyone(world);
}

/// The export has read all of the history, because of `why`; nothing is lost.
async fn settles_by_the_export(world: &World, why: &str) {
    let sync = world.sync().await;
    sync.assert_code(0);
    let said = sync.stderr.matches(why).count();
    assert_eq!(said, 1, "`{why}` is said once:\n{}", sync.stderr);
    let pages = world.zendesk.users().len() / 10;
    assert!(world.page_requests().len() >= pages, "all by the export");
    assert_everyone(world);
}

fn some(world: &World, active: bool) -> UserVersion {
    let mut users = world.zendesk.users();
    users.retain(|user| user.active == active);
    users.swap_remove(users.len() / 2)
}

#[tokio::test]
async fn one_pass_brings_everyone_once() {
    let world = world(200).await;
    settles(&world).await;
    let deleted = world
        .zendesk
        .users()
        .iter()
        .filter(|one| !one.active)
        .count();
    assert!(deleted > 0, "some are deleted from the beginning");
    assert_eq!(requests(&world, DELETED), deleted / 10 + 1);
    assert!(requests(&world, PRESENT) >= (200 - deleted).div_ceil(10));
    assert!(world.page_requests().len() <= 2, "the export only reads on");
    assert_eq!(world.platform.accepted_count(), 200, "each once");
    let sync = &world.users_state()["last_sync"];
    assert_eq!(
        (&sync["received"], &sync["ingested"]),
        (&200.into(), &200.into())
    );

    world.zendesk.change(5);
    world.zendesk.create(2);
    settles(&world).await;
    assert_eq!(
        world.platform.accepted_count(),
        207,
        "the export brings the changes"
    );
    assert!(
        requests(&world, DELETED) == deleted / 10 + 1,
        "once is enough"
    );
    assert_eq!(requests(&world, COUNT), 1, "so is one count");
}

#[tokio::test]
async fn by_itself_the_list_is_taken_where_it_saves_time() {
    for (users, takes_list) in [(2_500, true), (60, false)] {
        let mut world = world(users).await;
        world
            .settings
            .remove("streams.users.back_fill")
            .set("platform.batch_bytes", "500kB");
        settles(&world).await;
        assert_eq!(requests(&world, PRESENT) > 0, takes_list, "{users}");
        assert_eq!(requests(&world, COUNT), 1);
    }
}

#[tokio::test]
async fn who_wants_the_export_gets_it_without_being_asked() {
    let mut world = world(100).await;
    world.settings.set("streams.users.back_fill", "export");
    settles(&world).await;
    assert_eq!(requests(&world, PRESENT) + requests(&world, COUNT), 0);
}

#[tokio::test]
async fn a_change_meanwhile_arrives_and_is_not_overtaken() {
    let world = slow_world().await;
    let daemon = world.daemon();
    is_loading(&world, "present").await;
    let changed: Vec<u64> = {
        let users = world.zendesk.users();
        let active = users.iter().rev().filter(|user| user.active);
        active.step_by(40).map(|user| user.id).collect()
    };
    for id in changed {
        world.zendesk.change_user(id);
    }
    world.zendesk.create(3);
    world.zendesk.delete(3);
    let last = world.zendesk.users().last().expect("a user").json.clone();
    let arrives = world.platform.wait_until(
        |sink| sink.accepted.iter().any(|sent| sent.json == last),
        PATIENCE,
    );
    assert!(arrives.await, "the change arrives");
    assert!(!stretch(&world).is_null(), "history is still loading");
    is_loaded(&world).await;
    daemon.stop().await;
    settles(&world).await;
}

#[tokio::test]
async fn a_list_that_lags_does_not_bring_an_old_version_back() {
    let world = slow_world().await;
    let daemon = world.daemon();
    is_loading(&world, "present").await;
    let old = world
        .zendesk
        .users()
        .into_iter()
        .max_by_key(|user| (user.active, user.id));
    let old = old.expect("a user");
    world.zendesk.change_user(old.id);
    let new = world.zendesk.users().last().expect("a user").json.clone();
    let arrives = world.platform.wait_until(
        |sink| sink.accepted.iter().any(|sent| sent.json == new),
        PATIENCE,
    );
    assert!(arrives.await, "the change arrives");
    let json = String::from_utf8_lossy(&old.json);
    let page = format!(r#"{{"users":[{json}],"meta":{{"has_more":true,"after_cursor":"x"}}}}"#);
    world.zendesk.fault(PRESENT, Fault::status(200, page), 1);
    eventually("the old version is read", || {
        world.zendesk.faults_left() == 0
    })
    .await;
    // The cursor that came with it is refused, so the export takes over and finds everybody.
    eventually("the export takes over", || {
        stretch(&world)["position"]["export"] == "incremental"
    })
    .await;
    daemon.stop().await;
    settles(&world).await;
    let times = world
        .platform
        .accepted()
        .iter()
        .filter(|one| one.json == old.json)
        .count();
    assert_eq!(times, 0, "the old version was never sent");
}

#[tokio::test]
async fn killed_in_the_middle_it_goes_on_in_the_list() {
    let mut world = slow_world().await;
    for list in ["deleted", "present", "present"] {
        let daemon = world.daemon();
        is_loading(&world, list).await;
        world.zendesk.change(3);
        daemon.kill().await;
        assert_eq!(stretch(&world)["position"]["export"], "history");
    }
    world.settings.remove("platform.max_messages_per_second");
    settles(&world).await;
    let accepted = world.platform.accepted_count();
    assert!(
        accepted < 900,
        "{accepted} messages for 800 users and 9 changes"
    );
    let full = world.zendesk.users().len() / 10;
    assert!(
        world.page_requests().len() < full,
        "history came from the lists"
    );
}

#[tokio::test]
async fn who_was_deleted_just_now_comes_once_and_whole() {
    let world = world(200).await;
    assert_eq!(world.zendesk.delete(4).len(), 4);
    settles(&world).await;
    let accepted = world.platform.accepted();
    assert_eq!(accepted.len(), 200, "each once");
    let users = world.zendesk.users();
    let latest = users.iter().rev().take(4);
    for user in latest {
        let is_whole = accepted.iter().any(|one| one.json == user.json);
        assert!(is_whole, "as the export has it: {user:?}");
    }
}

#[tokio::test]
async fn what_the_lists_leave_out_the_export_brings() {
    for active in [true, false] {
        let world = world(200).await;
        let left_out = some(&world, active);
        let users = world.zendesk.collection("users").expect("a stream");
        users.leave_out_of_lists(&left_out.id.to_string());
        settles_by_the_export(&world, "the lists did not give 1:").await;
    }
}

#[tokio::test]
async fn who_was_created_or_deleted_since_the_count_is_not_missed() {
    let world = world(200).await;
    // A count of yesterday, as large accounts have it; since then five came and four went.
    let now = jiff::Timestamp::now();
    let count = |count: usize| {
        let at = now - Duration::from_secs(3600);
        format!(r#"{{"count":{{"value":{count},"refreshed_at":"{at}"}}}}"#)
    };
    let active = world
        .zendesk
        .users()
        .iter()
        .filter(|one| one.active)
        .count();
    world
        .zendesk
        .fault(COUNT, Fault::status(200, count(active)), 1);
    let deleted = Fault::status(200, count(200 - active));
    world
        .zendesk
        .fault("/api/v2/deleted_users/count.json", deleted, 1);
    world.zendesk.create(5);
    assert_eq!(world.zendesk.delete(4).len(), 4);
    settles(&world).await;
    assert!(world.page_requests().len() <= 3, "the lists had everyone");
}

#[tokio::test]
async fn a_number_that_zendesk_is_still_working_out_is_no_count() {
    let world = world(200).await;
    let count = r#"{"count":{"value":100000,"refreshed_at":null}}"#;
    world.zendesk.fault(COUNT, Fault::status(200, count), 1);
    settles_by_the_export(&world, "zendesk does not say how many").await;
    assert_eq!(requests(&world, PRESENT), 0);
}

#[tokio::test]
async fn a_list_that_begins_to_go_by_numbers_leaves_history_to_the_export() {
    let world = world(200).await;
    let user = some(&world, true).json;
    let next = r#""next_page":"https://x.example/api/v2/users.json?page=2""#;
    let page = format!(r#"{{"users":[{}],{next}}}"#, String::from_utf8_lossy(&user));
    world.zendesk.fault(PRESENT, Fault::status(200, page), 1);
    settles_by_the_export(&world, "goes by page numbers").await;
}

#[tokio::test]
async fn a_cursor_that_is_refused_leaves_history_to_the_export() {
    let mut world = slow_world().await;
    let daemon = world.daemon();
    is_loading(&world, "present").await;
    let answer = Fault::status(422, r#"{"error":"InvalidPaginationParameter"}"#);
    world.zendesk.fault(PRESENT, answer, 1);
    eventually("the export takes over", || {
        stretch(&world)["position"]["export"] == "incremental"
    })
    .await;
    daemon.kill().await;
    world.settings.remove("platform.max_messages_per_second");
    settles(&world).await;
}

#[tokio::test]
async fn a_list_that_is_refused_leaves_history_to_the_export() {
    for path in [PRESENT, DELETED] {
        let world = world(100).await;
        let answer = Fault::status(403, r#"{"error":"Forbidden"}"#);
        world.zendesk.fault(path, answer, 1);
        settles_by_the_export(&world, "zendesk refuses a list").await;
    }
}

#[tokio::test]
async fn without_the_deleted_the_list_is_not_taken() {
    for gate in [Gate::Forbidden, Gate::NotFound] {
        let mut world = World::with(|plan| {
            plan.zendesk.users = 100;
            plan.zendesk.gated = BTreeMap::from([("deleted_users".to_owned(), gate)]);
        })
        .await;
        world
            .settings
            .set("zendesk.page_size", 10)
            .set("streams.users.back_fill", "list");
        settles_by_the_export(&world, "zendesk does not say how many").await;
        assert_eq!(requests(&world, PRESENT), 0, "nothing is read in vain");
    }
}

#[tokio::test]
async fn organizations_come_from_their_list_if_that_is_wanted() {
    for wanted in [true, false] {
        let mut world = World::with(|plan| {
            plan.zendesk.records = BTreeMap::from([("organizations".to_owned(), 1_000)]);
        })
        .await;
        world
            .settings
            .only_stream("organizations")
            .set("platform.batch_bytes", "500kB")
            .set("zendesk.page_size", 5);
        if wanted {
            world
                .settings
                .set("streams.organizations.back_fill", "auto");
        }
        world.sync().await.assert_code(0);
        let pages = requests(&world, "/api/v2/organizations.json");
        assert_eq!(
            pages > 0,
            wanted,
            "by default the export gives all there is"
        );
        let organizations = world.zendesk.collection("organizations").expect("a stream");
        let accepted = world.platform.accepted();
        let accepted: std::collections::HashSet<_> = accepted.iter().map(|one| &one.json).collect();
        let mut lost = organizations.present();
        lost.retain(|one| !(accepted.contains(&one.json) || wanted && one.deleted));
        assert!(lost.is_empty(), "{lost:?}");
    }
}

#[tokio::test]
async fn a_change_of_mind_reads_the_rest_by_the_export() {
    let mut world = slow_world().await;
    let daemon = world.daemon();
    is_loading(&world, "present").await;
    daemon.stop().await;
    assert!(!stretch(&world).is_null());
    world
        .settings
        .set("streams.users.back_fill", "export")
        .remove("platform.max_messages_per_second");
    settles(&world).await;
}

#[tokio::test]
async fn the_plan_says_which_way_and_what_the_other_would_cost() {
    let mut world = world(2_500).await;
    let plan = async |world: &World| {
        let planned = world.run(&["sync", "--plan", "--output", "json"]).await;
        planned.assert_code(0);
        planned.json()["streams"][0].clone()
    };
    world.settings.remove("streams.users.back_fill");
    let line = plan(&world).await;
    assert_eq!(
        (&line["export"], &line["rows"]),
        (&"list".into(), &2_500.into())
    );
    assert_eq!(line["requests"], 250);
    assert_eq!(line["otherwise"]["export"], "incremental");
    assert_eq!(line["otherwise"]["requests"], 251);
    let minutes = |value: &Value| value["minutes"].as_f64().expect("minutes");
    assert!(
        minutes(&line["otherwise"]) - minutes(&line) > 10.0,
        "{line}"
    );

    world.settings.set("zendesk.page_size", 100);
    let line = plan(&world).await;
    assert_eq!(line["export"], "incremental", "it would save too little");
    assert_eq!(line["otherwise"]["export"], "list");

    let human = world.run(&["sync", "--plan"]).await;
    assert!(
        human.stdout.contains("by list it would be"),
        "{}",
        human.stdout
    );
    assert!(world.state().is_null(), "no checkpoint was made");

    world.settings.set("streams.users.back_fill", "export");
    assert!(
        plan(&world).await["otherwise"].is_null(),
        "there is no choice"
    );
}
