//! Everything in the account: the collections, and what one change means to the others.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::collection::Collection;
use super::options::ZendeskOptions;
use super::renderer::{Guise, Renderer};
use super::row::{Fate, Row};
use super::stream::Stream;
use super::{streams, ticket};
use crate::sandbox::dice::Dice;

mod beginning;
mod deeds;
mod shown;

pub(super) use shown::Wanted;

#[derive(Debug)]
pub(super) struct Data {
    pub(super) renderer: Renderer,
    dice: Dice,
    /// By the name of the stream that keeps the records.
    collections: BTreeMap<&'static str, Collection>,
}

/// A moment, in seconds since 1970.
pub(super) fn second(time: Timestamp) -> i64 {
    time.as_second()
}

impl Data {
    pub(super) fn new(options: &ZendeskOptions) -> Self {
        let begun = beginning::counts(options);
        let renderer = Renderer::new(options, begun.clone());
        let mut dice = Dice::new(options.seed);
        let mut collections = BTreeMap::new();
        for stream in streams::all().filter(|stream| stream.keeps()) {
            let count = begun.get(stream.name).copied().unwrap_or(0);
            let rows = beginning::rows(stream, count, &begun, &mut dice);
            collections.insert(stream.name, Collection::new(stream.ids, rows));
        }
        let mut data = Self {
            renderer,
            dice,
            collections,
        };
        data.begin_users(options.deleted_users);
        data.begin_identities();
        data.begin_tickets();
        data
    }

    /// The records behind a stream.
    pub(super) fn of(&self, stream: &Stream) -> &Collection {
        // There is one for every stream that keeps records, and views name one of those.
        &self.collections[stream.of]
    }

    fn named(&mut self, name: &str) -> &mut Collection {
        match self.collections.get_mut(name) {
            Some(collection) => collection,
            None => unreachable!("the streams' tables name {name}"),
        }
    }

    /// The user whose credentials the client has, as an export shows it.
    pub(super) fn owner(&self) -> Option<Vec<u8>> {
        let users = Stream::find("users")?;
        let row = self.of(users).get(streams::owner())?;
        Some(self.json(users, row, Guise::Export))
    }

    /// The record that this row of the stream is served as.
    pub(super) fn json(&self, stream: &Stream, row: &Row, guise: Guise) -> Vec<u8> {
        self.renderer.json(stream, row, guise)
    }

    /// Answers 504 from now on wherever the record would have to be shown.
    pub(super) fn fail_pages_with(&mut self, stream: &Stream, id: u64) {
        self.named(stream.of).unservable.insert(id);
    }

    /// Leaves the record out of every list from now on, though counts have it.
    pub(super) fn leave_out_of_lists(&mut self, stream: &Stream, id: u64) {
        self.named(stream.of).unlisted.insert(id);
    }

    /// Takes the deleted out of every export.
    pub(super) fn drop_tombstones(&mut self, stream: &Stream) {
        self.named(stream.of).drop_tombstones();
    }

    /// The row at which `id`, in text, points, if it is there.
    pub(super) fn find(&self, stream: &Stream, id: &str) -> Option<&Row> {
        self.of(stream)
            .find(id)
            .filter(|row| row.fate != Fate::Gone)
    }

    /// Up to `count` records that can be changed, at random; never the owner of the credentials.
    pub(super) fn draw(&mut self, stream: &Stream, count: usize) -> Vec<u64> {
        let Some(collection) = self.collections.get(stream.of) else {
            return Vec::new();
        };
        let renderer = &self.renderer;
        collection.draw(&mut self.dice, count, |row| match stream.of {
            "tickets" => ticket::is_open(renderer, row),
            "users" => row.fate == Fate::Live && !renderer.is_owner(row.id),
            _ => row.is_live(),
        })
    }
}
