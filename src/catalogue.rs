//! The streams that can be kept in sync: one row each. Data only.
//!
//! A row says where a stream is found, which export reads it, and which of its fields are its
//! key, its version and its sign of deletion. Everything else in the house is written against
//! rows, so that a new stream is a new row. Streams that are not here can be declared in the
//! configuration, which makes a row of the same kind.
//!
//! Source of the rows: Zendesk's API reference and its OpenAPI files, July to October 2026, and
//! recorded traffic where the two differ.

use std::borrow::Cow;
use std::sync::LazyLock;

mod configuration;
mod core;
mod custom_objects;
mod help_center;
mod row;
mod ticket_children;
mod voice_and_chat;

/// A word of a row: written here, or in somebody's configuration.
pub type Text = Cow<'static, str>;

/// How one kind of Zendesk record is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamSpec {
    /// The stream's name in configuration, state and logs.
    pub name: Text,
    /// The chapter of the catalogue.
    pub area: Area,
    /// How it is read unless the configuration says otherwise.
    pub reading: Reading,
    /// Key of the records in an answer; dots lead into objects. What it holds is an array of
    /// records, or one object that is the only record.
    pub records_key: Text,
    /// Field that holds the primary key; several with `+` between them, where only together they
    /// are one.
    pub id_field: Text,
    /// Field that holds the version: RFC 3339 text, Unix seconds or microseconds. `None` where
    /// records carry none.
    pub version_field: Option<Text>,
    /// Field of the version in search results and lists, if it is another.
    pub listed_version_field: Option<Text>,
    /// Records in the largest page that is served.
    pub page_max: u32,
    /// Query parameters that every request carries.
    pub query: Vec<(Text, Text)>,
    /// Its `filter[type]` in the search export.
    pub search_type: Option<Text>,
    /// A cursor-paginated list of the present records, for streams that are read otherwise.
    pub list_path: Option<Text>,
    /// The row of the list of its deleted records, where there is one.
    pub deleted_in: Option<Text>,
    /// Where the number of present records is found.
    pub count_path: Option<Text>,
    /// How a deletion shows in the records.
    pub deletion: DeletionSign,
    /// What it means for a record to be gone from the stream's list.
    pub leaving: Leaving,
    /// Zendesk's parameters that the configuration may set.
    pub options: Options,
    /// Role and plan it takes, for people.
    pub needs: Text,
    /// What to know about it, for people; may be empty.
    pub note: Text,
}

/// A chapter of the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// Users, tickets, organizations and what joins them.
    Core,
    /// What belongs to tickets.
    TicketChildren,
    /// How the account is set up.
    Configuration,
    /// Help centre and community.
    HelpCenter,
    /// Talk and Chat.
    VoiceAndChat,
    /// Records of custom objects.
    CustomObjects,
    /// Declared in the configuration.
    Declared,
}

impl Area {
    /// For headings.
    pub fn title(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::TicketChildren => "children of tickets",
            Self::Configuration => "configuration",
            Self::HelpCenter => "help centre and community",
            Self::VoiceAndChat => "talk and chat",
            Self::CustomObjects => "custom objects",
            Self::Declared => "declared",
        }
    }
}

/// The ways to read a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The incremental cursor export.
    Incremental {
        /// Path of the export.
        path: Text,
    },
    /// The incremental time export.
    Time {
        /// Path of the export.
        path: Text,
        /// What `start_time` and `end_time` count.
        unit: TimeUnit,
        /// How the last page is known.
        end: StreamEnd,
        /// Query parameter for the records in a page; `None` where the endpoint takes none and
        /// serves its largest pages.
        size: Option<Text>,
    },
    /// The whole list, of which what changed is passed on.
    List {
        /// Path of the list.
        path: Text,
        /// How its pages follow one another.
        pagination: Pagination,
    },
    /// Part of another stream's pages: costs no request.
    Inside {
        /// The stream it is read with.
        parent: Text,
        /// The sideload to ask for, if any.
        include: Option<Text>,
        /// Where in the parent's answer its records are.
        place: Place,
    },
    /// A list of its own under each parent that changed.
    Children {
        /// The stream it is read with.
        parent: Text,
        /// Path of the list; `{field}` stands for the parent's value of that field.
        path: Text,
        /// How its pages follow one another.
        pagination: Pagination,
        /// Records are added only, never changed or removed.
        append_only: bool,
    },
}

/// What the times of a time export count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeUnit {
    /// Since 1970.
    Seconds,
    /// Since 1970; only the agent timeline of Chat.
    Microseconds,
}

/// How the last page of a time export is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamEnd {
    /// By `end_of_stream`; where that is missing, by a page that is empty or does not move.
    EndOfStream,
    /// By a page with fewer records than the largest: `next_page` is never null.
    ShortPage,
}

