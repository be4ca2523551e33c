//! Building the parts from the configuration: everything a walk needs, and single parts of it for
//! the commands that look at one.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::{CustomFields, Error};
use crate::checkpoint::Store;
use crate::clock::Clock;
use crate::config::{self, Config, SchemaPlace, Secret};
use crate::dead_letters::DeadLetters;
use crate::error::Code;
use crate::limits;
use crate::mapping::{Account, Composer, Mapping, Privacy};
use crate::meter::Meter;
use crate::platform::{self, Connection, Inlet, SchemaRegistry};
use crate::snapshots::Snapshots;
use crate::sync::{Judge, Member, Origin, Outlet, SchemaSource, Stores, Walk};
use crate::zendesk::{Client, Export};

/// Everything that keeps the configured streams in sync.
#[derive(Debug)]
pub struct Assembled {
    /// One for each of [`Config::walks`].
    pub walks: Vec<Walk>,
    /// What their mappings know of custom fields.
    pub custom_fields: CustomFields,
    /// What all of them share.
    pub kept: Kept,
}

/// What all streams share, and what of it outlives a change of the configuration: the state
/// directory and its lock, what is known of the account and its limits, tokens.
#[derive(Clone, Debug)]
pub struct Kept {
    pub(super) stores: Stores,
    /// The account.
    pub client: Arc<Client>,
    /// The inlet.
    pub connection: Arc<Connection>,
    account: Arc<Account>,
    /// What counts it all.
    pub meter: Arc<Meter>,
}

/// Builds everything that keeps the configured streams in sync; connects to nothing yet. `clock` is the one
/// that Zendesk's quota is waited for by.
///
/// # Errors
/// When the state directory is unusable or a client cannot be set up.
pub fn assemble(
    config: &Config,
    stop: &CancellationToken,
    clock: &Clock,
) -> Result<Assembled, Error> {
    let directory = &config.state.directory;
    let meter: Arc<Meter> = Arc::default();
    let client = Client::new(&config.zendesk, &config.retry, stop, clock)?;
    let connection = Connection::new(&config.platform, &config.retry, stop)?;
    let kept = Kept {
        stores: Stores {
            // First: it takes the lock for all of them.
            state: Arc::new(Store::open(directory, &config.zendesk.account)?),
            dead_letters: Arc::new(DeadLetters::open(directory, &config.dead_letters)?),
            snapshots: Arc::new(Snapshots::new(directory)),
        },
        client: Arc::new(client.metered(&meter)),
        connection: Arc::new(connection.metered(&meter)),
        account: Arc::default(),
        meter,
    };
    kept.assemble(config, clock)
}

impl Kept {
    /// The same for another configuration of the same account and state directory. What these two
    /// share is left alone until [`take_effect`](Self::take_effect).
    ///
    /// # Errors
    /// When a client cannot be set up.
    pub fn heir(&self, config: &Config, stop: &CancellationToken) -> Result<Self, Error> {
        let (retry, stores) = (&config.retry, self.stores.clone());
        Ok(Self {
            stores,
            client: Arc::new(self.client.heir(&config.zendesk, retry, stop)?),
            connection: Arc::new(self.connection.heir(&config.platform, retry, stop)?),
            account: Arc::new(self.account.heir()),
            meter: self.meter.clone(),
        })
    }

    /// Sets what is shared with those that came before.
    pub fn take_effect(&self, config: &Config) {
        self.client
            .governor()
            .set_quota(config.zendesk.quota.clone());
        self.stores.dead_letters.set_bounds(config.dead_letters);
    }

    /// Resolves when there is another secret than the one that was `refused`, and sees to it that
    /// it is used.
    pub async fn new_secret(&self, refused: Code) {
        let is_there = || match refused {
            Code::ZendeskSignIn => self.client.has_new_secret(),
            Code::PlatformSignIn => self.connection.has_new_secret(),
            _ => false,
        };
        while !is_there() {
            tokio::time::sleep(limits::RELOAD_LOOK).await;
        }
        match refused {
            Code::ZendeskSignIn => self.client.sign_in_anew().await,
            _ => self.connection.sign_in_anew().await,
        }
    }

