//! One stream of the account, for tests and the demo: what is there, and what happens to it.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;

use super::Account;
use super::data::{Data, Wanted, second};
use super::protocol::horizon;
use super::renderer::{Guise, at_second};
use super::row::{Fate, Row};
use super::stream::Stream;

/// A version of a record, as its stream serves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServedRecord {
    /// The record's id in text: a number, a UUID, a ULID, a key.
    pub id: String,
    /// When this version came to be, by the clock of its export: for tickets the
    /// `generated_timestamp`, elsewhere `updated_at`.
    pub changed_at: Timestamp,
    /// Whether it is a tombstone.
    pub deleted: bool,
    /// The object exactly as the stream's own endpoint serves it, without sideloads. Of a ticket's
    /// comment: the child event of the bulk export.
    pub json: Bytes,
}

/// The records of one stream.
#[derive(Clone, Copy, Debug)]
pub struct Records<'a> {
    account: &'a Account,
    stream: &'static Stream,
}

impl<'a> Records<'a> {
    pub(super) fn new(account: &'a Account, stream: &'static Stream) -> Self {
        Self { account, stream }
    }

    /// Creates records now, all in one second; returns their ids. What cannot be created as such
    /// comes from the deed behind it: a ticket's event from a change of a ticket, an entry among
    /// the deleted from a deletion.
    pub fn create(&self, count: usize) -> Vec<String> {
        let (mut state, now) = self.account.moment();
        let ids = state.data.create(self.stream, count, now);
        self.texts(&state.data, ids)
    }

    /// Changes up to `count` different records now, at random; returns their ids. Events do not
    /// change.
    pub fn change(&self, count: usize) -> Vec<String> {
        let stream = self.stream;
        self.with_some(count, |data, id, now| data.change(stream, id, now))
    }

    /// Deletes up to `count` different records now, at random; returns their ids.
    pub fn delete(&self, count: usize) -> Vec<String> {
        let stream = self.stream;
        self.with_some(count, |data, id, now| data.delete(stream, id, now))
    }

    /// Gives `count` records the same second, now: changes those there are, creates what is
    /// missing. Returns their ids.
    pub fn tie(&self, count: usize) -> Vec<String> {
        let (mut state, now) = self.account.moment();
        let data = &mut state.data;
        let mut ids = data.draw(self.stream, count);
        ids.retain(|id| data.change(self.stream, *id, now));
        ids.extend(data.create(self.stream, count - ids.len(), now));
        self.texts(data, ids)
    }

    /// Merges up to `count` tickets or users into others, at random; returns the losers' ids.
    pub fn merge(&self, count: usize) -> Vec<String> {
        let stream = self.stream;
        self.with_some(count, |data, id, now| data.merge(stream, id, now))
    }

    /// Updates up to `count` tickets as Zendesk itself does, at random: `generated_timestamp`
    /// moves and nothing else. Returns their ids.
    pub fn update_by_system(&self, count: usize) -> Vec<String> {
        self.with_some(count, |data, id, now| data.update_by_system(id, now))
    }

    /// Scrubs up to `count` of the deleted tickets, as happens after thirty days; returns their
    /// ids.
    pub fn scrub(&self, count: usize) -> Vec<String> {
        let (mut state, now) = self.account.moment();
        let data = &mut state.data;
        let deleted = data.of(self.stream).rows().iter();
        let deleted = deleted.filter(|row| row.fate == Fate::Deleted);
        let mut ids: Vec<u64> = deleted.map(|row| row.id).take(count).collect();
        ids.retain(|id| self.stream.of == "tickets" && data.scrub(*id, now));
        self.texts(data, ids)
    }

    /// Takes the tombstones out of every export: after some months they are gone.
    pub fn drop_tombstones(&self) {
        self.account.state().data.drop_tombstones(self.stream);
    }

    /// Changes one record now; false if there is no such one that can be changed.
    pub fn change_one(&self, id: &str) -> bool {
        self.with_one(id, |data, stream, id, now| data.change(stream, id, now))
    }

    /// Deletes one record now; false if there is no such one that can be deleted.
    pub fn delete_one(&self, id: &str) -> bool {
        self.with_one(id, |data, stream, id, now| data.delete(stream, id, now))
    }

    /// From now on no page can be made that holds this record.
    pub fn fail_pages_with(&self, id: &str) {
        self.with_one(id, |data, stream, id, _| {
            data.fail_pages_with(stream, id);
            true
        });
    }

    /// From now on lists leave this record out; counts and exports have it.
    pub fn leave_out_of_lists(&self, id: &str) {
        self.with_one(id, |data, stream, id, _| {
            data.leave_out_of_lists(stream, id);
            true
        });
    }

