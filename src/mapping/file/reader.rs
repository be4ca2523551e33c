//! Values of TOML, each with its place, and what is said of one that is not what it should be.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::Entry;
use crate::config::{alternatives, nearest};
use crate::mapping::expression::Fault;
use crate::mapping::faults::{Faults, Place};

type Key<'t> = Spanned<std::borrow::Cow<'t, str>>;
pub(super) type Given<'t> = Spanned<DeValue<'t>>;

/// A mapping file under way.
pub(super) struct Reader<'r> {
    pub(super) path: &'r Path,
    pub(super) text: &'r str,
    pub(super) faults: &'r mut Faults,
}

impl Reader<'_> {
    pub(super) fn place(&self, at: usize, key: &str) -> Place {
        let before = self.text.as_bytes().iter().take(at);
        Place {
            file: self.path.to_owned(),
            line: before.filter(|byte| **byte == b'\n').count() + 1,
            key: key.to_owned(),
        }
    }

    pub(super) fn refuse(
        &mut self,
        place: &Place,
        what: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        self.faults.add(place, Fault::new(what, remedy));
    }

    /// The entries of a table in the order in which they are written.
    pub(super) fn entries<'t>(
        &self,
        table: DeTable<'t>,
        section: &str,
    ) -> Vec<(String, Place, Given<'t>)> {
        let mut entries: Vec<(Key<'t>, Given<'t>)> = table.into_iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let described = entries.into_iter().map(|(key, value)| {
            let full = match section {
                "" => key.get_ref().to_string(),
                section => format!("{section}.{}", key.get_ref()),
            };
            let place = self.place(key.span().start, &full);
            (key.into_inner().into_owned(), place, value)
        });
        described.collect()
    }

    pub(super) fn unknown(&mut self, place: &Place, key: &str, known: &[&str]) {
        let remedy = match nearest(key, known) {
            Some(meant) => format!("write `{meant}`"),
            None => format!("the keys here are {}", alternatives(known, "and")),
        };
        self.refuse(place, "unknown key", remedy);
    }

    pub(super) fn table<'t>(&mut self, place: &Place, value: Given<'t>) -> DeTable<'t> {
        match value.into_inner() {
            DeValue::Table(table) => table,
            _ => {
                self.refuse(place, "this is a section", "write its keys below it");
                DeTable::new()
            }
        }
    }

    pub(super) fn string(&mut self, place: &Place, value: &Given<'_>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => {
                self.refuse(place, "this is not a string", "write a string, in quotes");
                None
            }
        }
    }

    pub(super) fn boolean(&mut self, place: &Place, value: &Given<'_>) -> Option<bool> {
        match value.get_ref() {
            DeValue::Boolean(boolean) => Some(*boolean),
            _ => {
                self.refuse(place, "this is neither true nor false", "write one of them");
                None
            }
        }
    }

    pub(super) fn number(&mut self, place: &Place, value: &Given<'_>) -> Option<usize> {
        let number = match value.get_ref() {
            DeValue::Integer(integer) => {
                usize::from_str_radix(integer.as_str(), integer.radix()).ok()
            }
            _ => None,
        };
        if matches!(number, None | Some(0)) {
            self.refuse(place, "this is not a whole number above 0", "write one");
        }
        number
    }

    /// The entries of a section, as `read` reads each.
    pub(super) fn section<'t, T>(
        &mut self,
        place: &Place,
        value: Given<'t>,
        mut read: impl FnMut(&mut Self, &Place, Given<'t>) -> Option<T>,
    ) -> Vec<Entry<T>> {
        let table = self.table(place, value);
        let mut entries = Vec::new();
        for (name, place, value) in self.entries(table, &place.key) {
            if let Some(says) = read(self, &place, value) {
                entries.push(Entry { name, place, says });
            }
        }
        entries
    }
}
