//! What an account has, and what a sync of it would take: asked, with nothing delivered.

use std::collections::BTreeMap;

use serde_json::Value;
use zendesk_aep::sandbox::{Fault, Gate, Role, Simulator as _};

use crate::support::{INLET, World};

/// What `streams --available` says, by stream.
async fn verdicts(world: &World) -> BTreeMap<String, Value> {
    let found = world
        .run(&["streams", "--available", "--output", "json"])
        .await;
    found.assert_code(0);
    let lines = found.json();
    let lines = lines.as_array().expect("a list").iter();
    lines
        .map(|line| {
            let stream = line["stream"].as_str().expect("a name");
            (stream.to_owned(), line.clone())
        })
        .collect()
}

#[tokio::test]
async fn a_feature_that_is_not_on_the_plan_is_no_error() {
    let world = World::with(|plan| {
        plan.zendesk.gated = BTreeMap::from([
            ("ticket_forms".to_owned(), Gate::Forbidden),
            ("side_conversations".to_owned(), Gate::NotFound),
            ("calls".to_owned(), Gate::NotFound),
            ("audit_logs".to_owned(), Gate::Restricted),
        ]);
    })
    .await;
    let verdicts = verdicts(&world).await;
    for stream in ["ticket_forms", "side_conversations", "calls", "audit_logs"] {
        assert_eq!(verdicts[stream]["verdict"], "not_on_plan", "{stream}");
    }
    let answer = verdicts["ticket_forms"]["answer"].as_str().expect("a text");
    assert!(answer.contains("403"), "{answer}");
    for stream in [
        "tickets",
        "users",
        "organizations",
        "ticket_metrics",
        "ticket_audits",
        "groups",
        "articles",
        "article_comments",
    ] {
        assert_eq!(verdicts[stream]["verdict"], "available", "{stream}");
    }
    assert!(world.platform.requests_to(INLET).is_empty());
    assert!(world.state().is_null(), "no state was made");
}

#[tokio::test]
async fn what_takes_an_admin_is_told_apart_from_what_takes_a_plan() {
    let world = World::with(|plan| plan.zendesk.role = Role::Agent).await;
    let verdicts = verdicts(&world).await;
    assert_eq!(verdicts["tickets"]["verdict"], "not_permitted");
    assert_eq!(verdicts["tickets"]["needs"], "admin");
    assert_eq!(verdicts["groups"]["verdict"], "available");
}

#[tokio::test]
async fn trouble_is_an_error_and_says_nothing_of_the_plan() {
    let world = World::new().await;
    let busy = Fault::status(500, "busy");
    world.zendesk.fault("/api/v2/macros", busy, 1_000);
    let found = world.run(&["streams", "--available"]).await;
    found.assert_code(1);
    assert!(found.stderr.contains("look for macros"), "{}", found.stderr);
}

#[tokio::test]
async fn a_plan_is_made_without_delivering_anything() {
    let mut world = World::with(|plan| {
        plan.zendesk.users = 230;
        plan.zendesk.records = BTreeMap::from([("tickets".to_owned(), 120)]);
    })
    .await;
    for stream in [
        "tickets",
        "ticket_metrics",
        "ticket_audits",
        "user_identities",
    ] {
        let flow = world.settings.flow();
        world
            .settings
            .set(&format!("streams.{stream}.flow_id"), flow);
    }
    let planned = world.run(&["sync", "--plan", "--output", "json"]).await;
    planned.assert_code(0);
    let plan = planned.json();
    let of = |stream: &str| {
        let lines = plan["streams"].as_array().expect("a list");
        let line = lines.iter().find(|line| line["stream"] == stream);
        line.expect("a line").clone()
    };
    let users = of("users");
    let active = world
        .zendesk
        .users()
        .iter()
        .filter(|user| user.active)
        .count();
    assert_eq!(users["rows"], active);
    assert_eq!(users["requests"], active.div_ceil(50) + 1);
    let megabytes = users["megabytes"].as_f64().expect("a number");
    assert!(
        (0.1..0.4).contains(&megabytes),
        "of about 900 bytes each: {megabytes}"
    );
    assert_eq!(of("user_identities")["requests"], 0);
    assert_eq!(of("ticket_metrics")["requests"], 0);
    assert_eq!(of("ticket_metrics")["read_with"], "tickets");
    let tickets = of("tickets")["rows"].as_u64().expect("a number");
    assert_eq!(
        of("ticket_audits")["requests"],
        tickets,
        "one for each ticket"
    );
    let limits = plan["limits"].as_array().expect("a list");
    assert!(limits.iter().any(|limit| limit["limit"] == "account"));
    assert_eq!(
        plan["complete"], false,
        "how many audits there are, nobody knows"
    );

    assert!(world.platform.requests_to(INLET).is_empty());
    assert!(world.state().is_null(), "no checkpoint was made");
    let exports = world.zendesk.requests_to("/api/v2/incremental/");
    assert!(exports.is_empty(), "the exports' quota is left alone");
}
