//! What kind of account a simulator is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::clock::Clock;

/// Settings of a [`ZendeskSimulator`](super::ZendeskSimulator). The defaults are the real
/// service's figures and 200 users.
#[derive(Clone, Debug)]
pub struct ZendeskOptions {
    /// Port on 127.0.0.1; 0 lets the system choose.
    pub port: u16,
    /// The same seed gives the same users, byte by byte.
    pub seed: u64,
    /// Users at the start, the owner of the credentials included; at least 1. They were last
    /// changed in 2021 to 2024.
    pub users: usize,
    /// Share of them that were deleted before the start, in percent.
    pub deleted_users: u64,
    /// Records of other streams at the start, by the stream's name; a few dozen at most where
    /// nothing is said. The records of a view, such as `ticket_metrics`, come with those it shows.
    pub records: BTreeMap<String, usize>,
    /// Share of tickets that only a bot has handled, in percent. They are hidden unless
    /// `support_type_scope` asks for them.
    pub bot_tickets: u64,
    /// Streams that the account does not have, by name.
    pub gated: BTreeMap<String, Gate>,
    /// Streams whose time-based export keeps to its page size also where all records share one
    /// second, and so never gets past a second that holds more.
    pub stuck: BTreeSet<String>,
    /// How a `start_time` below `withhold` is refused.
    pub too_recent: TooRecent,
    /// Age at which a change shows in an incremental export, and below which a `start_time` is
    /// refused. Zendesk's is one minute. A second shows only when it is over, even with zero.
    pub withhold: Duration,
    /// Age at which a change shows in the search index: about a minute as a rule, says Zendesk.
    pub index_delay: Duration,
    /// Age at which a search cursor is refused. Zendesk's is one hour.
    pub search_cursor_lifetime: Duration,
    /// Lifetime of tokens from `/oauth/tokens`, whatever a client asks for. Zendesk's default is
    /// 30 minutes, since April 2026.
    pub token_lifetime: Duration,
    /// Length of a rate-limit window; shorter than a minute for demos and tests.
    pub minute: Duration,
    /// Requests admitted in one window.
    pub quotas: Quotas,
    /// Other programs that use the account.
    pub others: Vec<OtherUser>,
    /// What the account goes by: changes, withheld times, windows, the `Date` of answers.
    pub clock: Clock,
    /// Who may sign in.
    pub credentials: Credentials,
    /// The role of whoever signs in.
    pub role: Role,
}

impl Default for ZendeskOptions {
    fn default() -> Self {
        Self {
            port: 0,
            seed: 1,
            users: 200,
            deleted_users: 0,
            records: BTreeMap::new(),
            bot_tickets: 5,
            gated: BTreeMap::new(),
            stuck: BTreeSet::new(),
            too_recent: TooRecent::BadRequest,
            withhold: Duration::from_secs(60),
            index_delay: Duration::from_secs(60),
            search_cursor_lifetime: Duration::from_secs(60 * 60),
            token_lifetime: Duration::from_secs(30 * 60),
            minute: Duration::from_secs(60),
            quotas: Quotas::default(),
            others: Vec::new(),
            clock: Clock::real(),
            credentials: Credentials::default(),
            role: Role::Admin,
        }
    }
}

/// Another program that uses the account, as far as there is room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherUser {
    /// The bucket it uses, such as `account` or `incremental-exports`.
    pub bucket: String,
    /// Requests a minute, evenly spread.
    pub per_minute: u32,
    /// How many come at once; 1 for a steady load.
    pub burst: u32,
}

/// How Zendesk says that a feature is not on an account's plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// 403, as for a page one may not see.
    Forbidden,
    /// 403 in the other wording, of an access restricted by an administrator.
    Restricted,
    /// 404 `InvalidEndpoint`.
    NotFound,
}

/// The ways in which a too recent `start_time` has been refused over the years.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooRecent {
    /// 400, in JSON.
    BadRequest,
    /// 422, in JSON.
    Unprocessable,
    /// 422, in plain text.
    UnprocessableText,
}

/// Requests admitted in one window, by bucket. The defaults are those of Suite Enterprise.
#[derive(Clone, Copy, Debug)]
pub struct Quotas {
    /// All requests of the account together; as many again for help centre and community.
    pub account: u32,
    /// `/incremental/…` but for what is named below.
    pub incremental_exports: u32,
    /// `/incremental/users/cursor`.
    pub incremental_exports_cursor: u32,
    /// `/incremental/…/sample`, in 20 minutes.
    pub incremental_sample: u32,
    /// `/search/export`.
    pub search_export: u32,
    /// `/deleted_tickets`.
    pub deleted_tickets: u32,
    /// `/tickets`.
    pub tickets_index: u32,
    /// `/tags`.
    pub tags_index: u32,
    /// `/tickets/{id}/audits`.
    pub ticket_audits: u32,
    /// `/channels/voice/…`, in 5 minutes.
    pub talk: u32,
    /// `/channels/voice/stats/incremental/…`.
    pub talk_incremental: u32,
    /// `/chat/…`.
    pub chat: u32,
    /// `/tickets/side_conversations/events`, in 10 minutes.
    pub side_conversation_events: u32,
}

impl Quotas {
    /// No limit to speak of anywhere.
    pub fn unlimited() -> Self {
        let unlimited = u32::MAX;
        Self {
            account: unlimited,
            incremental_exports: unlimited,
            incremental_exports_cursor: unlimited,
            incremental_sample: unlimited,
            search_export: unlimited,
            deleted_tickets: unlimited,
            tickets_index: unlimited,
            tags_index: unlimited,
            ticket_audits: unlimited,
            talk: unlimited,
            talk_incremental: unlimited,
            chat: unlimited,
            side_conversation_events: unlimited,
        }
    }
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            account: 700,
            incremental_exports: 10,
            incremental_exports_cursor: 20,
            incremental_sample: 10,
            search_export: 100,
            deleted_tickets: 10,
            tickets_index: 100,
            tags_index: 100,
            ticket_audits: 450,
            talk: 15_000,
            talk_incremental: 10,
            chat: 200,
            side_conversation_events: 600,
        }
    }
}

/// The ways to sign in that the account knows; none of them is a secret anywhere.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// OAuth client for the `client_credentials` grant.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// Scopes the client may ask for.
    pub scopes: Vec<String>,
    /// An access token that never expires.
    pub access_token: String,
    /// E-mail of the user who signs in with an API token.
    pub email: String,
    /// The API token.
    pub api_token: String,
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            client_id: "sandbox-client".into(),
            client_secret: "sandbox-client-secret".into(),
            scopes: vec!["read".into(), "users:read".into()],
            access_token: "sandbox-access-token".into(),
            email: "owner@example.com".into(),
            api_token: "sandbox-api-token".into(),
        }
    }
}

/// What a user may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Neither search export nor incremental exports.
    EndUser,
    /// Search export only.
    Agent,
    /// Both.
    Admin,
}

impl Role {
    /// As Zendesk spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EndUser => "end-user",
            Self::Agent => "agent",
            Self::Admin => "admin",
        }
    }
}
