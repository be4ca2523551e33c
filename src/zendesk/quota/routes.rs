//! Which limits a request counts against, and what they are taken for before an answer tells.
//!
//! Zendesk's limits as of 2026, from its reference ("rate limits", "incremental exports", the
//! pages of the endpoints named) and from recorded headers; the lower figure where they differ.

use std::time::Duration;

/// What a limit is taken for until headers tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Default {
    /// As Zendesk's headers name it, where they do.
    pub(super) name: &'static str,
    /// Requests in one window.
    pub(super) total: u32,
    pub(super) window: Duration,
    /// One request at a time: exports are heavy, and a page depends on the one before.
    pub(super) one_at_a_time: bool,
    /// Answers carry it in their headers, so one that names others instead does not count here.
    pub(super) in_headers: bool,
}

const MINUTE: u64 = 60;

const fn limit(name: &'static str, total: u32, seconds: u64) -> Default {
    Default {
        name,
        total,
        window: Duration::from_secs(seconds),
        one_at_a_time: false,
        in_headers: false,
    }
}

const fn export(limit: Default) -> Default {
    Default {
        one_at_a_time: true,
        ..limit
    }
}

const fn told(limit: Default) -> Default {
    Default {
        in_headers: true,
        ..limit
    }
}

/// Everything of the account but what has a limit of the same kind of its own. 200 a minute is the
/// lowest of the plans sold today (Suite Team); the first answer tells the plan's own.
pub(super) const ACCOUNT: &str = "account";
const HELP_CENTER: &str = "help-center";
const CHAT: &str = "chat";
const INCREMENTAL: &str = "incremental-exports";
const INCREMENTAL_CURSOR: &str = "incremental-exports-cursor";
const SAMPLE: &str = "incremental-exports-sample";
const SEARCH_EXPORT: &str = "search-export";
const SEARCH: &str = "search-index";
const DELETED_TICKETS: &str = "deleted-tickets";
const TICKETS: &str = "tickets-index";
const TAGS: &str = "tags-index";
const TICKET_AUDITS: &str = "ticket-audits";
const TALK: &str = "talk";
const TALK_INCREMENTAL: &str = "talk-incremental-exports";
const SIDE_CONVERSATIONS: &str = "side-conversation-events";

/// Every limit known by name.
pub(super) const DEFAULTS: &[Default] = &[
    told(limit(ACCOUNT, 200, MINUTE)),
    // Help centre and community: the same size as the account's, counted apart.
    told(limit(HELP_CENTER, 200, MINUTE)),
    limit(CHAT, 200, MINUTE),
    // 30 with the High Volume add-on; the header tells. Header and 429 recorded.
    export(told(limit(INCREMENTAL, 10, MINUTE))),
    // 60 with the add-on. Only the users' cursor export is documented to count here.
    export(told(limit(INCREMENTAL_CURSOR, 20, MINUTE))),
    export(limit(SAMPLE, 10, 20 * MINUTE)),
    // Documented; no header of its own has been recorded, so we count ourselves.
    export(limit(SEARCH_EXPORT, 100, MINUTE)),
    told(limit(SEARCH, 2_500, MINUTE)),
    // Beyond page 100 half of it, but cursors have no such pages.
    limit(DELETED_TICKETS, 10, MINUTE),
    // Both recorded with total=100 in 2023 and 2024.
    told(limit(TICKETS, 100, MINUTE)),
    told(limit(TAGS, 100, MINUTE)),
    // Documented as "its own limit"; 450 is what other clients found to hold.
    limit(TICKET_AUDITS, 450, MINUTE),
    limit(TALK, 15_000, 5 * MINUTE),
    export(limit(TALK_INCREMENTAL, 10, MINUTE)),
    limit(SIDE_CONVERSATIONS, 600, 10 * MINUTE),
];

/// One row: requests whose path begins and ends so count against these.
struct Route {
    begins: &'static str,
    ends: &'static str,
    /// The limit that `x-rate-limit` and its kin on these answers speak of.
    general: &'static str,
    /// Further ones.
    own: &'static [&'static str],
}

impl Route {
    fn fits(&self, template: &str) -> bool {
        template.starts_with(self.begins) && template.ends_with(self.ends)
    }
}

const fn route(
    begins: &'static str,
    ends: &'static str,
    general: &'static str,
    own: &'static [&'static str],
) -> Route {
    Route {
        begins,
        ends,
        general,
        own,
    }
}

