//! `health`, as a container's health check calls it.

use zendesk_aep::sandbox::{Answer, Fault, Simulator as _};

use crate::support::{FOR_EVER, INLET, PATIENCE, World};

/// A world whose daemon can be asked at the port that this gives.
async fn world() -> (World, String) {
    let mut world = World::new().await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let listen = free.local_addr().expect("an address").to_string();
    world.set_env("ZENDESK_AEP__STATUS__LISTEN", &listen);
    (world, listen)
}

#[tokio::test]
async fn a_daemon_is_alive_until_it_ends() {
    let (world, listen) = world().await;
    let before = world.run(&["health"]).await;
    before.assert_code(1);
    assert!(before.stdout.contains(&listen), "{}", before.stdout);
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(1).await;
    let during = world.run(&["health", "--output", "json"]).await;
    during.assert_code(0);
    assert_eq!(during.json()["alive"], true);
    // The daemon goes on with what it has, and so does its health.
    let broken = world.write("broken.toml", "[zendesk");
    let broken = broken.display().to_string();
    world
        .run(&["health", "--config", &broken])
        .await
        .assert_code(0);
    daemon.stop().await;
    world.run(&["health"]).await.assert_code(1);
}

#[tokio::test]
async fn what_waits_for_a_person_or_for_the_inlet_is_alive() {
    let (world, _) = world().await;
    let refusal = Answer::text(403, "no");
    world.zendesk.fault("/api/v2/", Fault::Answer(refusal), 100);
    let daemon = world.daemon();
    daemon
        .wait_for_log("a stream waits", |line| line["level"] == "ERROR")
        .await;
    world.run(&["health"]).await.assert_code(0);
    daemon.stop().await;

    world.zendesk.clear_faults();
    world.platform.fault(INLET, Fault::Stall(FOR_EVER), 1);
    let daemon = world.daemon();
    assert!(world.platform.wait_for_requests(INLET, 1, PATIENCE).await);
    world.run(&["health"]).await.assert_code(0);
    daemon.kill().await;
}

#[tokio::test]
async fn without_a_status_server_it_says_what_is_missing() {
    let world = World::new().await;
    let health = world.run(&["health"]).await;
    health.assert_code(1);
    assert!(
        health.stdout.contains("set `[status] listen`"),
        "{}",
        health.stdout
    );
}
