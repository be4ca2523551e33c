//! Custom fields, which differ from account to account.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::text::texts;
use super::{Arguments, Function};
use crate::json;
use crate::mapping::source::member;
use crate::mapping::value::{self, Value, scalar_text};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "custom_fields",
        usage: "custom_fields(user_fields)",
        takes: 1..=1,
        run: custom_fields,
    },
    Function {
        name: "custom_field",
        usage: "custom_field(custom_fields, 'key or id')",
        takes: 2..=2,
        run: custom_field,
    },
    Function {
        name: "option_title",
        usage: "option_title(custom_fields, 'key or id')",
        takes: 2..=2,
        run: option_title,
    },
];

/// The custom fields of a record by key, or by id where they have no key; sorted, the last of two
/// alike.
fn fields(json: &str) -> Option<BTreeMap<String, &RawValue>> {
    if json.starts_with('{') {
        return serde_json::from_str(json).ok();
    }
    // Tickets have theirs as a list of `{"id": …, "value": …}`.
    let fields: Vec<&RawValue> = serde_json::from_str(json).ok()?;
    let keyed = fields.into_iter().filter_map(|field| {
        let [id, value] = json::pick(field.get().as_bytes(), &["id", "value"]).ok()?;
        Some((scalar_text(id?.get())?.into_owned(), value?))
    });
    Some(keyed.collect())
}

/// `[{"key": …, "value": …}, {"key": …, "values": […]}]`: one shape for every account, since Adobe
/// refuses a record for one unknown key.
fn custom_fields(of: Arguments<'_>) -> Value<'_> {
    let value = of.get(0);
    let json = match value.as_json() {
        Some(json) if value.is_there() => json,
        _ if value.is_there() => return Value::Misfit("it holds no custom fields"),
        _ => return Value::Missing,
    };
    let Some(fields) = fields(json) else {
        return Value::Misfit("it holds no custom fields");
    };
    let mut out = Vec::from(b"[");
    for (key, value) in &fields {
        // Asked also for what goes elsewhere: a new field must be noticed.
        of.scope.definition(key);
        if key.trim().is_empty() || of.scope.is_promoted(key) {
            continue;
        }
        let before = out.len();
        if before > 1 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"key\":");
        value::write_text(key, &mut out);
        if !write_value(of, Value::of(Some(value)), &mut out) {
            out.truncate(before);
        }
    }
    out.push(b']');
    match String::from_utf8(out) {
        Ok(json) if json != "[]" => Value::Made(json),
        _ => Value::Missing,
    }
}

/// Writes the rest of one entry; `false` if there is no value.
fn write_value(of: Arguments<'_>, value: Value<'_>, out: &mut Vec<u8>) -> bool {
    if !value.is_there() {
        return false;
    }
    if value.as_json().is_some_and(|json| json.starts_with('[')) {
        let given = value.elements();
        let given = given.iter().filter(|element| element.is_there()).count();
        let texts = texts(std::iter::once(value));
        of.scope
            .left_out
            .set(of.scope.left_out.get() + given - texts.len());
        let Value::Made(list) = super::text::list(texts) else {
            return false;
        };
        out.extend_from_slice(b",\"values\":");
        out.extend_from_slice(list.as_bytes());
    } else if let Some(text) = value.as_text() {
        out.extend_from_slice(b",\"value\":");
        value::write_text(&text, out);
    } else {
        of.scope.left_out.set(of.scope.left_out.get() + 1);
        return false;
    }
    out.push(b'}');
    true
}

fn custom_field(of: Arguments<'_>) -> Value<'_> {
    let (Value::Json(json), key) = (of.get(0), of.get(1)) else {
        return Value::Missing;
    };
    let Some(key) = key.as_text() else {
        return Value::Missing;
    };
    if json.starts_with('{') {
        return Value::of(member(json, &key));
    }
    match fields(json) {
        Some(fields) => Value::of(fields.get(&*key).copied()),
        None => Value::Missing,
    }
}

/// The value with the titles of its options in their places, which are tags. A value that is no
/// option, or of a field that is not known, stays what it is.
fn option_title(of: Arguments<'_>) -> Value<'_> {
    let value = custom_field(of);
    let key = of.get(1);
    let Some(definition) = key.as_text().and_then(|key| of.scope.definition(&key)) else {
        return value;
    };
    let title = |tag: String| definition.options.get(&tag).cloned().unwrap_or(tag);
    if value.as_json().is_some_and(|json| json.starts_with('[')) {
        let tags = texts(std::iter::once(value));
        return super::text::list(tags.into_iter().map(title).collect());
    }
    match value.as_string() {
        Some(tag) => Value::text_of(title(tag.into_owned())),
        None => value,
    }
}
