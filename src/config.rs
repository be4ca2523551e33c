//! What a user writes, turned into what the program runs on.
//!
//! The file is TOML; the environment may override single keys
//! (`ZENDESK_AEP__ZENDESK__SUBDOMAIN=acme`). [`load`] reads both, checks everything and returns
//! either a [`Config`] that needs no further checking, or every fault at once, each with its
//! place and what to write instead.
//!
//! This is the only module that reads the environment. Secrets are named by the file, never
//! contained in it; see [`Secret`].

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use secrecy::SecretString;
use url::Url;

mod changes;
mod fault;
mod inlet_url;
mod layers;
mod mapping;
mod network;
mod privacy;
mod quota;
mod reader;
mod secret;
mod section;
mod sections;
mod status;
#[cfg(test)]
mod tests;
mod values;
mod walks;

pub use changes::{Changes, Contents};
pub use fault::{LoadError, Report};
pub use inlet_url::InletUrl;
pub use mapping::{
    ContactStyle, IdentityMode, Mapped, Mapping, MappingFile, MappingSettings, NameSplit,
    PhoneTarget, Preset, WithoutPerson, Wrap,
};
pub use network::{Network, Proxy};
pub use privacy::{FieldPath, Mask, NoPath, Privacy, Step};
pub use quota::{Hours, Quota};
pub use secret::{KeptSecret, Secret, SecretError};
pub use status::Status;
pub use values::clock::{Zone, parse_cron};
pub(crate) use values::{alternatives, nearest};
pub use walks::Walk;

use crate::catalogue::{Pagination, Reading, StreamEnd, StreamSpec, Text, TimeUnit};
use changes::Written;
use fault::{Faults, Read};
use layers::environment::Variables;
use reader::{Reader, Surroundings};
use section::Section;

/// Reads the file at `path` and the process's environment.
///
/// # Errors
/// When the file cannot be read, is not TOML, or anything in it or in the environment is wrong.
/// All faults are reported at once.
pub fn load(path: &Path) -> Result<Config, LoadError> {
    resolve(
        path,
        &layers::file::read(path)?,
        &layers::environment::of_process(),
    )
}

/// Reads the file at `path` and nothing else: for the sandbox, which must not be led to a real
/// account by what somebody has exported in their shell.
///
/// # Errors
/// As [`load`].
pub fn load_without_environment(path: &Path) -> Result<Config, LoadError> {
    resolve(path, &layers::file::read(path)?, &Variables::default())
}

/// [`load`], for a given content of file and environment.
fn resolve(path: &Path, text: &str, environment: &Variables) -> Result<Config, LoadError> {
    let (config, reader) = read(path, text, environment)?;
    match config {
        Ok(config) if reader.faults.is_empty() => Ok(config),
        _ => Err(LoadError::Faults(
            reader.faults.into_report(path.to_owned()),
        )),
    }
}

/// What could be read, and the reader that knows what was wrong and which keys there are.
fn read(
    path: &Path,
    text: &str,
    environment: &Variables,
) -> Result<(Read<Config>, Reader), LoadError> {
    let mut faults = Faults::default();
    let environment_layer = layers::environment::layer(environment, &mut faults);
    let (table, places) = layers::join(layers::file::layer(path, text)?, environment_layer)?;
    let proxy = Proxy::named_by(environment, &mut faults);
    let surroundings = Surroundings {
        directory: path.parent().unwrap_or(Path::new("")).to_owned(),
        credentials: environment.get("CREDENTIALS_DIRECTORY").map(PathBuf::from),
        proxy,
    };
    let mut reader = Reader::new(faults, places, surroundings);
    let written = Written::of(&table);
    let config = Section::outermost(&mut reader, table, sections::config);
    Ok((config.map(|config| Config { written, ..config }), reader))
}

/// The whole configuration, checked.
#[derive(Clone, Debug)]
pub struct Config {
    /// The account to read.
    pub zendesk: Zendesk,
    /// The inlet to write.
    pub platform: Platform,
    /// How failed requests are repeated.
    pub retry: Retry,
    /// Where state lives.
    pub state: State,
    /// The store of refused records.
    pub dead_letters: DeadLetters,
    /// When a stream stops and waits for a person.
    pub attention: Attention,
    /// What is logged, and how.
    pub log: Log,
    /// Where the daemon can be asked how it is.
    pub status: Status,
    /// How long a stop may take to finish what is in hand.
    pub shutdown_grace: Duration,
    /// Whether a change of its files is noticed without a signal.
    pub reload_on_change: bool,
    /// What all mappings share.
    pub mapping: Arc<MappingSettings>,
    /// The streams to keep in sync, at least one, by name.
    pub streams: Vec<Stream>,
    /// What was written, for telling what changed.
    written: Written,
}

impl Config {
    /// The longest time that a single request to either end may take.
    pub fn request_timeout(&self) -> Duration {
        let (zendesk, platform) = (&self.zendesk.timeouts, &self.platform.timeouts);
        zendesk.request.max(platform.request)
    }
}

