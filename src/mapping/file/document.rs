//! The sections and keys of a mapping file.

use toml::de::{DeTable, DeValue};

use super::reader::{Given, Reader};
use super::{Draft, Entry, Promotion, Row};
use crate::mapping::faults::Place;

impl Reader<'_> {
    /// Reads the whole file into `draft`.
    pub(super) fn document(&mut self, table: DeTable<'_>, draft: &mut Draft) {
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
