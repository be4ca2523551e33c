//! From where a record stands to the bytes that are served of it.
//!
//! Nothing is kept of them: the same row always gives the same bytes, so that an account of a
//! million records takes the memory of their rows.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::options::{Role, ZendeskOptions};
use super::row::Row;
use super::stream::{Form, Stream};
use super::{streams, template};
use crate::sandbox::dice::Dice;

/// Where a record is shown; some look different there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guise {
    /// An incremental export.
    Export,
    /// A list by cursor.
    CursorList,
    /// Any other list, and search.
    List,
}

/// Everything about the account that rendering needs besides the row.
#[derive(Debug)]
pub(super) struct Renderer {
    seed: u64,
    /// Records of each stream at the start: only those are named by others, so that a record does
    /// not change because another one is created.
    begun: BTreeMap<&'static str, u64>,
    pub(super) email: String,
    pub(super) role: Role,
    /// Share of tickets that only a bot has handled, in percent.
    pub(super) bot_tickets: u64,
}

impl Renderer {
    pub(super) fn new(options: &ZendeskOptions, begun: BTreeMap<&'static str, u64>) -> Self {
        Self {
            seed: options.seed,
            begun,
            email: options.credentials.email.clone(),
            role: options.role,
            bot_tickets: options.bot_tickets,
        }
    }

    /// The record as the stream's endpoints serve it.
    pub(super) fn json(&self, stream: &Stream, row: &Row, guise: Guise) -> Vec<u8> {
        match stream.form {
            Form::Text(text) => template::fill(self, stream, text, row),
            Form::Made(make) => make(self, row, guise),
        }
    }

    /// Whether this is the user whose credentials the client has.
    pub(super) fn is_owner(&self, user: u64) -> bool {
        user == streams::owner()
    }

    /// Chance that is the same for all versions of a record.
    pub(super) fn stable(&self, row: &Row) -> Dice {
        self.dice(row.id, 0)
    }

    /// Chance of one version.
    pub(super) fn changing(&self, row: &Row) -> Dice {
        self.dice(row.id, u64::from(row.version) + 1)
    }

    /// Chance of one version of a record that is not at hand.
    pub(super) fn dice(&self, id: u64, version: u64) -> Dice {
        Dice::new(Dice::new(self.seed ^ id.rotate_left(17) ^ version.rotate_left(47)).roll())
    }

    /// The id of some record that was there at the start, as text and as JSON; null without any.
    pub(super) fn some(&self, stream: &str, dice: &mut Dice) -> (String, String) {
        let begun = self.begun.get(stream).copied().unwrap_or(0);
        let number = dice.below(begun);
        match Stream::find(stream).filter(|_| begun > 0) {
            Some(stream) => {
                let id = stream.ids.nth(number);
                (stream.ids.text(id), stream.ids.json(id))
            }
            None => (String::new(), "null".into()),
        }
    }

    /// [`Self::some`], as a number.
    pub(super) fn some_id(&self, stream: &str, dice: &mut Dice) -> Option<u64> {
        self.some(stream, dice).1.parse().ok()
    }
}

/// A time as JSON, in Zendesk's form: never with fractions.
pub(super) fn instant(second: i64) -> String {
    format!("\"{}\"", at_second(second))
}

/// A time of which only whole seconds count.
pub(super) fn at_second(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// JSON values with commas between them.
pub(super) fn joined<'a>(items: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut all = Vec::new();
    for (place, item) in items.enumerate() {
        if place > 0 {
            all.push(b',');
        }
        all.extend_from_slice(item);
    }
    all
}
