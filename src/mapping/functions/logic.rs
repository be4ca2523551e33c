//! Choosing between values.

use super::{Arguments, Function};
use crate::mapping::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "coalesce",
        usage: "coalesce(first choice, second choice, …)",
        takes: 1..=32,
        run: coalesce,
    },
    Function {
        name: "iif",
        usage: "iif(condition, then, else)",
        takes: 2..=3,
        run: |of| {
            let chosen = if of.get(0).is_true() { 1 } else { 2 };
            of.get(chosen)
        },
    },
    Function {
        name: "decode",
        usage: "decode(value, 'case', result, …, otherwise)",
        takes: 3..=64,
        run: decode,
    },
    Function {
        name: "equals",
        usage: "equals(one, other)",
        takes: 2..=2,
        run: |of| Value::Bool(are_equal(&of.get(0), &of.get(1))),
    },
    Function {
        name: "in",
        usage: "in(value, list or values …)",
        takes: 2..=32,
        run: |of| {
            let value = of.get(0);
            Value::Bool(of.from(1).any(|list| contains(&list, &value)))
        },
    },
    Function {
        name: "any_in",
        usage: "any_in(list, list)",
        takes: 2..=2,
        run: |of| {
            let list = of.get(1);
            let any = |element: &Value<'_>| contains(&list, element);
            Value::Bool(of.get(0).elements().any(|element| any(&element)))
        },
    },
    Function {
        name: "starts_with",
        usage: "starts_with(text, beginning)",
        takes: 2..=2,
        run: |of| {
            let (text, beginning) = (of.get(0), of.get(1));
            Value::Bool(match (text.as_text(), beginning.as_text()) {
                (Some(text), Some(beginning)) => text.starts_with(&*beginning),
                _ => false,
            })
        },
    },
    Function {
        name: "is_empty",
        usage: "is_empty(value)",
        takes: 1..=1,
        run: |of| Value::Bool(!of.get(0).is_there()),
    },
    Function {
        name: "not",
        usage: "not(condition)",
        takes: 1..=1,
        run: |of| Value::Bool(!of.get(0).is_true()),
    },
    Function {
        name: "and",
        usage: "and(condition, condition, …)",
        takes: 1..=32,
        run: |of| Value::Bool(of.from(0).all(|condition| condition.is_true())),
    },
    Function {
        name: "or",
        usage: "or(condition, condition, …)",
        takes: 1..=32,
        run: |of| Value::Bool(of.from(0).any(|condition| condition.is_true())),
    },
];

/// The first value that is there; if none is, why the last one given does not fit.
fn coalesce(of: Arguments<'_>) -> Value<'_> {
    let mut last = Value::Missing;
    for value in of.from(0) {
        if value.is_there() {
            return value;
        }
        if let Value::Misfit(_) = value {
            last = value;
        }
    }
    last
}

/// Text, numbers and truth values are equal if they read alike. What is missing equals nothing.
fn are_equal(one: &Value<'_>, other: &Value<'_>) -> bool {
    match (one.as_text(), other.as_text()) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

fn contains(list: &Value<'_>, value: &Value<'_>) -> bool {
    list.elements().any(|element| are_equal(&element, value))
}

fn decode(of: Arguments<'_>) -> Value<'_> {
    let value = of.get(0);
    let mut place = 1;
    while place + 1 < of.count() {
        if are_equal(&value, &of.get(place)) {
            return of.get(place + 1);
        }
        place += 2;
    }
    // One without a pair is for the rest.
    of.get(place)
}
