//! An account with ten streams, an inlet, and a configuration between them: for what is measured of a
//! daemon that runs for long.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;

use tempfile::TempDir;
use zendesk_aep::clock::Clock;
use zendesk_aep::sandbox::{PlatformOptions, PlatformSimulator, ZendeskOptions, ZendeskSimulator};

/// What is configured: every way of reading that there is, all mapped.
pub const STREAMS: [&str; 10] = [
    "users",
    "tickets",
    "organizations",
    "ticket_events",
    "ticket_metric_events",
    "satisfaction_ratings",
    "groups",
    "group_memberships",
    "brands",
    "macros",
];

/// Both ends, and where the daemon finds its configuration.
pub struct Account {
    pub zendesk: ZendeskSimulator,
    pub platform: PlatformSimulator,
    pub config: PathBuf,
    /// Of the daemon's own server.
    pub status: SocketAddr,
    _directory: TempDir,
}

impl Account {
    /// An account by `clock`, with so many users and tickets.
    pub async fn start(clock: Clock, records: usize) -> Self {
        let zendesk = ZendeskSimulator::start(ZendeskOptions {
            users: records,
            records: [("tickets".to_owned(), records)].into(),
            clock,
            ..ZendeskOptions::default()
        });
        let platform = PlatformSimulator::start(PlatformOptions {
            authentication_required: true,
            ..PlatformOptions::default()
        });
        let (zendesk, platform) = tokio::join!(zendesk, platform);
        let mut account = Self {
            zendesk: zendesk.expect("a port"),
            platform: platform.expect("a port"),
            config: PathBuf::new(),
            status: free_address(),
            _directory: tempfile::tempdir().expect("a directory"),
        };
        let directory = account._directory.path();
        account.config = directory.join("config.toml");
        std::fs::write(&account.config, account.configuration()).expect("a file");
        for (name, secret) in [
            (
                "zendesk",
                ZendeskOptions::default().credentials.client_secret,
            ),
            ("adobe", PlatformOptions::default().client_secret),
        ] {
            std::fs::write(directory.join(name), secret).expect("a file");
        }
        account
    }

    fn configuration(&self) -> String {
        let platform = PlatformOptions::default();
        let (dataset, schema) = platform.datasets.first_key_value().expect("a dataset");
        let streams = STREAMS.map(|name| {
            format!(
                r#"[streams.{name}]
mapping = "xdm"
dataset_id = "{dataset}"
schema_id = "{schema}"
"#
            )
        });
        format!(
            r#"
[zendesk]
base_url = "{zendesk}"
[zendesk.auth]
method = "client_credentials"
client_id = "{client}"
client_secret = {{ file = "zendesk" }}
[platform]
inlet_url = "{inlet}"
org_id = "{org}"
tenant = "_sandboxtenant"
[platform.auth]
ims_url = "{ims}"
client_id = "{platform_client}"
client_secret = {{ file = "adobe" }}
[mapping]
events_without_person = "send"
[schedule]
every = "1m"
[state]
directory = "state"
[status]
listen = "{status}"
[log]
level = "error"
{streams}"#,
            zendesk = self.zendesk.base_url(),
            client = ZendeskOptions::default().credentials.client_id,
            inlet = self.platform.inlet_url(),
            org = platform.org_id,
            ims = self.platform.ims_url(),
            platform_client = platform.client_id,
            status = self.status,
            streams = streams.concat(),
        )
    }
}

/// An address that nobody has at present.
fn free_address() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address")
}
