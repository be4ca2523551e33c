//! What becomes of the messages that the inlet refuses one by one, and of the others.

use zendesk_aep::sandbox::{FailureKey, Responses, TransactionIds};

use crate::support::{World, assert_settled};

/// A rule that refuses one user.
pub fn user(id: u64) -> impl Fn(&[u8]) -> Option<String> {
    users(move |found| found == id)
}

/// A rule that refuses some users.
fn users(refused: impl Fn(u64) -> bool) -> impl Fn(&[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct User {
        id: u64,
    }
    move |message| {
        let user: User = serde_json::from_slice(message).ok()?;
        refused(user.id).then(|| format!("[user{}@example.com] is not valid", user.id))
    }
}

#[tokio::test]
async fn refused_records_are_kept_with_their_reason_and_the_rest_gets_through() {
    let world = World::new().await;
    let refused = [5, 77, 150].map(|place: usize| world.zendesk.users()[place].clone());
    let ids = refused.clone().map(|user| user.id);
    world
        .platform
        .reject_when(users(move |id| ids.contains(&id)));
    let sync = world.sync().await;
    sync.assert_code(4);
    let report = sync.report();
    assert_eq!(report["outcome"], "complete");
    assert_eq!(report["ingested"], 197);
    assert_eq!(report["failed"], 3);
    assert_settled(&world);
    assert_eq!(world.platform.accepted_count(), 197);

    let letters = world.dead_letters();
    assert_eq!(letters.len(), 3);
    for (letter, user) in letters.iter().zip(&refused) {
        assert_eq!(letter["stream"], "users");
        assert_eq!(letter["record_id"], user.id.to_string());
        assert_eq!(letter["version"], user.updated_at.to_string());
        let record: serde_json::Value = serde_json::from_slice(&user.json).expect("JSON");
        assert_eq!(letter["record"], record);
        let message = format!("[user{}@example.com] is not valid", user.id);
        assert_eq!(
            letter["reason"],
            serde_json::json!({"code": "rejected", "status": 400, "message": message})
        );
        let at: jiff::Timestamp = letter["at"]
            .as_str()
            .expect("a time")
            .parse()
            .expect("a time");
        assert!(at <= jiff::Timestamp::now());
    }
    assert!(
        !sync.stderr.contains("@example.com"),
        "a record is nobody's business"
    );

    // A dead letter is settled: it does not come again.
    let sent = world.inlet_requests();
    world.sync().await.assert_code(0);
    assert_eq!(world.inlet_requests(), sent);
    assert_eq!(world.dead_letters().len(), 3);
}

#[tokio::test]
async fn a_newer_version_of_a_dead_letter_gets_its_chance() {
    let world = World::new().await;
    let refused = world.zendesk.users()[5].id;
    world.platform.reject_when(user(refused));
    world.sync().await.assert_code(4);
    world.platform.reject_nothing();
    assert!(world.zendesk.change_user(refused));
    world.changes_show().await;
    world.sync().await.assert_code(0);
    assert_settled(&world);
    assert!(
        world
            .platform
            .latest_by_id()
            .contains_key(&refused.to_string())
    );
}

/// Syncs two dozen users of whom three are refused, with an inlet that answers in `shape`.
async fn every_message_is_settled(shape: Responses) {
    let mut world = World::with(|plan| {
        plan.zendesk.users = 24;
        plan.platform.responses = shape;
    })
    .await;
    world
        .settings
        .set("zendesk.page_size", 1_000)
        .set("platform.batch_bytes", "12kB");
    let present = world.zendesk.users();
    let refused = [0, 9, 10].map(|place: usize| present[place].id);
    world
        .platform
        .reject_when(users(move |id| refused.contains(&id)));
    let sync = world.sync().await;
    assert_eq!(sync.code, Some(4), "{shape:?}");
    assert_settled(&world);
    let letters = world.dead_letters();
    let ids: Vec<_> = letters
        .iter()
        .map(|letter| letter["record_id"].clone())
        .collect();
    assert_eq!(ids, refused.map(|id| id.to_string()), "{shape:?}");
    assert_eq!(sync.report()["ingested"], 21, "{shape:?}");
}

/// All shapes in which the inlet may answer with this number of responses.
fn shapes(one_missing: bool, one_extra: bool) -> Vec<Responses> {
    let mut shapes = Vec::new();
    for failure_key in [
        FailureKey::Status,
        FailureKey::StatusCode,
        FailureKey::StatusText,
    ] {
        for transaction_ids in [TransactionIds::BatchAndIndex, TransactionIds::UuidAndIndex] {
            for failures_have_ids in [false, true] {
                for reversed in [false, true] {
                    shapes.push(Responses {
                        failure_key,
                        transaction_ids,
                        failures_have_ids,
                        reversed,
                        one_missing,
                        one_extra,
                    });
                }
            }
        }
    }
    shapes
}

#[tokio::test]
async fn every_shape_of_an_answer_is_understood() {
    for shape in shapes(false, false) {
        every_message_is_settled(shape).await;
    }
}

#[tokio::test]
async fn an_answer_with_one_response_too_few_loses_nothing() {
    for shape in shapes(true, false) {
        every_message_is_settled(shape).await;
    }
}

#[tokio::test]
async fn an_answer_with_one_response_too_many_loses_nothing() {
    for shape in shapes(false, true) {
        every_message_is_settled(shape).await;
    }
}

#[tokio::test]
async fn an_inlet_that_refuses_nearly_everything_is_a_wrong_configuration() {
    let world = World::new().await;
    world
        .platform
        .reject_when(|_| Some("[jane@example.com] Message has unknown format".into()));
    let sync = world.sync().await;
    sync.assert_code(1);
    let report = sync.report();
    assert_eq!(report["outcome"], "MOSTLY-REJECTED");
    assert!(
        report["hint"]
            .as_str()
            .is_some_and(|hint| hint.contains("flow_id"))
    );
    assert!(world.dead_letters().is_empty(), "nothing is given up");
    assert!(
        world.users_state()["position"].is_null(),
        "the checkpoint stands"
    );
    for stream in [&sync.stdout, &sync.stderr] {
        assert!(!stream.contains("jane@"), "{stream}");
    }

    world.platform.reject_nothing();
    world.sync().await.assert_code(0);
    assert_settled(&world);
    assert_eq!(world.platform.accepted_count(), 200);
}

#[tokio::test]
async fn a_wrong_flow_is_a_wrong_configuration() {
    let mut world = World::new().await;
    world.settings.set("streams.users.flow_id", "elsewhere");
    let sync = world.sync().await;
    sync.assert_code(1);
    assert_eq!(sync.report()["outcome"], "MOSTLY-REJECTED");
    assert!(world.dead_letters().is_empty());
    assert!(world.platform.accepted().is_empty());
}

#[tokio::test]
async fn a_full_store_stops_the_stream_and_drops_nothing() {
    let mut world = World::with(|plan| plan.zendesk.users = 2_000).await;
    world
        .settings
        .set("dead_letters.max_size", "1MB")
        .set("zendesk.page_size", 1_000);
    // None of the first hundred, so that it is not taken for a wrong configuration.
    let good: std::collections::HashSet<u64> = world
        .zendesk
        .users()
        .iter()
        .take(1_000)
        .map(|user| user.id)
        .collect();
    let bad = good.clone();
    world
        .platform
        .reject_when(users(move |id| !bad.contains(&id)));
    let full = world.sync().await;
    full.assert_code(5);
    assert_eq!(full.report()["outcome"], "DEAD-LETTERS");
    assert!(world.dead_letters().is_empty(), "all of a page or none");
    assert_eq!(
        world.users_state()["position"]["cursor"],
        world.cursor_after(1_000)
    );

    world.platform.reject_nothing();
    world.sync().await.assert_code(0);
    assert_settled(&world);
}
