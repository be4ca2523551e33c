//! From what mapping files say to a plan: names resolved, expressions parsed, paths laid out.

use std::collections::{BTreeMap, HashMap};

use super::expression::{Expression, Fault, Names};
use super::file::{Draft, Entry, Faults, Place, Promotion, Row};
use super::kind::{KINDS, Kind};
use super::plan::{Field, Identity, Node, Plan, Shed, Skip};
use super::scope::Surroundings;
use super::source::Slots;
use crate::config::{MappingSettings, WithoutPerson, alternatives, nearest};

/// What names in paths and namespaces stand for: `_{TENANT}`, `{USER}`.
pub(super) type Placeholders = Vec<(&'static str, Option<String>)>;

/// Compiles what a preset and the files on it say.
pub(super) fn compile(
    stream: &str,
    draft: Draft,
    placeholders: &Placeholders,
    settings: &MappingSettings,
    mut faults: Faults,
) -> Result<Plan, Faults> {
    let mut compiler = Compiler {
        placeholders,
        outlives_deletion: true,
        faults: &mut faults,
        slots: Slots::default(),
        variables: HashMap::new(),
        sources: HashMap::new(),
        tables: HashMap::new(),
        sends_titles: false,
    };
    if let Some(entry) = &draft.when_deleted {
        compiler.outlives_deletion = compiler.choice(&entry.says, &WHEN_DELETED, &entry.place);
    }
    let mut surroundings = Surroundings::default();
    compiler.tables(draft.tables, &mut surroundings);
    compiler.variables(draft.variables, &mut surroundings);
    let skip = compiler.skip(draft.skip);
    let identities = compiler.identities(draft.identities, settings);
    let mut fields = Vec::new();
    compiler.fields(draft.fields, &mut fields);
    compiler.promotions(draft.promotions, &mut surroundings, &mut fields);
    let (slots, sends_titles) = (compiler.slots, compiler.sends_titles);
    faults.unless(Plan {
        stream: stream.to_owned(),
        settings: settings.clone(),
        slots,
        surroundings,
        skip,
        identities,
        fields,
        size_limit: draft.size_limit_bytes,
        sends_titles,
    })
}

const WHEN_DELETED: [(&str, bool); 2] = [("keep", true), ("drop", false)];

const SHED: [(&str, Shed); 3] = [
    ("free-text", Shed::FreeText),
    ("custom-fields", Shed::CustomFields),
    ("tags", Shed::Tags),
];

struct Compiler<'c> {
    placeholders: &'c Placeholders,
    /// Whether fields are sent of deleted records unless they say otherwise.
    outlives_deletion: bool,
    faults: &'c mut Faults,
    slots: Slots,
    /// The variables that may be used so far.
    variables: HashMap<String, usize>,
    /// The fields of the record that each variable reads.
    sources: HashMap<usize, Vec<String>>,
    tables: HashMap<String, usize>,
    sends_titles: bool,
}

impl Names for Compiler<'_> {
    fn slot(&mut self, field: &str) -> usize {
        self.slots.slot(field)
    }

    fn variable(&self, name: &str) -> Option<usize> {
        self.variables.get(name).copied()
    }

    fn lookup(&self, name: &str) -> Option<usize> {
        self.tables.get(name).copied()
    }
}

