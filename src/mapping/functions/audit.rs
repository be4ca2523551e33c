//! What happened in one audit of a ticket: the children of the incremental ticket events, and the
//! events of ticket audits, which say the same in other shapes.

use bumpalo::Bump;
use bumpalo::collections::String as Text;
use serde_json::value::RawValue;

use super::text::{list, texts};
use super::{Arguments, Function};
use crate::json;
use crate::mapping::value::{self, Sink as _, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "audit_kind",
        usage: "audit_kind(child_events)",
        takes: 1..=1,
        run: |of| with_children(of, |children| Value::Text(kind(children))),
    },
    Function {
        name: "audit_changes",
        usage: "audit_changes(child_events)",
        takes: 1..=1,
        run: |of| with_children(of, |children| changes(children, of.arena())),
    },
    Function {
        name: "audit_tags",
        usage: "audit_tags(child_events, 'added' or 'removed')",
        takes: 2..=2,
        run: |of| {
            let added = of.get(1).as_text().is_some_and(|which| which == "added");
            with_children(of, |children| tags(children, added, of.arena()))
        },
    },
    Function {
        name: "audit_comment",
        usage: "audit_comment(child_events, 'id', 'author_id', 'public' or 'body')",
        takes: 2..=2,
        run: |of| {
            let which = of.get(1);
            let which = which.as_text().unwrap_or_default();
            with_children(of, |children| comment(children, &which, of.arena()))
        },
    },
];

/// The fields of a ticket whose changes are worth a row each.
const CHANGES: [&str; 7] = [
    "status",
    "priority",
    "type",
    "assignee_id",
    "group_id",
    "organization_id",
    "requester_id",
];

/// One child, with the keys that either shape may have.
struct Child<'r> {
    json: &'r str,
    kind: String,
    field_name: Option<String>,
}

impl<'r> Child<'r> {
    fn read(json: &'r RawValue) -> Option<Self> {
        let json = json.get();
        let [event_type, plain_type, field_name] =
            json::pick(json.as_bytes(), &["event_type", "type", "field_name"])
                .ok()?
                .map(of_raw);
        let text = |value: &Value<'_>| value.as_string().map(std::borrow::Cow::into_owned);
        Some(Self {
            json,
            kind: text(&event_type).or(text(&plain_type)).unwrap_or_default(),
            field_name: text(&field_name),
        })
    }

    fn member(&self, key: &str) -> Value<'r> {
        let [value] = json::pick(self.json.as_bytes(), &[key]).unwrap_or_default();
        of_raw(value)
    }

    fn is_change(&self) -> bool {
        self.kind == "Change"
    }

    /// A comment, or the announcement of one that was not asked for.
    fn is_comment(&self) -> bool {
        self.kind == "Comment" || self.member("comment_present").is_true()
    }

    /// The new and the old value, if this changes `field`.
    fn change_of(&self, field: &str) -> Option<(Value<'r>, Value<'r>)> {
        if !self.is_change() {
            return None;
        }
        let value = match &self.field_name {
            Some(name) if name == field => self.member("value"),
            Some(_) => return None,
            // Events name the field by a key of its own, also when its new value is null.
            None if self.has(field) => self.member(field),
            None => return None,
        };
        Some((value, self.member("previous_value")))
    }

    fn has(&self, key: &str) -> bool {
        let object: Result<std::collections::BTreeMap<String, &RawValue>, _> =
            serde_json::from_str(self.json);
        object.is_ok_and(|object| object.contains_key(key))
    }
}

fn of_raw(value: Option<&RawValue>) -> Value<'_> {
    Value::of(value.map(RawValue::get))
}

fn with_children<'v>(
    of: Arguments<'v>,
    look: impl for<'c> FnOnce(&'c [Child<'c>]) -> Value<'v>,
) -> Value<'v> {
    let value = of.get(0);
    let children: Option<Vec<&RawValue>> = value
        .as_json()
        .and_then(|json| serde_json::from_str(json).ok());
    match children {
        Some(children) => {
            let children: Vec<Child<'_>> = children.into_iter().filter_map(Child::read).collect();
            look(&children)
        }
        None if value.is_there() => Value::Misfit("it is no list of events"),
        None => look(&[]),
    }
}

