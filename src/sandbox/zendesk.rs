//! A Zendesk account: users with a history, two exports, sign-in and rate limits.
//!
//! The users are made up from a seed and look like recorded ones: ids of 13 and 14 digits, names
//! in many scripts, most without an e-mail address, many sharing one second. Live changes come
//! from [`ZendeskSimulator::create`], [`change`](ZendeskSimulator::change) and
//! [`delete`](ZendeskSimulator::delete), and carry the time of the call.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::Method;
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimePrinter;

use super::answer::{Answer, json};
use super::request::{Head, Request};
use super::server::{Server, Service};
use super::{Simulator, lock};
use crate::clock::Clock;
use incremental::Incremental;
use people::People;
use quota::Quota;
use search::Search;
use sign_in::SignIn;

mod incremental;
mod options;
mod people;
mod query;
mod quota;
mod refusals;
mod search;
mod sign_in;
mod user;

#[cfg(test)]
mod tests;

pub use options::{Credentials, OtherUser, Quotas, Role, ZendeskOptions};
pub use people::UserVersion;
pub use user::ZENDESK_HOST;

/// A Zendesk account on loopback; closed when dropped.
#[derive(Debug)]
pub struct ZendeskSimulator {
    server: Server,
    account: Arc<Account>,
}

impl ZendeskSimulator {
    /// Opens the account on 127.0.0.1. Needs a Tokio runtime, which serves it.
    pub async fn start(options: ZendeskOptions) -> io::Result<Self> {
        let port = options.port;
        let account = Arc::new(Account::new(options));
        let server = Server::start(port, Arc::clone(&account) as Arc<dyn Service>).await?;
        Ok(Self { server, account })
    }

    /// Scheme, host and port, without a slash at the end.
    pub fn base_url(&self) -> String {
        self.server.base_url()
    }

    /// Creates users now; returns their ids.
    pub fn create(&self, count: usize) -> Vec<u64> {
        let now = self.account.this_second();
        self.account.state().people.create(count, now)
    }

    /// Changes up to `count` different active users now, at random; returns their ids.
    pub fn change(&self, count: usize) -> Vec<u64> {
        let now = self.account.this_second();
        let mut state = self.account.state();
        let mut ids = state.people.draw(count);
        ids.retain(|id| state.people.change(*id, now));
        ids
    }

    /// Changes one user now; false if there is no such active one.
    pub fn change_user(&self, id: u64) -> bool {
        let now = self.account.this_second();
        self.account.state().people.change(id, now)
    }

    /// Deletes up to `count` different active users now, at random; returns their ids. The owner
    /// of the credentials stays.
    pub fn delete(&self, count: usize) -> Vec<u64> {
        let now = self.account.this_second();
        let mut state = self.account.state();
        let mut ids = state.people.draw(count);
        ids.retain(|id| state.people.delete(*id, now));
        ids
    }

    /// The present truth: the newest version of every user, the deleted included, in the order of
    /// the incremental export.
    pub fn users(&self) -> Vec<UserVersion> {
        self.account.state().people.present()
    }

    /// What a complete incremental export would give now: the users last changed before the
    /// withheld time.
    pub fn users_visible(&self) -> Vec<UserVersion> {
        let state = self.account.state();
        state.incremental.visible(&state.people).cloned().collect()
    }

    /// What a search over all time would give now (there each has `result_type` besides): active
    /// users, as the index knows them.
    pub fn users_searchable(&self) -> Vec<UserVersion> {
        let state = self.account.state();
        state.search.visible(&state.people).cloned().collect()
    }

    /// Every version there ever was, by id, oldest first.
    pub fn history(&self) -> BTreeMap<u64, Vec<UserVersion>> {
        self.account.state().people.history()
    }

    /// Ends all tokens that `/oauth/tokens` has issued so far.
    pub fn revoke_tokens(&self) {
        self.account.state().sign_in.tokens.revoke();
    }

    /// How many tokens `/oauth/tokens` has issued.
    pub fn tokens_issued(&self) -> u64 {
        self.account.state().sign_in.tokens.issued()
    }

    /// Counts `requests` of other programs against the account's limit, as far as there is room
    /// in this window.
    pub fn spend_quota(&self, requests: u32) {
        self.account.state().quota.spend(requests);
    }

    /// How many requests were refused with a 429, injected faults aside.
    pub fn requests_refused(&self) -> u64 {
        self.account.state().quota.refused()
    }

    /// Requests so far that count against a bucket, such as `account` or `incremental-exports`, in
    /// each window in which there were any, oldest first.
    pub fn requests_by_window(&self, bucket: &str) -> Vec<u32> {
        let state = self.account.state();
        let own = state.quota.own().iter();
        own.filter(|((name, _), _)| *name == bucket)
            .map(|(_, requests)| *requests)
            .collect()
    }