/// `[zendesk]`
#[derive(Clone, Debug)]
pub struct Zendesk {
    /// Scheme, host and port; no path. `https`, or `http` on loopback.
    pub base_url: Url,
    /// Names the account in the state file: host, and port if not the scheme's own.
    pub account: String,
    /// How to sign in.
    pub auth: ZendeskAuth,
    /// How much of its limits is ours.
    pub quota: Quota,
    /// How it is reached.
    pub network: Arc<Network>,
    /// Records asked for per page, 1 to 1000.
    pub page_size: u32,
    /// Bounds on waiting.
    pub timeouts: Timeouts,
}

/// `[zendesk.auth]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ZendeskAuth {
    /// OAuth client credentials: tokens are asked for and renewed by us.
    ClientCredentials {
        /// The OAuth client's identifier.
        client_id: String,
        /// Its secret.
        client_secret: Secret,
        /// Space-separated scopes.
        scope: String,
    },
    /// A ready OAuth access token.
    AccessToken {
        /// The token.
        access_token: Secret,
    },
    /// An API token; stops working on 2027-04-30.
    ApiToken {
        /// A verified user of the account.
        email: String,
        /// The token.
        api_token: Secret,
    },
}

impl ZendeskAuth {
    /// What to tell whoever still uses an API token.
    pub const API_TOKEN_END: &'static str =
        "zendesk ends API tokens on 2027-04-30: after that day this sign-in is refused";

    /// The secret in it.
    pub fn secret(&self) -> &Secret {
        match self {
            Self::ClientCredentials { client_secret, .. } => client_secret,
            Self::AccessToken { access_token } => access_token,
            Self::ApiToken { api_token, .. } => api_token,
        }
    }
}

/// `[platform]`
#[derive(Clone, Debug)]
pub struct Platform {
    /// The inlet's address for single messages, `…/collection/{inlet id}`.
    pub inlet_url: InletUrl,
    /// Adobe's gateway to the services behind the inlet: scheme, host and port.
    pub api_url: Url,
    /// `…@AdobeOrg`; needed by mappings that send the XDM envelope and by authenticated inlets.
    pub org_id: Option<String>,
    /// Sent as `x-sandbox-name` when set.
    pub sandbox_name: Option<String>,
    /// Tenant namespace with its leading underscore.
    pub tenant: Option<String>,
    /// Whether messages travel in batches or one by one.
    pub endpoint: Endpoint,
    /// Size at which a batch is closed, in bytes of the request body.
    pub batch_bytes: usize,
    /// Requests in flight at a time, at most.
    pub in_flight: u32,
    /// Messages sent per second, at most; `None` for no limit of ours.
    pub max_messages_per_second: Option<u32>,
    /// Further request headers, names in lower case. A value may be a key to some gateway, so it
    /// does not print.
    pub headers: Vec<(String, SecretString)>,
    /// Present for inlets that require authentication.
    pub auth: Option<PlatformAuth>,
    /// How inlet, identity service and gateway are reached.
    pub network: Arc<Network>,
    /// Bounds on waiting.
    pub timeouts: Timeouts,
}

/// Which of the inlet's two addresses is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `/collection/batch/{id}`: many messages in one request.
    Batch,
    /// `/collection/{id}`: one message in each request.
    Single,
}

/// `[platform.auth]`: OAuth server-to-server credentials.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlatformAuth {
    /// The identity service; `/ims/token/v3` is appended.
    pub ims_url: Url,
    /// Client id, also sent as `x-api-key`.
    pub client_id: String,
    /// Client secret.
    pub client_secret: Secret,
    /// Scopes; sent joined by commas, as the identity service wants them.
    pub scopes: Vec<String>,
}

/// Bounds on waiting for one request.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// To establish a connection, TLS included.
    pub connect: Duration,
    /// Between two pieces of an answer.
    pub idle: Duration,
    /// For the whole request.
    pub request: Duration,
}

/// `[retry]`: repeated attempts at one request.
#[derive(Clone, Copy, Debug)]
pub struct Retry {
    /// Attempts at one request, the first included; afterwards the sync fails and the next tick tries again.
    pub attempts: u32,
    /// Delay after the first failure; doubles with each further one.
    pub initial_delay: Duration,
    /// Largest delay of our own choosing.
    pub max_delay: Duration,
    /// Delay after a 429 that names no time.
    pub rate_limit_delay: Duration,
}

/// `[state]`
#[derive(Clone, Debug)]
pub struct State {
    /// Directory of the state file, its generations, the lock and the dead letters.
    pub directory: PathBuf,
}

/// `[dead_letters]`
#[derive(Clone, Copy, Debug)]
pub struct DeadLetters {
    /// Size of the store at which streams stop rather than drop, in bytes.
    pub max_size: u64,
    /// Age at which letters are removed; `None` keeps them until a person decides.
    pub keep: Option<Duration>,
}

