//! The streams that can be kept in sync: one row each. Data only.

/// How one kind of Zendesk record is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamSpec {
    /// The stream's name in configuration, state and logs.
    pub name: &'static str,
    /// Path of its incremental cursor export.
    pub incremental_path: &'static str,
    /// Key of the records in that export's pages.
    pub records_key: &'static str,
    /// Its `filter[type]` in the search export.
    pub search_type: &'static str,
    /// Field that holds the primary key.
    pub id_field: &'static str,
    /// Field that holds the version: RFC 3339 text or Unix seconds.
    pub version_field: &'static str,
}

/// Every stream, in the order in which they are shown.
pub const CATALOGUE: &[StreamSpec] = &[StreamSpec {
    name: "users",
    incremental_path: "/api/v2/incremental/users/cursor.json",
    records_key: "users",
    search_type: "user",
    id_field: "id",
    version_field: "updated_at",
}];