/// The first row that fits counts; paths are as [`template`] makes them.
const ROUTES: &[Route] = &[
    route("/api/v2/incremental/", "/sample", ACCOUNT, &[SAMPLE]),
    route(
        "/api/v2/incremental/users/cursor",
        "",
        ACCOUNT,
        &[INCREMENTAL_CURSOR],
    ),
    route("/api/v2/incremental/", "", ACCOUNT, &[INCREMENTAL]),
    route("/api/v2/search/export", "", ACCOUNT, &[SEARCH_EXPORT]),
    route("/api/v2/search", "", ACCOUNT, &[SEARCH]),
    route("/api/v2/deleted_tickets", "", ACCOUNT, &[DELETED_TICKETS]),
    route(
        "/api/v2/tickets/side_conversations/events",
        "",
        ACCOUNT,
        &[SIDE_CONVERSATIONS],
    ),
    route("/api/v2/tickets/{id}/audits", "", ACCOUNT, &[TICKET_AUDITS]),
    route("/api/v2/tickets/{id}", "", ACCOUNT, &[]),
    route("/api/v2/tickets", "", ACCOUNT, &[TICKETS]),
    route("/api/v2/tags", "", ACCOUNT, &[TAGS]),
    route(
        "/api/v2/channels/voice/stats/incremental/",
        "",
        ACCOUNT,
        &[TALK, TALK_INCREMENTAL],
    ),
    route("/api/v2/channels/voice/", "", ACCOUNT, &[TALK]),
    // A service of its own, with limits of its own.
    route("/api/v2/chat/", "", CHAT, &[]),
    route("/api/v2/help_center/", "", HELP_CENTER, &[]),
    route("/api/v2/community/", "", HELP_CENTER, &[]),
    route("", "", ACCOUNT, &[]),
];

/// The limits of a path: the general one, and its own.
pub(super) fn of(template: &str) -> (&'static str, &'static [&'static str]) {
    let row = ROUTES.iter().find(|row| row.fits(template));
    row.map_or((ACCOUNT, &[]), |row| (row.general, row.own))
}

/// What the paths of a row have in common.
pub(super) fn row(template: &str) -> String {
    let row = ROUTES.iter().find(|row| row.fits(template));
    row.map_or_else(String::new, |row| row.begins.to_owned())
}

/// A path without `.json` and with `{id}` for numbers, so that it names a kind of request.
pub(super) fn template(path: &str) -> String {
    let path = path.strip_suffix(".json").unwrap_or(path);
    let is_id = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts = path.split('/');
    let parts: Vec<&str> = parts
        .map(|part| if is_id(part) { "{id}" } else { part })
        .collect();
    parts.join("/")
}

/// What a limit of this name is taken for. One never heard of has a header, or nobody would have
/// told its name.
pub(super) fn default_of(name: &str) -> Option<Default> {
    DEFAULTS.iter().find(|limit| limit.name == name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_count_where_the_reference_says() {
        let own = |path: &str| of(&template(path)).1;
        assert_eq!(own("/api/v2/users/me.json"), [""; 0]);
        assert_eq!(
            own("/api/v2/incremental/users/cursor.json"),
            [INCREMENTAL_CURSOR]
        );
        assert_eq!(own("/api/v2/incremental/tickets/cursor"), [INCREMENTAL]);
        assert_eq!(own("/api/v2/incremental/users/sample.json"), [SAMPLE]);
        assert_eq!(own("/api/v2/search/export.json"), [SEARCH_EXPORT]);
        assert_eq!(own("/api/v2/search/count.json"), [SEARCH]);
        assert_eq!(own("/api/v2/tickets/17/audits.json"), [TICKET_AUDITS]);
        assert_eq!(own("/api/v2/tickets/17.json"), [""; 0]);
        assert_eq!(own("/api/v2/tickets.json"), [TICKETS]);
        assert_eq!(
            own("/api/v2/channels/voice/stats/incremental/calls.json"),
            [TALK, TALK_INCREMENTAL]
        );
        assert_eq!(of("/api/v2/help_center/articles").0, HELP_CENTER);
        assert_eq!(of("/api/v2/chat/incremental/chats").0, CHAT);
    }

    #[test]
    fn every_row_names_a_known_limit() {
        for row in ROUTES {
            for name in row.own.iter().chain([&row.general]) {
                assert!(default_of(name).is_some(), "{name}");
            }
        }
    }
}
