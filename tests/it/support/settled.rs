//! The comparison of source and sink: is everything there, unaltered and in order?

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use serde_json::Value;
use zendesk_aep::sandbox::UserVersion;

use super::World;

/// What must have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The newest version of everyone, as the incremental export serves it.
    Incremental,
    /// The newest version of everyone active, as the search export serves it.
    Search,
}

/// Asserts of a world at rest that, with the incremental export and raw messages: the newest
/// version of every user was accepted or is a dead letter; no message is anything but a version
/// Zendesk served, to the byte; the versions of a user came in their order; the checkpoint stands
/// behind the last user; and the last sync accounts for every record.
#[track_caller]
pub fn assert_settled(world: &World) {
    Expected::Incremental.assert_settled(world);
}

impl Expected {
    /// [`assert_settled`], for either export.
    #[track_caller]
    pub fn assert_settled(self, world: &World) {
        let newest = self.newest(world);
        let letters: Vec<Bytes> = raw_dead_letters(world);
        let accepted = world.platform.accepted();
        let history = self.history(world);

        let mut places: HashMap<u64, usize> = HashMap::new();
        for delivery in &accepted {
            let (id, place) = *history
                .get(&delivery.json)
                .unwrap_or_else(|| panic!("altered: {}", String::from_utf8_lossy(&delivery.json)));
            let before = places.insert(id, place);
            assert!(
                before.is_none_or(|before| before <= place),
                "out of order: version {place} of {id} came after version {before:?}"
            );
        }
        for (id, json) in &newest {
            let (_, place) = history[json];
            let arrived = places.get(id) == Some(&place) || letters.contains(json);
            assert!(arrived, "lost: {}", String::from_utf8_lossy(json));
        }
        for letter in &letters {
            assert!(history.contains_key(letter), "altered in the dead letters");
        }
        assert_accounted(world);
        match self {
            Self::Incremental => assert_checkpoint(world),
            Self::Search => assert_window_closed(world),
        }
    }

    /// By user, the version that must be there in the end.
    fn newest(self, world: &World) -> BTreeMap<u64, Bytes> {
        let users = world.zendesk.users().into_iter();
        users
            .filter(|user| self == Self::Incremental || user.active)
            .map(|user| (user.id, self.served(&user)))
            .collect()
    }

    /// Every version there ever was: whose, and the how many-th.
    fn history(self, world: &World) -> HashMap<Bytes, (u64, usize)> {
        let history = world.zendesk.history();
        let versions = history.iter().flat_map(|(id, versions)| {
            let places = versions.iter().enumerate();
            places.map(|(place, version)| (self.served(version), (*id, place)))
        });
        versions.collect()
    }

    /// The bytes in which the export serves a version.
    pub fn served(self, version: &UserVersion) -> Bytes {
        match self {
            Self::Incremental => version.json.clone(),
            Self::Search => {
                let open = version.json.strip_suffix(b"}").expect("an object");
                [open, b",\"result_type\":\"user\"}"].concat().into()
            }
        }
    }
}

fn assert_accounted(world: &World) {
    let sync = &world.users_state()["last_sync"];
    let count = |name: &str| sync[name].as_u64().expect("a count");
    assert_eq!(sync["outcome"], "complete");
    assert_eq!(
        count("received"),
        count("ingested") + count("skipped") + count("failed"),
        "received = ingested + skipped + failed"
    );
}

/// Cursor and recovery time are those of the last user in the order of the export.
fn assert_checkpoint(world: &World) {
    let position = &world.users_state()["position"];
    let users = world.zendesk.users();
    let last = users.last().expect("a user");
    assert_eq!(position["export"], "incremental");
    assert_eq!(position["cursor"], world.cursor_after(users.len()));
    assert_eq!(position["recovery_time"], last.updated_at.to_string());
}

/// No window is in progress, and the last one ended after everything that must be there.
fn assert_window_closed(world: &World) {
    let position = &world.users_state()["position"];
    assert_eq!(position["export"], "search");
    assert_eq!(position["window"], Value::Null);
    let from = position["from"].as_str().expect("a time");
    let from: jiff::Timestamp = from.parse().expect("a time");
    let users = world.zendesk.users();
    let newest = users
        .iter()
        .filter(|user| user.active)
        .map(|user| user.updated_at)
        .max();
    assert!(
        newest.is_none_or(|newest| newest < from),
        "{newest:?} < {from}"
    );
}

/// The records of the dead letters, byte for byte.
fn raw_dead_letters(world: &World) -> Vec<Bytes> {
    #[derive(serde::Deserialize)]
    struct Letter<'a> {
        #[serde(borrow)]
        record: &'a serde_json::value::RawValue,
    }
    let text = match std::fs::read_to_string(world.dead_letters_path()) {
        // There is no segment before there is a letter.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Vec::new(),
        text => text.expect("the dead letters can be read"),
    };
    text.lines()
        .map(|line| serde_json::from_str::<Letter<'_>>(line).expect("a dead letter"))
        .map(|letter| Bytes::copy_from_slice(letter.record.get().as_bytes()))
        .collect()
}
