//! Every stream that is read by itself, from its first record to its last: all of it, then what
//! changed, then what was deleted, each exactly once and to the byte.

use std::collections::BTreeSet;

use bytes::Bytes;
use zendesk_aep::catalogue::{self, Area, Leaving, Reading, StreamSpec};
use zendesk_aep::sandbox::Records;

use crate::support::{World, eventually};

/// One stream under way.
struct Course<'s> {
    spec: &'s StreamSpec,
    world: World,
    /// Messages that were looked at already.
    seen: usize,
    /// What the source had when the sink was last the same.
    settled: BTreeSet<Bytes>,
}

impl<'s> Course<'s> {
    async fn new(spec: &'s StreamSpec) -> Self {
        // One custom object, so that its records are all there are.
        let mut world = World::with(|plan| {
            plan.zendesk.records.insert("custom_objects".to_owned(), 1);
        })
        .await;
        world
            .settings
            .only_stream(&spec.name)
            .set("zendesk.page_size", 5);
        if spec.name == "custom_object_records" {
            let objects = world
                .zendesk
                .collection("custom_objects")
                .expect("a stream");
            let object = objects.present().remove(0).id;
            let key = "streams.custom_object_records.custom_object";
            world.settings.set(key, object);
        }
        // Lists of what was deleted begin empty.
        if let Some(of) = spec.name.strip_prefix("deleted_")
            && let Some(records) = world.zendesk.collection(of)
        {
            records.delete(2);
        }
        Self {
            spec,
            world,
            seen: 0,
            settled: BTreeSet::new(),
        }
    }

    fn records(&self) -> Records<'_> {
        let name = match &*self.spec.name {
            "voice_settings" => "settings",
            name => name,
        };
        let records = self.world.zendesk.collection(name);
        records.unwrap_or_else(|| panic!("{name} is not simulated"))
    }

    fn source(&self) -> BTreeSet<Bytes> {
        let present = self.records().present();
        present.into_iter().map(|record| record.json).collect()
    }

    async fn sync(&self) {
        eventually("the changes show in the export", || {
            self.records().visible() == self.records().present()
        })
        .await;
        let sync = self.world.sync().await;
        assert_eq!(sync.code, Some(0), "{}: {}", self.spec.name, sync.stdout);
    }

    /// The messages that have come since this was asked last.
    fn news(&mut self) -> Vec<Bytes> {
        let accepted = self.world.platform.accepted();
        let news = accepted[self.seen..].iter();
        let news = news.map(|delivery| delivery.json.clone()).collect();
        self.seen = accepted.len();
        news
    }

    /// Asserts that what came is what the source has since, each once.
    fn assert_news(&mut self, what: &str) -> usize {
        let source = self.source();
        let news = self.news();
        let expected: BTreeSet<&Bytes> = source.difference(&self.settled).collect();
        let once: BTreeSet<&Bytes> = news.iter().collect();
        assert_eq!(once, expected, "{}: {what}", self.spec.name);
        assert_eq!(news.len(), once.len(), "{}: {what} twice", self.spec.name);
        let count = news.len();
        self.settled = source;
        count
    }

    async fn run(mut self) {
        let name = self.spec.name.clone();
        self.sync().await;
        let all = self.assert_news("everything");
        assert!(all > 0, "{name} has no records");

        let changed = self.records().change(2).len() + self.records().create(1).len();
        self.sync().await;
        let news = self.assert_news("what changed");
        assert!(news > 0 || changed == 0, "{name}: {changed} changes show");

        let before = self.source();
        self.records().delete(1);
        let after = self.source();
        self.sync().await;
        self.assert_news("what was deleted");
        // What is gone without a trace is told when a second walk has missed it.
        self.sync().await;
        let ends = self.news();
        let vanished = before.len() > after.len()
            && matches!(self.spec.reading, Reading::List { .. })
            && self.spec.leaving == Leaving::Deletion;
        assert_eq!(ends.len(), usize::from(vanished), "{name}: {ends:?}");
        for end in ends {
            let end: serde_json::Value = serde_json::from_slice(&end).expect("JSON");
            assert_eq!(end["deleted"], true, "{name}");
            assert!(!end[&*self.spec.id_field].is_null(), "{name}: {end}");
        }

        self.sync().await;
        assert_eq!(self.news(), Vec::<Bytes>::new(), "{name} is quiet");
    }
}

