//! Limits on the number of requests: waited out for as long as Zendesk says.

use std::time::Duration;

use jiff::Timestamp;
use zendesk_aep::sandbox::{Answer, Fault, OtherUser};

use crate::support::World;
use crate::zendesk_faults::survives;

#[tokio::test]
async fn a_429_is_waited_out_for_the_seconds_it_names() {
    let limited = Answer::text(429, "slow down").header("Retry-After", "1");
    let (world, sync) = survives(Fault::Answer(limited)).await;
    assert_eq!(sync.waits(), [1_000]);
    let pages = world.page_requests();
    assert!(pages[2].head.at - pages[1].head.at >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_429_is_waited_out_to_the_date_it_names() {
    // The grain of an HTTP date is a second: two from now lie between one and two ahead.
    let until = Timestamp::now() + Duration::from_secs(2);
    let until = until.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let limited = Answer::text(429, "slow down").header("Retry-After", &until);
    let (_, sync) = survives(Fault::Answer(limited)).await;
    let waits = sync.waits();
    assert_eq!(waits.len(), 1);
    assert!((100..=2_000).contains(&waits[0]), "{waits:?}");
}

#[tokio::test]
async fn a_429_that_says_zero_or_nothing_is_waited_out_by_configuration() {
    let limited = Answer::text(429, "slow down");
    let zero = limited.clone().header("Retry-After", "0");
    for answer in [limited, zero] {
        let (_, sync) = survives(Fault::Answer(answer)).await;
        assert_eq!(sync.waits(), [50], "`rate_limit_delay`");
    }
}

#[tokio::test]
async fn a_real_refusal_is_waited_out_and_closes_nothing_else() {
    let mut world = World::with(|plan| {
        plan.zendesk.minute = Duration::from_secs(3);
        // Ten of ten: nothing is left, whoever asks.
        plan.zendesk.others = vec![OtherUser {
            bucket: "incremental-exports-cursor".to_owned(),
            per_minute: 1_000,
            burst: 1,
        }];
        plan.zendesk.quotas.incremental_exports_cursor = 10;
    })
    .await;
    world.settings.set("retry.attempts", 2);
    let sync = world.sync().await;
    sync.assert_failed("ZENDESK-UNAVAILABLE", "checkpoint stands");
    let waits = sync.waits();
    assert!(
        waits.len() == 1 && waits[0] >= 1_000,
        "as Retry-After says: {waits:?}"
    );
    let check = world.run(&["check"]).await;
    assert!(
        check.stdout.contains("zendesk sign-in"),
        "the account's own limit is open: {}",
        check.stdout
    );
}

#[tokio::test]
async fn a_503_is_waited_out_for_the_time_it_names() {
    let maintenance = Answer::empty(503).header("Retry-After", "1");
    let (_, sync) = survives(Fault::Answer(maintenance)).await;
    assert_eq!(sync.waits(), [1_000]);
}
