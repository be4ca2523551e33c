//! Tickets, and everything that is told about them.

use super::super::stream::{Flavour, Form, Order, Paging, Stream};
use super::super::{audit, metric, ticket};
use super::{Ids, base};
use Paging::{Audits, Either, Whole};

/// The happenings of tickets: events, audits and comments.
const EVENTS: Ids = Ids::Long(20_000_000_000_000);

pub(in super::super) const STREAMS: &[Stream] = &[
    Stream::new("tickets", Ids::Nice, Form::Made(ticket::json_of))
        .tombstones()
        .begins_with(60)
        .list("/api/v2/tickets", Either)
        .cursor("/api/v2/incremental/tickets/cursor")
        .time("/api/v2/incremental/tickets", Flavour::Support),
    Stream::new("ticket_events", EVENTS, Form::Made(audit::event))
        .parent("tickets")
        .begins_with(0)
        .time("/api/v2/incremental/ticket_events", Flavour::Support),
    Stream::new("ticket_comments", EVENTS, Form::Made(audit::comment_child))
        .key("comments")
        .view("ticket_events")
        .parent("tickets")
        .child("/api/v2/tickets/{}/comments", Either),
    Stream::new("ticket_audits", EVENTS, Form::Made(audit::audit))
        .key("audits")
        .view("ticket_events")
        .parent("tickets")
        .list("/api/v2/ticket_audits", Audits)
        .sorted(Order::Newest)
        .child("/api/v2/tickets/{}/audits", Either),
    Stream::new("ticket_metrics", Ids::Nice, Form::Made(metric::metric))
        .view("tickets")
        .list("/api/v2/ticket_metrics", Either)
        .sorted(Order::Newest),
    Stream::new(
        "ticket_metric_events",
        Ids::Long(30_000_000_000_000),
        Form::Made(metric::event),
    )
    .parent("tickets")
    .begins_with(0)
    .time(
        "/api/v2/incremental/ticket_metric_events",
        Flavour::MetricEvents,
    ),
    Stream::new(
        "side_conversations",
        Ids::Uuid(base(20)),
        Form::Text(concat!(
            r#"{"url":$url(side_conversations),"id":$id,"ticket_id":$parent,"subject":$text,"#,
            r#""preview_text":$text,"state":$pick(open|closed),"participants":[],"#,
            r#""created_at":$created,"updated_at":$updated,"message_added_at":$updated,"#,
            r#""state_updated_at":null,"external_ids":{}}"#
        )),
    )
    .parent("tickets")
    .child("/api/v2/tickets/{}/side_conversations", Either),
    Stream::new("side_conversation_events", Ids::Uuid(base(23)), Form::Text(concat!(
        r#"{"id":$id,"side_conversation_id":$sref(side_conversations),"type":$kind(create|reply|update),"#,
        r#""ticket_id":$ref(tickets),"actor":{"user_id":$ref(users),"name":null,"email":null},"#,
        r#""message":{"subject":$text,"preview_text":$text},"via":"support","updates":{},"created_at":$updated}"#)))
        .key("events")
        .time("/api/v2/tickets/side_conversations/events", Flavour::Articles),
    Stream::text(
        "satisfaction_ratings",
        base(21),
        concat!(
            r#"{"url":$url(satisfaction_ratings),"id":$id,"assignee_id":$ref(users)?,"#,
            r#""group_id":$ref(groups)?,"requester_id":$ref(users),"ticket_id":$ref(tickets),"#,
            r#""score":$pick(offered|good|bad),"created_at":$created,"updated_at":$updated,"#,
            r#""comment":$text?,"reason":$text?,"reason_id":$int(2000)}"#
        ),
    )
    .begins_with(25)
    .list("/api/v2/satisfaction_ratings", Either)
    .sorted(Order::Newest),
    Stream::text(
        "satisfaction_reasons",
        base(22),
        concat!(
            r#"{"url":$url(satisfaction_reasons),"id":$id,"reason_code":$int(2000),"value":$text,"#,
            r#""raw_value":$text,"created_at":$created,"updated_at":$updated,"deleted_at":null}"#
        ),
    )
    .key("reasons")
    .list("/api/v2/satisfaction_reasons", Whole),
];
