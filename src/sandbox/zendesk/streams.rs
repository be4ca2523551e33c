//! The catalogue: one row per stream, in the order of Zendesk's documents.

use super::ids::Ids;
use super::stream::Stream;

pub(super) mod core;
mod help_center;
mod settings;
mod talk;
mod tickets;

/// Ids of users begin just below 14 digits, so that both lengths occur and sorting them as text
/// fails.
const USERS: Ids = Ids::Long(9_999_990_000_000);

const TICKET_FIELDS: u64 = base(40);

/// All streams.
pub(super) fn all() -> impl Iterator<Item = &'static Stream> {
    let tables = [
        core::STREAMS,
        tickets::STREAMS,
        settings::STREAMS,
        help_center::STREAMS,
        talk::STREAMS,
    ];
    tables.into_iter().flatten()
}

/// Id of the user whose credentials the client has: the first one.
pub(super) fn owner() -> u64 {
    USERS.nth(0)
}

/// Id of the `number`th custom field of tickets.
pub(super) fn ticket_field_id(number: u64) -> u64 {
    Ids::Long(TICKET_FIELDS).nth(number)
}

/// Where the ids of a small stream begin: 12 digits, with room for ten thousand records.
const fn base(place: u64) -> u64 {
    360_000_000_000 + place * 10_000_000_000
}
