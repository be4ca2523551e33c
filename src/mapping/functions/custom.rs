//! Custom fields, which differ from account to account.

use bumpalo::Bump;
use bumpalo::collections::{String as Text, Vec};

use super::text::texts;
use super::{Arguments, Function};
use crate::json::Children;
use crate::mapping::source::member;
use crate::mapping::value::{self, Sink as _, Value, scalar_text};

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

/// A custom field: its key, or its id where it has no key, and its value.
type Field<'v> = (&'v str, &'v str);

/// The custom fields of a record; sorted, the last of two alike.
fn fields<'v>(json: &'v str, arena: &'v Bump) -> Option<Vec<'v, Field<'v>>> {
    let mut fields = Vec::new_in(arena);
    if json.starts_with('{') {
        let mut members = Children::of_object(json).ok()?;
        while let Some(member) = members.advance().ok()? {
            fields.push((value::kept(member.key()?, arena), member.value));
        }
    } else {
        // Tickets have theirs as a list of `{"id": …, "value": …}`.
        let mut elements = Children::of_list(json).ok()?;
        while let Some(element) = elements.advance().ok()? {
            if let Some((id, value)) = id_and_value(element.value)
                && let Some(key) = scalar_text(id)
            {
                fields.push((value::kept(key, arena), value));
            }
        }
    }
    let is_sorted = fields.is_sorted_by(|(one, _), (other, _)| one < other);
    if !is_sorted {
        // Of two alike, the later one stands further behind in the record.
        fields.sort_unstable_by_key(|(key, value)| (*key, value.as_ptr().addr()));
        let mut kept = 0;
        for place in 0..fields.len() {
            let is_last = fields
                .get(place + 1)
                .is_none_or(|(next, _)| *next != fields[place].0);
            if is_last {
                fields[kept] = fields[place];
                kept += 1;
            }
        }
        fields.truncate(kept);
    }
    Some(fields)
}

fn id_and_value(field: &str) -> Option<(&str, &str)> {
    let (mut id, mut value) = (None, None);
    let mut members = Children::of_object(field).ok()?;
    while let Some(member) = members.advance().ok()? {
        let place = match &*member.key()? {
            "id" => &mut id,
            "value" => &mut value,
            _ => continue,
        };
        *place = (member.value != "null").then_some(member.value);
    }
    Some((id?, value?))
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
    let Some(fields) = fields(json, of.arena()) else {
        return Value::Misfit("it holds no custom fields");
    };
    let mut out = Text::with_capacity_in(2 * json.len(), of.arena());
    out.put("[");
    for (key, value) in fields {
        // Asked also for what goes elsewhere: a new field must be noticed.
        of.scope.definition(key);
        if value::is_blank(key) || of.scope.is_promoted(key) {
            continue;
        }
        let before = out.len();
        if before > 1 {
            out.put(",");
        }
        out.put("{\"key\":");
        write_text(of, key, &mut out);
        if !write_value(of, Value::of(Some(value)), &mut out) {
            out.truncate(before);
        }
    }
    if out.len() == 1 {
        return Value::Missing;
    }
    out.put("]");
    Value::Made(out.into_bump_str())
}

/// Writes a text that is not blank; without its zeros it may be, which is not known here.
fn write_text(of: Arguments<'_>, text: &str, out: &mut Text<'_>) {
    if text.contains('\0') {
        of.scope.is_doubtful.set(true);
    }
    value::write_text(text, out);
}

/// Writes the rest of one entry; `false` if there is no value.
fn write_value(of: Arguments<'_>, value: Value<'_>, out: &mut Text<'_>) -> bool {
    if !value.is_there() {
        return false;
    }
    let left_out = |count: usize| of.scope.left_out.update(|before| before + count);
    if value.as_json().is_some_and(|json| json.starts_with('[')) {
        let before = out.len();
        out.put(",\"values\":[");
        let empty = out.len();
        for element in value.elements().filter(Value::is_there) {
            let Some(text) = element.as_text() else {
                left_out(1);
                continue;
            };
            if out.len() > empty {
                out.put(",");
            }
            write_text(of, &text, out);
        }
        if out.len() == empty {
            out.truncate(before);
            return false;
        }
        out.put("]");
    } else if let Some(text) = value.as_text() {
        out.put(",\"value\":");
        write_text(of, &text, out);
    } else {
        left_out(1);
        return false;
    }
    out.put("}");
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
    let fields = fields(json, of.arena());
    let found = fields.and_then(|fields| {
        let place = fields
            .binary_search_by(|(known, _)| (*known).cmp(&key))
            .ok()?;
        Some(fields[place].1)
    });
    Value::of(found)
}

/// The value with the titles of its options in their places, which are tags. A value that is no
/// option, or of a field that is not known, stays what it is.
fn option_title(of: Arguments<'_>) -> Value<'_> {
    let value = custom_field(of);
    let key = of.get(1);
    let Some(definition) = key.as_text().and_then(|key| of.scope.definition(&key)) else {
        return value;
    };
    let title = |tag| {
        let tag = of.kept(tag);
        definition.options.get(tag).map_or(tag, String::as_str)
    };
    if value.as_json().is_some_and(|json| json.starts_with('[')) {
        return super::text::list(of.arena(), texts(std::iter::once(value)).map(title));
    }
    match value.as_string() {
        Some(tag) => Value::text_of(title(tag)),
        None => value,
    }
}
