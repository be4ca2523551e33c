//! Comparing source and sink after a round, life by life.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use zendesk_aep::sandbox::{Delivery, Simulator as _, UserVersion};

use crate::disk::{self, Reach};
use crate::ends::{Ends, INLET, PAGE_RECORDS};
use crate::{Life, Place};

/// One message that reached the inlet, accepted or rejected.
struct Arrival {
    life: usize,
    id: u64,
    version: Timestamp,
    json: Bytes,
    accepted: bool,
}

impl Arrival {
    fn place(&self) -> Place {
        (self.version.as_second(), self.id)
    }
}

/// Everything at or before the checkpoint has been accepted or lies in the dead letters on disk.
pub fn checkpoint_is_not_ahead(ends: &Ends, state: &Path, checkpoint: &Reach) {
    let mut settled: HashSet<Bytes> = disk::dead_letters(state).into_iter().collect();
    settled.extend(ends.platform.accepted().into_iter().map(|sent| sent.json));
    let users = ends.zendesk.users().into_iter();
    let is_passed =
        |user: &UserVersion| checkpoint.has_passed((user.updated_at.as_second(), user.id));
    for user in users.filter(is_passed) {
        assert!(
            settled.contains(&user.json),
            "LOST: the checkpoint {checkpoint:?} has passed a version that is not settled: {user:?}"
        );
    }
}

/// What a round has shown.
pub struct Findings {
    pub lives: Vec<Of>,
    /// Versions rejected, each counted once.
    pub rejected: usize,
}

/// What arrived of one life.
#[derive(Clone, Default)]
pub struct Of {
    /// Versions, each counted once.
    pub distinct: usize,
    /// Those among them that had arrived in an earlier life: the price of a kill.
    pub repeated: usize,
    /// Messages beyond `distinct`: the price of a lost acknowledgement.
    pub resent: usize,
    /// Versions that the life's last checkpoint had not passed.
    pub unsettled: usize,
    /// Those among them that were rejected.
    pub rejected_unsettled: usize,
}

/// Checks all that must be true of a round; `lives` in order, the last of which ended in peace.
pub fn audit(ends: &Ends, state: &Path, lives: &[Life]) -> Findings {
    let arrivals = arrivals(ends, lives.len());
    nothing_altered(ends, &arrivals);
    order_within_lives(&arrivals);
    newest_is_last(ends, state, &arrivals);
    Findings {
        lives: repeats(&arrivals, lives),
        rejected: rejected_are_kept(ends, state, &arrivals, lives),
    }
}

fn arrivals(ends: &Ends, lives: usize) -> Vec<Arrival> {
    let life_of: HashMap<u64, usize> = ends
        .platform
        .requests_to(INLET)
        .into_iter()
        .filter_map(|seen| Some((seen.head.number, seen.head.header("x-life")?.parse().ok()?)))
        .collect();
    let (mut sent, rejected) = (ends.platform.accepted(), ends.platform.rejected());
    sent.extend(rejected);
    sent.sort_by_key(|delivery| (delivery.request, delivery.index));
    sent.into_iter()
        .map(|delivery| {
            let life = life_of[&delivery.request];
            assert!(life < lives, "every request carries its life");
            arrival(delivery, life)
        })
        .collect()
}

fn arrival(delivery: Delivery, life: usize) -> Arrival {
    #[derive(Deserialize)]
    struct Version {
        id: u64,
        updated_at: Timestamp,
    }
    let Version { id, updated_at } =
        serde_json::from_slice(&delivery.json).expect("ALTERED: a message is no user");
    Arrival {
        life,
        id,
        version: updated_at,
        json: delivery.json,
        accepted: delivery.refusal.is_none(),
    }
}

fn nothing_altered(ends: &Ends, arrivals: &[Arrival]) {
    let history = ends.zendesk.history();
    let real: HashSet<&Bytes> = history.values().flatten().map(|user| &user.json).collect();
    for arrival in arrivals {
        assert!(real.contains(&arrival.json), "ALTERED: {:?}", arrival.json);
    }
}