    /// The present truth: every record that the stream shows to whom asks for all of them, with
    /// tombstones where it has some, in the order of change.
    pub fn present(&self) -> Vec<ServedRecord> {
        self.until(i64::MAX)
    }

    /// What a complete read would give now to whom asks for everything (`support_type_scope=all`,
    /// `exclude_deleted=false`, `include_deleted=true`): of an export without what is withheld.
    pub fn visible(&self) -> Vec<ServedRecord> {
        let withheld = horizon(self.account.now(), self.account.options.withhold);
        let per_second = self.stream.keeper().per_second();
        let horizon = match self.stream.is_exported() {
            true => withheld.saturating_add(1).saturating_mul(per_second) - 1,
            false => i64::MAX,
        };
        self.until(horizon)
    }

    /// How many [`Self::present`] would give.
    pub fn count(&self) -> usize {
        let state = self.account.state();
        self.rows(&state.data, i64::MAX).count()
    }

    /// One of [`Self::present`].
    pub fn get(&self, id: &str) -> Option<ServedRecord> {
        let data = &self.account.state().data;
        let row = self.row(data, id)?;
        self.shows(data, row).then(|| self.served(data, row))
    }

    /// Every version there ever was, by id, oldest first.
    pub fn history(&self) -> BTreeMap<String, Vec<ServedRecord>> {
        let data = &self.account.state().data;
        let collection = data.of(self.stream);
        let versions = |row: &Row| {
            let versions = collection.versions(row.id);
            versions.map(|row| self.served(data, row)).collect()
        };
        let rows = collection.rows().iter();
        rows.map(|row| (self.text(row), versions(row))).collect()
    }

    fn until(&self, horizon: i64) -> Vec<ServedRecord> {
        let state = self.account.state();
        let rows = self.rows(&state.data, horizon);
        rows.map(|row| self.served(&state.data, row)).collect()
    }

    fn rows<'d>(&self, data: &'d Data, horizon: i64) -> impl Iterator<Item = &'d Row> {
        let rows = data.of(self.stream).after((i64::MIN, 0), horizon);
        let own = *self;
        rows.filter(move |row| own.shows(data, row))
    }

    fn shows(&self, data: &Data, row: &Row) -> bool {
        let now = second(self.account.now());
        match self.stream.is_exported() {
            true => data.exports(self.stream, row, Wanted::ALL),
            false => data.lists(self.stream, row, Wanted::ALL, now),
        }
    }

    fn served(&self, data: &Data, row: &Row) -> ServedRecord {
        let guise = match self.stream.is_exported() {
            true => Guise::Export,
            false => Guise::CursorList,
        };
        ServedRecord {
            id: self.text(row),
            changed_at: at_second(row.place / self.stream.keeper().per_second()),
            deleted: row.is_deleted() && self.stream.tombstones,
            json: data.json(self.stream, row, guise).into(),
        }
    }

    /// The id under which the stream shows a row.
    fn text(&self, row: &Row) -> String {
        match self.stream.name {
            "ticket_comments" => super::audit::comment_id(row).to_string(),
            "ticket_metrics" => (super::metric::METRIC_IDS + row.id).to_string(),
            _ => self.stream.ids.text(row.id),
        }
    }

    /// The row that the stream shows under this id.
    fn row<'d>(&self, data: &'d Data, id: &str) -> Option<&'d Row> {
        let number = |distance| Some(id.parse::<u64>().ok()?.checked_sub(distance)?.to_string());
        match self.stream.name {
            "ticket_comments" => data.find(self.stream, &number(1)?),
            "ticket_metrics" => data.find(self.stream, &number(super::metric::METRIC_IDS)?),
            _ => data.find(self.stream, id),
        }
    }

    fn with_one(
        &self,
        id: &str,
        deed: impl FnOnce(&mut Data, &'static Stream, u64, i64) -> bool,
    ) -> bool {
        let (mut state, now) = self.account.moment();
        let data = &mut state.data;
        let id = self.row(data, id).map(|row| row.id);
        id.is_some_and(|id| deed(data, self.stream, id, now))
    }

    fn texts(&self, data: &Data, ids: Vec<u64>) -> Vec<String> {
        let collection = data.of(self.stream);
        let rows = ids.into_iter().filter_map(|id| collection.get(id));
        rows.map(|row| self.text(row)).collect()
    }

    fn with_some(&self, count: usize, deed: impl Fn(&mut Data, u64, i64) -> bool) -> Vec<String> {
        let (mut state, now) = self.account.moment();
        let mut ids = state.data.draw(self.stream, count);
        ids.retain(|id| deed(&mut state.data, *id, now));
        self.texts(&state.data, ids)
    }
}
