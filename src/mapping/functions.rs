//! The functions that expressions may call: one row each, by name.
//!
//! Where Adobe's Data Prep has a function of the same meaning, it has the same name here.

use std::ops::RangeInclusive;

use super::expression::{Expression, Fault};
use super::scope::Scope;
use super::value::Value;
use crate::config::nearest;

pub(super) use record::id;

mod audit;
mod custom;
mod logic;
mod people;
mod record;
mod text;

/// One function.
pub(super) struct Function {
    pub(super) name: &'static str,
    /// How it is written, for people.
    pub(super) usage: &'static str,
    /// How many arguments it takes.
    pub(super) takes: RangeInclusive<usize>,
    pub(super) run: for<'v> fn(Arguments<'v>) -> Value<'v>,
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The arguments of a call, worked out when they are asked for.
#[derive(Clone, Copy)]
pub(super) struct Arguments<'v> {
    pub(super) expressions: &'v [Expression],
    pub(super) scope: &'v Scope<'v>,
}

impl<'v> Arguments<'v> {
    fn count(self) -> usize {
        self.expressions.len()
    }

    /// The value of an argument; missing if it was not given.
    fn get(self, place: usize) -> Value<'v> {
        match self.expressions.get(place) {
            Some(expression) => expression.value(self.scope),
            None => Value::Missing,
        }
    }

    /// All of them from `place` on.
    fn from(self, place: usize) -> impl Iterator<Item = Value<'v>> {
        (place..self.count()).map(move |place| self.get(place))
    }

    /// `change` of the first argument as text; what is no text stays what it is.
    fn text(self, change: impl FnOnce(&str) -> Result<String, &'static str>) -> Value<'v> {
        let value = self.get(0);
        let changed = match value.as_text() {
            Some(text) if text.trim().is_empty() => return Value::Missing,
            Some(text) => change(&text),
            None if value.is_there() => return Value::Misfit("it is no text"),
            None => return value,
        };
        match changed {
            Ok(text) => Value::text_of(text),
            Err(why) => Value::Misfit(why),
        }
    }
}

/// All functions, in the order of the documentation.
pub(super) const FUNCTIONS: &[&[Function]] = &[
    text::FUNCTIONS,
    logic::FUNCTIONS,
    people::FUNCTIONS,
    record::FUNCTIONS,
    custom::FUNCTIONS,
    audit::FUNCTIONS,
];

fn all() -> impl Iterator<Item = &'static Function> {
    FUNCTIONS.iter().copied().flatten()
}

/// The function of that name.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    all().find(|function| function.name == name)
}

/// What to say of a name that no function has.
pub(super) fn unknown(name: &str) -> Fault {
    let names: Vec<&str> = all()
        .map(|function| function.name)
        .chain(["lookup"])
        .collect();
    let remedy = match nearest(name, &names) {
        Some(meant) => format!("write `{meant}(…)`"),
        None => format!("the functions are {}", names.join(", ")),
    };
    Fault::new(format!("there is no function `{name}`"), remedy)
}
