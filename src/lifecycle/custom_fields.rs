//! Keeping the definitions of custom fields: read before the first sync, once an hour, and soon
//! after a field was met that has none.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::error::Chain;
use crate::limits;
use crate::mapping::{Account, Definitions, FieldsOf};
use crate::progress;
use crate::zendesk::Client;

/// Reads definitions for those mappings that need them.
#[derive(Debug)]
pub struct CustomFields {
    client: Arc<Client>,
    account: Arc<Account>,
    clock: Clock,
}

impl CustomFields {
    /// Reads nothing yet.
    pub fn new(client: Arc<Client>, account: Arc<Account>, clock: &Clock) -> Self {
        Self {
            client,
            account,
            clock: *clock,
        }
    }

    /// Reads what is needed, which is nothing unless a mapping names a custom field. What cannot be
    /// read stays as it was known: a tag in the place of a title must not stop a stream.
    pub async fn refresh(&self) {
        let mut definitions = Definitions::clone(&self.account.definitions());
        for of in self.account.wanted() {
            match self.read(of).await {
                Ok(read) => {
                    for field in self.account.undefined(of, &read) {
                        tracing::warn!(
                            list = of.list(),
                            field = &*field,
                            "the mapping names a custom field that zendesk does not have: nothing is sent for it"
                        );
                    }
                    definitions.replace(of, read);
                }
                Err(error) => tracing::warn!(
                    list = of.list(),
                    error = %Chain(&error),
                    "the definitions of custom fields cannot be read: options go by their tags, or by the titles known so far"
                ),
            }
        }
        self.account.set_definitions(definitions);
    }

    /// Reads the definitions of `of`.
    ///
    /// # Errors
    /// When the list cannot be read to its end.
    pub async fn read(&self, of: FieldsOf) -> Result<Definitions, crate::zendesk::Error> {
        let mut read = Definitions::default();
        for definition in self.client.field_definitions(of.list()).await? {
            read.add(of, definition.get().as_bytes());
        }
        Ok(read)
    }

    /// Refreshes until `stop`.
    pub async fn keep(self, stop: CancellationToken) {
        let mut age = Duration::ZERO;
        while !self.account.wanted().is_empty() {
            progress::waits(limits::DEFINITIONS_PAUSE);
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.clock.sleep(limits::DEFINITIONS_PAUSE) => age += limits::DEFINITIONS_PAUSE,
            }
            if age >= limits::DEFINITIONS_AGE_MAX || self.account.met_unknown() {
                self.refresh().await;
                age = Duration::ZERO;
            }
        }
    }
}
