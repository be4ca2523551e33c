//! The types of fields, and how values are written as them.

use super::moment;
use super::value::{self, Value};
use crate::limits;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::BTreeMap;

/// The type of a field of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    String,
    Integer,
    Number,
    Boolean,
    Date,
    DateTime,
    StringArray,
    /// As it is, but for what is empty.
    Any,
}

/// The types by name.
pub(super) const KINDS: [(&str, Kind); 8] = [
    ("string", Kind::String),
    ("integer", Kind::Integer),
    ("number", Kind::Number),
    ("boolean", Kind::Boolean),
    ("date", Kind::Date),
    ("date-time", Kind::DateTime),
    ("string-array", Kind::StringArray),
    ("any", Kind::Any),
];

/// What came of writing a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// It is there.
    Whole,
    /// It is there, cut to its maximum.
    Cut,
    /// It is there without those parts that do not fit.
    Partly,
    /// There was nothing to write.
    Nothing,
    /// There was something that does not fit; this is why.
    Misfit(&'static str),
}

/// Largest whole number that survives every JSON reader: XDM's Long ends there too.
const INTEGER_MAX: u64 = (1 << 53) - 1;

impl Kind {
    /// Writes `value` as this type; writes nothing if it does not fit.
    pub(super) fn write(
        self,
        value: &Value<'_>,
        max_length: Option<usize>,
        out: &mut Vec<u8>,
    ) -> Written {
        if let Value::Misfit(why) = value {
            return Written::Misfit(why);
        }
        if !value.is_there() {
            return Written::Nothing;
        }
        match self {
            Self::String => string(value, max_length, out),
            Self::Integer if let Some(digits) = plain_integer(value) => {
                written(digits.as_bytes(), out)
            }
            Self::Integer => match integer(value) {
                Some(number) => written(number.to_string().as_bytes(), out),
                None => Written::Misfit("it is no whole number that JSON can carry exactly"),
            },
            Self::Number => match number(value) {
                Some(number) => written(number.as_bytes(), out),
                None => Written::Misfit("it is no number"),
            },
            Self::Boolean => match value {
                Value::Bool(true) | Value::Json("true") => written(b"true", out),
                Value::Bool(false) | Value::Json("false") => written(b"false", out),
                _ => Written::Misfit("it is neither true nor false"),
            },
            Self::Date => match moment::day(value) {
                Some(day) => text(&day, None, out),
                None => Written::Misfit("it is no date"),
            },
            Self::DateTime => match moment::write(value, out) {
                true => Written::Whole,
                false => Written::Misfit("it is no point in time"),
            },
            Self::StringArray => string_array(value, max_length, out),
            Self::Any => match value {
                Value::Json(json) => any(json, 0, out),
                Value::Made(json) => written(json.as_bytes(), out),
                Value::Bool(_) => Self::Boolean.write(value, None, out),
                Value::Words(_) => string_array(value, max_length, out),
                Value::Text(_) | Value::Missing | Value::Misfit(_) => {
                    string(value, max_length, out)
                }
            },
        }
    }
}

fn written(json: &[u8], out: &mut Vec<u8>) -> Written {
    out.extend_from_slice(json);
    Written::Whole
}

fn string(value: &Value<'_>, max_length: Option<usize>, out: &mut Vec<u8>) -> Written {
    if let Value::Json(json) = value
        && json.starts_with('"')
        && !json.contains('\\')
        && max_length.is_none_or(|max| json.len() <= max)
    {
        // As it stands in the record: that was checked to be JSON.
        return written(json.as_bytes(), out);
    }
    match value.as_text() {
        Some(found) => text(&found, max_length, out),
        None => Written::Misfit("it is no text"),
    }
}

fn text(text: &str, max_length: Option<usize>, out: &mut Vec<u8>) -> Written {
    // Characters are counted only where the bytes leave room for doubt.
    let max_length = max_length.filter(|max| text.len() > *max);
    let cut = max_length.and_then(|max| text.char_indices().nth(max));
    let kept = cut.map_or(text, |(end, _)| &text[..end]);
    let begins = kept.as_bytes().first();
    if !begins.is_some_and(u8::is_ascii_graphic)
        && kept.chars().all(|c| c.is_whitespace() || c == '\0')
    {
        return Written::Nothing;
    }
    value::write_text(kept, out);
    if cut.is_some() {
        Written::Cut
    } else {
        Written::Whole
    }
}

