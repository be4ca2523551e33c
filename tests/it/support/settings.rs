//! The configuration file of a test, in the product's own keys.

use std::fmt;

use toml::{Table, Value};
use zendesk_aep::sandbox::{Credentials, PlatformOptions};

/// A configuration: changed key by key, written when a process starts.
#[derive(Clone, Debug)]
pub struct Settings(Table);

/// How to sign in to Zendesk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignIn {
    ClientCredentials,
    AccessToken,
    ApiToken,
}

impl Settings {
    /// Client credentials, an open inlet for raw messages, pages and batches small enough that
    /// there are several, delays of milliseconds, and a schedule that never ticks twice.
    pub(super) fn new(zendesk_url: &str, inlet_url: &str, platform: &PlatformOptions) -> Self {
        let flow_id = platform.flows.first().expect("a flow");
        let text = format!(
            r#"
            shutdown_grace = "20s"
            [zendesk]
            base_url = "{zendesk_url}"
            page_size = 50
            [platform]
            inlet_url = "{inlet_url}"
            org_id = "{org_id}"
            batch_bytes = "10kB"
            [retry]
            attempts = 4
            initial_delay = "5ms"
            max_delay = "50ms"
            rate_limit_delay = "50ms"
            [schedule]
            every = "1h"
            [state]
            directory = "state"
            [log]
            format = "json"
            [streams.users]
            flow_id = "{flow_id}"
            "#,
            org_id = platform.org_id,
        );
        let mut settings = Self(text.parse().expect("TOML"));
        settings.sign_in(SignIn::ClientCredentials);
        settings
    }

    /// Sets a key, its sections made on the way: `set("zendesk.page_size", 10)`.
    pub fn set(&mut self, key: &str, value: impl Into<Value>) -> &mut Self {
        let (table, key) = self.table(key);
        table.insert(key.to_owned(), value.into());
        self
    }

    /// Keeps this stream in sync too, raw.
    pub fn add_stream(&mut self, name: &str) -> &mut Self {
        let options = PlatformOptions::default();
        let flow_id = options.flows.first().expect("a flow").clone();
        self.set(&format!("streams.{name}.flow_id"), flow_id)
    }

    /// Keeps this stream in sync and not the users.
    pub fn only_stream(&mut self, name: &str) -> &mut Self {
        self.remove("streams.users").add_stream(name)
    }

    /// Leaves a key or a section out.
    pub fn remove(&mut self, key: &str) -> &mut Self {
        let (table, key) = self.table(key);
        table.remove(key).expect("it was set");
        self
    }

    /// The section that a key is in, made if need be, and its name there.
    fn table<'k>(&mut self, key: &'k str) -> (&mut Table, &'k str) {
        let (sections, key) = key.rsplit_once('.').unwrap_or(("", key));
        let mut table = &mut self.0;
        for section in sections.split('.').filter(|section| !section.is_empty()) {
            let inner = table
                .entry(section)
                .or_insert_with(|| Table::new().into())
                .as_table_mut();
            table = inner.expect("a section");
        }
        (table, key)
    }

    /// The flow of the users, which other streams may share.
    pub fn flow(&self) -> String {
        let flow = self.0["streams"]["users"]["flow_id"].as_str();
        flow.expect("a flow").to_owned()
    }

    /// Sets a key to a secret that stands in a file of the world's directory.
    pub fn set_secret(&mut self, key: &str, file: &str) -> &mut Self {
        self.set(&format!("{key}.file"), file)
    }

    /// Signs in to Zendesk this way, with the account's own credentials.
    pub fn sign_in(&mut self, method: SignIn) -> &mut Self {
        let Credentials {
            client_id, email, ..
        } = Credentials::default();
        self.set("zendesk.auth", Table::new());
        match method {
            SignIn::ClientCredentials => self
                .set("zendesk.auth.method", "client_credentials")
                .set("zendesk.auth.client_id", client_id)
                .set_secret("zendesk.auth.client_secret", "zendesk-client-secret"),
            SignIn::AccessToken => self
                .set("zendesk.auth.method", "access_token")
                .set_secret("zendesk.auth.access_token", "zendesk-access-token"),
            SignIn::ApiToken => self
                .set("zendesk.auth.method", "api_token")
                .set("zendesk.auth.email", email)
                .set_secret("zendesk.auth.api_token", "zendesk-api-token"),
        }
    }

    /// Signs in to the inlet with the organisation's own credential.
    pub fn sign_in_to_inlet(&mut self, ims_url: &str) -> &mut Self {
        self.set("platform.auth.ims_url", ims_url)
            .set(
                "platform.auth.client_id",
                PlatformOptions::default().client_id,
            )
            .set_secret("platform.auth.client_secret", "adobe-client-secret")
    }

    /// Sends what Adobe's own source sends.
    pub fn adobe_source_compatible(&mut self) -> &mut Self {
        let platform = PlatformOptions::default();
        let (dataset_id, schema_id) = platform.datasets.first_key_value().expect("a dataset");
        self.set("platform.tenant", "_sandboxtenant")
            .set("streams.users.mapping", "adobe-source-compatible")
            .set("streams.users.dataset_id", dataset_id.as_str())
            .set("streams.users.schema_id", schema_id.as_str())
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
