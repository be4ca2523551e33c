//! What a walk needs around it: an inlet, a state directory, and outlets to join it to.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::account::{Account, Export};
use crate::checkpoint::{self, Store, StreamState};
use crate::config::{self, Config};
use crate::dead_letters::DeadLetters;
use crate::mapping::{Composer, Mapping, Raw};
use crate::platform::{Connection, Inlet};
use crate::sandbox::{DataType, PlatformOptions, PlatformSimulator};
use crate::snapshots::Snapshots;
use crate::sync::{Judge, Member, Outlet, Pages, Stores, Summary, Walk};

const ACCOUNT: &str = "acme.zendesk.com";

pub(super) struct World {
    pub(super) account: Account,
    pub(super) platform: PlatformSimulator,
    pub(super) directory: tempfile::TempDir,
    flow_id: String,
    config: Config,
}

impl World {
    pub(super) async fn new() -> Self {
        let options = PlatformOptions {
            data_type: DataType::Raw,
            ..PlatformOptions::default()
        };
        let flow_id = options.flows.first().expect("a flow").clone();
        let platform = PlatformSimulator::start(options).await.expect("a port");
        let directory = tempfile::tempdir().expect("a directory");
        let text = format!(
            r#"
            [zendesk]
            subdomain = "acme"
            [zendesk.auth]
            method = "access_token"
            access_token = {{ file = "nowhere" }}
            [platform]
            inlet_url = "{}"
            [streams.users]
            flow_id = "{flow_id}"
            "#,
            platform.inlet_url()
        );
        let path = directory.path().join("config.toml");
        std::fs::write(&path, text).expect("written");
        Self {
            account: Account::default(),
            config: config::load_without_environment(&path).expect("a configuration"),
            platform,
            directory,
            flow_id,
        }
    }

    /// Opens the state directory anew, as a restart would. The first of `members` is the root;
    /// those marked with a `-` are read only.
    pub(super) fn walk<E: Pages>(&self, export: E, members: &[&'static str]) -> Walk<E> {
        let store = Store::open(self.directory.path(), ACCOUNT).expect("opened");
        let letters = DeadLetters::open(self.directory.path(), &self.config.dead_letters);
        let snapshots = Snapshots::new(self.directory.path());
        let members = members.iter().map(|name| match name.strip_prefix('-') {
            Some(stream) => Member {
                stream: stream.into(),
                outlet: None,
            },
            None => Member {
                stream: (*name).into(),
                outlet: Some(self.outlet()),
            },
        });
        Walk::new(
            export,
            members.collect(),
            None,
            Stores {
                state: Arc::new(store),
                dead_letters: Arc::new(letters.expect("opened")),
                snapshots: Arc::new(snapshots),
            },
            self.config.attention,
        )
    }

    /// One pass, with nobody stopping it.
    pub(super) async fn sync(&self, export: Export, members: &[&'static str]) -> Summary {
        let stop = CancellationToken::new();
        self.walk(export, members)
            .run(&stop, &CancellationToken::new(), &|_| {})
            .await
    }

    fn outlet(&self) -> Outlet {
        let stop = CancellationToken::new();
        let (platform, retry) = (&self.config.platform, &self.config.retry);
        let connection = Connection::new(platform, retry, &stop).expect("a client");
        let inlet = Inlet::new(
            "users",
            Arc::new(connection),
            platform.endpoint,
            platform.batch_bytes,
            Some(&self.flow_id),
        );
        let composer = Composer::new(Mapping::Raw(Raw::default()), None);
        Outlet::new(composer, Judge::Fields, inlet.expect("an inlet"))
    }

    /// What is in the state file.
    pub(super) fn state(&self, stream: &str) -> StreamState {
        let state = checkpoint::read(self.directory.path()).expect("readable");
        let state = state.expect("something was saved");
        state.streams.get(stream).cloned().unwrap_or_default()
    }

    /// Of each record of a stream, what has arrived last.
    pub(super) fn arrived(&self, stream: &str) -> BTreeMap<String, String> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
        let latest = self.platform.latest_by_id().into_iter();
        latest
            .filter(|(id, _)| id.split('-').next() == Some(stream))
            .map(|(id, json)| (id, text(&json)))
            .collect()
    }

    /// How many messages of each record were accepted.
    pub(super) fn times(&self) -> HashMap<String, usize> {
        let mut times = HashMap::new();
        for message in self.platform.accepted() {
            *times.entry(message.id().expect("an id")).or_default() += 1;
        }
        times
    }
}
