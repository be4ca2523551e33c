//! Ids and keys of records.

use bumpalo::collections::String as Text;

use super::{Arguments, Function};
use crate::mapping::functions::text::hash;
use crate::mapping::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "id",
        usage: "id(number)",
        takes: 1..=1,
        run: |of| {
            let value = of.get(0);
            if let Some(id) = plain_id(&value) {
                return Value::Text(id);
            }
            match id(&value) {
                Ok(Some(id)) => Value::Text(of.arena().alloc_str(&id.to_string())),
                Ok(None) => Value::Missing,
                Err(why) => Value::Misfit(why),
            }
        },
    },
    Function {
        name: "any_id",
        usage: "any_id(number or text)",
        takes: 1..=1,
        run: |of| {
            of.text(|text| match text.trim() {
                text if text.starts_with('-') || text == "0" => Err(NOT_POSITIVE),
                text => Ok(text.into()),
            })
        },
    },
    Function {
        name: "key",
        usage: "key(id)",
        takes: 1..=1,
        run: |of| match source_key(of) {
            Ok(key) => Value::Text(key),
            Err(none) => none,
        },
    },
    Function {
        name: "record_id",
        usage: "record_id('object', id, …)",
        takes: 2..=8,
        run: record_id,
    },
];

const NOT_POSITIVE: &str = "it is not a positive whole number";

/// An id spelled as all of them are but a few: it is its own text.
fn plain_id<'v>(value: &Value<'v>) -> Option<&'v str> {
    let (Value::Json(text) | Value::Text(text)) = value else {
        return None;
    };
    // As many digits as surely fit 64 bits.
    let is_plain = (1..=19).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && !text.starts_with('0');
    is_plain.then_some(text)
}

/// A positive whole number, also one in quotes. Zendesk's `-1` is "the system": nobody.
pub(in crate::mapping) fn id(value: &Value<'_>) -> Result<Option<u64>, &'static str> {
    if !value.is_there() {
        return match value {
            Value::Misfit(why) => Err(why),
            _ => Ok(None),
        };
    }
    let id = value.as_text().and_then(|text| text.trim().parse().ok());
    match id {
        Some(0) | None => Err(NOT_POSITIVE),
        Some(id) => Ok(Some(id)),
    }
}

/// `{id}@{instance}.Zendesk`: Adobe's way of writing keys of source systems.
fn source_key(of: Arguments<'_>) -> Result<&str, Value<'_>> {
    let value = of.get(0);
    match value.as_text() {
        Some(id) if value.is_there() => {
            let mut key = Text::new_in(of.arena());
            for part in [&*id, "@", &*of.scope.settings.instance, ".Zendesk"] {
                key.push_str(part);
            }
            Ok(key.into_bump_str())
        }
        _ => Err(value),
    }
}

/// The hash that names a record or an event. Parts that are missing after the id are left out; no
/// setting but the instance enters, so that changing one gives no record a new name.
fn record_id(of: Arguments<'_>) -> Value<'_> {
    let id = of.get(1);
    if !id.is_there() {
        return id;
    }
    let parts = of.from(0).filter_map(|part| part.as_text());
    let parts = parts.flat_map(|part| ["/", of.kept(part)]);
    let named = ["zendesk/", &*of.scope.settings.instance];
    Value::Text(hash(named.into_iter().chain(parts), of.arena()))
}
