//! Mapping files as they are written: TOML, each entry with the place it was written at.
//!
//! A file stands on a preset, or on another file's rows, entry by entry: what it names is replaced
//! or turned off, what it does not name stays. Reading and joining happen here; what the entries
//! mean is the business of [`super::compile`].

mod document;
mod reader;

use std::path::Path;

use toml::de::DeTable;

use super::expression::Fault;
use super::faults::{Faults, Place};
use reader::Reader;

/// One entry of a section: its name, where it is, what it says.
#[derive(Debug)]
pub(super) struct Entry<T> {
    pub(super) name: String,
    pub(super) place: Place,
    pub(super) says: T,
}

/// What a row says of a field or an identity; what it leaves open is as in the row beneath.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) source: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) default: Option<String>,
    pub(super) required: Option<bool>,
    pub(super) max_length: Option<usize>,
    pub(super) when_deleted: Option<String>,
    pub(super) shed: Option<String>,
    pub(super) primary: Option<bool>,
    pub(super) send: Option<bool>,
}

impl Row {
    /// Lays `over` on this row.
    fn join(&mut self, over: Self) {
        fn lay<T>(under: &mut Option<T>, over: Option<T>) {
            if over.is_some() {
                *under = over;
            }
        }
        lay(&mut self.source, over.source);
        lay(&mut self.kind, over.kind);
        lay(&mut self.default, over.default);
        lay(&mut self.required, over.required);
        lay(&mut self.max_length, over.max_length);
        lay(&mut self.when_deleted, over.when_deleted);
        lay(&mut self.shed, over.shed);
        lay(&mut self.primary, over.primary);
        lay(&mut self.send, over.send);
    }
}

/// A custom field that gets a field of its own.
#[derive(Clone, Debug)]
pub(super) struct Promotion {
    /// The field of the record that holds the custom fields.
    pub(super) of: String,
    pub(super) path: String,
    pub(super) row: Row,
    pub(super) titles: bool,
}

/// What one or more files say together.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) extends: Option<Entry<String>>,
    pub(super) size_limit_bytes: Option<usize>,
    pub(super) when_deleted: Option<Entry<String>>,
    pub(super) variables: Vec<Entry<String>>,
    pub(super) tables: Vec<Entry<Vec<Entry<String>>>>,
    pub(super) skip: Vec<Entry<Option<String>>>,
    pub(super) identities: Vec<Entry<Row>>,
    pub(super) fields: Vec<Entry<Row>>,
    pub(super) promotions: Vec<Entry<Promotion>>,
}

/// Lays the entries of `over` on those of the same name; new ones come after the old.
fn lay<T>(under: &mut Vec<Entry<T>>, over: Vec<Entry<T>>, mut join: impl FnMut(&mut T, T)) {
    for entry in over {
        match under.iter_mut().find(|known| known.name == entry.name) {
            Some(known) => {
                join(&mut known.says, entry.says);
                known.place = entry.place;
            }
            None => under.push(entry),
        }
    }
}

impl Draft {
    /// Reads `text`, the content of the file at `path`.
    pub(super) fn read(path: &Path, text: &str, faults: &mut Faults) -> Self {
        let mut reader = Reader { path, text, faults };
        let mut draft = Self::default();
        match DeTable::parse(text) {
            Ok(document) => reader.document(document.into_inner(), &mut draft),
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                let place = reader.place(at, "");
                let remedy = "mapping files are written in TOML, see https://toml.io";
                reader
                    .faults
                    .add(&place, Fault::new(error.message(), remedy));
            }
        }
        draft
    }

    /// Lays `over` on this draft.
    pub(super) fn join(&mut self, over: Self) {
        fn replace<T>(under: &mut T, over: T) {
            *under = over;
        }
        self.size_limit_bytes = over.size_limit_bytes.or(self.size_limit_bytes);
        if over.when_deleted.is_some() {
            self.when_deleted = over.when_deleted;
        }
        lay(&mut self.variables, over.variables, replace);
        lay(&mut self.tables, over.tables, |under, over| {
            lay(under, over, replace);
        });
        lay(&mut self.skip, over.skip, replace);
        lay(&mut self.identities, over.identities, Row::join);
        lay(&mut self.fields, over.fields, Row::join);
        lay(&mut self.promotions, over.promotions, replace);
    }
}