/// How the pages of a list follow one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pagination {
    /// `page[size]` and `page[after]`.
    Cursor,
    /// `page` and `per_page`, at most 100 pages.
    Offset,
    /// There is one answer.
    Single,
}

/// Where records are inside another stream's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// One object in each parent record, under this key.
    Field(Text),
    /// An array beside the parents, under this key.
    Beside(Text),
    /// Elements of the parent's `child_events` with this `event_type`; they get the parent's
    /// `ticket_id` and `timestamp`.
    ChildEvents(Text),
}

/// How a deletion shows in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeletionSign {
    /// Not at all.
    None,
    /// Users: `active` is false; `permanently_deleted` tells the two kinds apart.
    Inactive,
    /// Tickets: `status` is `deleted`; scrubbed ones have lost their subject.
    Status,
    /// `deleted_at` has a value.
    DeletedAt,
    /// `deleted` is true.
    Flag,
    /// Brands: `is_deleted` is true.
    IsDeleted,
    /// Every record is one: a list of what was deleted.
    Always,
}

/// What it means for a record to be gone from its list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// It was deleted.
    Deletion,
    /// Nothing: the list holds what is recent, popular or waiting, and loses it in time.
    Expiry,
}

/// Zendesk's parameters that the configuration may set for a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// `support_type_scope`.
    pub support_type_scope: bool,
    /// `exclude_deleted`.
    pub exclude_deleted: bool,
    /// `include`.
    pub include: bool,
}

impl StreamSpec {
    /// The stream that this one is read with, directly; `None` for a stream that is read by itself.
    pub fn parent(&self) -> Option<&str> {
        match &self.reading {
            Reading::Inside { parent, .. } | Reading::Children { parent, .. } => Some(parent),
            Reading::Incremental { .. } | Reading::Time { .. } | Reading::List { .. } => None,
        }
    }

    /// Path of the requests that read it; `None` for a stream that costs none.
    pub fn path(&self) -> Option<&str> {
        match &self.reading {
            Reading::Incremental { path }
            | Reading::Time { path, .. }
            | Reading::List { path, .. }
            | Reading::Children { path, .. } => Some(path),
            Reading::Inside { .. } => None,
        }
    }

    /// The words for the exports it can be read by, the default first.
    pub fn exports(&self) -> Vec<&'static str> {
        let own = match self.reading {
            Reading::Incremental { .. } => Some("incremental"),
            Reading::Time { .. } => Some("time"),
            Reading::List { .. } => Some("list"),
            Reading::Inside { .. } | Reading::Children { .. } => return Vec::new(),
        };
        let search = self.search_type.as_ref().map(|_| "search");
        let list = self.list_path.as_ref().map(|_| "list");
        own.into_iter().chain(search).chain(list).collect()
    }

    /// Field of the version in search results and lists.
    pub fn listed_version(&self) -> Option<&Text> {
        self.listed_version_field
            .as_ref()
            .or(self.version_field.as_ref())
    }
}

static CATALOGUE: LazyLock<Vec<StreamSpec>> = LazyLock::new(|| {
    let chapters = [
        (Area::Core, core::rows()),
        (Area::TicketChildren, ticket_children::rows()),
        (Area::Configuration, configuration::rows()),
        (Area::CustomObjects, custom_objects::rows()),
        (Area::HelpCenter, help_center::rows()),
        (Area::VoiceAndChat, voice_and_chat::rows()),
    ];
    let of_chapter = |(area, rows): (Area, Vec<StreamSpec>)| {
        rows.into_iter().map(move |row| StreamSpec { area, ..row })
    };
    chapters.into_iter().flat_map(of_chapter).collect()
});

/// Every stream, in the order in which they are shown.
pub fn all() -> &'static [StreamSpec] {
    &CATALOGUE
}

/// The stream of this name.
pub fn find(name: &str) -> Option<&'static StreamSpec> {
    all().iter().find(|spec| spec.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn names_are_unique_and_fit_every_place() {
        let mut seen = HashSet::new();
        for spec in all() {
            assert!(seen.insert(&spec.name), "{} is there twice", spec.name);
            let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(spec.name.chars().all(fits), "{}", spec.name);
        }
    }

    #[test]
    fn parents_are_streams_that_can_be_walked() {
        for spec in all() {
            let mut above = spec;
            for _ in 0..3 {
                let Some(parent) = above.parent() else { break };
                above = find(parent).unwrap_or_else(|| panic!("{} of {parent}", spec.name));
            }
            assert_eq!(above.parent(), None, "{} has no root", spec.name);
        }
    }

    #[test]
    fn paths_are_absolute_and_have_no_query() {
        for spec in all() {
            for path in [
                spec.path(),
                spec.list_path.as_deref(),
                spec.count_path.as_deref(),
            ] {
                let Some(path) = path else { continue };
                assert!(path.starts_with("/api/v2/"), "{path}");
                assert!(path.ends_with(".json") && !path.contains('?'), "{path}");
            }
        }
    }
}
