//! No silent zero: what is no error but should not go unseen.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::World;

/// Lets the stream have had changes every five minutes, the last of them a day ago.
fn busy_until_yesterday(world: &World) {
    let mut state = world.state();
    let yesterday = Timestamp::now() - SignedDuration::from_hours(24);
    state["streams"]["users"]["activity"] = json!({
        "last_change_seen": yesterday,
        "usual_gap_seconds": 300,
        "gaps": 50,
    });
    world.write("state/state.json", state.to_string());
}

fn notices(logs: &[Value]) -> usize {
    let is_notice = |line: &&Value| {
        let message = line["message"].as_str().unwrap_or_default();
        message.starts_with("zendesk reports no changes for far longer than usual")
    };
    logs.iter().filter(is_notice).count()
}

#[tokio::test]
async fn a_stream_that_fell_silent_is_named_once_and_shown_until_it_speaks() {
    let world = World::new().await;
    world.sync().await.assert_code(0);
    busy_until_yesterday(&world);

    let silent = world.sync().await;
    silent.assert_code(0);
    assert_eq!(notices(&silent.logs()), 1);
    assert_eq!(world.users_state()["notice"]["oddity"], "silent");
    let shown = world.run(&["state", "show"]).await;
    assert!(
        shown
            .stdout
            .contains("no changes for far longer than usual")
    );
    assert_eq!(notices(&world.sync().await.logs()), 0, "logged once");

    world.zendesk.change(1);
    world.changes_show().await;
    world.sync().await.assert_code(0);
    assert!(world.users_state()["notice"].is_null());
}
