//! How soon a change reaches the inlet.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use zendesk_aep::sandbox::Sink;

use crate::support::{PATIENCE, World};

/// Zendesk's minute, in short.
const WITHHOLD: Duration = Duration::from_secs(2);

/// Zendesk shows whole seconds, once they are over; the schedule beats every second, up to half
/// a second late; the rest is for the machine.
const SLACK: Duration = Duration::from_millis(2_500);

const CHANGES: usize = 24;

#[tokio::test(flavor = "multi_thread")]
async fn changes_do_not_wait_for_the_next_tick_while_there_is_room() {
    let mut world = World::with(|plan| plan.zendesk.withhold = WITHHOLD).await;
    // By ticks alone, every other change would wait two seconds more than is allowed here.
    world.settings.set("schedule.every", "4s");
    // Back-fill goes before polls that no tick asked for: here it is over and done with.
    world.sync().await.assert_code(0);
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(1).await;
    let before = world.platform.accepted_count();

    // When each message arrived, in order.
    let arrivals: Mutex<Vec<Instant>> = Mutex::default();
    let look = |sink: &Sink| {
        let mut arrivals = arrivals.lock().expect("unpoisoned");
        arrivals.resize(sink.accepted.len(), Instant::now());
        sink.accepted.len() >= before + CHANGES
    };
    let changing = async {
        let mut made = Vec::new();
        for _ in 0..CHANGES {
            tokio::time::sleep(Duration::from_millis(370)).await;
            let id = world.zendesk.create(1)[0].to_string();
            made.push((id, Instant::now()));
        }
        made
    };
    let (made, all) = tokio::join!(changing, world.platform.wait_until(look, PATIENCE));
    assert!(all, "every change arrives");
    daemon.stop().await;

    let accepted = world.platform.accepted();
    let arrivals = arrivals.lock().expect("unpoisoned");
    let mut delays: Vec<Duration> = made
        .iter()
        .map(|(id, made)| {
            let place = accepted
                .iter()
                .position(|one| one.id().as_deref() == Some(id));
            arrivals[place.expect("it arrived")] - *made
        })
        .collect();
    delays.sort_unstable();
    let p95 = delays[CHANGES * 95 / 100 - 1];
    println!("from change to inlet, p95: {p95:?} of {delays:?}");
    // A change bears the second in which it was made.
    let withheld = WITHHOLD - Duration::from_secs(1);
    assert!(delays[0] >= withheld, "nobody sees a change before");
    assert!(p95 <= WITHHOLD * 3 / 2 + SLACK, "{p95:?} of {delays:?}");
}
