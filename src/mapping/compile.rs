//! From what mapping files say to a plan: names resolved, expressions parsed, paths laid out.

mod plant;
mod proofs;
mod rows;

use std::collections::{BTreeMap, HashMap};

use super::definitions::FieldsOf;
use super::expression::{Expression, Fault, Names};
use super::faults::{Faults, Place};
use super::file::{Draft, Entry};
use super::plan::{Plan, Shed, Skip};
use super::scope::Surroundings;
use super::source::Slots;
use super::validation;
use crate::config::{MappingSettings, alternatives};
use crate::limits;

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
    let identities = compiler.identities(draft.identities, settings, &surroundings.variables);
    let mut fields = Vec::new();
    compiler.fields(draft.fields, &mut fields);
    compiler.promotions(draft.promotions, &mut surroundings, &mut fields);
    let needs = proofs::set(
        &mut fields,
        validation::Place::MESSAGE,
        &surroundings.variables,
    );
    let is_event = fields
        .iter()
        .any(|node| ["timestamp", "eventType"].contains(&node.name()));
    let (slots, sends_titles) = (compiler.slots, compiler.sends_titles);
    faults.unless(Plan {
        stream: stream.to_owned(),
        settings: settings.clone(),
        slots,
        surroundings,
        skip,
        identities,
        fields,
        needs,
        fields_of: FieldsOf::of_stream(stream),
        sound_bytes_max: match is_event {
            true => limits::EVENT_BYTES_MAX,
            false => limits::PROFILE_RECORD_BYTES_MAX,
        },
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
}
