//! Users, tickets, organizations and what joins them.

use super::{DeletionSign, Options, Pagination, Place, StreamSpec};

pub(super) fn rows() -> Vec<StreamSpec> {
    vec![
        StreamSpec::incremental("tickets", "/api/v2/incremental/tickets/cursor.json")
            .version("generated_timestamp")
            .listed_by("updated_at")
            .search("ticket")
            .listed_at("/api/v2/tickets.json")
            .count("/api/v2/tickets/count.json")
            .deleted(DeletionSign::Status)
            .expiring()
            .options(Options {
                support_type_scope: true,
                exclude_deleted: true,
                include: true,
            }),
        StreamSpec::incremental("users", "/api/v2/incremental/users/cursor.json")
            .search("user")
            .listed_at("/api/v2/users.json")
            .count("/api/v2/users/count.json")
            .deleted_in("deleted_users")
            .deleted(DeletionSign::Inactive)
            .options(Options {
                include: true,
                ..Options::default()
            }),
        StreamSpec::inside(
            "user_identities",
            "users",
            Place::Beside("identities".into()),
        )
        .sideload("identities")
        .key("identities"),
        StreamSpec::time("organizations", "/api/v2/incremental/organizations.json")
            .sized("per_page")
            .search("organization")
            .listed_at("/api/v2/organizations.json")
            .count("/api/v2/organizations/count.json")
            .deleted(DeletionSign::DeletedAt)
            .options(Options {
                include: true,
                ..Options::default()
            })
            .note("a deletion may not show in the export"),
        StreamSpec::list("groups", "/api/v2/groups.json", Pagination::Cursor)
            .with("exclude_deleted", "false")
            .search("group")
            .count("/api/v2/groups/count.json")
            .deleted(DeletionSign::Flag),
        StreamSpec::list(
            "group_memberships",
            "/api/v2/group_memberships.json",
            Pagination::Cursor,
        ),
        StreamSpec::list(
            "organization_memberships",
            "/api/v2/organization_memberships.json",
            Pagination::Cursor,
        ),
        StreamSpec::list(
            "organization_subscriptions",
            "/api/v2/organization_subscriptions.json",
            Pagination::Cursor,
        )
        .version("created_at"),
        StreamSpec::list("brands", "/api/v2/brands.json", Pagination::Cursor)
            .with("include_deleted", "true")
            .deleted(DeletionSign::IsDeleted)
            .needs("admin")
            .note("agents see the brands of their groups only"),
        StreamSpec::list(
            "brand_agents",
            "/api/v2/brand_agents.json",
            Pagination::Cursor,
        )
        .unversioned()
        .needs("admin"),
        StreamSpec::list(
            "deleted_users",
            "/api/v2/deleted_users.json",
            Pagination::Cursor,
        )
        .count("/api/v2/deleted_users/count.json")
        .expiring()
        .deleted(DeletionSign::Always)
        .note("the permanently deleted are among them"),
        StreamSpec::list(
            "deleted_tickets",
            "/api/v2/deleted_tickets.json",
            Pagination::Cursor,
        )
        .expiring()
        .version("deleted_at")
        .deleted(DeletionSign::Always)
        .options(Options {
            support_type_scope: true,
            ..Options::default()
        })
        .note("of the last 30 days; archived and scrubbed ones are left out"),
        StreamSpec::list(
            "suspended_tickets",
            "/api/v2/suspended_tickets.json",
            Pagination::Cursor,
        )
        .expiring()
        .needs("admin, or an agent with leave to see them"),
        StreamSpec::list("tags", "/api/v2/tags.json", Pagination::Cursor)
            .expiring()
            .id("name")
            .unversioned()
            .note("the 20,000 most used of the last 60 days"),
        StreamSpec::list("requests", "/api/v2/requests.json", Pagination::Cursor)
            .expiring()
            .note("tickets as their requesters see them"),
        StreamSpec::list("activities", "/api/v2/activities.json", Pagination::Cursor)
            .expiring()
            .note("of the calling agent alone, of the last 30 days"),
        StreamSpec::list("skips", "/api/v2/skips.json", Pagination::Cursor)
            .expiring()
            .needs("agent with leave to see reports"),
    ]
}
