//! An outage in the log: told at once, told that it goes on, told that it is over, and not a line for
//! each attempt.

use serde_json::Value;
use zendesk_aep::sandbox::{Answer, Fault, Simulator as _};

use crate::support::{Finished, INCREMENTAL, INLET, World};

/// The lines of an outage of so many attempts at `request`: how many told of one, what told of the
/// rest, and what of its end.
fn outage(sync: &Finished, request: &str) -> (usize, Vec<u64>, Vec<Value>) {
    let lines = sync.logs();
    let attempts = lines.iter().filter(|line| line["wait_ms"].is_u64());
    let attempts: Vec<&Value> = attempts.collect();
    for line in &attempts {
        assert_eq!(line["request"], request);
        assert_eq!(line["status"], 503);
        assert_eq!(line["request_id"], "f00d-1");
        assert_eq!(line["level"], "WARN");
    }
    let repeated = lines.iter().filter_map(|line| line["times"].as_u64());
    let over = lines.iter().filter(|line| {
        let text = line["message"].as_str().unwrap_or_default();
        text.starts_with("there is an answer again")
    });
    (attempts.len(), repeated.collect(), over.cloned().collect())
}

const SIGN_IN: &str = "/oauth/tokens";

fn maintenance() -> Fault {
    Fault::Answer(Answer::empty(503).header("x-request-id", "f00d-1"))
}

async fn world() -> World {
    let mut world = World::with(|plan| plan.zendesk.users = 5).await;
    world
        .settings
        .set("retry.attempts", 30)
        .set("retry.initial_delay", "1ms")
        .set("retry.max_delay", "1ms");
    world
}

#[tokio::test]
async fn an_outage_of_either_end_is_a_few_lines() {
    for (path, request) in [
        (SIGN_IN, "sign in to zendesk"),
        (INLET, "deliver users to the inlet"),
    ] {
        let world = world().await;
        match path {
            INLET => world.platform.fault(path, maintenance(), 20),
            _ => world.zendesk.fault(path, maintenance(), 20),
        }
        let sync = world.sync().await;
        sync.assert_code(0);
        let (attempts, repeated, over) = outage(&sync, request);
        assert_eq!(attempts, 5, "the first few");
        assert_eq!(repeated, [15], "the rest, at the end");
        assert_eq!(over.len(), 1, "{over:#?}");
        assert_eq!(over[0]["level"], "INFO");
        assert_eq!(over[0]["attempts"], 21);
    }
}

#[tokio::test]
async fn a_single_failure_is_a_single_line() {
    let world = world().await;
    world.zendesk.fault(INCREMENTAL, maintenance(), 1);
    let sync = world.sync().await;
    let (attempts, repeated, over) = outage(&sync, "export users");
    assert_eq!((attempts, repeated.len(), over.len()), (1, 0, 0));
}

#[tokio::test]
async fn syncs_that_work_again_are_told_once() {
    let mut world = world().await;
    world
        .settings
        .set("retry.attempts", 1)
        .set("schedule.every", "1s");
    world.zendesk.fault(INCREMENTAL, maintenance(), 2);
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(2).await;
    let stopped = daemon.stop().await;
    let lines = stopped.logs();
    let again = lines.iter().filter(|line| line["failures"].is_u64());
    let again: Vec<&Value> = again.collect();
    assert_eq!(again.len(), 1, "{again:#?}");
    assert_eq!(again[0]["failures"], 2);
    assert_eq!(again[0]["stream"], "users");
    assert_eq!(again[0]["level"], "INFO");
}