/// A whole number as most are spelled, with so many digits that it surely is no larger than may be.
fn plain_integer<'v>(value: &Value<'v>) -> Option<&'v str> {
    match value {
        Value::Json(json)
            if (1..=15).contains(&json.len())
                && json.bytes().all(|byte| byte.is_ascii_digit())
                && (!json.starts_with('0') || *json == "0") =>
        {
            Some(json)
        }
        _ => None,
    }
}

fn integer(value: &Value<'_>) -> Option<i64> {
    if matches!(value, Value::Bool(_) | Value::Json("true" | "false")) {
        return None;
    }
    let text = value.as_text()?;
    let text = text.trim();
    let whole = match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|b| b == b'0') => whole,
        Some(_) => return None,
        None => text,
    };
    let number: i64 = whole.parse().ok()?;
    (number.unsigned_abs() <= INTEGER_MAX).then_some(number)
}

/// The spelling of a number, also of one in quotes.
fn number<'v>(value: &Value<'v>) -> Option<Cow<'v, str>> {
    let spelled = match value {
        Value::Json(json) if !json.starts_with('"') => Cow::Borrowed(*json),
        value => match value.as_string()? {
            Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
            Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
        },
    };
    is_number(&spelled).then_some(spelled)
}

fn is_number(json: &str) -> bool {
    let begins_as_one = json.starts_with(|c: char| c == '-' || c.is_ascii_digit());
    // Beyond the range of a double nobody reads it alike.
    begins_as_one
        && json.parse::<f64>().is_ok_and(f64::is_finite)
        && serde_json::from_str::<f64>(json).is_ok()
}

fn string_array(value: &Value<'_>, max_length: Option<usize>, out: &mut Vec<u8>) -> Written {
    if value.as_json().is_some_and(|json| json.starts_with('{')) {
        return Written::Misfit("it is no list of texts");
    }
    let begin = out.len();
    let mut result = Written::Whole;
    out.push(b'[');
    for element in value.elements() {
        let before = out.len();
        if before > begin + 1 {
            out.push(b',');
        }
        match Kind::String.write(&element, max_length, out) {
            Written::Whole => {}
            Written::Cut => result = Written::Partly,
            Written::Nothing | Written::Partly => out.truncate(before),
            Written::Misfit(_) => {
                out.truncate(before);
                result = Written::Partly;
            }
        }
    }
    if out.len() == begin + 1 {
        out.truncate(begin);
        return match result {
            Written::Partly => Written::Misfit("it is no list of texts"),
            _ => Written::Nothing,
        };
    }
    out.push(b']');
    result
}

/// Copies a value of the record, without nulls and what is empty, at any depth.
fn any(json: &str, depth: usize, out: &mut Vec<u8>) -> Written {
    const TOO_DEEP: Written = Written::Misfit("it is nested too deeply");
    if depth > limits::VALUE_DEPTH_MAX {
        return TOO_DEEP;
    }
    let begin = out.len();
    match json.as_bytes().first() {
        Some(b'"') => match value::unquoted(json) {
            None => Written::Misfit("it is no text"),
            Some(text) if text.trim().is_empty() => Written::Nothing,
            Some(text) if text.contains('\0') => self::text(&text, None, out),
            Some(_) => written(json.as_bytes(), out),
        },
        Some(b'[') => {
            let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(json) else {
                return TOO_DEEP;
            };
            let mut result = Written::Whole;
            out.push(b'[');
            for element in elements {
                put(None, element, depth, out, &mut result);
            }
            close(begin, b']', result, out)
        }
        Some(b'{') => {
            // Sorted, and the last of two alike: XDM objects have one of each key.
            let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json) else {
                return Written::Misfit("its keys cannot be read");
            };
            let mut result = Written::Whole;
            out.push(b'{');
            for (key, member) in members {
                put(Some(&key), member, depth, out, &mut result);
            }
            close(begin, b'}', result, out)
        }
        Some(b't' | b'f') => written(json.as_bytes(), out),
        Some(b'n') | None => Written::Nothing,
        Some(_) if is_number(json) => written(json.as_bytes(), out),
        Some(_) => Written::Misfit("it is a number beyond every reader's range"),
    }
}