/// From start to kill the versions of each user never go back.
fn order_within_lives(arrivals: &[Arrival]) {
    let mut newest: HashMap<(usize, u64), Timestamp> = HashMap::new();
    for arrival in arrivals {
        let newest = newest
            .entry((arrival.life, arrival.id))
            .or_insert(arrival.version);
        assert!(
            *newest <= arrival.version,
            "OUT OF ORDER: in life {} user {} came as of {} after {newest}",
            arrival.life,
            arrival.id,
            arrival.version
        );
        *newest = arrival.version;
    }
}

/// A new life sends nothing that its checkpoint has passed; so what it sends again belongs to the
/// one page that was not settled. Within a life only a lost acknowledgement repeats anything, and
/// then one batch of one page.
fn repeats(arrivals: &[Arrival], lives: &[Life]) -> Vec<Of> {
    let mut first: HashMap<&Bytes, usize> = HashMap::new();
    let mut seen: HashSet<(usize, &Bytes)> = HashSet::new();
    let mut found = vec![Of::default(); lives.len()];
    for arrival in arrivals {
        let (life, of) = (&lives[arrival.life], &mut found[arrival.life]);
        assert!(
            !life.checkpoint_at_start.has_passed(arrival.place()),
            "REPEATED: life {} sent {:?} again, which its checkpoint {:?} had passed",
            arrival.life,
            arrival.place(),
            life.checkpoint_at_start
        );
        if !seen.insert((arrival.life, &arrival.json)) {
            of.resent += 1;
            continue;
        }
        let first = *first.entry(&arrival.json).or_insert(arrival.life);
        let unsettled = !life.checkpoint_at_end.has_passed(arrival.place());
        of.distinct += 1;
        of.repeated += usize::from(first < arrival.life);
        of.unsettled += usize::from(unsettled);
        of.rejected_unsettled += usize::from(unsettled && !arrival.accepted);
    }
    for (number, (life, of)) in lives.iter().zip(&found).enumerate() {
        assert!(
            of.repeated <= PAGE_RECORDS && of.unsettled <= PAGE_RECORDS,
            "REPEATED: life {number} sent {} versions again and left {} unsettled; a page has {PAGE_RECORDS}",
            of.repeated,
            of.unsettled
        );
        assert!(
            of.resent <= PAGE_RECORDS * life.lost_acknowledgements_max,
            "REPEATED: life {number} sent {} messages twice for at most {} lost acknowledgements",
            of.resent,
            life.lost_acknowledgements_max
        );
    }
    found
}

/// Of every user the newest version is there, and nothing was accepted after it.
fn newest_is_last(ends: &Ends, state: &Path, arrivals: &[Arrival]) {
    let dead: HashSet<Bytes> = disk::dead_letters(state).into_iter().collect();
    let last: BTreeMap<u64, &Bytes> = arrivals
        .iter()
        .filter(|arrival| arrival.accepted)
        .map(|arrival| (arrival.id, &arrival.json))
        .collect();
    for user in ends.zendesk.users() {
        let there = last.get(&user.id).is_some_and(|json| **json == user.json);
        assert!(
            there || dead.contains(&user.json),
            "LOST: the newest version of a user is not the last one delivered: {user:?}"
        );
    }
}

/// What the inlet rejected is in the dead letters, and nothing else is. One exception: a version
/// whose page was not settled when a kill came, and which a newer one has replaced since.
fn rejected_are_kept(ends: &Ends, state: &Path, arrivals: &[Arrival], lives: &[Life]) -> usize {
    let dead: HashSet<Bytes> = disk::dead_letters(state).into_iter().collect();
    let present: HashSet<Bytes> = ends
        .zendesk
        .users()
        .into_iter()
        .map(|user| user.json)
        .collect();
    let mut rejected: HashSet<&Bytes> = HashSet::new();
    for arrival in arrivals.iter().filter(|arrival| !arrival.accepted) {
        rejected.insert(&arrival.json);
        let checkpoint = &lives[arrival.life].checkpoint_at_end;
        let replaced = !checkpoint.has_passed(arrival.place()) && !present.contains(&arrival.json);
        assert!(
            replaced || dead.contains(&arrival.json),
            "LOST: a rejected version is not in the dead letters: {:?}",
            arrival.json
        );
    }
    for letter in &dead {
        assert!(
            rejected.contains(letter),
            "a dead letter was never rejected: {letter:?}"
        );
    }
    rejected.len()
}