    /// Refuses from now on the cursors that both exports have issued so far.
    pub fn forget_cursors(&self) {
        let mut state = self.account.state();
        state.incremental.forget_cursors();
        state.search.forget_cursors();
    }

    /// From now on no page of the incremental export can be made that holds this user.
    pub fn fail_pages_with(&self, user: u64) {
        self.account.state().incremental.fail_pages_with(user);
    }
}

impl Simulator for ZendeskSimulator {
    fn server(&self) -> &Server {
        &self.server
    }
}

/// The ways to read users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Export {
    Incremental,
    Search,
}

/// The account behind the server.
#[derive(Debug)]
struct Account {
    clock: Clock,
    role: Role,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    people: People,
    sign_in: SignIn,
    quota: Quota,
    incremental: Incremental,
    search: Search,
}

impl Account {
    fn new(options: ZendeskOptions) -> Self {
        let state = State {
            people: People::new(&options),
            sign_in: SignIn::new(&options),
            quota: Quota::new(&options),
            incremental: Incremental::new(&options),
            search: Search::new(&options),
        };
        Self {
            clock: options.clock,
            role: options.role,
            state: Mutex::new(state),
        }
    }

    /// This second, begun.
    fn this_second(&self) -> Timestamp {
        people::ago(self.clock.now(), Duration::ZERO)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn route(&self, request: &Request) -> Answer {
        let head = &request.head;
        let path = head.path.strip_suffix(".json").unwrap_or(&head.path);
        let mut state = self.state();
        match (&head.method, path) {
            (&Method::POST, "/oauth/tokens") => state.sign_in.grant(request),
            (&Method::GET, "/api/v2/users/me") => state.me(head),
            (&Method::GET, "/api/v2/incremental/users/cursor") => {
                state.export(Export::Incremental, self.role, head)
            }
            (&Method::GET, "/api/v2/search/export") => {
                state.export(Export::Search, self.role, head)
            }
            _ => refusals::no_such_endpoint(),
        }
    }
}

impl State {
    /// Who is calling: everybody gets a 200, strangers as the anonymous user.
    fn me(&mut self, head: &Head) -> Answer {
        let counters = match self.quota.admit(&head.path) {
            Ok(counters) => counters,
            Err(refusal) => return refusal,
        };
        let known = self.sign_in.check(head).is_ok();
        let owner = self.people.owner().filter(|_| known);
        let answer = match owner {
            Some(owner) => {
                let open = owner.json.strip_suffix(b"}").unwrap_or(&owner.json);
                let token = sign_in::AUTHENTICITY_TOKEN;
                let tail = format!(",\"authenticity_token\":\"{token}\"}}}}");
                Answer::json(200, [b"{\"user\":", open, tail.as_bytes()].concat())
            }
            None => json(200, &sign_in::anonymous()),
        };
        counters.stamp(answer)
    }

    /// Incremental exports are for administrators, search exports for agents.
    fn export(&mut self, export: Export, role: Role, head: &Head) -> Answer {
        if let Err(refusal) = self.sign_in.check(head) {
            return refusal;
        }
        let counters = match self.quota.admit(&head.path) {
            Ok(counters) => counters,
            Err(refusal) => return refusal,
        };
        let answer = match export {
            Export::Incremental if role < Role::Admin => refusals::forbidden(),
            Export::Search if role < Role::Agent => refusals::forbidden(),
            Export::Incremental => self.incremental.page(&self.people, head),
            Export::Search => self.search.page(&self.people, head),
        };
        counters.stamp(answer)
    }
}

impl Service for Account {
    fn answer(&self, request: &Request) -> Answer {
        // The same id twice, in two lines: so in nearly every recorded answer since 2021.
        let id = format!("sandbox-{:08}", request.head.number);
        let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&self.clock.now());
        let answer = self
            .route(request)
            // Only years beyond 9999 have no such date.
            .header("date", &date.unwrap_or_default())
            .header("x-request-id", &id)
            .header("X-Request-ID", &id)
            .header("x-zendesk-api-version", "v2");
        compressed(answer, &request.head)
    }
}

/// Compresses as recorded: 200 and 404 whatever their size, nothing else, and then in chunks.
fn compressed(mut answer: Answer, head: &Head) -> Answer {
    let accepts = head
        .header("accept-encoding")
        .is_some_and(|value| value.contains("gzip"));
    if !accepts || !matches!(answer.status.as_u16(), 200 | 404) {
        return answer;
    }
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let Ok(body) = encoder
        .write_all(&answer.body)
        .and_then(|()| encoder.finish())
    else {
        return answer;
    };
    answer.chunked = true;
    answer.header("content-encoding", "gzip").body(body)
}
