//! Text: cutting, joining, hashing, and dates.

use sha2::{Digest as _, Sha256};

use super::{Arguments, Function};
use crate::mapping::moment;
use crate::mapping::value::{self, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "text",
        usage: "text(value)",
        takes: 1..=1,
        run: |of| match of.get(0).as_string() {
            Some(text) => Value::text_of(text.into_owned()),
            None => Value::Missing,
        },
    },
    Function {
        name: "trim",
        usage: "trim(text)",
        takes: 1..=1,
        run: |of| of.text(|text| Ok(text.trim().to_owned())),
    },
    Function {
        name: "lower",
        usage: "lower(text)",
        takes: 1..=1,
        run: |of| of.text(|text| Ok(text.to_lowercase())),
    },
    Function {
        name: "upper",
        usage: "upper(text)",
        takes: 1..=1,
        run: |of| of.text(|text| Ok(text.to_uppercase())),
    },
    Function {
        name: "concat",
        usage: "concat(part, part, …)",
        takes: 1..=32,
        run: |of| Value::text_of(texts(of.from(0)).concat()),
    },
    Function {
        name: "join",
        usage: "join(separator, list)",
        takes: 2..=32,
        run: join,
    },
    Function {
        name: "split",
        usage: "split(text, separator)",
        takes: 2..=2,
        run: split,
    },
    Function {
        name: "first",
        usage: "first(list)",
        takes: 1..=1,
        run: |of| element(of, |elements| elements.first()),
    },
    Function {
        name: "last",
        usage: "last(list)",
        takes: 1..=1,
        run: |of| element(of, |elements| elements.last()),
    },
    Function {
        name: "list",
        usage: "list(element, element, …)",
        takes: 1..=32,
        run: |of| list(texts(of.from(0))),
    },
    Function {
        name: "replace",
        usage: "replace(text, old, new)",
        takes: 3..=3,
        run: replace,
    },
    Function {
        name: "left",
        usage: "left(text, characters)",
        takes: 2..=2,
        run: left,
    },
    Function {
        name: "sha256",
        usage: "sha256(text)",
        takes: 1..=1,
        run: |of| of.text(|text| Ok(hash(text))),
    },
    Function {
        name: "date",
        usage: "date(time)",
        takes: 1..=1,
        run: |of| {
            let time = of.get(0);
            match moment::day(&time) {
                Some(day) => Value::Text(day.into()),
                None if time.is_there() => Value::Misfit("it is no date"),
                None => Value::Missing,
            }
        },
    },
    Function {
        name: "date_time",
        usage: "date_time(time)",
        takes: 1..=1,
        run: |of| {
            let time = of.get(0);
            match moment::normalised(&time) {
                Some(text) => Value::Text(text.into_owned().into()),
                None if time.is_there() => Value::Misfit("it is no point in time"),
                None => Value::Missing,
            }
        },
    },
];

/// Lower-case hexadecimal SHA-256.
pub(super) fn hash(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digest = Sha256::digest(text.as_bytes());
    let digits = digest
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| char::from(DIGITS[usize::from(digit)]));
    digits.collect()
}

/// The texts of those values that are there; lists count element by element.
pub(super) fn texts<'v>(values: impl Iterator<Item = Value<'v>>) -> Vec<String> {
    values
        .flat_map(|value| {
            let texts = value.elements().into_iter().map(|element| {
                let text = element.as_text()?;
                (!text.is_empty()).then(|| text.into_owned())
            });
            texts.collect::<Vec<_>>()
        })
        .flatten()
        .collect()
}

/// A list of texts as JSON; missing if there are none.
pub(super) fn list<'v>(texts: Vec<String>) -> Value<'v> {
    let mut json = Vec::from(b"[");
    for text in texts.iter().filter(|text| !text.trim().is_empty()) {
        if json.len() > 1 {
            json.push(b',');
        }
        value::write_text(text, &mut json);
    }
    json.push(b']');
    match String::from_utf8(json) {
        Ok(json) if json != "[]" => Value::Made(json),
        _ => Value::Missing,
    }
}

fn join(of: Arguments<'_>) -> Value<'_> {
    let separator = of.get(0);
    let separator = separator.as_text().unwrap_or_default();
    Value::text_of(texts(of.from(1)).join(&separator))
}

fn split(of: Arguments<'_>) -> Value<'_> {
    let (text, separator) = (of.get(0), of.get(1));
    match (text.as_text(), separator.as_text()) {
        (Some(text), Some(separator)) => list(text.split(&*separator).map(str::to_owned).collect()),
        _ => Value::Missing,
    }
}

fn element<'v>(
    of: Arguments<'v>,
    choose: impl for<'e> FnOnce(&'e [Value<'e>]) -> Option<&'e Value<'e>>,
) -> Value<'v> {
    let list = of.get(0);
    let elements = list.elements();
    match choose(&elements).map(|element| (element.as_text(), element.as_json())) {
        Some((Some(text), _)) => Value::text_of(text.into_owned()),
        Some((None, Some(json))) if !value::is_empty(json) => Value::Made(json.to_owned()),
        _ => Value::Missing,
    }
}

fn replace(of: Arguments<'_>) -> Value<'_> {
    let (old, new) = (of.get(1), of.get(2));
    let (old, new) = (old.as_text(), new.as_text().unwrap_or_default());
    of.text(|text| {
        Ok(match old.as_deref() {
            // Nothing to look for; it would be found between all letters.
            None | Some("") => text.to_owned(),
            Some(old) => text.replace(old, &new),
        })
    })
}

fn left(of: Arguments<'_>) -> Value<'_> {
    let length = of.get(1).as_text().and_then(|text| text.parse().ok());
    of.text(|text| match length {
        Some(length) => Ok(text.chars().take(length).collect()),
        None => Err("the length to cut it to is no number"),
    })
}
