//! What expressions can see while one record is mapped.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use bumpalo::Bump;

use super::definitions::{Definition, Definitions, FieldsOf};
use super::expression::{Expression, Known};
use super::functions::lower;
use super::value::Value;
use crate::config::MappingSettings;
use crate::record::Deletion;

/// What is known of a record from others, which it does not carry itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Joined<'j> {
    /// Who asked for the ticket that an audit or a metric event belongs to.
    pub requester: Option<&'j str>,
    /// The e-mail address of that person.
    pub requester_email: Option<&'j str>,
}

/// The parts of a compiled mapping that expressions need.
#[derive(Debug, Default)]
pub(super) struct Surroundings {
    /// Each may use those before it.
    pub(super) variables: Vec<Expression>,
    pub(super) tables: Vec<BTreeMap<Box<str>, Box<str>>>,
    /// Custom fields that have a field of their own in the message.
    pub(super) promoted: BTreeSet<Box<str>>,
}

/// One record and all that is known besides it.
pub(super) struct Scope<'v> {
    /// Where what is made of the record lives.
    pub(super) arena: &'v Bump,
    /// The fields of the record, by slot.
    pub(super) record: &'v [Option<&'v str>],
    surroundings: &'v Surroundings,
    values: &'v [Cell<Option<Value<'v>>>],
    stream: &'v str,
    fields_of: Option<FieldsOf>,
    pub(super) settings: &'v MappingSettings,
    pub(super) deletion: Option<Deletion>,
    joined: Joined<'v>,
    definitions: &'v Definitions,
    /// A custom field was met that has no definition.
    pub(super) met_unknown: Cell<bool>,
    /// Parts of a value that a function had to leave out.
    pub(super) left_out: Cell<usize>,
    /// What a function made is not known to be as the platform takes it.
    pub(super) is_doubtful: Cell<bool>,
}

/// What [`Scope::new`] is made of, besides the record.
#[derive(Clone, Copy)]
pub(super) struct Setting<'v> {
    pub(super) arena: &'v Bump,
    pub(super) stream: &'v str,
    pub(super) fields_of: Option<FieldsOf>,
    pub(super) surroundings: &'v Surroundings,
    pub(super) settings: &'v MappingSettings,
    pub(super) joined: Joined<'v>,
    pub(super) definitions: &'v Definitions,
}

impl<'v> Scope<'v> {
    pub(super) fn new(
        record: &'v [Option<&'v str>],
        deletion: Option<Deletion>,
        setting: Setting<'v>,
    ) -> Self {
        let variables = setting.surroundings.variables.len();
        Self {
            arena: setting.arena,
            record,
            values: setting
                .arena
                .alloc_slice_fill_with(variables, |_| Cell::new(None)),
            surroundings: setting.surroundings,
            stream: setting.stream,
            fields_of: setting.fields_of,
            settings: setting.settings,
            deletion,
            joined: setting.joined,
            definitions: setting.definitions,
            met_unknown: Cell::new(false),
            left_out: Cell::new(0),
            is_doubtful: Cell::new(false),
        }
    }

    /// The value of a variable, worked out when it is first asked for.
    pub(super) fn variable(&'v self, number: usize) -> Value<'v> {
        if let Some(value) = self.values[number].get() {
            return value;
        }
        let value = self.surroundings.variables[number].value(self);
        self.values[number].set(Some(value));
        value
    }

    /// What a table has for `key`; tables are written in lower case, and so are Zendesk's words.
    pub(super) fn lookup(&'v self, table: usize, key: &Value<'v>) -> Value<'v> {
        let Some(key) = key.as_text() else {
            return Value::Missing;
        };
        let table = &self.surroundings.tables[table];
        match table.get(&*lower(key.trim())) {
            Some(found) => Value::Text(found),
            None => Value::Missing,
        }
    }

    /// How a custom field of this record is defined, if it has such and they are known.
    pub(super) fn definition(&self, key: &str) -> Option<&'v Definition> {
        let of = self.fields_of?;
        let definition = self.definitions.get(of, key);
        if definition.is_none() && self.definitions.has_any(of) {
            self.met_unknown.set(true);
        }
        definition
    }

    /// Whether a custom field has a field of its own.
    pub(super) fn is_promoted(&self, key: &str) -> bool {
        self.surroundings.promoted.contains(key)
    }

    pub(super) fn known(&'v self, known: Known) -> Value<'v> {
        let text = |text: Option<&'v str>| match text {
            Some(text) => Value::text_of(text),
            None => Value::Missing,
        };
        match known {
            Known::Instance => Value::Text(&self.settings.instance),
            Known::Stream => Value::Text(self.stream),
            Known::Vanished => Value::Bool(self.deletion == Some(Deletion::Vanished)),
            Known::Deleted => Value::Bool(self.deletion.is_some()),
            Known::PermanentlyDeleted => Value::Bool(matches!(
                self.deletion,
                Some(Deletion::Permanent | Deletion::Scrubbed)
            )),
            Known::UserRoles => Value::Words(&self.settings.user_roles),
            Known::TestTags => Value::Words(&self.settings.test_tags),
            Known::TestEmailDomains => Value::Words(&self.settings.test_email_domains),
            Known::Requester => text(self.joined.requester),
            Known::RequesterEmail => text(self.joined.requester_email),
        }
    }
}
