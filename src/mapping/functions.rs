//! The functions that expressions may call: one row each, by name.
//!
//! Where Adobe's Data Prep has a function of the same meaning, it has the same name here.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use bumpalo::Bump;

use super::expression::{Expression, Fault};
use super::scope::Scope;
use super::value::{self, Value};
use crate::config::nearest;

pub(super) use record::id;
pub(super) use text::lower;

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
    fn text(self, change: impl FnOnce(&'v str) -> Result<Cow<'v, str>, &'static str>) -> Value<'v> {
        let value = self.get(0);
        let Some(text) = value.as_text() else {
            return match value.is_there() {
                true => Value::Misfit("it is no text"),
                false => value,
            };
        };
        let text = self.kept(text);
        if value::is_blank(text) {
            return Value::Missing;
        }
        match change(text) {
            Ok(text) => Value::text_of(self.kept(text)),
            Err(why) => Value::Misfit(why),
        }
    }

    fn arena(self) -> &'v Bump {
        self.scope.arena
    }

    fn kept(self, text: Cow<'v, str>) -> &'v str {
        value::kept(text, self.arena())
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
