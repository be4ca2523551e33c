//! The account's users, each with its history, and the two views that the exports have of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::time::Duration;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::options::ZendeskOptions;
use super::user::User;
use crate::sandbox::dice::Dice;

/// 2021-01-01T00:00:00Z, when the account was opened.
const OPENED: i64 = 1_609_459_200;

/// 2024-12-31T00:00:00Z: nothing that a simulator begins with is younger.
const HISTORY_ENDS: i64 = 1_735_603_200;

/// Ids begin just below 14 digits, so that both lengths occur and sorting them as text fails.
const FIRST_ID: u64 = 9_999_990_000_000;

/// One version of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserVersion {
    /// The user.
    pub id: u64,
    /// When the user was created.
    pub created_at: Timestamp,
    /// When this version came to be, in whole seconds.
    pub updated_at: Timestamp,
    /// False once deleted.
    pub active: bool,
    /// The object exactly as the incremental export serves it.
    pub json: Bytes,
}

impl UserVersion {
    fn of(user: &User) -> Self {
        // A struct of plain fields with text keys; serde_json cannot fail on it.
        let json = serde_json::to_vec(user).unwrap_or_default();
        Self {
            id: user.id,
            created_at: user.created_at,
            updated_at: user.updated_at,
            active: user.active,
            json: json.into(),
        }
    }
}

/// Place of a version in the incremental export: second, then id.
pub(super) type Place = (i64, u64);

/// All users of one account.
#[derive(Debug)]
pub(super) struct People {
    dice: Dice,
    owner: u64,
    next_id: u64,
    present: BTreeMap<u64, User>,
    /// Oldest first, never empty.
    history: BTreeMap<u64, Vec<UserVersion>>,
    /// The present version of every user.
    order: BTreeSet<Place>,
}

impl People {
    pub(super) fn new(options: &ZendeskOptions) -> Self {
        let mut people = Self {
            dice: Dice::new(options.seed),
            owner: FIRST_ID,
            next_id: FIRST_ID,
            present: BTreeMap::new(),
            history: BTreeMap::new(),
            order: BTreeSet::new(),
        };
        let count = options.users.max(1) as u64;
        let span = (HISTORY_ENDS - OPENED) as u64;
        let mut changed = OPENED;
        for number in 0..count {
            let created = OPENED + (span * number / count) as i64;
            // Half of the users share the second of the one before them, as after bulk work.
            if changed < created || people.dice.percent(50) {
                changed = created + people.dice.below((HISTORY_ENDS - created) as u64) as i64;
            }
            people.begin_with(created, changed, options);
        }
        people
    }

    fn begin_with(&mut self, created: i64, changed: i64, options: &ZendeskOptions) {
        let mut user = self.newcomer(at_second(created));
        if user.id == self.owner {
            user.become_owner(&options.credentials.email, options.role);
        }
        user.updated_at = at_second(changed);
        self.put(user);
    }

    fn newcomer(&mut self, now: Timestamp) -> User {
        let id = self.next_id;
        self.next_id += 1 + self.dice.below(1_000_000);
        User::new(id, now, &mut self.dice)
    }

    fn put(&mut self, user: User) -> u64 {
        let version = UserVersion::of(&user);
        let id = user.id;
        if let Some(before) = self.present.insert(id, user) {
            self.order.remove(&(before.updated_at.as_second(), id));
        }
        self.order.insert((version.updated_at.as_second(), id));
        self.history.entry(id).or_default().push(version);
        id
    }

    /// Adds users; returns their ids.
    pub(super) fn create(&mut self, count: usize, now: Timestamp) -> Vec<u64> {
        (0..count)
            .map(|_| {
                let user = self.newcomer(now);
                self.put(user)
            })
            .collect()
    }

    /// Changes one user; false if there is no such active one.
    pub(super) fn change(&mut self, id: u64, now: Timestamp) -> bool {
        let Some(mut user) = self.active(id) else {
            return false;
        };
        user.change(now, &mut self.dice);
        self.put(user);
        true
    }

    /// Deletes one user; false if there is no such active one, and for the owner.
    pub(super) fn delete(&mut self, id: u64, now: Timestamp) -> bool {
        let Some(mut user) = self.active(id).filter(|user| user.id != self.owner) else {
            return false;
        };
        user.delete(now);
        self.put(user);
        true
    }

