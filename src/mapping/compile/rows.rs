//! Rows of identities and fields, each with its source, its type and its place in the message.

use super::plant::plant;
use super::{Compiler, SHED, WHEN_DELETED};
use crate::config::{MappingSettings, WithoutPerson, alternatives, nearest};
use crate::mapping::expression::{Expression, Fault, Known};
use crate::mapping::faults::Place;
use crate::mapping::file::{Entry, Promotion, Row};
use crate::mapping::kind::{KINDS, Kind};
use crate::mapping::plan::{Field, Identity, Node, Shed};
use crate::mapping::scope::Surroundings;
use crate::mapping::validation::{Place as Message, Proof};

impl Compiler<'_> {
    pub(super) fn identities(
        &mut self,
        identities: Vec<Entry<Row>>,
        settings: &MappingSettings,
        variables: &[Expression],
    ) -> Vec<Identity> {
        let mut compiled: Vec<Identity> = Vec::new();
        for entry in identities {
            let row = entry.says;
            // A namespace that is not configured.
            let Some(namespace) = self.filled(&entry.name, &entry.place) else {
                continue;
            };
            let Some(text) = self.source(&entry.name, &row, &entry.place, &[]) else {
                continue;
            };
            let Some(source) = self.expression(&text, &entry.place) else {
                continue;
            };
            let is_primary = row.primary.unwrap_or_default();
            if is_primary && compiled.iter().any(|identity| identity.is_primary) {
                self.faults.add(
                    &entry.place,
                    Fault::new(
                        "a record has one primary identity, and there is one already",
                        "write `primary = true` in one row only",
                    ),
                );
            }
            let mut is_requester = false;
            source.each(&mut |part| {
                is_requester |= matches!(part, Expression::Known(Known::Requester));
            });
            compiled.push(Identity {
                origin: self.origin(&source, &text),
                is_sound: Message::is_identity(&namespace, &source, variables),
                namespace,
                source,
                is_primary,
                is_requester,
                is_required: row.required.unwrap_or_default()
                    && settings.events_without_person == WithoutPerson::Refuse,
            });
        }
        compiled
    }

    /// The source of a row that is to be sent.
    fn source(&mut self, name: &str, row: &Row, place: &Place, known: &[String]) -> Option<String> {
        if let Some(source) = &row.source {
            return row.send.unwrap_or(true).then(|| source.clone());
        }
        let meant = nearest(name, known).map(|meant| format!("write `{meant}`"));
        let fault = Fault::new(
            "the preset has no such row, so there is no source",
            meant
                .unwrap_or_else(|| "write where the value comes from: `source = \"…\"`".to_owned()),
        );
        self.faults.add(place, fault);
        None
    }

    /// A path or a namespace with what its placeholders stand for; `None` if one stands for
    /// nothing.
    fn filled(&mut self, text: &str, place: &Place) -> Option<String> {
        let mut filled = text.to_owned();
        for (name, value) in self.placeholders {
            if filled.contains(name) {
                filled = filled.replace(name, value.as_deref()?);
            }
        }
        if filled.contains(['{', '}']) {
            let names: Vec<&str> = self.placeholders.iter().map(|(name, _)| *name).collect();
            let what = format!("`{text}` has a name in braces that stands for nothing");
            let remedy = format!("the names are {}", alternatives(&names, "and"));
            self.faults.add(place, Fault::new(what, remedy));
            return None;
        }
        Some(filled)
    }

    pub(super) fn fields(&mut self, fields: Vec<Entry<Row>>, nodes: &mut Vec<Node>) {
        let known: Vec<String> = fields
            .iter()
            .filter(|entry| entry.says.source.is_some())
            .map(|entry| entry.name.clone())
            .collect();
        for entry in fields {
            let Some(path) = self.filled(&entry.name, &entry.place) else {
                continue;
            };
            let Some(source) = self.source(&entry.name, &entry.says, &entry.place, &known) else {
                continue;
            };
            self.field(path, &source, &entry.says, &entry.place, nodes);
        }
    }

    pub(super) fn promotions(
        &mut self,
        promotions: Vec<Entry<Promotion>>,
        surroundings: &mut Surroundings,
        nodes: &mut Vec<Node>,
    ) {
        for entry in promotions {
            let Promotion {
                of,
                path,
                row,
                titles,
            } = entry.says;
            let Some(path) = self.filled(&path, &entry.place) else {
                continue;
            };
            let function = if titles {
                "option_title"
            } else {
                "custom_field"
            };
            let quote = if entry.name.contains('\'') { '"' } else { '\'' };
            let source = format!("{function}({of}, {quote}{}{quote})", entry.name);
            if row.kind.is_none() {
                let names: Vec<&str> = KINDS.iter().map(|(name, _)| *name).collect();
                let remedy = format!("write `type = \"…\"`: {}", alternatives(&names, "or"));
                self.faults
                    .add(&entry.place, Fault::new("`type` is missing", remedy));
            }
            let row = Row {
                shed: row.shed.or(Some("custom-fields".to_owned())),
                ..row
            };
            self.field(path, &source, &row, &entry.place, nodes);
            surroundings.promoted.insert(entry.name.into());
        }
    }

    fn field(&mut self, path: String, text: &str, row: &Row, place: &Place, nodes: &mut Vec<Node>) {
        let source = self.expression(text, place);
        let default = match &row.default {
            Some(default) => match self.expression(default, place) {
                Some(default) => Some(default),
                None => return,
            },
            None => None,
        };
        let kind = match &row.kind {
            Some(kind) => self.choice(kind, &KINDS, place),
            None => Kind::String,
        };
        let outlives_deletion = match &row.when_deleted {
            Some(word) => self.choice(word, &WHEN_DELETED, place),
            None => self.outlives_deletion,
        };
        let shed = match &row.shed {
            Some(word) => self.choice(word, &SHED, place),
            None => Shed::Never,
        };
        let Some(source) = source else { return };
        let field = Field {
            key: String::new(),
            origin: self.origin(&source, text),
            path: path.clone(),
            source,
            kind,
            default,
            is_required: row.required.unwrap_or_default(),
            max_length: row.max_length,
            outlives_deletion,
            shed,
            // Seen to when all rows are there.
            proof: Proof::Impossible,
        };
        if let Err(fault) = plant(&path, field, nodes) {
            self.faults.add(place, fault);
        }
    }
}
