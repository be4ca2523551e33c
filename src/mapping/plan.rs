//! A compiled mapping, and how it writes one record's object.
//!
//! The object is written as it goes, without a tree in between: a parent is opened for its first
//! child and taken back if none came.

use bumpalo::Bump;

use super::account::Account;
use super::definitions::FieldsOf;
use super::expression::{Expression, Known};
use super::identity::IdentityMap;
use super::kind::{Kind, Written};
use super::notes::{Change, Notes};
use super::scope::{Joined, Scope, Setting, Surroundings};
use super::source::Slots;
use super::validation::{Proof, Standing};
use super::value::Value;
use super::{MappingError, Outcome};
use crate::config::{IdentityMode, MappingSettings};
use crate::record::Record;

/// A compiled mapping.
#[derive(Debug)]
pub struct Plan {
    pub(super) stream: String,
    pub(super) settings: MappingSettings,
    pub(super) slots: Slots,
    pub(super) surroundings: Surroundings,
    pub(super) skip: Vec<Skip>,
    pub(super) identities: Vec<Identity>,
    pub(super) fields: Vec<Node>,
    /// What of `fields` is needed by what.
    pub(super) needs: Needs,
    /// Whose custom fields the records have.
    pub(super) fields_of: Option<FieldsOf>,
    /// The size up to which no message of this kind is too large for the profile.
    pub(super) sound_bytes_max: usize,
    pub(super) size_limit: Option<usize>,
    /// Whether it needs the definitions of custom fields.
    pub(super) sends_titles: bool,
}

/// Records that are left out by choice.
#[derive(Debug)]
pub(super) struct Skip {
    pub(super) reason: String,
    pub(super) condition: Expression,
}

/// One namespace of the identity map.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) namespace: String,
    pub(super) source: Expression,
    pub(super) origin: String,
    pub(super) is_primary: bool,
    pub(super) is_required: bool,
    /// Whether it is the person who asked for the record's ticket.
    pub(super) is_requester: bool,
    /// Whether what it gives is as identities of its namespace must be.
    pub(super) is_sound: bool,
}

/// A part of the message.
#[derive(Debug)]
pub(super) enum Node {
    /// An object, or a list of one.
    Parent {
        key: String,
        is_list: bool,
        children: Vec<Node>,
        needs: Needs,
    },
    /// A value.
    Field(Box<Field>),
}

impl Node {
    /// The name of its member.
    pub(super) fn name(&self) -> &str {
        let key = match self {
            Self::Parent { key, .. } => key,
            Self::Field(field) => &field.key,
        };
        key.trim_matches(['"', ':'])
    }
}

/// One field of the message.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) key: String,
    /// Where it is, for people.
    pub(super) path: String,
    pub(super) source: Expression,
    /// What the source is made of, for people.
    pub(super) origin: String,
    pub(super) kind: Kind,
    pub(super) default: Option<Expression>,
    pub(super) is_required: bool,
    pub(super) max_length: Option<usize>,
    pub(super) outlives_deletion: bool,
    pub(super) shed: Shed,
    /// What proves that it is as the platform takes it.
    pub(super) proof: Proof,
}

/// Members of an object that others need: those of the second if there is one of the first. One bit
/// for each child.
#[derive(Debug, Default)]
pub(super) struct Needs(pub(super) Vec<(u64, u64)>);

/// How early a field is given up to save space.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shed {
    FreeText,
    CustomFields,
    Tags,
    Never,
}

/// The rungs of the ladder: nothing is given up, then more and more.
const LADDER: [Option<Shed>; 4] = [
    None,
    Some(Shed::FreeText),
    Some(Shed::CustomFields),
    Some(Shed::Tags),
];

/// One attempt at writing a record.
struct Attempt<'v, 'n> {
    scope: &'v Scope<'v>,
    given_up: Option<Shed>,
    notes: &'n mut Notes,
    standing: Standing,
}

impl Plan {
    /// The custom fields that have a field of their own, by key or id.
    pub(super) fn promoted(&self) -> impl Iterator<Item = &str> {
        self.surroundings.promoted.iter().map(|key| &**key)
    }

