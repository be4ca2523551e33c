//! An AEP: the identity service that gives out tokens, one streaming inlet, and the Schema Registry.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;

use super::answer::Answer;
use super::request::Request;
use super::server::{Server, Service};
use super::tokens::Tokens;
use super::{Simulator, lock};
use inlet::Inlet;

mod envelope;
mod ims;
mod inlet;
mod options;
mod outcomes;
mod registry;
mod sink;

#[cfg(test)]
mod tests;

pub use options::{DataType, FailureKey, PlatformOptions, Responses, TransactionIds};
pub use sink::{Delivery, Endpoint, Sink};

/// The inlet's id: 64 hexadecimal digits, as in every sample of Adobe's.
const INLET_ID: &str = "7b4e0c2d5a6f8193b4e0c2d5a6f81937b4e0c2d5a6f8193b4e0c2d5a6f819302";

/// An AEP on loopback; closed when dropped.
#[derive(Debug)]
pub struct PlatformSimulator {
    server: Server,
    organisation: Arc<Organisation>,
}

impl PlatformSimulator {
    /// Opens it on 127.0.0.1. Needs a Tokio runtime, which serves it.
    pub async fn start(options: PlatformOptions) -> io::Result<Self> {
        let port = options.port;
        let organisation = Arc::new(Organisation::new(options));
        let server = Server::start(port, Arc::clone(&organisation) as Arc<dyn Service>).await?;
        Ok(Self {
            server,
            organisation,
        })
    }

    /// The address for single messages, `http://127.0.0.1:…/collection/{inlet id}`.
    pub fn inlet_url(&self) -> String {
        format!("{}/collection/{INLET_ID}", self.server.base_url())
    }

    /// The identity service without a path: `/ims/token/v3` comes after it.
    pub fn ims_url(&self) -> String {
        self.server.base_url()
    }

    /// The gateway to everything but the inlet, without a path.
    pub fn api_url(&self) -> String {
        self.server.base_url()
    }

    /// Refuses from now on the messages for which `rule` gives a reason. It is asked once for
    /// each message that is otherwise good, with the message exactly as sent, and must not call
    /// this simulator.
    pub fn reject_when(&self, rule: impl Fn(&[u8]) -> Option<String> + Send + Sync + 'static) {
        self.organisation.state().inlet.rule = Some(Arc::new(rule));
    }

    /// Takes back [`Self::reject_when`].
    pub fn reject_nothing(&self) {
        self.organisation.state().inlet.rule = None;
    }

    /// Ends all tokens issued so far.
    pub fn revoke_tokens(&self) {
        self.organisation.state().tokens.revoke();
    }

    /// From now on this is the client's secret; the tokens issued so far end.
    pub fn rotate(&self, client_secret: &str) {
        let mut state = self.organisation.state();
        client_secret.clone_into(&mut state.client_secret);
        state.tokens.revoke();
    }

    /// How many tokens have been issued.
    pub fn tokens_issued(&self) -> u64 {
        self.organisation.state().tokens.issued()
    }

    /// The accepted messages in order of arrival, repeats included.
    pub fn accepted(&self) -> Vec<Delivery> {
        self.organisation.state().inlet.sink.accepted.clone()
    }

    /// How many messages were accepted, repeats included.
    pub fn accepted_count(&self) -> usize {
        self.organisation.state().inlet.sink.accepted.len()
    }

    /// The refused messages in order of arrival, each with its reason. Messages of a request that
    /// was refused whole are not among them.
    pub fn rejected(&self) -> Vec<Delivery> {
        self.organisation.state().inlet.sink.rejected.clone()
    }

    /// Of each record the accepted message that came last; see [`Sink::latest_by_id`].
    pub fn latest_by_id(&self) -> BTreeMap<String, Bytes> {
        self.organisation.state().inlet.sink.latest_by_id()
    }

    /// Waits until `condition` holds; false if it does not within `limit`. It is asked now and
    /// at every step of every request.
    pub async fn wait_until(&self, condition: impl Fn(&Sink) -> bool, limit: Duration) -> bool {
        let holds = || condition(&self.organisation.state().inlet.sink);
        self.server.wait_until(holds, limit).await
    }
}

impl Simulator for PlatformSimulator {
    fn server(&self) -> &Server {
        &self.server
    }
}

/// What is behind the server.
#[derive(Debug)]
struct Organisation {
    options: PlatformOptions,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    client_secret: String,
    tokens: Tokens,
    inlet: Inlet,
}

impl Organisation {
    fn new(options: PlatformOptions) -> Self {
        let state = State {
            client_secret: options.client_secret.clone(),
            tokens: Tokens::new("sandbox-ims-token", options.token_lifetime),
            inlet: Inlet {
                id: INLET_ID,
                sink: Sink::default(),
                rule: None,
            },
        };
        Self {
            options,
            state: Mutex::new(state),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

impl Service for Organisation {
    fn answer(&self, request: &Request) -> Answer {
        let head = &request.head;
        if head.method == Method::GET && head.path.starts_with(registry::SCHEMAS) {
            return registry::schema(head, &self.options, &self.state().tokens);
        }
        let endpoint = match (&head.method, head.path.rsplit_once('/')) {
            (&Method::POST, Some(("/ims/token", "v3"))) => {
                let State {
                    client_secret,
                    tokens,
                    ..
                } = &mut *self.state();
                return ims::grant(request, &self.options.client_id, client_secret, tokens);
            }
            (&Method::POST, Some(("/collection", INLET_ID))) => Endpoint::Single,
            (&Method::POST, Some(("/collection/batch", INLET_ID))) => Endpoint::Batch,
            _ => return Answer::empty(404),
        };
        let State { tokens, inlet, .. } = &mut *self.state();
        inlet.receive(endpoint, request, &self.options, tokens)
    }
}
