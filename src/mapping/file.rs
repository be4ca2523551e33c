//! Mapping files as they are written: TOML, each entry with the place it was written at.
//!
//! A file stands on a preset, or on another file's rows, entry by entry: what it names is replaced
//! or turned off, what it does not name stays. Reading and joining happen here; what the entries
//! mean is the business of [`super::compile`].

use std::fmt;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::expression::Fault;
use crate::config::{alternatives, nearest};

/// Where something is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    file: PathBuf,
    line: usize,
    key: String,
}

/// Everything that is wrong with a mapping file, each with its place and what to write instead.
#[derive(Debug)]
pub struct Faults(Vec<(Place, Fault)>);

impl Faults {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn add(&mut self, place: &Place, fault: Fault) {
        self.0.push((place.clone(), fault));
    }

    /// `value`, if nothing is wrong.
    pub(super) fn unless<T>(mut self, value: T) -> Result<T, Self> {
        if self.0.is_empty() {
            return Ok(value);
        }
        self.0
            .sort_by(|(a, _), (b, _)| (&a.file, a.line).cmp(&(&b.file, b.line)));
        Err(self)
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => writeln!(f, "the mapping has 1 fault")?,
            count => writeln!(f, "the mapping has {count} faults")?,
        }
        for (place, fault) in &self.0 {
            let (file, line) = (place.file.display(), place.line);
            write!(f, "\n  {file}:{line}: ")?;
            if !place.key.is_empty() {
                write!(f, "{}: ", place.key)?;
            }
            write!(f, "{}\n      {}", fault.what, fault.remedy)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

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

type Key<'t> = Spanned<std::borrow::Cow<'t, str>>;
type Given<'t> = Spanned<DeValue<'t>>;

struct Reader<'r> {
    path: &'r Path,
    text: &'r str,
    faults: &'r mut Faults,
}

impl Reader<'_> {
    fn place(&self, at: usize, key: &str) -> Place {
        let before = self.text.as_bytes().iter().take(at);
        Place {
            file: self.path.to_owned(),
            line: before.filter(|byte| **byte == b'\n').count() + 1,
            key: key.to_owned(),
        }
    }

    fn refuse(&mut self, place: &Place, what: impl Into<String>, remedy: impl Into<String>) {
        self.faults.add(place, Fault::new(what, remedy));
    }

