//! What kind of inlet a simulator is.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Settings of a [`PlatformSimulator`](super::PlatformSimulator).
#[derive(Clone, Debug)]
pub struct PlatformOptions {
    /// Port on 127.0.0.1; 0 lets the system choose.
    pub port: u16,
    /// Whether the messages are XDM envelopes or raw records; an inlet takes one kind.
    pub data_type: DataType,
    /// Whether every request needs a bearer token.
    pub authentication_required: bool,
    /// Status for a token that is wrong or has expired: 401 by one of Adobe's pages, 403 by
    /// another. A missing token is 401 by both.
    pub invalid_token_status: u16,
    /// Lifetime of tokens of the identity service. Adobe's is 24 hours.
    pub token_lifetime: Duration,
    /// The client that may ask for tokens.
    pub client_id: String,
    /// Its secret.
    pub client_secret: String,
    /// The organisation that the inlet belongs to.
    pub org_id: String,
    /// Datasets by id, each with the id of its schema.
    pub datasets: BTreeMap<String, String>,
    /// What the Schema Registry holds, by `$id`.
    pub schemas: BTreeMap<String, serde_json::Value>,
    /// Flows that lead somewhere: for `x-adobe-flow-id` and `header.flowId`.
    pub flows: BTreeSet<String>,
    /// The AEP sandbox of the inlet; another one in `x-sandbox-name` is refused.
    pub sandbox_name: String,
    /// What the answers to batches look like.
    pub responses: Responses,
}

impl Default for PlatformOptions {
    /// An open XDM inlet with one dataset and one flow.
    fn default() -> Self {
        let schema = "https://ns.adobe.com/sandboxtenant/schemas/0123456789abcdef0123456789abcdef";
        Self {
            port: 0,
            data_type: DataType::Xdm,
            authentication_required: false,
            invalid_token_status: 401,
            token_lifetime: Duration::from_secs(24 * 60 * 60),
            client_id: "sandbox-client".into(),
            client_secret: "sandbox-client-secret".into(),
            org_id: "0123456789ABCDEF01234567@AdobeOrg".into(),
            datasets: BTreeMap::from([("6a1b2c3d4e5f6a7b8c9d0e1f".into(), schema.into())]),
            schemas: BTreeMap::new(),
            flows: BTreeSet::from(["11111111-2222-4333-8444-555555555555".into()]),
            sandbox_name: "prod".into(),
            responses: Responses::default(),
        }
    }
}

/// The kind of messages an inlet takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataType {
    /// `header` and `body`, checked strictly.
    Xdm,
    /// Any JSON object, as long as the request names a known flow.
    Raw,
}

/// What the answer to a batch looks like. Adobe's documents, a log and a test fixture all
/// differ, and no sentence guarantees number or order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Responses {
    /// Which key tells that a message was refused.
    pub failure_key: FailureKey,
    /// The form of `xactionId`.
    pub transaction_ids: TransactionIds,
    /// Whether refused messages have an `xactionId` too.
    pub failures_have_ids: bool,
    /// Last message first.
    pub reversed: bool,
    /// The response to the last message is missing.
    pub one_missing: bool,
    /// There is one response that belongs to no message.
    pub one_extra: bool,
}

impl Default for Responses {
    /// As printed for a batch without failures, and as logged for one with a failure: `status`,
    /// no id on the failure, in order.
    fn default() -> Self {
        Self {
            failure_key: FailureKey::Status,
            transaction_ids: TransactionIds::BatchAndIndex,
            failures_have_ids: false,
            reversed: false,
            one_missing: false,
            one_extra: false,
        }
    }
}

/// Where the status of a refused message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKey {
    /// `"status": 400`, in the log of a user and in the Kafka connector.
    Status,
    /// `"statusCode": 400`, in the tutorial.
    StatusCode,
    /// `"status": "400"`, as the inlet's error bodies spell it in places.
    StatusText,
}

/// The two forms of `xactionId` in the documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransactionIds {
    /// `{batchId}:{index}`, in the tutorial.
    BatchAndIndex,
    /// `{uuid}-{index}`, in the Kafka connector.
    UuidAndIndex,
}