/// What nothing public has recorded or described well enough to simulate.
const NOT_SIMULATED: [&str; 1] = ["side_conversation_events"];

/// All streams of a chapter, one after the other.
async fn run(area: Area) {
    for spec in catalogue::all() {
        let is_simulated = !NOT_SIMULATED.contains(&&*spec.name);
        if spec.area == area && spec.parent().is_none() && is_simulated {
            Course::new(spec).await.run().await;
        }
    }
}

#[tokio::test]
async fn of_the_core() {
    run(Area::Core).await;
}

#[tokio::test]
async fn of_tickets() {
    run(Area::TicketChildren).await;
}

#[tokio::test]
async fn of_the_configuration() {
    run(Area::Configuration).await;
}

#[tokio::test]
async fn of_custom_objects() {
    run(Area::CustomObjects).await;
}

#[tokio::test]
async fn of_the_help_center() {
    run(Area::HelpCenter).await;
}

#[tokio::test]
async fn of_voice_and_chat() {
    run(Area::VoiceAndChat).await;
}

/// The ids of what came since the `before`-th message, sorted.
fn ids(world: &World, before: usize) -> Vec<String> {
    let accepted = world.platform.accepted();
    let ids = accepted[before..]
        .iter()
        .filter_map(|delivery| delivery.id());
    sorted(ids.collect())
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

/// Those that a list has: the living.
fn living(records: Records<'_>) -> Vec<String> {
    let present = records.present().into_iter();
    let living = present.filter(|record| !record.deleted);
    sorted(living.map(|record| record.id).collect())
}

/// A world of one stream, read by this export.
async fn read_by(stream: &str, export: &str) -> World {
    let mut world = World::new().await;
    world
        .settings
        .only_stream(stream)
        .set("zendesk.page_size", 30)
        .set(&format!("streams.{stream}.export"), export);
    world
}

#[tokio::test]
async fn by_list_where_there_is_another_export_too() {
    for stream in ["users", "organizations", "articles"] {
        let world = read_by(stream, "list").await;
        let records = world.zendesk.collection(stream).expect("a stream");
        world.sync().await.assert_code(0);
        assert_eq!(ids(&world, 0), living(records), "{stream}");
        let mut seen = world.platform.accepted_count();

        let changed = sorted([records.change(3), records.create(2)].concat());
        world.sync().await.assert_code(0);
        assert_eq!(ids(&world, seen), changed, "{stream}");
        seen += changed.len();

        let deleted = records.delete(2);
        world.sync().await.assert_code(0);
        world.sync().await.assert_code(0);
        assert_eq!(ids(&world, seen), sorted(deleted), "{stream}");
    }
}

#[tokio::test]
async fn a_ticket_that_leaves_its_list_may_only_be_archived() {
    let world = read_by("tickets", "list").await;
    let tickets = world.zendesk.collection("tickets").expect("a stream");
    world.sync().await.assert_code(0);
    let seen = world.platform.accepted_count();
    assert!(seen > 0);
    let created = sorted(tickets.create(2));
    world.sync().await.assert_code(0);
    assert_eq!(ids(&world, seen), created);
    assert_eq!(tickets.delete(5).len(), 5);
    for _ in 0..3 {
        world.sync().await.assert_code(0);
    }
    assert_eq!(world.platform.accepted_count(), seen + 2);
}

#[tokio::test]
async fn by_search_where_there_is_another_export_too() {
    for stream in ["tickets", "organizations", "groups"] {
        let mut world = read_by(stream, "search").await;
        let settle = format!("streams.{stream}.settle");
        world.settings.set(&settle, "100ms");
        let records = world.zendesk.collection(stream).expect("a stream");
        world.sync().await.assert_code(0);
        assert_eq!(ids(&world, 0), living(records), "{stream}");
    }
}