    /// The entries of a table in the order in which they are written.
    fn entries<'t>(&self, table: DeTable<'t>, section: &str) -> Vec<(String, Place, Given<'t>)> {
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

    fn unknown(&mut self, place: &Place, key: &str, known: &[&str]) {
        let remedy = match nearest(key, known) {
            Some(meant) => format!("write `{meant}`"),
            None => format!("the keys here are {}", alternatives(known, "and")),
        };
        self.refuse(place, "unknown key", remedy);
    }

    fn table<'t>(&mut self, place: &Place, value: Given<'t>) -> DeTable<'t> {
        match value.into_inner() {
            DeValue::Table(table) => table,
            _ => {
                self.refuse(place, "this is a section", "write its keys below it");
                DeTable::new()
            }
        }
    }

    fn string(&mut self, place: &Place, value: &Given<'_>) -> Option<String> {
        match value.get_ref() {
            DeValue::String(text) => Some(text.to_string()),
            _ => {
                self.refuse(place, "this is not a string", "write a string, in quotes");
                None
            }
        }
    }

    fn boolean(&mut self, place: &Place, value: &Given<'_>) -> Option<bool> {
        match value.get_ref() {
            DeValue::Boolean(boolean) => Some(*boolean),
            _ => {
                self.refuse(place, "this is neither true nor false", "write one of them");
                None
            }
        }
    }

    fn number(&mut self, place: &Place, value: &Given<'_>) -> Option<usize> {
        let number = match value.get_ref() {
            DeValue::Integer(integer) => {
                usize::from_str_radix(integer.as_str(), integer.radix()).ok()
            }
            _ => None,
        };
        if number.is_none_or(|number| number == 0) {
            self.refuse(place, "this is not a whole number above 0", "write one");
        }
        number
    }

    fn document(&mut self, table: DeTable<'_>, draft: &mut Draft) {
        for (key, place, value) in self.entries(table, "") {
            let named = |says: String| Entry {
                name: key.clone(),
                place: place.clone(),
                says,
            };
            match key.as_str() {
                "extends" => draft.extends = self.string(&place, &value).map(named),
                "size_limit_bytes" => draft.size_limit_bytes = self.number(&place, &value),
                "when_deleted" => draft.when_deleted = self.string(&place, &value).map(named),
                "variables" => {
                    draft.variables = self.section(&place, value, |reader, place, value| {
                        reader.string(place, &value)
                    });
                }
                "lookup" => {
                    draft.tables = self.section(&place, value, |reader, place, value| {
                        let strings = |reader: &mut Self, place: &Place, value: Given<'_>| {
                            reader.string(place, &value)
                        };
                        Some(reader.section(place, value, strings))
                    });
                }
                "skip" => {
                    draft.skip = self.section(&place, value, |reader, place, value| {
                        match value.get_ref() {
                            DeValue::Boolean(false) => Some(None),
                            _ => reader.string(place, &value).map(Some),
                        }
                    });
                }
                "identities" => {
                    draft.identities = self.section(&place, value, |reader, place, value| {
                        reader.row(place, value, IDENTITY_KEYS)
                    });
                }
                "fields" => {
                    draft.fields = self.section(&place, value, |reader, place, value| {
                        reader.row(place, value, FIELD_KEYS)
                    });
                }
                "promote" => {
                    for (of, place, value) in {
                        let table = self.table(&place, value);
                        self.entries(table, "promote")
                    } {
                        let promotions = self.section(&place, value, |reader, place, value| {
                            reader.promotion(&of, place, value)
                        });
                        draft.promotions.extend(promotions);
                    }
                }
                _ => self.unknown(&place, &key, &DOCUMENT_KEYS),
            }
        }
    }

    fn section<'t, T>(
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

    /// An expression, a table of details, or whether the row beneath is sent at all.
    fn row(&mut self, place: &Place, value: Given<'_>, keys: &[&str]) -> Option<Row> {
        let mut row = Row::default();
        match value.get_ref() {
            DeValue::String(_) => row.source = self.string(place, &value),
            DeValue::Boolean(send) => {
                row.send = Some(*send);
                return Some(row);
            }
            DeValue::Table(_) => {
                let table = self.table(place, value);
                for (key, place, value) in self.entries(table, &place.key) {
                    self.detail(&mut row, &key, &place, &value, keys);
                }
            }
            _ => {
                self.refuse(
                    place,
                    "this says nothing of a field",
                    "write an expression in quotes, a table like `{ source = \"…\", type = \"…\" }`, or `false` to leave the field out",
                );
                return None;
            }
        }
        // Whoever says where a value comes from wants it sent.
        if row.source.is_some() && row.send.is_none() {
            row.send = Some(true);
        }
        Some(row)
    }

    fn detail(
        &mut self,
        row: &mut Row,
        key: &str,
        place: &Place,
        value: &Given<'_>,
        keys: &[&str],
    ) {
        if !keys.contains(&key) {
            return self.unknown(place, key, keys);
        }
        match key {
            "source" => row.source = self.string(place, value),
            "type" => row.kind = self.string(place, value),
            "default" => row.default = self.string(place, value),
            "required" => row.required = self.boolean(place, value),
            "max_length" => row.max_length = self.number(place, value),
            "when_deleted" => row.when_deleted = self.string(place, value),
            "shed" => row.shed = self.string(place, value),
            "primary" => row.primary = self.boolean(place, value),
            "send" => row.send = self.boolean(place, value),
            _ => {}
        }
    }

    fn promotion(&mut self, of: &str, place: &Place, value: Given<'_>) -> Option<Promotion> {
        let table = match value.get_ref() {
            DeValue::Table(_) => self.table(place, value),
            _ => {
                let remedy = "write `{ path = \"_{TENANT}.name\", type = \"string\" }`";
                self.refuse(place, "this says nothing of a custom field", remedy);
                return None;
            }
        };
        let mut row = Row::default();
        let (mut path, mut titles) = (None, false);
        for (key, place, value) in self.entries(table, &place.key) {
            match key.as_str() {
                "path" => path = self.string(&place, &value),
                "titles" => titles = self.boolean(&place, &value).unwrap_or_default(),
                key => self.detail(&mut row, key, &place, &value, PROMOTION_KEYS),
            }
        }
        let Some(path) = path else {
            self.refuse(
                place,
                "`path` is missing",
                "write where the value goes, like `path = \"_{TENANT}.name\"`",
            );
            return None;
        };
        Some(Promotion {
            of: of.to_owned(),
            path,
            row,
            titles,
        })
    }
}

const DOCUMENT_KEYS: [&str; 9] = [
    "extends",
    "size_limit_bytes",
    "when_deleted",
    "variables",
    "lookup",
    "skip",
    "identities",
    "fields",
    "promote",
];

const FIELD_KEYS: &[&str] = &[
    "source",
    "type",
    "default",
    "required",
    "max_length",
    "when_deleted",
    "shed",
    "send",
];

const IDENTITY_KEYS: &[&str] = &["source", "primary", "required", "send"];

const PROMOTION_KEYS: &[&str] = &[
    "path",
    "type",
    "titles",
    "default",
    "required",
    "max_length",
    "when_deleted",
    "shed",
];
