//! How the account is set up: small lists, read whole.

use super::{Pagination, StreamSpec};
use Pagination::{Cursor, Offset, Single};

pub(super) fn rows() -> Vec<StreamSpec> {
    vec![
        StreamSpec::list("ticket_fields", "/api/v2/ticket_fields.json", Cursor),
        StreamSpec::list("ticket_forms", "/api/v2/ticket_forms.json", Offset)
            .needs("agent; a plan with ticket forms"),
        StreamSpec::list("user_fields", "/api/v2/user_fields.json", Cursor),
        StreamSpec::list(
            "organization_fields",
            "/api/v2/organization_fields.json",
            Cursor,
        ),
        StreamSpec::list("macros", "/api/v2/macros.json", Cursor),
        StreamSpec::list("triggers", "/api/v2/triggers.json", Cursor),
        StreamSpec::list(
            "trigger_categories",
            "/api/v2/trigger_categories.json",
            Cursor,
        ),
        StreamSpec::list("automations", "/api/v2/automations.json", Cursor),
        StreamSpec::list("views", "/api/v2/views.json", Cursor),
        StreamSpec::list("sla_policies", "/api/v2/slas/policies.json", Offset)
            .needs("admin; Support Professional or Suite Growth and above"),
        StreamSpec::list(
            "group_sla_policies",
            "/api/v2/group_slas/policies.json",
            Offset,
        )
        .needs("admin; a plan with group service levels"),
        StreamSpec::list("schedules", "/api/v2/business_hours/schedules.json", Single)
            .needs("agent; a plan with schedules"),
        StreamSpec::children(
            "schedule_holidays",
            "schedules",
            "/api/v2/business_hours/schedules/{id}/holidays.json",
        )
        .key("holidays")
        .unversioned()
        .in_one_answer()
        .needs("agent; a plan with schedules"),
        StreamSpec::list("audit_logs", "/api/v2/audit_logs.json", Cursor)
            .version("created_at")
            .needs("admin; a plan with audit logs"),
        StreamSpec::list("custom_roles", "/api/v2/custom_roles.json", Single)
            .needs("agent; Enterprise and above"),
        StreamSpec::list("custom_statuses", "/api/v2/custom_statuses.json", Single),
        StreamSpec::list("locales", "/api/v2/locales.json", Single),
        StreamSpec::list(
            "recipient_addresses",
            "/api/v2/recipient_addresses.json",
            Cursor,
        ),
        StreamSpec::list(
            "sharing_agreements",
            "/api/v2/sharing_agreements.json",
            Single,
        )
        .unversioned(),
        StreamSpec::list("targets", "/api/v2/targets.json", Single).unversioned(),
        StreamSpec::list("job_statuses", "/api/v2/job_statuses.json", Cursor).unversioned(),
        StreamSpec::list("workspaces", "/api/v2/workspaces.json", Offset)
            .needs("agent; a plan with contextual workspaces"),
        StreamSpec::list(
            "dynamic_content",
            "/api/v2/dynamic_content/items.json",
            Cursor,
        )
        .key("items"),
        StreamSpec::list(
            "resource_collections",
            "/api/v2/resource_collections.json",
            Offset,
        )
        .needs("admin"),
        StreamSpec::list(
            "routing_attributes",
            "/api/v2/routing/attributes.json",
            Offset,
        )
        .key("attributes")
        .needs("agent; a plan with skills-based routing"),
        StreamSpec::list(
            "attribute_definitions",
            "/api/v2/routing/attributes/definitions.json",
            Single,
        )
        .key("definitions")
        .unversioned()
        .needs("admin; a plan with skills-based routing")
        .note("one record that holds all conditions"),
        StreamSpec::list("queues", "/api/v2/queues.json", Single)
            .needs("admin; a plan with omnichannel routing"),
        StreamSpec::list(
            "deletion_schedules",
            "/api/v2/deletion_schedules.json",
            Single,
        )
        .needs("admin"),
        StreamSpec::list("custom_objects", "/api/v2/custom_objects.json", Single).id("key"),
    ]
}
