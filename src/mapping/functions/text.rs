//! Text: cutting, joining, hashing, and dates.

use std::borrow::Cow;

use bumpalo::Bump;
use bumpalo::collections::String as Text;
use sha2::{Digest as _, Sha256};

use super::{Arguments, Function};
use crate::mapping::moment;
use crate::mapping::value::{self, Elements, Sink as _, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "text",
        usage: "text(value)",
        takes: 1..=1,
        run: |of| match of.get(0).as_string() {
            Some(text) => Value::text_of(of.kept(text)),
            None => Value::Missing,
        },
    },
    Function {
        name: "trim",
        usage: "trim(text)",
        takes: 1..=1,
        run: |of| of.text(|text| Ok(text.trim().into())),
    },
    Function {
        name: "lower",
        usage: "lower(text)",
        takes: 1..=1,
        run: |of| of.text(|text| Ok(lower(text))),
    },
    Function {
        name: "upper",
        usage: "upper(text)",
        takes: 1..=1,
        run: |of| of.text(|text| Ok(text.to_uppercase().into())),
    },
    Function {
        name: "concat",
        usage: "concat(part, part, …)",
        takes: 1..=32,
        run: |of| join(of.arena(), "", texts(of.from(0))),
    },
    Function {
        name: "join",
        usage: "join(separator, list)",
        takes: 2..=32,
        run: |of| {
            let separator = of.get(0).as_text().unwrap_or_default();
            join(of.arena(), &separator, texts(of.from(1)))
        },
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
        run: |of| element(of, |mut elements| elements.next()),
    },
    Function {
        name: "last",
        usage: "last(list)",
        takes: 1..=1,
        run: |of| element(of, Elements::last),
    },
    Function {
        name: "list",
        usage: "list(element, element, …)",
        takes: 1..=32,
        run: |of| list(of.arena(), texts(of.from(0))),
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
        run: |of| of.text(|text| Ok(hash([text], of.arena()).into())),
    },
    Function {
        name: "date",
        usage: "date(time)",
        takes: 1..=1,
        run: |of| {
            let time = of.get(0);
            match moment::day(&time) {
                Some(day) => Value::Text(of.arena().alloc_str(&day)),
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
                Some(text) => Value::Text(of.arena().alloc_str(text.as_str())),
                None if time.is_there() => Value::Misfit("it is no point in time"),
                None => Value::Missing,
            }
        },
    },
];

/// The SHA-256 of these parts in a row, in lower-case hexadecimal digits.
pub(super) fn hash<'a, 'v>(parts: impl IntoIterator<Item = &'a str>, arena: &'v Bump) -> &'v str {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part);
    }
    let mut digits = Text::with_capacity_in(64, arena);
    for byte in hasher.finalize() {
        for digit in [byte >> 4, byte & 15] {
            digits.push(char::from(DIGITS[usize::from(digit)]));
        }
    }
    digits.into_bump_str()
}

/// In lower case; as it is, if that is so already.
pub(in crate::mapping) fn lower(text: &str) -> Cow<'_, str> {
    if text
        .bytes()
        .any(|byte| !byte.is_ascii() || byte.is_ascii_uppercase())
    {
        text.to_lowercase().into()
    } else {
        text.into()
    }
}

/// The texts of those values that are there; lists count element by element.
pub(super) fn texts<'v>(
    values: impl Iterator<Item = Value<'v>>,
) -> impl Iterator<Item = Cow<'v, str>> {
    values
        .flat_map(|value| value.elements())
        .filter_map(|element| element.as_text().filter(|text| !text.is_empty()))
}

/// A list of texts as JSON; missing if there are none.
pub(super) fn list<'v, T: AsRef<str>>(
    arena: &'v Bump,
    texts: impl Iterator<Item = T>,
) -> Value<'v> {
    let mut json = Text::from_str_in("[", arena);
    for text in texts {
        let text = text.as_ref();
        if value::is_blank(text) {
            continue;
        }
        if json.len() > 1 {
            json.put(",");
        }
        value::write_text(text, &mut json);
    }
    if json.len() == 1 {
        return Value::Missing;
    }
    json.put("]");
    Value::Made(json.into_bump_str())
}

fn join<'v>(
    arena: &'v Bump,
    separator: &str,
    texts: impl Iterator<Item = Cow<'v, str>>,
) -> Value<'v> {
    let mut joined = Text::new_in(arena);
    for (number, text) in texts.enumerate() {
        if number > 0 {
            joined.push_str(separator);
        }
        joined.push_str(&text);
    }
    Value::text_of(joined.into_bump_str())
}

fn split(of: Arguments<'_>) -> Value<'_> {
    let (text, separator) = (of.get(0), of.get(1));
    match (text.as_text(), separator.as_text()) {
        (Some(text), Some(separator)) => list(of.arena(), text.split(&*separator)),
        _ => Value::Missing,
    }
}

fn element<'v>(
    of: Arguments<'v>,
    choose: impl FnOnce(Elements<'v>) -> Option<Value<'v>>,
) -> Value<'v> {
    let Some(element) = choose(of.get(0).elements()) else {
        return Value::Missing;
    };
    match (element.as_text(), element.as_json()) {
        (Some(text), _) => Value::text_of(of.kept(text)),
        (None, Some(json)) if !value::is_empty(json) => Value::Made(json),
        _ => Value::Missing,
    }
}

fn replace(of: Arguments<'_>) -> Value<'_> {
    let (old, new) = (of.get(1), of.get(2));
    let (old, new) = (old.as_text(), new.as_text().unwrap_or_default());
    of.text(|text| {
        Ok(match old.as_deref() {
            // Nothing to look for; it would be found between all letters.
            None | Some("") => text.into(),
            Some(old) => text.replace(old, &new).into(),
        })
    })
}

fn left(of: Arguments<'_>) -> Value<'_> {
    let length = of.get(1).as_text().and_then(|text| text.parse().ok());
    of.text(|text| match length {
        Some(length) => {
            let end = text.char_indices().nth(length);
            Ok(end.map_or(text, |(end, _)| &text[..end]).into())
        }
        None => Err("the length to cut it to is no number"),
    })
}
