//! The account as it is when a simulator starts: some years of history, made up from the seed.

use std::collections::BTreeMap;

use super::super::collection::Collection;
use super::super::options::ZendeskOptions;
use super::super::row::{Fate, Row};
use super::super::stream::Stream;
use super::super::{identity, streams};
use super::Data;
use crate::sandbox::dice::Dice;

/// 2021-01-01T00:00:00Z, when the account was opened.
const OPENED: i64 = 1_609_459_200;

/// 2024-12-31T00:00:00Z: nothing that a simulator begins with is younger.
const HISTORY_ENDS: i64 = 1_735_603_200;

/// Seconds by which a ticket's `updated_at` may be behind its `generated_timestamp`, by how many
/// in a hundred were recorded so; the rest of them is 0.
const LAGS: [(u64, i64); 4] = [(1, 5), (2, 3), (14, 2), (31, 1)];

/// How many records each stream begins with.
pub(super) fn counts(options: &ZendeskOptions) -> BTreeMap<&'static str, u64> {
    let streams = streams::all().filter(|stream| stream.keeps());
    streams
        .map(|stream| {
            let usual = match stream.name {
                "users" => options.users,
                _ => stream.begins_with,
            };
            let count = options.records.get(stream.name).copied().unwrap_or(usual);
            // Somebody owns the credentials.
            let least = usize::from(stream.name == "users");
            (stream.name, count.max(least) as u64)
        })
        .collect()
}

/// The first `count` records of a stream.
pub(super) fn rows(
    stream: &Stream,
    count: u64,
    begun: &BTreeMap<&'static str, u64>,
    dice: &mut Dice,
) -> Vec<Row> {
    let span = (HISTORY_ENDS - OPENED) as u64;
    let parents = stream.parent.and_then(Stream::find);
    let mut changed = OPENED;
    (0..count)
        .map(|number| {
            let created = OPENED + (span * number / count) as i64;
            // Half of the records share the second of the one before them, as after bulk work.
            if changed < created || dice.percent(50) {
                changed = created + dice.below((HISTORY_ENDS - created) as u64) as i64;
            }
            let parent = parents.map_or(0, |parents| {
                let number = dice.below(begun.get(parents.name).copied().unwrap_or(0));
                parents.ids.nth(number)
            });
            Row {
                id: stream.ids.nth(number),
                parent,
                created,
                updated: changed,
                place: place_of(stream, changed, dice),
                version: 0,
                fate: Fate::Live,
                marked: false,
            }
        })
        .collect()
}

/// A moment by the clock of the stream's export.
pub(super) fn place_of(stream: &Stream, second: i64, dice: &mut Dice) -> i64 {
    let per_second = stream.per_second();
    second * per_second + dice.below(per_second as u64) as i64
}

/// How far a ticket's `updated_at` is behind, this time.
pub(super) fn lag(dice: &mut Dice) -> i64 {
    let mut roll = dice.below(100);
    for (share, lag) in LAGS {
        if roll < share {
            return lag;
        }
        roll -= share;
    }
    0
}

impl Data {
    /// Deletes `percent` of the users, evenly spread: their last change was that.
    pub(super) fn begin_users(&mut self, percent: u64) {
        let Some(stream) = Stream::find("users").filter(|_| percent > 0) else {
            return;
        };
        let mut rows = self.collections["users"].rows().to_vec();
        for (number, row) in (0..).zip(&mut rows) {
            let is_due = (number + 1) * percent / 100 > number * percent / 100;
            if is_due && !self.renderer.is_owner(row.id) {
                row.fate = Fate::Deleted;
            }
        }
        self.collections
            .insert("users", Collection::new(stream.ids, rows));
    }

    /// Every present user's identities, created with the user.
    pub(super) fn begin_identities(&mut self) {
        let users: Vec<Row> = self.collections["users"].rows().to_vec();
        for user in users.into_iter().filter(Row::is_live) {
            self.add_identities(user.id, user.created);
        }
    }

    pub(super) fn add_identities(&mut self, user: u64, now: i64) {
        let owner = self.renderer.is_owner(user);
        let kinds = [
            (false, owner || identity::has_email(&self.renderer, user)),
            (true, identity::has_phone(&self.renderer, user)),
        ];
        let identities = self.named("user_identities");
        for (phone, _) in kinds.into_iter().filter(|(_, has)| *has) {
            let id = identities.next_id();
            identities.push(Row {
                marked: phone,
                ..fresh(id, user, now)
            });
        }
    }

    /// Gives the tickets their lags and fates, and tells their events in the order of time.
    pub(super) fn begin_tickets(&mut self) {
        let Some(stream) = Stream::find("tickets") else {
            return;
        };
        let mut rows = self.collections["tickets"].rows().to_vec();
        let mut happened = Vec::new();
        let mut measured = Vec::new();
        for (number, row) in rows.iter_mut().enumerate() {
            row.fate = match number % 40 {
                13 => Fate::Deleted,
                33 => Fate::Scrubbed,
                _ => Fate::Live,
            };
            row.version = u32::from(self.dice.percent(50));
            if row.version == 0 && row.fate == Fate::Live {
                row.updated = row.created;
                row.place = row.created;
            }
            row.updated = (row.place - lag(&mut self.dice)).max(row.created);
            happened.push((row.created, row.id, 0, Fate::Live));
            measured.extend([(row.created, row.id, 0), (row.created, row.id, 1)]);
            if row.version > 0 {
                happened.push((row.updated, row.id, 1, Fate::Live));
                measured.push((row.updated, row.id, 2));
            }
            if row.is_deleted() {
                happened.push((row.updated, row.id, row.version, Fate::Deleted));
            }
            if row.fate == Fate::Scrubbed {
                row.place = row.updated + 30 * 86_400;
            }
        }
        self.collections
            .insert("tickets", Collection::new(stream.ids, rows));
        // Stable: what happened to one ticket in one second stays in its order.
        happened.sort_by_key(|(when, ..)| *when);
        measured.sort_by_key(|(when, ..)| *when);
        for (when, ticket, version, fate) in happened {
            let comment = fate == Fate::Live && (version == 0 || self.dice.percent(50));
            self.tell(ticket, version, fate, comment, when);
        }
        for (when, ticket, version) in measured {
            self.measure(ticket, version, when);
        }
    }

    /// Writes what happened to a ticket into its history.
    pub(super) fn tell(
        &mut self,
        ticket: u64,
        version: u32,
        fate: Fate,
        comment: bool,
        now: i64,
    ) -> u64 {
        let events = self.named("ticket_events");
        let id = events.next_id();
        events.push(Row {
            version,
            fate,
            marked: comment,
            ..fresh(id, ticket, now)
        });
        id
    }

    /// Adds a metric event.
    pub(super) fn measure(&mut self, ticket: u64, version: u32, now: i64) {
        let events = self.named("ticket_metric_events");
        let id = events.next_id();
        events.push(Row {
            version,
            ..fresh(id, ticket, now)
        });
    }
}

/// A record of this moment.
pub(super) fn fresh(id: u64, parent: u64, now: i64) -> Row {
    Row {
        id,
        parent,
        created: now,
        updated: now,
        place: now,
        version: 0,
        fate: Fate::Live,
        marked: false,
    }
}
