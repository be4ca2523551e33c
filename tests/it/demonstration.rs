//! `sandbox`: the two-minute demo, in three seconds.

use crate::support::World;

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
