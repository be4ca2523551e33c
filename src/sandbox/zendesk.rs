//! A Zendesk account: every stream that Zendesk documents, by every protocol that serves one,
//! with sign-in and rate limits.
//!
//! The records are made up from a seed and look like recorded ones: ids of 13 and 14 digits, names
//! in many scripts, most users without an e-mail address, many records sharing one second. Live
//! changes come from [`ZendeskSimulator::collection`], for users also from
//! [`ZendeskSimulator::create`], [`change`](ZendeskSimulator::change) and
//! [`delete`](ZendeskSimulator::delete), and carry the time of the call.

use std::io::{self, Write as _};
use std::sync::{Arc, Mutex, MutexGuard};

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
use data::{Data, second};
use protocol::Call;
use protocol::cursor::Cursors;
use protocol::search::Search;
use quota::Quota;
use route::{Endpoint, Route};
use sign_in::SignIn;
use stream::Stream;

mod audit;
mod collection;
mod data;
mod identity;
mod ids;
mod metric;
mod options;
mod protocol;
mod quota;
mod records;
mod refusals;
mod renderer;
mod route;
mod row;
mod sign_in;
mod stream;
mod streams;
mod template;
mod ticket;
mod user;
mod users;

#[cfg(test)]
mod tests;

pub use options::{Credentials, Gate, OtherUser, Quotas, Role, TooRecent, ZendeskOptions};
pub use records::{Records, ServedRecord};
pub use user::ZENDESK_HOST;
pub use users::UserVersion;

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

    /// The records of a stream, by the name that the stream has in Zendesk's documents; `None` for
    /// any other name.
    pub fn collection(&self, stream: &str) -> Option<Records<'_>> {
        Some(Records::new(&self.account, Stream::find(stream)?))
    }

    /// Ends all tokens that `/oauth/tokens` has issued so far.
    pub fn revoke_tokens(&self) {
        self.account.state().sign_in.tokens.revoke();
    }

    /// From now on these are the credentials; whatever was issued for others ends.
    pub fn rotate(&self, credentials: Credentials) {
        self.account.state().sign_in.rotate(credentials);
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

    /// Refuses from now on the cursors that all exports have issued so far.
    pub fn forget_cursors(&self) {
        let mut state = self.account.state();
        state.cursors.forget();
        state.search.forget_cursors();
    }
}

impl Simulator for ZendeskSimulator {
    fn server(&self) -> &Server {
        &self.server
    }
}

/// The account behind the server.
#[derive(Debug)]
struct Account {
    clock: Clock,
    options: ZendeskOptions,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    data: Data,
    sign_in: SignIn,
    quota: Quota,
    cursors: Cursors,
    search: Search,
}

impl Account {
    fn new(options: ZendeskOptions) -> Self {
        let state = State {
            data: Data::new(&options),
            sign_in: SignIn::new(&options),
            quota: Quota::new(&options),
            cursors: Cursors::default(),
            search: Search::new(&options),
        };
        Self {
            clock: options.clock,
            options,
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// The present time: nothing else here asks a clock for it.
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The state, and the second in which it is changed. The clock is read while nobody else has
    /// the state: nothing may enter a second that an export has already shown.
    fn moment(&self) -> (MutexGuard<'_, State>, i64) {
        let state = self.state();
        let now = second(self.now());
        (state, now)
    }

    fn route(&self, request: &Request) -> Answer {
        let head = &request.head;
        let path = head.path.strip_suffix(".json").unwrap_or(&head.path);
        let mut state = self.state();
        match (&head.method, path) {
            (&Method::POST, "/oauth/tokens") => state.sign_in.grant(request),
            (&Method::GET, "/api/v2/users/me") => state.me(head),
            (&Method::GET, _) => state
                .read(head, &self.options, self.now())
                .unwrap_or_else(|refusal| refusal),
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
        let owner = self.data.owner().filter(|_| known);
        let answer = match owner {
            Some(owner) => {
                let open = owner.strip_suffix(b"}").unwrap_or(&owner);
                let token = sign_in::AUTHENTICITY_TOKEN;
                let tail = format!(",\"authenticity_token\":\"{token}\"}}}}");
                Answer::json(200, [b"{\"user\":", open, tail.as_bytes()].concat())
            }
            None => json(200, &sign_in::anonymous()),
        };
        counters.stamp(answer)
    }

    /// Any stream, for those who may read it.
    fn read(
        &mut self,
        head: &Head,
        options: &ZendeskOptions,
        now: Timestamp,
    ) -> Result<Answer, Answer> {
        self.sign_in.check(head)?;
        let counters = self.quota.admit(&head.path)?;
        let answer = self.page(head, options, now);
        Ok(counters.stamp(answer.unwrap_or_else(|refusal| refusal)))
    }

    fn page(
        &mut self,
        head: &Head,
        options: &ZendeskOptions,
        now: Timestamp,
    ) -> Result<Answer, Answer> {
        let route = route::find(head)?;
        may_read(&route, options)?;
        let parent = route.parent(&self.data)?;
        let call = Call {
            data: &self.data,
            options,
            head,
            now,
            stream: route.stream,
            parent,
        };
        route.answer(&mut self.cursors, &self.search, &call)
    }
}

/// Exports are for administrators, lists and search for agents; and an account may not have the
/// feature at all.
fn may_read(route: &Route, options: &ZendeskOptions) -> Result<(), Answer> {
    let least = match route.endpoint {
        endpoint if endpoint.is_admins(route.stream) => Role::Admin,
        _ if route.stream.name == "requests" => Role::EndUser,
        _ => Role::Agent,
    };
    if options.role < least {
        return Err(refusals::forbidden());
    }
    match options.gated.get(route.stream.name) {
        None => Ok(()),
        // Search has no plan of its own.
        Some(_) if matches!(route.endpoint, Endpoint::Search) => Ok(()),
        Some(Gate::Forbidden) => Err(refusals::forbidden()),
        Some(Gate::Restricted) => Err(refusals::restricted()),
        Some(Gate::NotFound) => Err(refusals::no_such_endpoint()),
    }
}

impl Service for Account {
    fn answer(&self, request: &Request) -> Answer {
        // The same id twice, in two lines: so in nearly every recorded answer since 2021.
        let id = format!("sandbox-{:08}", request.head.number);
        let date = DateTimePrinter::new().timestamp_to_rfc9110_string(&self.now());
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
