//! How fast the inlet is written to.

use std::time::Duration;

use zendesk_aep::sandbox::{Fault, SeenRequest, Simulator as _};

use crate::support::{FOR_EVER, INLET, World, assert_settled};

const BATCH: &str = "/collection/batch/";

#[tokio::test]
async fn several_batches_are_on_their_way_and_no_more_than_configured() {
    let mut world = World::new().await;
    world.settings.set("platform.in_flight", 3);
    world
        .platform
        .fault(BATCH, Fault::Stall(FOR_EVER), usize::MAX);
    let sync = world.start(&["sync"]);
    let waiting = Duration::from_secs(20);
    assert!(world.platform.wait_for_requests(INLET, 3, waiting).await);
    // A fourth one would come within the millisecond that the third one took.
    let fourth = Duration::from_millis(300);
    assert!(!world.platform.wait_for_requests(INLET, 4, fourth).await);
    sync.kill().await;

    world.platform.clear_faults();
    world.sync().await.assert_code(0);
    assert_settled(&world);
}

#[tokio::test]
async fn a_page_is_begun_only_when_the_one_before_is_settled() {
    let mut world = World::new().await;
    // One batch for each page, and room for four.
    world.settings.set("platform.batch_bytes", "900kB");
    world.sync().await.assert_code(0);
    assert_settled(&world);
    let batches: Vec<SeenRequest> = world.platform.requests_to(BATCH);
    assert_eq!(batches.len(), 4);
    let deliveries = world.platform.accepted();
    assert!(
        deliveries.is_sorted_by_key(|delivery| (delivery.request, delivery.index)),
        "pages arrive one after the other"
    );
}

#[tokio::test]
async fn messages_per_second_are_kept_to_over_all_batches() {
    let mut world = World::new().await;
    world.settings.set("platform.max_messages_per_second", 100);
    world.sync().await.assert_code(0);
    assert_settled(&world);
    let batches = world.platform.requests_to(BATCH);
    let (first, last) = (batches.first(), batches.last());
    let took = last.expect("a batch").head.at - first.expect("a batch").head.at;
    // 200 messages; the last batch goes when those before it have had their time.
    assert!(took >= Duration::from_millis(1_800), "{took:?}");
}
