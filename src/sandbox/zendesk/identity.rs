//! The ways in which a user is known: an e-mail address, a phone number.

use super::renderer::{Guise, Renderer, instant};
use super::row::Row;
use super::user::ZENDESK_HOST;

/// One of a user's identities; the first is the e-mail address, the second the phone number.
pub(super) fn json_of(renderer: &Renderer, row: &Row, _: Guise) -> Vec<u8> {
    let phone = row.marked;
    let (kind, value) = match phone {
        false => ("email", format!("user{}@example.com", row.parent)),
        true => (
            "phone_number",
            format!("+48 600 {:06}", row.parent % 999_983),
        ),
    };
    let (user, id) = (row.parent, row.id);
    let verified = renderer.changing(row).percent(50);
    let (created, updated) = (instant(row.created), instant(row.updated));
    let mail = match phone {
        false => ",\"undeliverable_count\":0,\"deliverable_state\":\"deliverable\"",
        true => "",
    };
    format!(
        "{{\"url\":\"https://{ZENDESK_HOST}/api/v2/users/{user}/identities/{id}.json\",\"id\":{id},\
         \"user_id\":{user},\"type\":\"{kind}\",\"value\":\"{value}\",\"verified\":{verified},\
         \"primary\":{},\"created_at\":{created},\"updated_at\":{updated}{mail}}}",
        !phone
    )
    .into_bytes()
}

/// Whether a user has an e-mail address: 70 % have none.
pub(super) fn has_email(renderer: &Renderer, id: u64) -> bool {
    renderer.dice(id, 101).percent(30)
}

/// Whether a user has a phone number.
pub(super) fn has_phone(renderer: &Renderer, id: u64) -> bool {
    renderer.dice(id, 102).percent(10)
}
