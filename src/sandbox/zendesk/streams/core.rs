//! Users, organisations, groups, and what joins them; lists about tickets.

use super::super::stream::{Flavour, Form, Order, Paging, Stream};
use super::super::{identity, ticket, user};
use super::{Ids, USERS, base};
use Paging::{Cursor, Either};

pub(in super::super) const STREAMS: &[Stream] = &[
    Stream::new("users", USERS, Form::Made(user::json_of))
        .tombstones()
        .begins_with(200)
        .list("/api/v2/users", Either)
        .cursor("/api/v2/incremental/users/cursor")
        .time("/api/v2/incremental/users", Flavour::Support),
    Stream::new("user_identities", Ids::Long(40_000_000_000_000), Form::Made(identity::json_of))
        .key("identities")
        .begins_with(0)
        .parent("users")
        .child("/api/v2/users/{}/identities", Either),
    Stream::text("organizations", 15_000_000_000_000, concat!(
        r#"{"url":$url(organizations),"id":$id,"name":$name,"shared_tickets":$bool,"#,
        r#""shared_comments":false,"external_id":$name?,"created_at":$created,"updated_at":$updated,"#,
        r#""domain_names":["example.com"],"details":$text?,"notes":$text,"group_id":$ref(groups)?,"#,
        r#""tags":["7"],"organization_fields":{"tier":$pick(gold|free)?,"seats":$int(500),"#,
        r#""since":"2020-08-19T00:00:00+00:00","partner":$bool}$tombstone}"#))
        .tombstones()
        .begins_with(40)
        .list("/api/v2/organizations", Either)
        .time("/api/v2/incremental/organizations", Flavour::Support),
    Stream::text("groups", base(0), concat!(
        r#"{"url":$url(groups),"id":$id,"is_public":true,"name":$name,"description":$text,"#,
        r#""default":false,"deleted":$deleted,"created_at":$created,"updated_at":$updated}"#))
        .tombstones()
        .list("/api/v2/groups", Either)
        .sorted(Order::Name),
    Stream::text("group_memberships", base(1), concat!(
        r#"{"url":$url(group_memberships),"id":$id,"user_id":$ref(users),"group_id":$ref(groups),"#,
        r#""default":$flip,"created_at":$created?,"updated_at":$updated?}"#))
        .begins_with(25)
        .list("/api/v2/group_memberships", Either),
    Stream::text("organization_memberships", base(2), concat!(
        r#"{"url":$url(organization_memberships),"id":$id,"user_id":$ref(users),"#,
        r#""organization_id":$ref(organizations),"default":true,"organization_name":$text,"#,
        r#""view_tickets":$bool,"created_at":$created,"updated_at":$updated}"#))
        .begins_with(25)
        .list("/api/v2/organization_memberships", Either),
    Stream::text("organization_subscriptions", base(3), concat!(
        r#"{"id":$id,"organization_id":$ref(organizations),"user_id":$ref(users),"#,
        r#""created_at":$created}"#))
        .list("/api/v2/organization_subscriptions", Either),
    Stream::text("brands", base(4), concat!(
        r#"{"url":$url(brands),"id":$id,"name":$name,"brand_url":"https://brand$id.example.com","#,
        r#""has_help_center":true,"help_center_state":$pick(enabled|disabled|restricted),"#,
        r#""active":true,"default":false,"is_deleted":$deleted,"logo":null,"#,
        r#""ticket_form_ids":[$ref(ticket_forms)],"created_at":$created,"updated_at":$updated,"#,
        r#""subdomain":"brand$id","host_mapping":null,"signature_template":$text}"#))
        .tombstones()
        .list("/api/v2/brands", Cursor),
    Stream::text("brand_agents", base(5), concat!(
        r#"{"id":$id,"url":$url(brand_agents),"user_id":$ref(users),"brand_id":$ref(brands),"#,
        r#""created_at":$created,"updated_at":$updated}"#))
        .list("/api/v2/brand_agents", Either),
    Stream::new("deleted_users", USERS, Form::Made(user::deleted))
        .view("users")
        .list("/api/v2/deleted_users", Either),
    Stream::new("deleted_tickets", Ids::Nice, Form::Made(ticket::deleted))
        .view("tickets")
        .list("/api/v2/deleted_tickets", Either),
    Stream::text("suspended_tickets", base(6), concat!(
        r#"{"url":$url(suspended_tickets),"id":$id,"author":{"id":null,"name":$text,"#,
        r#""email":"mailer@example.com"},"subject":$text,"content":$text,"#,
        r#""cause":"Automated response email, delivery failed","cause_id":0,"message_id":null,"#,
        r#""ticket_id":null,"recipient":"support@example.com","created_at":$created,"#,
        r#""updated_at":$updated,"via":{"channel":"email","source":{"from":{},"to":{},"rel":null}},"#,
        r#""brand_id":$ref(brands),"attachments":null,"error_messages":null}"#))
        .list("/api/v2/suspended_tickets", Cursor),
    Stream::new("tags", Ids::Word("tag"), Form::Text(r#"{"name":$id,"count":$int(5000)}"#))
        .begins_with(30)
        .list("/api/v2/tags", Either),
    Stream::new("requests", Ids::Nice, Form::Made(ticket::request))
        .view("tickets")
        .list("/api/v2/requests", Either),
    Stream::text("activities", base(7), concat!(
        r#"{"url":$url(activities),"id":$id,"title":$text,"verb":"tickets.comment","#,
        r#""user_id":$ref(users),"actor_id":$ref(users),"#,
        r#""user":{"id":$ref(users)},"actor":{"id":-1},"object":{"comment":{"value":$text,"public":true}},"#,
        r#""target":{"ticket":{"id":$ref(tickets),"subject":$text}},"#,
        r#""created_at":$created,"updated_at":$updated}"#))
        .list("/api/v2/activities", Either)
        .sorted(Order::Newest),
    Stream::text("skips", base(8), concat!(
        r#"{"id":$id,"ticket_id":$ref(tickets),"user_id":$ref(users),"reason":$text,"#,
        r#""ticket":{"id":$ref(tickets)},"created_at":$created,"updated_at":$updated}"#))
        .list("/api/v2/skips", Either),
];
