//! Ids and keys of records.

use super::{Arguments, Function};
use crate::mapping::functions::text::hash;
use crate::mapping::value::Value;

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "id",
        usage: "id(number)",
        takes: 1..=1,
        run: |of| match id(&of.get(0)) {
            Ok(Some(id)) => Value::Text(id.to_string().into()),
            Ok(None) => Value::Missing,
            Err(why) => Value::Misfit(why),
        },
    },
    Function {
        name: "any_id",
        usage: "any_id(number or text)",
        takes: 1..=1,
        run: |of| {
            of.text(|text| match text.trim() {
                text if text.starts_with('-') || text == "0" => Err(NOT_POSITIVE),
                text => Ok(text.to_owned()),
            })
        },
    },
    Function {
        name: "key",
        usage: "key(id)",
        takes: 1..=1,
        run: |of| match source_key(of) {
            Ok(key) => Value::Text(key.into()),
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
fn source_key(of: Arguments<'_>) -> Result<String, Value<'_>> {
    let value = of.get(0);
    match value.as_text() {
        Some(id) if value.is_there() => Ok(format!("{id}@{}.Zendesk", of.scope.settings.instance)),
        _ => Err(value.clone()),
    }
}

/// The hash that names a record or an event. Parts that are missing after the id are left out; no
/// setting but the instance enters, so that changing one gives no record a new name.
fn record_id(of: Arguments<'_>) -> Value<'_> {
    let id = of.get(1);
    if !id.is_there() {
        return id;
    }
    let mut parts = format!("zendesk/{}", of.scope.settings.instance);
    for part in of.from(0) {
        if let Some(part) = part.as_text() {
            parts.push('/');
            parts.push_str(&part);
        }
    }
    Value::Text(hash(&parts).into())
}