/// `[attention]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attention {
    /// A sync stops when more than this part of its first records is refused, in percent.
    pub rejected_percent: u32,
    /// How many records are its first ones.
    pub rejected_sample: u32,
    /// A list is doubted when more than this part of its records is gone at once, in percent.
    pub vanished_percent: u32,
    /// How often a stream that waits for a person is tried all the same.
    pub retry_every: Duration,
}

/// `[log]`
#[derive(Clone, Debug)]
pub struct Log {
    /// A level, or `target=level` pairs joined by commas. `RUST_LOG` wins over the file.
    pub level: String,
    /// Shape of the lines.
    pub format: LogFormat,
}

/// Shape of log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// `Pretty` on a terminal, `Json` otherwise.
    Auto,
    /// For people.
    Pretty,
    /// One JSON object per line.
    Json,
}

/// When a stream is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cadence {
    /// This long after the previous sync began.
    Every(Duration),
    /// By the clock.
    Cron {
        /// Six fields, seconds first, checked.
        expression: String,
        /// IANA name, checked.
        timezone: String,
    },
}

/// One `[streams.NAME]`.
#[derive(Clone, Debug)]
pub struct Stream {
    /// Its row in the catalogue.
    pub spec: Arc<StreamSpec>,
    /// How it is read.
    pub export: Export,
    /// How its history may be loaded instead; `None` for by `export` alone.
    pub back_fill: Option<BackFill>,
    /// Zendesk's parameters for it.
    pub parameters: Parameters,
    /// Only records changed at or after this; `None` means everything.
    pub start: Option<Timestamp>,
    /// Only records changed before this; `None` means for as long as the daemon runs.
    pub end: Option<Timestamp>,
    /// Whether its own records go to the inlet, or it is read for others only.
    pub deliver: bool,
    /// How records become messages.
    pub mapping: Mapping,
    /// Which fields do not leave as they are.
    pub privacy: Option<Privacy>,
    /// How far messages are judged before they are sent.
    pub validate: Validate,
    /// `x-adobe-flow-id` of raw messages, `header.flowId` of the others.
    pub flow_id: Option<String>,
    /// When it is due.
    pub cadence: Cadence,
    /// How far before the checkpoint a re-read begins: each search window, each walk of a time
    /// export, and a cursor export whose cursor was lost.
    pub overlap: Duration,
}

impl Stream {
    /// Whether its records are compared with those delivered before, of which there is a file.
    pub fn is_compared(&self) -> bool {
        let is_list_under = matches!(self.spec.reading, Reading::Children { .. });
        matches!(self.export, Export::List { .. }) || is_list_under
    }
}

/// How far messages are judged before they are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Validate {
    /// Not at all.
    Off,
    /// By what holds for every schema.
    Fields,
    /// By the stream's schema as well.
    Schema(SchemaPlace),
}

/// Where a stream's schema is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaPlace {
    /// In the Schema Registry, under this `$id`.
    Registry(String),
    /// In a file.
    File(PathBuf),
}

/// Lists that give a stream's history, where its own export takes longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackFill {
    /// Path of the list of the present records, which has cursors.
    pub list: Text,
    /// The row of the list of the deleted ones, where there is one.
    pub deleted: Option<&'static StreamSpec>,
    /// Whether or not it is faster.
    pub always: bool,
}

/// How a stream is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Export {
    /// The incremental cursor export.
    Incremental {
        /// Its path.
        path: Text,
    },
    /// The search export, in windows of update time.
    Search {
        /// Its `filter[type]`.
        search_type: Text,
        /// Further terms of its query.
        terms: Option<String>,
        /// Age a change must have before a window may end after it: Zendesk's search index lags.
        settle: Duration,
    },
    /// The incremental time export.
    Time {
        /// Its path.
        path: Text,
        /// What its times count.
        unit: TimeUnit,
        /// How its last page is known.
        end: StreamEnd,
        /// Query parameter for the records in a page, where there is one.
        size: Option<Text>,
    },
    /// The whole list, of which what changed is passed on.
    List {
        /// Its path.
        path: Text,
        /// How its pages follow one another.
        pagination: Pagination,
    },
    /// With the stream that its row names as its parent, whose section says when and how.
    WithParent,
}

/// What the configuration asks Zendesk for beyond the defaults.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    /// `all`, `agent` or `ai_agent`; Zendesk's default is `agent`.
    pub support_type_scope: Option<&'static str>,
    /// Leaves deleted records out.
    pub exclude_deleted: bool,
    /// Sideloads beside those that other streams need.
    pub include: Vec<String>,
}

/// What the XDM envelope of a stream's messages names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// `…@AdobeOrg`.
    pub org_id: String,
    /// Target dataset.
    pub dataset_id: String,
    /// `$id` of the dataset's schema.
    pub schema_id: String,
    /// The dataflow, if the inlet has several.
    pub flow_id: Option<String>,
}