/// Writes one part of a list or an object, or nothing of it.
fn put(key: Option<&str>, part: &RawValue, depth: usize, out: &mut Vec<u8>, result: &mut Written) {
    let before = out.len();
    if !matches!(out.last(), Some(b'[' | b'{')) {
        out.push(b',');
    }
    if let Some(key) = key {
        value::write_text(key, out);
        out.push(b':');
    }
    match any(part.get(), depth + 1, out) {
        Written::Whole => {}
        Written::Cut | Written::Partly => *result = Written::Partly,
        Written::Nothing => out.truncate(before),
        Written::Misfit(_) => {
            out.truncate(before);
            *result = Written::Partly;
        }
    }
}

fn close(begin: usize, bracket: u8, result: Written, out: &mut Vec<u8>) -> Written {
    if out.len() == begin + 1 {
        out.truncate(begin);
        return match result {
            Written::Partly => Written::Misfit("nothing in it can be sent"),
            _ => Written::Nothing,
        };
    }
    out.push(bracket);
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, json: &str, expected: &str) {
        let mut out = Vec::new();
        let written = kind.write(&Value::Json(json), Some(5), &mut out);
        let out = String::from_utf8(out).expect("text");
        let found = match written {
            Written::Whole => out,
            Written::Cut => format!("{out} cut"),
            Written::Partly => format!("{out} partly"),
            Written::Nothing => format!("{out}nothing"),
            Written::Misfit(_) => format!("{out}misfit"),
        };
        assert_eq!(found, expected, "{json} as {kind:?}");
    }

    #[test]
    fn text_is_cut_at_characters_and_loses_nothing_else() {
        check(Kind::String, r#""abc""#, r#""abc""#);
        check(Kind::String, r#""äöüäöü""#, r#""äöüäö" cut"#);
        check(Kind::String, r#""a\u0000b""#, r#""ab""#);
        check(Kind::String, r#""\u0000""#, "nothing");
        check(Kind::String, "12.50", r#""12.50""#);
        check(Kind::String, "false", r#""false""#);
        check(Kind::String, r#"["a"]"#, "misfit");
        check(Kind::String, r#"" ""#, "nothing");
    }

    #[test]
    fn numbers_fit_exactly_or_not_at_all() {
        check(Kind::Integer, "9007199254740991", "9007199254740991");
        check(Kind::Integer, "-9007199254740992", "misfit");
        check(Kind::Integer, "250.0", "250");
        check(Kind::Integer, r#""42""#, "42");
        check(Kind::Integer, "2.5", "misfit");
        check(Kind::Integer, "true", "misfit");
        check(Kind::Integer, "1e99", "misfit");
        check(Kind::Number, "1.50", "1.50");
        check(Kind::Number, r#""12.5""#, "12.5");
        check(Kind::Number, r#""1,5""#, "misfit");
        check(Kind::Number, r#"".5""#, "misfit");
        check(Kind::Number, r#""inf""#, "misfit");
        check(Kind::Number, "1e999", "misfit");
    }

    #[test]
    fn truth_is_only_what_json_calls_so() {
        check(Kind::Boolean, "false", "false");
        check(Kind::Boolean, r#""true""#, "misfit");
        check(Kind::Boolean, "1", "misfit");
    }

    #[test]
    fn lists_hold_text_and_nothing_empty() {
        check(Kind::StringArray, r#"["a",null,"",7]"#, r#"["a","7"]"#);
        check(Kind::StringArray, r#"["a",{"b":1}]"#, r#"["a"] partly"#);
        check(Kind::StringArray, "[null]", "nothing");
        check(Kind::StringArray, "[{}]", "nothing");
        check(Kind::StringArray, "[[1]]", "misfit");
        check(Kind::StringArray, r#""a""#, r#"["a"]"#);
        check(Kind::StringArray, r#"{"a":1}"#, "misfit");
    }

    #[test]
    fn anything_is_copied_without_what_is_empty() {
        check(
            Kind::Any,
            r#"{"b":[null,{"c":""}],"a":{"n":1.50,"t":"Zo\u00eb"},"d":1e999}"#,
            r#"{"a":{"n":1.50,"t":"Zo\u00eb"}} partly"#,
        );
        check(Kind::Any, r#"{"a":{"b":[]}}"#, "nothing");
        let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
        check(Kind::Any, &deep, "misfit");
    }
}
