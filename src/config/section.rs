//! Reads one section after the other, and records every fault on the way.
//!
//! A [`Section`] is asked for its keys; what nobody asked for when it closes is an unknown key.
//! So the code that reads a key is the schema: there is no second list to keep in step.

use std::collections::BTreeSet;

use ::config::{Value, ValueKind};

use super::fault::{Place, Problem, Read, Refused};
use super::layers::{Table, key_path};
use super::reader::{Reader, Surroundings};
use super::values::{Given, alternatives, nearest};

/// One section while it is read.
#[derive(Debug)]
pub(super) struct Section<'r> {
    reader: &'r mut Reader,
    path: String,
    values: Table,
    hidden: bool,
}

impl<'r> Section<'r> {
    /// Reads the outermost section.
    pub(super) fn outermost<T>(
        reader: &'r mut Reader,
        values: Table,
        read: impl FnOnce(&mut Section<'_>) -> Read<T>,
    ) -> Read<T> {
        let root = Self {
            reader,
            path: String::new(),
            values,
            hidden: false,
        };
        root.close_after(read)
    }

    /// The value of `key` as `parse` understands it, if it is given.
    pub(super) fn optional<T>(
        &mut self,
        key: &str,
        parse: impl FnOnce(&Given<'_>) -> Result<T, Problem>,
    ) -> Read<Option<T>> {
        let Some(value) = self.take(key) else {
            return Ok(None);
        };
        self.parse(key, &value.kind, parse).map(Some)
    }

    /// The value of `key`, or `default`, which is written as a user would write it.
    pub(super) fn or<T>(
        &mut self,
        key: &str,
        default: impl Into<ValueKind>,
        parse: impl FnOnce(&Given<'_>) -> Result<T, Problem>,
    ) -> Read<T> {
        let kind = match self.take(key) {
            Some(value) => value.kind,
            None => default.into(),
        };
        self.parse(key, &kind, parse)
    }

    /// The value of `key`, which must be given; `remedy` says what to write if it is not.
    pub(super) fn required<T>(
        &mut self,
        key: &str,
        remedy: &str,
        parse: impl FnOnce(&Given<'_>) -> Result<T, Problem>,
    ) -> Read<T> {
        let value = self.optional(key, parse);
        self.demand(key, value, remedy)
    }

    /// A value of `key` read as optional that turns out to be needed.
    pub(super) fn demand<T>(&mut self, key: &str, value: Read<Option<T>>, remedy: &str) -> Read<T> {
        value?.ok_or_else(|| self.missing(key, remedy))
    }

    /// The section `key` as `read` understands it; empty if it is not given.
    pub(super) fn section<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&mut Section<'_>) -> Read<T>,
    ) -> Read<T> {
        let path = key_path(&self.path, key);
        let values = match self.take(key).map(|value| value.kind) {
            None => Table::new(),
            Some(ValueKind::Table(values)) => values,
            // The value is not quoted: here it could be anything.
            Some(_) => {
                let remedy = match self.variable(key) {
                    Some(variable) => format!("set keys of it, like `{variable}__KEY`"),
                    None => format!("write a table: `[{path}]`, and its keys below"),
                };
                let problem = Problem::new("this is a section, not a single value", remedy);
                return Err(self.refuse(key, problem));
            }
        };
        Section {
            reader: self.reader,
            path,
            values,
            hidden: self.hidden,
        }
        .close_after(read)
    }

    /// The section `key`, if it is given.
    pub(super) fn optional_section<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&mut Section<'_>) -> Read<T>,
    ) -> Read<Option<T>> {
        if self.value(key).is_none() {
            self.take(key);
            return Ok(None);
        }
        self.section(key, read).map(Some)
    }

    /// The value of `key` before it is read.
    pub(super) fn value(&self, key: &str) -> Option<&ValueKind> {
        self.values.get(key).map(|value| &value.kind)
    }

    /// The names of all keys not read yet, in order.
    pub(super) fn names(&self) -> BTreeSet<String> {
        self.values.keys().cloned().collect()
    }

    /// The names of all keys of the section `key`, which is not read yet.
    pub(super) fn names_in(&self, key: &str) -> BTreeSet<String> {
        match self.value(key) {
            Some(ValueKind::Table(values)) => values.keys().cloned().collect(),
            _ => BTreeSet::new(),
        }
    }

    /// If the environment gives `winner`, forgets those `losers` that the file gives: where two
    /// keys exclude one another, the higher layer decides.
    pub(super) fn let_override(&mut self, winner: &str, losers: &[&str]) {
        if self.variable(winner).is_none() {
            return;
        }
        for loser in losers {
            if *loser != winner && self.file_gives(loser) {
                self.values.remove(*loser);
            }
        }
    }

    /// Never quotes a value of this section, since it could be a secret.
    pub(super) fn hide(&mut self) {
        self.hidden = true;
    }

    /// What values may refer to.
    pub(super) fn surroundings(&self) -> &Surroundings {
        &self.reader.surroundings
    }

    /// The variable that gives `key`, if one does.
    pub(super) fn variable(&self, key: &str) -> Option<&str> {
        match self.reader.places.get(&key_path(&self.path, key)) {
            Some(Place::Variable(name)) => Some(name),
            Some(Place::File | Place::Line(_)) | None => None,
        }
    }

    /// Records a problem with the value of `key`, which needs no further reading.
    pub(super) fn refuse(&mut self, key: &str, problem: Problem) -> Refused {
        self.take(key);
        self.record(key_path(&self.path, key), problem)
    }

    /// Records a problem with the section itself.
    pub(super) fn refuse_all(&mut self, problem: Problem) -> Refused {
        self.record(self.path.clone(), problem)
    }

    /// Records that `key` is missing here.
    pub(super) fn missing(&mut self, key: &str, remedy: &str) -> Refused {
        let section = self.path.clone();
        self.missing_in(&section, key, remedy)
    }

    /// Records that `key` is missing in another section.
    pub(super) fn missing_in(&mut self, section: &str, key: &str, remedy: &str) -> Refused {
        let place = self.reader.header(section);
        let path = key_path(section, key);
        let problem = Problem::new("this key is missing", remedy);
        self.reader.faults.record(place, path, problem)
    }

    fn parse<T>(
        &mut self,
        key: &str,
        kind: &ValueKind,
        parse: impl FnOnce(&Given<'_>) -> Result<T, Problem>,
    ) -> Read<T> {
        let given = Given {
            kind,
            from_environment: self.variable(key).is_some(),
            hidden: self.hidden,
        };
        parse(&given).map_err(|problem| self.refuse(key, problem))
    }

    /// Passes over keys that mean nothing here and may stay all the same.
    pub(super) fn pass_over(&mut self, keys: &[&str]) {
        for key in keys {
            self.take(key);
        }
    }

    fn take(&mut self, key: &str) -> Option<Value> {
        self.reader.asked.insert(key_path(&self.path, key));
        self.values.remove(key)
    }

    fn record(&mut self, path: String, problem: Problem) -> Refused {
        let place = self.reader.place(&path);
        let place = place.unwrap_or_else(|| self.reader.header(&self.path));
        self.reader.faults.record(place, path, problem)
    }

    /// Whether the file gives `key`; if not and it is given, the environment gave it.
    fn file_gives(&self, key: &str) -> bool {
        let place = self.reader.places.get(&key_path(&self.path, key));
        matches!(place, Some(Place::Line(_)))
    }

    fn close_after<T>(mut self, read: impl FnOnce(&mut Section<'_>) -> Read<T>) -> Read<T> {
        let read = read(&mut self);
        let unknown = self.names();
        if unknown.is_empty() {
            return read;
        }
        let known = self.known();
        for key in unknown {
            let remedy = match nearest(&key, &known) {
                Some(known) => {
                    self.withdraw_missing(known);
                    format!("write `{known}`")
                }
                None => format!("the keys here are {}", alternatives(&known, "and")),
            };
            let path = key_path(&self.path, &key);
            self.record(path, Problem::new("unknown key", remedy));
        }
        read
    }

    /// A key that was only misspelt is no longer reported as missing as well.
    fn withdraw_missing(&mut self, key: &str) {
        let path = key_path(&self.path, key);
        if !self.reader.places.contains_key(&path) {
            self.reader.faults.withdraw(&path);
        }
    }

    /// The keys asked for in this section.
    fn known(&self) -> Vec<String> {
        let prefix = match self.path.as_str() {
            "" => String::new(),
            path => format!("{path}."),
        };
        let asked = self.reader.asked.iter();
        asked
            .filter_map(|path| path.strip_prefix(&prefix))
            .filter(|key| !key.contains('.'))
            .map(str::to_owned)
            .collect()
    }
}