    /// Writes the object for `record` at the end of `out`. What is made on the way lives in `arena`.
    ///
    /// # Errors
    /// When the record cannot become an object of this kind; `out` is then in any state.
    pub(super) fn write(
        &self,
        record: &Record,
        joined: Joined<'_>,
        account: &Account,
        arena: &Bump,
        out: &mut Vec<u8>,
        notes: &mut Notes,
    ) -> Result<(Outcome, Standing), MappingError> {
        let text =
            simdutf8::basic::from_utf8(&record.bytes).map_err(|_| MappingError::NotAnObject)?;
        let fields = arena.alloc_slice_fill_copy(self.slots.count(), None);
        self.slots
            .pick(text, fields)
            .map_err(|_| MappingError::NotAnObject)?;
        let definitions = account.definitions();
        let setting = Setting {
            arena,
            stream: &self.stream,
            fields_of: self.fields_of,
            surroundings: &self.surroundings,
            settings: &self.settings,
            joined,
            definitions: &definitions,
        };
        let scope = Scope::new(fields, record.deletion, setting);
        for skip in &self.skip {
            if skip.condition.value(&scope).is_true() {
                let skipped = Outcome::Skipped(skip.reason.clone());
                return Ok((skipped, Standing::Doubtful));
            }
        }
        let (begin, mark) = (out.len(), notes.mark());
        let limit = self.size_limit.unwrap_or(usize::MAX);
        for given_up in LADDER {
            out.truncate(begin);
            notes.rewind(mark);
            let mut attempt = Attempt {
                scope: &scope,
                given_up,
                notes,
                standing: Standing::Sound,
            };
            out.push(b'{');
            self.identities(&mut attempt, out)?;
            attempt.nodes(&self.fields, &self.needs, out)?;
            let mut standing = attempt.standing;
            if out.len() == begin + 1 {
                return Err(MappingError::Empty);
            }
            out.push(b'}');
            if scope.met_unknown.take() {
                account.note_unknown();
            }
            let bytes = out.len() - begin;
            if scope.is_doubtful.get() || bytes > self.sound_bytes_max {
                standing = Standing::Doubtful;
            }
            if bytes <= limit {
                return Ok((Outcome::Message, standing));
            }
        }
        Err(MappingError::TooLarge {
            bytes: out.len() - begin,
            limit,
        })
    }

    fn identities<'v>(
        &'v self,
        attempt: &mut Attempt<'v, '_>,
        out: &mut Vec<u8>,
    ) -> Result<(), MappingError> {
        let begin = out.len();
        out.extend_from_slice(b"\"identityMap\":{");
        let mut map = IdentityMap::new(out);
        let mut needs_primary = false;
        for identity in &self.identities {
            needs_primary |= identity.is_primary;
            // Zendesk frees the addresses of deleted people for others.
            if attempt.scope.deletion.is_some() && !identity.is_primary {
                continue;
            }
            let value = identity.source.value(attempt.scope);
            let before = map.members().len();
            map.add(
                &identity.namespace,
                &value,
                identity.is_primary,
                attempt.notes,
            );
            if !identity.is_sound && map.members().len() > before {
                attempt.standing = Standing::Doubtful;
            }
            if identity.is_required && map.members().len() == before {
                let requester = attempt.scope.known(Known::Requester);
                if identity.is_requester && !requester.is_there() {
                    return Err(MappingError::NoRequester);
                }
                let path = format!("identityMap.{}", identity.namespace);
                return Err(required(&path, &identity.origin, &value));
            }
        }
        // The primary identity is the key of the profile; without it the rest is nobody's.
        let is_whole = map.has_primary || !needs_primary;
        if self.settings.identity_mode == IdentityMode::IdentityMap
            && is_whole
            && !map.members().is_empty()
        {
            out.push(b'}');
        } else {
            out.truncate(begin);
        }
        Ok(())
    }
}

