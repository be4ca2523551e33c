//! What administrators set up: fields, rules, roles, schedules.

use super::super::stream::{Form, Order, Paging, Stream};
use super::{Ids, TICKET_FIELDS, base};
use Paging::{Bare, Cursor, Either, Offset, Single, Whole};

pub(in super::super) const STREAMS: &[Stream] = &[
    Stream::text("ticket_fields", TICKET_FIELDS, concat!(
        r#"{"url":$url(ticket_fields),"id":$id,"type":$kind(text|checkbox|integer|multiselect|date|tagger),"#,
        r#""title":$name,"raw_title":$name,"description":$text,"raw_description":$text,"#,
        r#""position":$int(99),"active":true,"required":false,"collapsed_for_agents":false,"#,
        r#""regexp_for_validation":null,"title_in_portal":$name,"raw_title_in_portal":$name,"#,
        r#""visible_in_portal":true,"editable_in_portal":true,"required_in_portal":false,"tag":null,"#,
        r#""created_at":$created,"updated_at":$updated,"removable":true,"agent_can_edit":true,"#,
        r#""agent_description":null,"custom_field_options":[],"system_field_options":[]}"#))
        .list("/api/v2/ticket_fields", Either),
    Stream::text("ticket_forms", base(41), concat!(
        r#"{"url":$url(ticket_forms),"id":$id,"name":$name,"raw_name":$name,"display_name":$text,"#,
        r#""raw_display_name":$text,"position":$int(9),"active":true,"default":false,"#,
        r#""end_user_visible":true,"in_all_brands":true,"restricted_brand_ids":[],"#,
        r#""ticket_field_ids":[$ref(ticket_fields)],"agent_conditions":[],"end_user_conditions":[],"#,
        r#""created_at":$created,"updated_at":$updated,"deleted_at":null}"#))
        .begins_with(4)
        .list("/api/v2/ticket_forms", Offset),
    Stream::text("user_fields", base(42), concat!(
        r#"{"url":$url(user_fields),"id":$id,"type":$kind(text|checkbox|integer|decimal|date|dropdown),"#,
        r#""key":"field_$id","title":$name,"description":$text,"raw_title":$name,"#,
        r#""raw_description":$text,"position":$int(9),"active":true,"system":false,"#,
        r#""regexp_for_validation":null,"created_at":$created,"updated_at":$updated}"#))
        .list("/api/v2/user_fields", Either),
    Stream::text("organization_fields", base(43), concat!(
        r#"{"url":$url(organization_fields),"id":$id,"type":$kind(text|checkbox|integer),"#,
        r#""key":"field_$id","title":$name,"description":$text,"raw_title":$name,"#,
        r#""raw_description":$text,"position":$int(9),"active":true,"system":false,"#,
        r#""regexp_for_validation":null,"created_at":$created,"updated_at":$updated}"#))
        .list("/api/v2/organization_fields", Either),
    Stream::text("macros", base(44), concat!(
        r#"{"url":$url(macros),"id":$id,"title":$name,"active":true,"updated_at":$updated,"#,
        r#""created_at":$created,"default":false,"position":$int(999),"description":$text?,"#,
        r#""actions":[{"field":"status","value":$pick(solved|open)},{"field":"comment_value","value":["channel:all",$text]}],"#,
        r#""restriction":null,"raw_title":$name}"#))
        .list("/api/v2/macros", Either)
        .sorted(Order::Name),
    Stream::text("triggers", base(45), concat!(
        r#"{"url":$url(triggers),"id":$id,"title":$name,"active":$bool,"updated_at":$updated,"#,
        r#""created_at":$created,"default":false,"actions":[{"field":"notification_user","value":["requester_id",$text]}],"#,
        r#""conditions":{"all":[{"field":"update_type","operator":"is","value":"Create"}],"any":[]},"#,
        r#""description":null,"position":$int(999),"raw_title":$name,"category_id":$sref(trigger_categories)?}"#))
        .list("/api/v2/triggers", Either)
        .sorted(Order::Name),
    Stream::new("trigger_categories", Ids::Digits(base(46)), Form::Text(r#"{"id":$id,"name":$text,"position":$int(99),"created_at":$created,"updated_at":$updated}"#))
        .list("/api/v2/trigger_categories", Either),
    Stream::text("automations", base(47), concat!(
        r#"{"url":$url(automations),"id":$id,"title":$name,"active":$bool,"updated_at":$updated,"#,
        r#""created_at":$created,"default":false,"actions":[{"field":"status","value":"closed"}],"#,
        r#""conditions":{"all":[{"field":"SOLVED","operator":"greater_than","value":$text}],"any":[]},"#,
        r#""position":$int(999),"raw_title":$name}"#))
        .list("/api/v2/automations", Either),
    Stream::text("views", base(48), concat!(
        r#"{"url":$url(views),"id":$id,"title":$name,"active":$bool,"updated_at":$updated,"#,
        r#""created_at":$created,"default":false,"position":$int(999),"description":$text,"#,
        r#""execution":{"group_by":"status","columns":[{"id":"subject","title":"Subject"}]},"#,
        r#""conditions":{"all":[],"any":[]},"restriction":null,"raw_title":$name}"#))
        .list("/api/v2/views", Either),
    Stream::text("sla_policies", base(49), concat!(
        r#"{"url":$url(slas/policies),"id":$id,"title":$name,"description":$text,"position":$int(9),"#,
        r#""filter":{"all":[],"any":[]},"policy_metrics":[{"priority":"high","metric":"first_reply_time","target":60,"business_hours":false}],"#,
        r#""created_at":$created,"updated_at":$updated}"#))
        .list("/api/v2/slas/policies", Offset),
    Stream::new("group_sla_policies", Ids::Ulid(base(50)), Form::Text(concat!(
        r#"{"url":$url(group_slas/policies),"id":$id,"title":$text,"description":$text,"position":$int(9),"#,
        r#""filter":{"all":[]},"policy_metrics":[],"created_at":$created,"updated_at":$updated}"#)))
        .list("/api/v2/group_slas/policies", Offset),
    Stream::text("schedules", base(51), concat!(
        r#"{"id":$id,"name":$text,"time_zone":"Warsaw","intervals":[{"start_time":1980,"end_time":2460}],"#,
        r#""created_at":$created,"updated_at":$updated}"#))
        .begins_with(3)
        .list("/api/v2/business_hours/schedules", Bare),
    Stream::text("schedule_holidays", base(52), r#"{"id":$id,"name":$text,"start_date":"2024-12-25","end_date":"2024-12-26"}"#)
        .key("holidays")
        .parent("schedules")
        .child("/api/v2/business_hours/schedules/{}/holidays", Bare),
    Stream::text("audit_logs", base(53), concat!(
        r#"{"url":$url(audit_logs),"id":$id,"action_label":"Updated","actor_id":$ref(users),"#,
        r#""source_id":$int(99999),"source_type":"user","source_label":$text,"action":$pick(create|update|destroy|login),"#,
        r#""change_description":$text,"ip_address":"192.0.2.7","created_at":$created,"actor_name":$text}"#))
        .begins_with(30)
        .list("/api/v2/audit_logs", Either),
    Stream::text("custom_roles", base(54), concat!(
        r#"{"id":$id,"name":$text,"description":$text?,"role_type":0,"team_member_count":$int(20),"#,
        r#""created_at":$created,"updated_at":$updated,"configuration":{"ticket_access":"all","chat_access":$bool}}"#))
        .list("/api/v2/custom_roles", Whole),
    Stream::text("custom_statuses", base(55), concat!(
        r#"{"url":$url(custom_statuses),"id":$id,"status_category":$kind(new|open|pending|hold|solved),"#,
        r#""agent_label":$text,"raw_agent_label":$text,"end_user_label":$text,"raw_end_user_label":$text,"#,
        r#""description":$text,"raw_description":$text,"end_user_description":$text,"#,
        r#""raw_end_user_description":$text,"active":true,"default":$bool,"#,
        r#""created_at":$created,"updated_at":$updated}"#))
        .begins_with(5)
        .list("/api/v2/custom_statuses", Bare),
    Stream::new("locales", Ids::Nice, Form::Text(concat!(
        r#"{"url":$url(locales),"id":$id,"locale":$kind(en-US|pl|uk|ja),"name":$text,"native_name":$text,"#,
        r#""presentation_name":$text,"rtl":false,"created_at":$created,"updated_at":$updated}"#)))
        .begins_with(4)
        .list("/api/v2/locales", Whole),
    Stream::text("recipient_addresses", base(56), concat!(
        r#"{"url":$url(recipient_addresses),"id":$id,"brand_id":$ref(brands),"default":false,"name":$text,"#,
        r#""email":"support$id@example.com","forwarding_status":$pick(verified|waiting|failed),"#,
        r#""spf_status":"verified","cname_status":"unknown","domain_verification_status":"unknown","#,
        r#""created_at":$created,"updated_at":$updated}"#))
        .list("/api/v2/recipient_addresses", Either),
    Stream::text("sharing_agreements", base(57), concat!(
        r#"{"url":$url(sharing_agreements),"id":$id,"name":$text,"type":"inbound","status":$pick(accepted|pending),"#,
        r#""partner_name":null,"remote_subdomain":"partner","created_at":$created,"updated_at":$updated}"#))
        .list("/api/v2/sharing_agreements", Whole),
    Stream::text("targets", base(58), concat!(
        r#"{"url":$url(targets),"id":$id,"created_at":$created,"type":"email_target","title":$text,"#,
        r#""active":$bool,"email":"target@example.com","subject":$text}"#))
        .list("/api/v2/targets", Whole),
    Stream::new("job_statuses", Ids::Uuid(base(59)), Form::Text(concat!(
        r#"{"url":$url(job_statuses),"id":$id,"job_type":"Bulk Update Ticket","status":$pick(queued|working|completed|failed),"#,
        r#""total":$int(100),"progress":$int(100),"message":$text,"results":null}"#)))
        .list("/api/v2/job_statuses", Cursor),
    Stream::text("workspaces", base(60), concat!(
        r#"{"url":$url(workspaces),"id":$id,"title":$text,"description":$text,"macro_ids":[],"ticket_form_id":$ref(ticket_forms),"#,
        r#""apps":[],"position":$int(9),"activated":true,"prefer_workspace_app_order":true,"#,
        r#""conditions":{"all":[],"any":[]},"created_at":$created,"updated_at":$updated}"#))
        .list("/api/v2/workspaces", Offset),
    Stream::text("dynamic_content", base(61), concat!(
        r#"{"url":$url(dynamic_content/items),"id":$id,"name":$text,"placeholder":"{{dc.item_$id}}","#,
        r#""default_locale_id":1,"outdated":$bool,"variants":[],"created_at":$created,"updated_at":$updated}"#))
        .key("items")
        .list("/api/v2/dynamic_content/items", Either),
    Stream::text("resource_collections", base(62), concat!(
        r#"{"id":$id,"resources":[{"identifier":"my_field","resource_id":$int(999),"type":"ticket_fields"}],"#,
        r#""created_at":$created,"updated_at":$updated}"#))
        .list("/api/v2/resource_collections", Offset),
    Stream::new("routing_attributes", Ids::Uuid(base(63)), Form::Text(r#"{"url":$url(routing/attributes),"id":$id,"name":$text,"created_at":$created,"updated_at":$updated}"#))
        .key("attributes")
        .list("/api/v2/routing/attributes", Offset),
    Stream::new("attribute_definitions", Ids::Nice, Form::Text(concat!(
        r#"{"conditions_all":[{"title":$text,"subject":"number_of_incidents","type":"text","group":"ticket","nullable":false,"repeatable":false,"operators":[{"value":"is","title":"Is"}]}],"#,
        r#""conditions_any":[{"title":$text,"subject":"brand","type":"list","group":"ticket","nullable":false,"repeatable":true,"values":[{"value":"1","title":"A","enabled":true}]}]}"#)))
        .key("definitions")
        .begins_with(1)
        .list("/api/v2/routing/attributes/definitions", Single),
    Stream::new("queues", Ids::Ulid(base(64)), Form::Text(concat!(
        r#"{"url":$url(queues),"id":$id,"name":$text,"description":$text?,"order":$int(9),"priority":$int(9),"#,
        r#""definition":{"all":[],"any":[]},"primary_groups":{"count":0,"groups":[]},"secondary_groups":{"count":0,"groups":[]},"#,
        r#""created_at":$created,"updated_at":$updated}"#)))
        .list("/api/v2/queues", Bare),
    Stream::text("deletion_schedules", base(65), concat!(
        r#"{"url":$url(deletion_schedules),"id":$id,"title":$text,"description":$text?,"active":$bool,"object":"zen:ticket","#,
        r#""conditions":{"all":[],"any":[]},"created_at":$created,"updated_at":$updated}"#))
        .list("/api/v2/deletion_schedules", Bare),
    Stream::new("custom_objects", Ids::Word("object"), Form::Text(concat!(
        r#"{"url":$url(custom_objects),"key":$id,"created_by_user_id":$sref(users),"updated_by_user_id":$sref(users),"#,
        r#""created_at":$created,"updated_at":$updated,"title":$text,"raw_title":$text,"title_pluralized":$text,"#,
        r#""raw_title_pluralized":$text,"description":$text?,"raw_description":$text?,"include_in_list_view":true,"#,
        r#""allows_attachments":false,"allows_photos":false}"#)))
        .begins_with(2)
        .list("/api/v2/custom_objects", Bare),
    Stream::new("custom_object_records", Ids::Ulid(base(66)), Form::Text(concat!(
        r#"{"url":$url(custom_objects/records),"id":$id,"name":$text,"custom_object_key":"object_$parent","#,
        r#""custom_object_fields":{"colour":$pick(red|синій)?,"price":$int(9999),"sold":$bool},"#,
        r#""created_by_user_id":$sref(users),"updated_by_user_id":$sref(users),"#,
        r#""created_at":$created,"updated_at":$updated,"external_id":$text?,"photo":null}"#)))
        .tombstones()
        .begins_with(40)
        .parent("custom_objects")
        .child("/api/v2/custom_objects/{}/records", Cursor)
        .cursor("/api/v2/incremental/custom_objects/{}/cursor"),
];
