//! What is measured of a ticket: its metrics, and the events they are made of.

use serde_json::{Value, json};

use super::renderer::{Guise, Renderer, at_second};
use super::row::Row;
use super::ticket::status;
use super::user::ZENDESK_HOST;

/// Distance between a ticket's id and that of its metrics.
pub(super) const METRIC_IDS: u64 = 5_000_000_000_000;

const METRICS: &[&str] = &[
    "agent_work_time",
    "pausable_update_time",
    "periodic_update_time",
    "reply_time",
    "requester_wait_time",
    "resolution_time",
];
const TYPES: &[&str] = &[
    "pause",
    "fulfill",
    "apply_sla",
    "breach",
    "update_status",
    "measure",
];

/// The metrics of a ticket.
pub(super) fn metric(renderer: &Renderer, row: &Row, _: Guise) -> Vec<u8> {
    let id = METRIC_IDS + row.id;
    let mut dice = renderer.changing(row);
    let created = at_second(row.created).to_string();
    let updated = at_second(row.updated).to_string();
    let solved = matches!(status(renderer, row), "solved" | "closed");
    let mut minutes = |known: bool| match known {
        true => json!({"calendar": dice.below(5_000), "business": dice.below(900)}),
        false => json!({"calendar": null, "business": null}),
    };
    let value = json!({
        "url": format!("https://{ZENDESK_HOST}/api/v2/ticket_metrics/{id}.json"),
        "id": id,
        "ticket_id": row.id,
        "created_at": created,
        "updated_at": updated,
        "group_stations": 1,
        "assignee_stations": row.version.min(3),
        "reopens": row.version / 3,
        "replies": row.version,
        "assignee_updated_at": null,
        "requester_updated_at": created,
        "status_updated_at": updated,
        "custom_status_updated_at": updated,
        "initially_assigned_at": null,
        "assigned_at": null,
        "solved_at": solved.then_some(&updated),
        "latest_comment_added_at": created,
        "reply_time_in_minutes": minutes(row.version > 0),
        "first_resolution_time_in_minutes": minutes(solved),
        "full_resolution_time_in_minutes": minutes(solved),
        "agent_wait_time_in_minutes": minutes(false),
        "requester_wait_time_in_minutes": minutes(solved),
        "on_hold_time_in_minutes": json!({"calendar": 0, "business": 0}),
    });
    value.to_string().into_bytes()
}

/// One metric event. The first two of a ticket begin measuring; later ones are of all types.
pub(super) fn event(renderer: &Renderer, row: &Row, _: Guise) -> Vec<u8> {
    let mut dice = renderer.stable(row);
    let kind = match row.version {
        0 => "activate",
        _ => dice.pick(TYPES),
    };
    let mut value = json!({
        "id": row.id,
        "ticket_id": row.parent,
        "metric": dice.pick(METRICS),
        "instance_id": row.version + 1,
        "type": kind,
        "time": at_second(row.place).to_string(),
    });
    let more = match kind {
        "apply_sla" => Some((
            "sla",
            json!({
                "target": 60, "business_hours": false,
                "policy": {"id": 1, "title": "Urgent", "description": null},
            }),
        )),
        "update_status" => Some((
            "status",
            json!({"calendar": dice.below(500), "business": 0}),
        )),
        "breach" => Some(("deleted", json!(dice.percent(20)))),
        _ => None,
    };
    if let (Value::Object(members), Some((key, extra))) = (&mut value, more) {
        members.insert(key.into(), extra);
    }
    value.to_string().into_bytes()
}