impl<'v> Attempt<'v, '_> {
    /// Writes the members of an object.
    fn nodes(
        &mut self,
        nodes: &'v [Node],
        needs: &Needs,
        out: &mut Vec<u8>,
    ) -> Result<(), MappingError> {
        let mut written = 0_u64;
        for (place, node) in nodes.iter().enumerate() {
            let before = out.len();
            self.node(node, out)?;
            written |= u64::from(out.len() > before) << (place % 64);
        }
        if !needs.are_met_by(written) {
            self.standing = Standing::Doubtful;
        }
        Ok(())
    }

    fn node(&mut self, node: &'v Node, out: &mut Vec<u8>) -> Result<(), MappingError> {
        match node {
            Node::Field(field) => self.field(field, out),
            Node::Parent {
                key,
                is_list,
                children,
                needs,
            } => {
                let before = out.len();
                open(key, out);
                if *is_list {
                    out.push(b'[');
                }
                out.push(b'{');
                let empty = out.len();
                self.nodes(children, needs, out)?;
                if out.len() == empty {
                    out.truncate(before);
                    return Ok(());
                }
                out.push(b'}');
                if *is_list {
                    out.push(b']');
                }
                Ok(())
            }
        }
    }

    fn field(&mut self, field: &'v Field, out: &mut Vec<u8>) -> Result<(), MappingError> {
        if self.scope.deletion.is_some() && !field.outlives_deletion {
            return Ok(());
        }
        let value = field.source.value(self.scope);
        if self.given_up.is_some_and(|given_up| field.shed <= given_up) {
            if value.is_there() {
                let why = "the message would be too large with it";
                self.notes.add(Change::Shed, &field.path, why);
            }
            return Ok(());
        }
        if let Value::Missing = value
            && field.default.is_none()
            && !field.is_required
            && self.scope.left_out.get() == 0
        {
            // As with most fields of most records.
            return Ok(());
        }
        let before = out.len();
        open(&field.key, out);
        let begin = out.len();
        let written = field.kind.write(&value, field.max_length, out);
        if !field.proof.holds(&out[begin..]) {
            self.standing = Standing::Doubtful;
        }
        if self.scope.left_out.take() > 0 {
            self.note(field, Change::Omitted, PARTS);
        }
        match written {
            Written::Whole => return Ok(()),
            Written::Cut => {
                self.note(field, Change::Shortened, "it is longer than the field");
                return Ok(());
            }
            Written::Partly => {
                self.note(field, Change::Omitted, PARTS);
                return Ok(());
            }
            Written::Nothing => {}
            Written::Misfit(why) => self.note(field, Change::Omitted, why),
        }
        if let Some(default) = &field.default {
            let default = default.value(self.scope);
            let written = field.kind.write(&default, field.max_length, out);
            self.standing = Standing::Doubtful;
            if !matches!(written, Written::Nothing | Written::Misfit(_)) {
                return Ok(());
            }
        }
        out.truncate(before);
        if !field.is_required {
            return Ok(());
        }
        let why = match written {
            Written::Misfit(why) => Value::Misfit(why),
            _ => Value::Missing,
        };
        Err(required(&field.path, &field.origin, &why))
    }

    fn note(&mut self, field: &Field, change: Change, why: &str) {
        self.notes.add(change, &field.path, why);
    }
}

const PARTS: &str = "parts of it do not fit";

impl Needs {
    /// Whether nothing is missing when these children are there.
    fn are_met_by(&self, written: u64) -> bool {
        let mut needs = self.0.iter();
        written == 0 || needs.all(|(by, needed)| written & by == 0 || written & needed != 0)
    }
}

fn open(key: &str, out: &mut Vec<u8>) {
    if out.last() != Some(&b'{') {
        out.push(b',');
    }
    out.extend_from_slice(key.as_bytes());
}

fn required(path: &str, origin: &str, value: &Value<'_>) -> MappingError {
    let why = match value {
        Value::Misfit(why) => format!("what {origin} gives does not fit: {why}"),
        _ => format!("{origin} gives no value"),
    };
    MappingError::Required {
        path: path.to_owned(),
        why,
    }
}