/// The most telling thing that happened.
fn kind(children: &[Child<'_>]) -> &'static str {
    if children.iter().any(|child| child.kind == "Create") {
        return "created";
    }
    let status = children.iter().find_map(|child| child.change_of("status"));
    if let Some((new, old)) = status {
        return match (new.as_text().as_deref(), old.as_text().as_deref()) {
            (Some("solved"), _) => "solved",
            (Some("closed"), _) => "closed",
            (Some("deleted"), _) => "deleted",
            (_, Some("solved")) => "reopened",
            _ => "updated",
        };
    }
    if children.iter().any(Child::is_comment) {
        "comment_added"
    } else {
        "updated"
    }
}

fn changes<'v>(children: &[Child<'_>], arena: &'v Bump) -> Value<'v> {
    let mut out = Text::from_str_in("[", arena);
    for child in children {
        let change = CHANGES
            .iter()
            .find_map(|field| Some((*field, child.change_of(field)?)));
        let Some((field, (new, old))) = change else {
            continue;
        };
        if out.len() > 1 {
            out.put(",");
        }
        out.put("{\"field\":");
        value::write_text(field, &mut out);
        for (key, value) in [("value", new), ("previousValue", old)] {
            if let Some(text) = value.as_text().filter(|_| value.is_there()) {
                out.put(",");
                value::write_text(key, &mut out);
                out.put(":");
                value::write_text(&text, &mut out);
            }
        }
        out.put("}");
    }
    if out.len() == 1 {
        return Value::Missing;
    }
    out.put("]");
    Value::Made(out.into_bump_str())
}

fn tags<'v>(children: &[Child<'_>], added: bool, arena: &'v Bump) -> Value<'v> {
    let mut found = Vec::new();
    for child in children {
        let said = child.member(if added { "added_tags" } else { "removed_tags" });
        if said.is_there() {
            found.extend(texts(std::iter::once(said)));
        } else if child.field_name.as_deref() == Some("tags")
            && let Some((new, old)) = child.change_of("tags")
        {
            let (these, those) = if added { (new, old) } else { (old, new) };
            let those: Vec<_> = texts([those].into_iter()).collect();
            found.extend(texts([these].into_iter()).filter(|tag| !those.contains(tag)));
        }
    }
    list(arena, found.into_iter())
}

fn comment<'v>(children: &[Child<'_>], which: &str, arena: &'v Bump) -> Value<'v> {
    let Some(comment) = children.iter().find(|child| child.is_comment()) else {
        return Value::Missing;
    };
    let value = match which {
        // The announcement's own id is that of an event, not of the comment.
        "id" | "author_id" | "body" if comment.kind != "Comment" => Value::Missing,
        "public" if comment.kind != "Comment" => comment.member("comment_public"),
        which => comment.member(which),
    };
    match value {
        Value::Json("true") => Value::Bool(true),
        Value::Json("false") => Value::Bool(false),
        value => match value.as_text() {
            Some(text) => Value::text_of(arena.alloc_str(&text)),
            None => Value::Missing,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(children: &str, expected: &str) {
        let raw: Vec<&RawValue> = serde_json::from_str(children).expect("JSON");
        let children: Vec<Child<'_>> = raw.into_iter().filter_map(Child::read).collect();
        fn json(value: Value<'_>) -> &str {
            match value {
                Value::Made(json) => json,
                _ => "-",
            }
        }
        let arena = Bump::new();
        let found = format!(
            "{} {} +{} -{}",
            kind(&children),
            json(changes(&children, &arena)),
            json(tags(&children, true, &arena)),
            json(tags(&children, false, &arena)),
        );
        assert_eq!(found, expected);
    }

    #[test]
    fn audits_say_it_with_field_names() {
        check(
            r#"[{"type":"Change","field_name":"status","value":"open","previous_value":"solved"},
                {"type":"Change","field_name":"tags","value":["a","b"],"previous_value":["b","c"]},
                {"type":"Change","field_name":"assignee_id","value":null,"previous_value":"7"},
                {"type":"Notification","subject":"status"}]"#,
            r#"reopened [{"field":"status","value":"open","previousValue":"solved"},{"field":"assignee_id","previousValue":"7"}] +["a"] -["c"]"#,
        );
    }

    #[test]
    fn events_say_it_with_keys() {
        check(
            r#"[{"event_type":"Change","status":"solved","previous_value":"open"},
                {"event_type":"Change","tags":["x"],"added_tags":["x"],"removed_tags":[]},
                {"event_type":"Change","custom_ticket_fields":{"1":"a"}}]"#,
            r#"solved [{"field":"status","value":"solved","previousValue":"open"}] +["x"] --"#,
        );
    }

    #[test]
    fn what_else_can_happen() {
        check(
            r#"[{"event_type":"Comment","body":"a"},{"event_type":"Create"}]"#,
            "created - +- --",
        );
        check(r#"[{"event_type":"Comment"}]"#, "comment_added - +- --");
        check(
            r#"[{"event_type":"Audit","comment_present":true}]"#,
            "comment_added - +- --",
        );
        check(r#"[7,null,{}]"#, "updated - +- --");
    }
}
