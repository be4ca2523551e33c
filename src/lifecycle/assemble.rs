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
use crate::meter::Meter;
use crate::mapping::{Account, Composer, Mapping, Privacy};
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
    /// The checkpoints.
    pub state: Arc<Store>,
    /// The connection to Zendesk, which knows the quota.
    pub client: Arc<Client>,
}

/// Builds everything that keeps the configured streams in sync; connects to nothing yet. `clock` is the one
/// that Zendesk's quota is waited for by, and `meter` counts what is done.
///
/// # Errors
/// When the state directory is unusable or a client cannot be set up.
pub fn assemble(
    config: &Config,
    stop: &CancellationToken,
    clock: &Clock,
    meter: &Arc<Meter>,
) -> Result<Assembled, Error> {
    if let config::ZendeskAuth::ApiToken { .. } = config.zendesk.auth {
        tracing::warn!("{}", config::ZendeskAuth::API_TOKEN_END);
    }
    let directory = &config.state.directory;
    let stores = Stores {
        // First: it takes the lock for all of them.
        state: Arc::new(Store::open(directory, &config.zendesk.account)?),
        dead_letters: Arc::new(DeadLetters::open(directory, &config.dead_letters)?),
        snapshots: Arc::new(Snapshots::new(directory)),
    };
    if config.streams.iter().any(config::Stream::is_compared) {
        stores.snapshots.ready()?;
    }
    let client = Client::new(&config.zendesk, &config.retry, stop, clock)?;
    let client = Arc::new(client.metered(meter));
    let connection = Connection::new(&config.platform, &config.retry, stop)?;
    let connection = Arc::new(connection.metered(meter));
    let account = Arc::new(Account::default());
    let walks: Result<Vec<Walk>, Error> = config
        .walks()
        .into_iter()
        .map(|walk| {
            let page_size = config.zendesk.page_size;
            let export = Export::new(client.clone(), walk.root, &walk.members, page_size);
            let members: Result<Vec<Member>, Error> = std::iter::once(walk.root)
                .chain(walk.members)
                .map(|stream| {
                    let outlet = || outlet(stream, config, &connection, &account);
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
                stores.clone(),
                config.attention,
            ))
        })
        .collect();
    Ok(Assembled {
        walks: walks?,
        custom_fields: CustomFields::new(client.clone(), account, clock),
        state: stores.state,
        client,
    })
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
