//! `sandbox`: the two-minute demo, in three seconds.

use crate::support::{World, eventually};

#[tokio::test]
async fn the_demo_loses_nothing_and_says_so() {
    let world = World::new().await;
    for export in ["incremental", "search"] {
        let demo = world
            .run(&[
                "sandbox", "--for", "3s", "--users", "200", "--output", "json", "--export", export,
            ])
            .await;
        demo.assert_code(0);
        let verdict = demo.json();
        for count in ["lost", "altered", "out_of_order"] {
            assert_eq!(verdict[count], 0, "{verdict}");
        }
        assert_eq!(verdict["rejected"], verdict["dead_letters"]);
        assert!(
            verdict["accepted"].as_u64() > Some(200),
            "and there were changes: {verdict}"
        );
    }
}

#[tokio::test]
async fn the_simulators_serve_a_daemon_that_is_run_beside_them() {
    let world = World::new().await;
    let sandbox = world.start(&[
        "sandbox", "--serve", "there", "--users", "200", "--log", "info", "--output", "json",
    ]);
    eventually("the configuration is written", || {
        world.path("there/config.toml").exists()
    })
    .await;
    let daemon = world.start(&["run", "--config", "there/config.toml"]);
    daemon.wait_for_complete_syncs(2).await;
    sandbox.terminate();
    let sandbox = sandbox.wait().await;
    sandbox.assert_code(0);
    let verdict = sandbox.json();
    assert_eq!(verdict["lost"], 0, "{verdict}");
    assert!(verdict["accepted"].as_u64() > Some(190), "{verdict}");
    daemon.stop().await;
}
