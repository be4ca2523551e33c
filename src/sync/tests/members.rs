//! One walk, several streams.

use tokio_util::sync::CancellationToken;

use super::account::Export;
use super::world::World;
use crate::checkpoint;
use crate::error::{Code, Explain as _};
use crate::sync::{End, Summary};

const ALL: [&str; 3] = ["tickets", "metrics", "audits"];

fn export(world: &World) -> Export {
    Export::new(&world.account, 10)
}

/// Received, ingested, skipped and failed of each stream.
fn counts(summary: &Summary) -> Vec<(&str, [u64; 4])> {
    let tallies = summary.streams.iter();
    tallies
        .map(|tally| {
            let it = tally.counts;
            let counts = [it.received, it.ingested, it.skipped, it.failed];
            (&*tally.stream, counts)
        })
        .collect()
}

#[tokio::test]
async fn every_stream_of_a_walk_gets_its_records_in_one_reading() {
    let world = World::new().await;
    world.account.change(1..=25, 100);
    let summary = world.sync(export(&world), &ALL).await;
    assert!(matches!(summary.end, End::Complete), "{summary:?}");
    let all = [25, 25, 0, 0];
    assert_eq!(
        counts(&summary),
        [("tickets", all), ("metrics", all), ("audits", all)]
    );
    for stream in ALL {
        assert_eq!(world.arrived(stream), world.account.messages(stream));
        let state = world.state(stream);
        assert_eq!(state.position.is_some(), stream == "tickets", "{stream}");
        assert_eq!(
            state.last_sync.map(|sync| sync.counts.ingested),
            Some(25),
            "{stream}"
        );
    }
    let state = checkpoint::read(world.directory.path()).expect("readable");
    assert_eq!(
        state.map(|state| state.generation),
        Some(3),
        "one save for each page, whatever the number of streams"
    );
}

#[tokio::test]
async fn what_comes_again_is_recognised_stream_by_stream() {
    let world = World::new().await;
    world.account.change(1..=5, 100);
    world.sync(export(&world), &ALL).await;
    let mut root = world.state("tickets");
    root.position = None;
    let amendment = checkpoint::Amendment::begin(world.directory.path(), "acme.zendesk.com");
    let amendment = amendment.expect("begun");
    let mut streams = amendment.present().state.clone().expect("good").streams;
    streams.insert("tickets".to_owned(), root);
    amendment.write(streams).expect("written");

    let summary = world.sync(export(&world), &ALL).await;
    let repeats = [5, 0, 5, 0];
    assert_eq!(
        counts(&summary),
        [
            ("tickets", repeats),
            ("metrics", repeats),
            ("audits", repeats)
        ]
    );
}

#[tokio::test]
async fn a_root_that_nobody_wants_is_read_for_the_others() {
    let world = World::new().await;
    world.account.change(1..=5, 100);
    let members = ["-tickets", "metrics"];
    let summary = world.sync(export(&world), &members).await;
    assert_eq!(
        counts(&summary),
        [("tickets", [0; 4]), ("metrics", [5, 5, 0, 0])]
    );
    assert_eq!(summary.streams[0].counts.pages, 1);
    assert!(world.arrived("tickets").is_empty());
    assert!(world.arrived("audits").is_empty(), "nor the third");
    assert!(
        world.state("tickets").position.is_some(),
        "it has the checkpoint"
    );
}

#[tokio::test]
async fn what_one_stream_has_refused_is_in_its_own_dead_letters() {
    let world = World::new().await;
    world.account.change(1..=20, 100);
    let is_bad = |json: &[u8]| json.starts_with(br#"{"id":"metrics-7""#);
    world
        .platform
        .reject_when(move |json| is_bad(json).then(|| "no".to_owned()));
    let summary = world.sync(export(&world), &ALL).await;
    assert!(matches!(summary.end, End::Complete), "{summary:?}");
    assert_eq!(counts(&summary)[0], ("tickets", [20, 20, 0, 0]));
    assert_eq!(counts(&summary)[1], ("metrics", [20, 19, 0, 1]));
    let letters = world
        .directory
        .path()
        .join("dead-letters/0000000001.ndjson");
    let letters = std::fs::read_to_string(letters).expect("a segment");
    assert_eq!(letters.lines().count(), 1);
    assert!(letters.contains(r#""stream":"metrics""#), "{letters}");
}

#[tokio::test]
async fn one_stream_that_needs_a_person_stops_the_walk_and_is_named() {
    let world = World::new().await;
    world.account.change(1..=20, 100);
    let is_audit = |json: &[u8]| json.starts_with(br#"{"id":"audits-"#);
    world
        .platform
        .reject_when(move |json| is_audit(json).then(|| "no".to_owned()));
    let summary = world.sync(export(&world), &ALL).await;
    let End::Failed(error) = &summary.end else {
        panic!("{summary:?}");
    };
    assert_eq!(error.code(), Code::MostlyRejected);
    for stream in ALL {
        let attention = world.state(stream).attention.expect("a word to a person");
        assert!(
            attention.what.starts_with("stream `audits`: "),
            "{attention:?}"
        );
        assert!(attention.remedy.contains("mapping"), "{attention:?}");
    }
    assert_eq!(
        world.state("tickets").position,
        None,
        "no record of the page is passed"
    );

    world.platform.reject_nothing();
    let summary = world.sync(export(&world), &ALL).await;
    assert!(matches!(summary.end, End::Complete), "{summary:?}");
    for stream in ALL {
        assert_eq!(world.arrived(stream), world.account.messages(stream));
        assert_eq!(world.state(stream).attention, None);
    }
}

#[tokio::test]
async fn a_stop_between_the_parts_of_a_page_repeats_that_page_at_most() {
    let world = World::new().await;
    world.account.change(1..=200, 100);
    let apart = || Export {
        children_apart: true,
        ..export(&world)
    };
    let stop = CancellationToken::new();
    let mut walk = world.walk(apart(), &ALL);
    let summary = walk
        .run(&stop, &CancellationToken::new(), &|_| stop.cancel())
        .await;
    assert!(matches!(summary.end, End::Stopped), "{summary:?}");
    drop(walk);
    let summary = world.sync(apart(), &ALL).await;
    assert!(matches!(summary.end, End::Complete), "{summary:?}");
    for stream in ALL {
        assert_eq!(world.arrived(stream), world.account.messages(stream));
    }
    assert!(
        world.times().values().all(|times| *times == 1),
        "the saved memory recognises what was settled"
    );
}
