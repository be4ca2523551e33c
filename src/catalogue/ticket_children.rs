//! What belongs to tickets.

use super::{DeletionSign, Options, Pagination, Place, StreamSpec};

pub(super) fn rows() -> Vec<StreamSpec> {
    vec![
        StreamSpec::time("ticket_events", "/api/v2/incremental/ticket_events.json")
            .version("timestamp")
            .options(Options {
                support_type_scope: true,
                include: true,
                ..Options::default()
            })
            .note("what changed in tickets, added only; redaction changes old ones unseen"),
        StreamSpec::inside(
            "ticket_comments",
            "ticket_events",
            Place::ChildEvents("Comment".into()),
        )
        .sideload("comment_events")
        .key("child_events")
        .version("timestamp")
        .needs("admin"),
        StreamSpec::children(
            "ticket_audits",
            "tickets",
            "/api/v2/tickets/{id}/audits.json",
        )
        .key("audits")
        .version("created_at")
        .append_only()
        .note("one request for each ticket that changed"),
        StreamSpec::inside(
            "ticket_metrics",
            "tickets",
            Place::Field("metric_set".into()),
        )
        .sideload("metric_sets")
        .key("metric_set")
        .needs("admin"),
        StreamSpec::time(
            "ticket_metric_events",
            "/api/v2/incremental/ticket_metric_events.json",
        )
        .version("time")
        .deleted(DeletionSign::Flag)
        .options(Options {
            exclude_deleted: true,
            ..Options::default()
        }),
        StreamSpec::children(
            "side_conversations",
            "tickets",
            "/api/v2/tickets/{id}/side_conversations.json",
        )
        .needs("agent; Collaboration add-on")
        .note("one request for each ticket that changed"),
        StreamSpec::time(
            "side_conversation_events",
            "/api/v2/tickets/side_conversations/events.json",
        )
        .key("events")
        .version("created_at")
        .needs("agent; Collaboration add-on"),
        StreamSpec::list(
            "satisfaction_ratings",
            "/api/v2/satisfaction_ratings.json",
            Pagination::Cursor,
        )
        .needs("admin; satisfaction ratings enabled"),
        StreamSpec::list(
            "satisfaction_reasons",
            "/api/v2/satisfaction_reasons.json",
            Pagination::Single,
        )
        .key("reasons")
        .needs("admin; satisfaction ratings enabled"),
    ]
}
