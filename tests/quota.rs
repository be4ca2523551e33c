//! What the bench `quota` prints, asserted on a smaller scale: a back-fill uses its share and not
//! a request more, and live changes are as fresh as Zendesk lets them be.

#[path = "../benches/compressed/mod.rs"]
mod compressed;

use std::time::Duration;

use compressed::{Plan, back_fill, freshness};
use zendesk_aep::sandbox::OtherUser;

/// Two real seconds for each minute: plenty for the few small pages that fit into one.
const FACTOR: u32 = 30;

fn plan() -> Plan {
    Plan {
        // Ten minutes of sixteen pages.
        records: 1_600,
        page_size: 10,
        factor: FACTOR,
        others: Vec::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_fill_uses_the_share_and_is_never_refused() {
    let ended = back_fill(&plan()).await;
    println!("{ended}");
    assert_eq!(ended.refused, 0);
    assert!(ended.streams[0].utilisation.is_some(), "users took minutes");
    for stream in ended.streams {
        if let Some(utilisation) = stream.utilisation {
            assert!((0.97..=1.0).contains(&utilisation), "{stream:?}");
        }
        assert!(stream.requests_per_page <= 1.05, "{stream:?}");
        assert!(stream.reads_per_record <= 1.01, "{stream:?}");
        assert!(
            stream.took <= stream.minimum + Duration::from_secs(90),
            "{stream:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_back_fill_beside_others_is_never_refused_either() {
    let other = OtherUser {
        bucket: "incremental-exports-cursor".to_owned(),
        per_minute: 9,
        burst: 3,
    };
    let plan = Plan {
        records: 600,
        others: vec![other],
        ..plan()
    };
    let ended = back_fill(&plan).await;
    println!("{ended}");
    assert_eq!(ended.refused, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_there_within_ninety_seconds() {
    let plan = Plan {
        records: 50,
        page_size: 1_000,
        ..plan()
    };
    let fresh = freshness(&plan, 8).await;
    println!("{fresh}");
    assert!(fresh.p95 <= Duration::from_secs(90), "{fresh:?}");
    assert!(
        fresh.median >= Duration::from_secs(60),
        "Zendesk withholds a minute"
    );
    assert_eq!(fresh.refused, 0);
}
