//! Tickets where they look like something else.

use serde_json::json;

use super::super::renderer::{Guise, Renderer, at_second};
use super::super::row::Row;
use super::super::user::ZENDESK_HOST;
use super::{SUBJECTS, status_at, ticket};

/// The row in `/deleted_tickets`.
pub(in super::super) fn deleted(renderer: &Renderer, row: &Row, _: Guise) -> Vec<u8> {
    let mut dice = renderer.stable(row);
    let subject = format!("{} #{}", dice.pick(SUBJECTS), row.id);
    let (actor, _) = renderer.some("users", &mut dice);
    let value = json!({
        "id": row.id,
        "subject": subject,
        "actor": {"id": actor.parse::<u64>().ok(), "name": "Grace Hopper"},
        "deleted_at": at_second(row.updated).to_string(),
        "previous_state": status_at(renderer, row.id, row.version),
    });
    value.to_string().into_bytes()
}

/// The end user's view of it, as `/requests` gives it.
pub(in super::super) fn request(renderer: &Renderer, row: &Row, guise: Guise) -> Vec<u8> {
    let ticket = ticket(renderer, row, guise);
    let value = json!({
        "url": format!("https://{ZENDESK_HOST}/api/v2/requests/{}.json", row.id),
        "id": row.id,
        "status": ticket.status,
        "priority": ticket.priority,
        "type": ticket.r#type,
        "subject": ticket.subject,
        "description": ticket.description,
        "organization_id": ticket.organization_id,
        "via": ticket.via,
        "custom_fields": ticket.custom_fields,
        "requester_id": ticket.requester_id,
        "collaborator_ids": [],
        "email_cc_ids": [],
        "is_public": true,
        "due_at": null,
        "can_be_solved_by_me": false,
        "created_at": at_second(row.created).to_string(),
        "updated_at": at_second(row.updated).to_string(),
        "recipient": ticket.recipient,
        "followup_source_id": null,
        "assignee_id": ticket.assignee_id,
        "ticket_form_id": ticket.ticket_form_id,
        "custom_status_id": ticket.custom_status_id,
        "fields": ticket.fields,
    });
    value.to_string().into_bytes()
}