impl Compiler<'_> {
    fn expression(&mut self, text: &str, place: &Place) -> Option<Expression> {
        match Expression::parse(text, self) {
            Ok(expression) => {
                expression.each(&mut |part| {
                    self.sends_titles |= matches!(part, Expression::Call(function, _) if function.name == "option_title");
                });
                Some(expression)
            }
            Err(fault) => {
                self.faults.add(place, fault);
                None
            }
        }
    }

    fn choice<T: Copy>(&mut self, word: &str, choices: &[(&str, T)], place: &Place) -> T {
        if let Some((_, chosen)) = choices.iter().find(|(name, _)| *name == word) {
            return *chosen;
        }
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let what = format!("`{word}` is none of the choices");
        let remedy = format!("write {}", alternatives(&names, "or"));
        self.faults.add(place, Fault::new(what, remedy));
        // The fault keeps this from ever being used.
        choices[0].1
    }

    fn tables(&mut self, tables: Vec<Entry<Vec<Entry<String>>>>, surroundings: &mut Surroundings) {
        for table in tables {
            self.tables.insert(table.name, surroundings.tables.len());
            let rows = table.says.into_iter();
            let rows = rows.map(|row| (row.name.to_lowercase().into(), row.says.into()));
            surroundings
                .tables
                .push(rows.collect::<BTreeMap<Box<str>, Box<str>>>());
        }
    }

    fn variables(&mut self, variables: Vec<Entry<String>>, surroundings: &mut Surroundings) {
        for variable in variables {
            let Some(expression) = self.expression(&variable.says, &variable.place) else {
                // Its users need no fault of their own.
                self.variables.insert(variable.name, 0);
                continue;
            };
            let number = surroundings.variables.len();
            self.sources.insert(number, self.fields_of(&expression));
            self.variables.insert(variable.name, number);
            surroundings.variables.push(expression);
        }
    }

    /// The fields of the record that an expression reads, also by its variables.
    fn fields_of(&self, expression: &Expression) -> Vec<String> {
        let mut fields = Vec::new();
        expression.each(&mut |part| match part {
            Expression::Path(path) => fields.push(path.to_string()),
            Expression::Variable(number) => {
                fields.extend(self.sources.get(number).into_iter().flatten().cloned());
            }
            _ => {}
        });
        let mut seen = Vec::new();
        fields.retain(|field| {
            let is_new = !seen.contains(field);
            if is_new {
                seen.push(field.clone());
            }
            is_new
        });
        fields
    }

    /// Those fields, for people; the expression itself if it reads none.
    fn origin(&self, expression: &Expression, text: &str) -> String {
        match self.fields_of(expression).as_slice() {
            [] => format!("`{text}`"),
            fields => alternatives(fields, "and"),
        }
    }

    fn skip(&mut self, skip: Vec<Entry<Option<String>>>) -> Vec<Skip> {
        let mut compiled = Vec::new();
        for entry in skip {
            let Some(condition) = entry.says else {
                continue;
            };
            if let Some(condition) = self.expression(&condition, &entry.place) {
                compiled.push(Skip {
                    reason: entry.name,
                    condition,
                });
            }
        }
        compiled
    }

    fn identities(
        &mut self,
        identities: Vec<Entry<Row>>,
        settings: &MappingSettings,
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
            compiled.push(Identity {
                origin: self.origin(&source, &text),
                namespace,
                source,
                is_primary,
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

    fn fields(&mut self, fields: Vec<Entry<Row>>, nodes: &mut Vec<Node>) {
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

    fn promotions(
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
        };
        if let Err(fault) = plant(&path, field, nodes) {
            self.faults.add(place, fault);
        }
    }
}

/// Puts `field` where `path` says.
fn plant(path: &str, mut field: Field, mut nodes: &mut Vec<Node>) -> Result<(), Fault> {
    let mut parts = path.split('.').peekable();
    loop {
        let part = parts.next().unwrap_or_default();
        let (name, is_list) = match part.strip_suffix("[0]") {
            Some(name) => (name, true),
            None => (part, false),
        };
        if !is_name(name) {
            return Err(Fault::new(
                format!("`{path}` is no path of a message: `{part}` is no name of a field"),
                "write names of letters, digits and underscores with dots between them, like `person.name.lastName`",
            ));
        }
        let key = format!("\"{name}\":");
        let taken = || {
            Fault::new(
                format!("`{path}` is taken: another row puts something else there"),
                "give one of them another path",
            )
        };
        if parts.peek().is_none() {
            let same = |node: &Node| match node {
                Node::Field(field) => field.key == key,
                Node::Parent { key: other, .. } => *other == key,
            };
            if is_list || nodes.iter().any(same) {
                return Err(taken());
            }
            field.key = key;
            nodes.push(Node::Field(Box::new(field)));
            return Ok(());
        }
        let position = nodes.iter().position(|node| match node {
            Node::Parent { key: other, .. } => *other == key,
            Node::Field(field) => field.key == key,
        });
        let position = position.unwrap_or_else(|| {
            nodes.push(Node::Parent {
                key,
                is_list,
                children: Vec::new(),
            });
            nodes.len() - 1
        });
        match &mut nodes[position] {
            Node::Parent {
                children,
                is_list: listed,
                ..
            } if *listed == is_list => nodes = children,
            _ => return Err(taken()),
        }
    }
}

/// What XDM takes for a name; `identityMap` has a section of its own.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && name != "identityMap"
}
