//! The account's users, as tests and the demo speak of them.

use std::collections::BTreeMap;

use bytes::Bytes;
use jiff::Timestamp;

use super::data::Data;
use super::protocol::{ago, horizon, search};
use super::renderer::{Guise, at_second};
use super::row::{Fate, Row};
use super::stream::Stream;
use super::{ZendeskSimulator, streams};

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
    fn of(data: &Data, row: &Row) -> Self {
        Self {
            id: row.id,
            created_at: at_second(row.created),
            updated_at: at_second(row.updated),
            active: row.fate == Fate::Live,
            json: data.json(stream(), row, Guise::Export).into(),
        }
    }
}

fn stream() -> &'static Stream {
    &streams::core::STREAMS[0]
}

impl ZendeskSimulator {
    /// Creates users now; returns their ids.
    pub fn create(&self, count: usize) -> Vec<u64> {
        let (mut state, now) = self.account.moment();
        state.data.create(stream(), count, now)
    }

    /// Changes up to `count` different active users now, at random; returns their ids.
    pub fn change(&self, count: usize) -> Vec<u64> {
        self.with_some(count, |data, id, now| data.change(stream(), id, now))
    }

    /// Changes one user now; false if there is no such active one.
    pub fn change_user(&self, id: u64) -> bool {
        let (mut state, now) = self.account.moment();
        state.data.change(stream(), id, now)
    }

    /// Deletes up to `count` different active users now, at random; returns their ids. The owner
    /// of the credentials stays.
    pub fn delete(&self, count: usize) -> Vec<u64> {
        self.with_some(count, |data, id, now| data.delete(stream(), id, now))
    }

    fn with_some(&self, count: usize, deed: impl Fn(&mut Data, u64, i64) -> bool) -> Vec<u64> {
        let (mut state, now) = self.account.moment();
        let mut ids = state.data.draw(stream(), count);
        ids.retain(|id| deed(&mut state.data, *id, now));
        ids
    }

    /// The present truth: the newest version of every user, the deleted included, in the order of
    /// the incremental export.
    pub fn users(&self) -> Vec<UserVersion> {
        self.users_until(i64::MAX)
    }

    /// What a complete incremental export would give now: the users last changed before the
    /// withheld time.
    pub fn users_visible(&self) -> Vec<UserVersion> {
        self.users_until(horizon(self.account.now(), self.account.options.withhold))
    }

    fn users_until(&self, horizon: i64) -> Vec<UserVersion> {
        let data = &self.account.state().data;
        let rows = data.of(stream()).after((i64::MIN, 0), horizon);
        rows.map(|row| UserVersion::of(data, row)).collect()
    }

    /// What a search over all time would give now (there each has `result_type` besides): active
    /// users, as the index knows them.
    pub fn users_searchable(&self) -> Vec<UserVersion> {
        let horizon = ago(self.account.now(), self.account.options.index_delay);
        let data = &self.account.state().data;
        let rows = search::indexed(data, stream(), horizon.as_second());
        rows.map(|row| UserVersion::of(data, row)).collect()
    }

    /// Every version of every user there ever was, by id, oldest first.
    pub fn history(&self) -> BTreeMap<u64, Vec<UserVersion>> {
        let data = &self.account.state().data;
        let users = data.of(stream());
        let versions = |id| {
            users
                .versions(id)
                .map(|row| UserVersion::of(data, row))
                .collect()
        };
        users
            .rows()
            .iter()
            .map(|row| (row.id, versions(row.id)))
            .collect()
    }

    /// From now on no page can be made that holds this user.
    pub fn fail_pages_with(&self, user: u64) {
        self.account.state().data.fail_pages_with(stream(), user);
    }
}
