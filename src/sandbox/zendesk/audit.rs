//! What happened to a ticket, in the three forms in which Zendesk tells it: ticket event, audit,
//! and comment. A row stands for one of these happenings; its version is the ticket's.

use serde_json::{Map, Value, json};

use super::renderer::{Guise, Renderer, at_second};
use super::row::{Fate, Row};
use super::ticket::{status_at, via};

const SENTENCES: &[&str] = &[
    "Thank you, that helped.",
    "Де моє замовлення?",
    "まだ届いていません。",
    "See \"terms\" & <conditions>",
    "Hallo ☎\nwie besprochen",
];

/// The ticket event, comments only announced.
pub(super) fn event(renderer: &Renderer, row: &Row, _: Guise) -> Vec<u8> {
    event_with(renderer, row, false)
}

/// The ticket event, with its comment in full if `comment_events` were asked for.
pub(super) fn event_with(renderer: &Renderer, row: &Row, comment_events: bool) -> Vec<u8> {
    let mut children = Vec::new();
    if row.marked {
        children.push(match comment_events {
            true => comment_event(renderer, row),
            false => json!({
                "id": comment_id(row),
                "via": "Web form",
                "via_reference_id": 0,
                "event_type": "Comment",
                "comment_present": true,
                "comment_public": is_public(renderer, row),
            }),
        });
    }
    for (number, (field, value, before)) in changes(renderer, row).into_iter().enumerate() {
        let mut child = Map::new();
        child.insert("id".into(), json!(comment_id(row) + 1 + number as u64));
        // Text here, an object there.
        let how = if number % 2 == 0 {
            json!("Web form")
        } else {
            via(renderer, row)
        };
        child.insert("via".into(), how);
        child.insert("via_reference_id".into(), Value::Null);
        child.insert(field.into(), value);
        let kind = if row.version == 0 { "Create" } else { "Change" };
        child.insert("event_type".into(), json!(kind));
        if row.version > 0 {
            child.insert("previous_value".into(), before);
        }
        children.push(Value::Object(child));
    }
    let value = json!({
        "id": row.id,
        "ticket_id": row.parent,
        "timestamp": row.place,
        "created_at": at_second(row.created).to_string(),
        "updater_id": author(renderer, row),
        "via": "Web form",
        "via_reference_id": null,
        "system": {"client": "Mozilla/5.0", "ip_address": "192.0.2.7", "location": "Gdańsk, Poland",
                   "latitude": 54.35, "longitude": 18.65},
        "metadata": {},
        "event_type": "Audit",
        "child_events": children,
    });
    value.to_string().into_bytes()
}

/// The child event of a comment, whole.
pub(super) fn comment_child(renderer: &Renderer, row: &Row, _: Guise) -> Vec<u8> {
    comment_event(renderer, row).to_string().into_bytes()
}

fn comment_event(renderer: &Renderer, row: &Row) -> Value {
    let mut comment = comment_value(renderer, row);
    if let Value::Object(members) = &mut comment {
        members.insert("event_type".into(), json!("Comment"));
        members.insert("via_reference_id".into(), Value::Null);
        members.remove("metadata");
    }
    comment
}

/// The comment in a ticket's list.
pub(super) fn comment(renderer: &Renderer, row: &Row) -> Vec<u8> {
    comment_value(renderer, row).to_string().into_bytes()
}

fn comment_value(renderer: &Renderer, row: &Row) -> Value {
    let mut dice = renderer.dice(row.id, 5);
    let plain = format!("{} · {}", dice.pick(SENTENCES), row.id % 1_000);
    json!({
        "id": comment_id(row),
        "type": "Comment",
        "author_id": author(renderer, row),
        "body": plain,
        "html_body": format!("<div class=\"zd-comment\" dir=\"auto\"><p dir=\"auto\">{plain}</p></div>"),
        "plain_body": plain,
        "public": is_public(renderer, row),
        "attachments": [],
        "audit_id": row.id,
        "via": via(renderer, row),
        "created_at": at_second(row.created).to_string(),
        "metadata": {"system": {}, "custom": {}},
    })
}

/// The audit.
pub(super) fn audit(renderer: &Renderer, row: &Row, _: Guise) -> Vec<u8> {
    let mut events = Vec::new();
    if row.marked {
        let mut comment = comment_value(renderer, row);
        if let Value::Object(members) = &mut comment {
            members.retain(|key, _| !matches!(key.as_str(), "via" | "created_at" | "metadata"));
        }
        events.push(comment);
    }
    for (number, (field, value, before)) in changes(renderer, row).into_iter().enumerate() {
        let id = comment_id(row) + 1 + number as u64;
        events.push(match row.version {
            0 => json!({"id": id, "type": "Create", "value": value, "field_name": field}),
            _ => json!({"id": id, "type": "Change", "value": value, "field_name": field,
                        "previous_value": before}),
        });
    }
    let value = json!({
        "id": row.id,
        "ticket_id": row.parent,
        "created_at": at_second(row.created).to_string(),
        "author_id": author(renderer, row),
        "metadata": {"system": {}, "custom": {}},
        "events": events,
        "via": via(renderer, row),
    });
    value.to_string().into_bytes()
}

/// A comment's id: the event's own keeps numbers free behind it.
pub(super) fn comment_id(row: &Row) -> u64 {
    row.id + 1
}

/// Field, value and value before: text, an array or null.
fn changes(renderer: &Renderer, row: &Row) -> Vec<(&'static str, Value, Value)> {
    let after = match row.fate {
        Fate::Deleted => "deleted",
        Fate::Merged => "closed",
        _ => status_at(renderer, row.parent, row.version),
    };
    if row.fate == Fate::Live && row.version == 0 {
        let requester = author(renderer, row).map(|id| id.to_string());
        return vec![
            ("subject", json!(format!("#{}", row.parent)), Value::Null),
            ("requester_id", json!(requester), Value::Null),
            ("priority", Value::Null, Value::Null),
            ("tags", json!(["sample", "7"]), Value::Null),
            ("status", json!(after), Value::Null),
        ];
    }
    let before = match row.fate {
        Fate::Live => row.version - 1,
        _ => row.version,
    };
    let before = status_at(renderer, row.parent, before);
    let field = format!("revision {}", row.version);
    vec![
        ("status", json!(after), json!(before)),
        ("tags", json!(["7"]), json!([])),
        (
            "custom_ticket_fields",
            json!({"1": field}),
            json!({"1": null}),
        ),
    ]
}

fn author(renderer: &Renderer, row: &Row) -> Option<u64> {
    renderer.some_id("users", &mut renderer.dice(row.id, 3))
}

fn is_public(renderer: &Renderer, row: &Row) -> bool {
    renderer.dice(row.id, 4).percent(80)
}