    /// Builds everything that keeps the configured streams in sync by these.
    ///
    /// # Errors
    /// When the snapshots of lists cannot be had, or a mapping is wrong.
    pub fn assemble(self, config: &Config, clock: &Clock) -> Result<Assembled, Error> {
        if let config::ZendeskAuth::ApiToken { .. } = config.zendesk.auth {
            tracing::warn!("{}", config::ZendeskAuth::API_TOKEN_END);
        }
        if config.streams.iter().any(config::Stream::is_compared) {
            self.stores.snapshots.ready()?;
        }
        let walks: Result<Vec<Walk>, Error> = config
            .walks()
            .into_iter()
            .map(|walk| {
                let page_size = config.zendesk.page_size;
                let client = self.client.clone();
                let export = Export::new(client, walk.root, &walk.members, page_size);
                let members: Result<Vec<Member>, Error> = std::iter::once(walk.root)
                    .chain(walk.members)
                    .map(|stream| {
                        let outlet = || outlet(stream, config, &self.connection, &self.account);
                        Ok(Member {
                            stream: (&*stream.spec.name).into(),
                            outlet: stream.deliver.then(outlet).transpose()?,
                        })
                    })
                    .collect();
                Ok(Walk::new(
                    export,
                    members?,
                    walk.root.end,
                    self.stores.clone(),
                    config.attention,
                ))
            })
            .collect();
        let (client, account) = (self.client.clone(), self.account.clone());
        Ok(Assembled {
            walks: walks?,
            custom_fields: CustomFields::new(client, account, clock),
            kept: self,
        })
    }
}

/// Builds the way from record to inlet of every configured stream, by stream: what [`assemble`]
/// builds but for the parts that need the state directory to themselves.
///
/// # Errors
/// When the client cannot be set up.
pub fn outlets<'c>(
    config: &'c Config,
    stop: &CancellationToken,
) -> Result<BTreeMap<&'c str, Outlet>, Error> {
    let connection = Arc::new(Connection::new(&config.platform, &config.retry, stop)?);
    let account = Arc::new(Account::default());
    config
        .streams
        .iter()
        .filter(|stream| stream.deliver)
        .map(|stream| {
            let outlet = outlet(stream, config, &connection, &account)?;
            Ok((&*stream.spec.name, outlet))
        })
        .collect()
}

fn outlet(
    stream: &config::Stream,
    config: &Config,
    connection: &Arc<Connection>,
    account: &Arc<Account>,
) -> Result<Outlet, Error> {
    let platform = &config.platform;
    let flow_id = match stream.mapping {
        config::Mapping::Raw { .. } => stream.flow_id.as_deref(),
        // These carry it in the envelope.
        config::Mapping::Mapped(_) => None,
    };
    let inlet = Inlet::new(
        &stream.spec.name,
        connection.clone(),
        platform.endpoint,
        platform.batch_bytes,
        flow_id,
    )?;
    let judge = judge(stream, config, connection)?;
    Ok(Outlet::new(composer(stream, account)?, judge, inlet))
}

/// Builds what makes a stream's messages. `account` is what all streams of it share.
///
/// # Errors
/// When the mapping file is wrong, or the key of hashed fields cannot be had.
pub fn composer(stream: &config::Stream, account: &Arc<Account>) -> Result<Composer, Error> {
    let mapping = Mapping::new(&stream.spec, &stream.mapping, account)?;
    Ok(Composer::new(mapping, privacy(stream)?))
}

/// Builds the rules for fields of a stream that do not leave as they are.
///
/// # Errors
/// When the key of hashed fields cannot be had.
pub fn privacy(stream: &config::Stream) -> Result<Option<Privacy>, Error> {
    let Some(rules) = &stream.privacy else {
        return Ok(None);
    };
    let key = rules.hash_key.as_ref().map(Secret::read).transpose();
    let key = key.map_err(Error::HashKey)?;
    Ok(Some(Privacy::new(rules, key.as_ref())?))
}

/// Builds what judges a stream's messages before they are sent.
///
/// # Errors
/// When a configured value cannot be a header.
pub fn judge(
    stream: &config::Stream,
    config: &Config,
    connection: &Arc<Connection>,
) -> Result<Judge, platform::Error> {
    let origin = match &stream.validate {
        config::Validate::Off => return Ok(Judge::Nobody),
        config::Validate::Fields => return Ok(Judge::Fields),
        config::Validate::Schema(SchemaPlace::File(path)) => Origin::File(path.clone()),
        config::Validate::Schema(SchemaPlace::Registry(id)) => {
            let sandbox = config.platform.sandbox_name.as_deref().unwrap_or_default();
            // One `$id` may be another schema in another sandbox.
            let name = crc32fast::hash(format!("{sandbox}\n{id}").as_bytes());
            Origin::Registry {
                registry: Box::new(SchemaRegistry::new(connection.clone(), &config.platform)?),
                id: id.clone(),
                copy: config
                    .state
                    .directory
                    .join(format!("schemas/{name:08x}.json")),
            }
        }
    };
    Ok(Judge::Schema(Box::new(SchemaSource::new(origin))))
}