    fn active(&self, id: u64) -> Option<User> {
        self.present.get(&id).filter(|user| user.active).cloned()
    }

    /// Up to `count` different active users other than the owner, at random.
    pub(super) fn draw(&mut self, count: usize) -> Vec<u64> {
        let candidates = self
            .present
            .values()
            .filter(|user| user.active && user.id != self.owner);
        let mut ids: Vec<u64> = candidates.map(|user| user.id).collect();
        self.dice.draw(&mut ids, count);
        ids
    }

    /// The user whose credentials the client has.
    pub(super) fn owner(&self) -> Option<&UserVersion> {
        self.history.get(&self.owner)?.last()
    }

    /// The present version of every user, in the order of the incremental export.
    pub(super) fn present(&self) -> Vec<UserVersion> {
        let latest = self
            .order
            .iter()
            .filter_map(|(_, id)| self.history.get(id)?.last());
        latest.cloned().collect()
    }

    /// Every version there ever was, oldest first.
    pub(super) fn history(&self) -> BTreeMap<u64, Vec<UserVersion>> {
        self.history.clone()
    }

    /// The incremental export's view: versions after `place`, at most as young as `horizon`.
    pub(super) fn after(
        &self,
        place: Place,
        horizon: Timestamp,
    ) -> impl Iterator<Item = &UserVersion> {
        self.order
            .range((Bound::Excluded(place), Bound::Unbounded))
            .take_while(move |(second, _)| *second <= horizon.as_second())
            .filter_map(|(_, id)| self.history.get(id)?.last())
    }

    /// The search index's view: of every user the newest version not younger than `horizon`,
    /// without the deleted.
    pub(super) fn indexed(&self, horizon: Timestamp) -> impl Iterator<Item = &UserVersion> {
        self.history
            .values()
            .filter_map(move |versions| versions.iter().rev().find(|one| one.updated_at <= horizon))
            .filter(|version| version.active)
    }
}

/// The second that lies `age` before `now`; the very beginning of time for an age beyond it.
pub(super) fn ago(now: Timestamp, age: Duration) -> Timestamp {
    let age = SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX);
    let then = now.checked_sub(age).unwrap_or(Timestamp::MIN);
    at_second(then.as_second())
}

/// The youngest second that the incremental export shows: old enough, and over, so that nothing
/// can be added to it any more.
pub(super) fn export_horizon(now: Timestamp, withhold: Duration) -> Timestamp {
    ago(now, withhold.max(Duration::from_secs(1)))
}

fn at_second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn people(users: usize) -> People {
        People::new(&ZendeskOptions {
            users,
            ..ZendeskOptions::default()
        })
    }

    #[test]
    fn the_same_seed_gives_the_same_bytes() {
        assert_eq!(people(50).present(), people(50).present());
    }

    #[test]
    fn looks_like_a_recorded_account() {
        let present = people(400).present();
        let lengths: BTreeSet<usize> = present
            .iter()
            .map(|user| user.id.to_string().len())
            .collect();
        assert_eq!(lengths, BTreeSet::from([13, 14]));

        let seconds: BTreeSet<Timestamp> = present.iter().map(|user| user.updated_at).collect();
        assert!(seconds.len() < 300, "many users share a second");
        assert!(
            present
                .iter()
                .all(|user| user.created_at <= user.updated_at)
        );

        let without_email = present
            .iter()
            .filter(|user| user.json.windows(12).any(|part| part == b"\"email\":null"))
            .count();
        assert!(
            (200..350).contains(&without_email),
            "{without_email} of 400"
        );
    }

    #[test]
    fn every_version_is_kept_and_only_the_last_is_in_the_order() {
        let mut people = people(10);
        let id = people.draw(1)[0];
        let now = Timestamp::now();
        assert!(people.change(id, now));
        assert!(people.delete(id, now));
        assert!(!people.change(id, now), "the deleted stay as they are");

        let versions = &people.history()[&id];
        assert_eq!(versions.len(), 3);
        assert_ne!(versions[0].json, versions[1].json);
        assert!(!versions[2].active);
        assert_eq!(people.present().len(), 10);
    }

    #[test]
    fn the_owner_cannot_be_deleted() {
        let mut people = people(1);
        let owner = people.owner().expect("an owner").id;
        assert!(!people.delete(owner, Timestamp::now()));
    }
}
