//! Delivering a batch until every message of it is accepted or rejected for good.
//!
//! What is not settled by the first answer is taken apart by [`Isolation`]; here the parts are
//! sent, to the batch address or, where only an answer about one message will do, one by one to
//! the single one.

use std::sync::Arc;

use reqwest::header::HeaderMap;

use super::connection::{Address, Connection, Reply, Sent};
use super::isolation::{Isolation, Part};
use super::outcome::{self, Outcome, Rejection};
use super::{Batch, Error, Packer};
use crate::config::Endpoint;
use crate::limits;

/// Where one stream's batches go.
#[derive(Debug)]
pub struct Inlet {
    stream: String,
    /// What its requests are for, as in "could not …".
    what: String,
    connection: Arc<Connection>,
    headers: HeaderMap,
    endpoint: Endpoint,
    batch_bytes: usize,
}

/// What became of a batch.
#[derive(Debug)]
pub struct Delivery {
    /// For each message in order: accepted, or rejected for good.
    pub outcomes: Vec<Result<(), Rejection>>,
    /// Requests it took, repeated ones included.
    pub requests: u32,
}

impl Inlet {
    /// The inlet of a stream, on `connection`, that takes batches of at most `batch_bytes`; `flow_id` for raw
    /// messages.
    ///
    /// # Errors
    /// When the flow id cannot be a header.
    pub fn new(
        stream: &str,
        connection: Arc<Connection>,
        endpoint: Endpoint,
        batch_bytes: usize,
        flow_id: Option<&str>,
    ) -> Result<Self, Error> {
        Ok(Self {
            stream: stream.to_owned(),
            what: format!("deliver {stream} to the inlet"),
            headers: connection.headers(flow_id)?,
            connection,
            endpoint,
            batch_bytes,
        })
    }

    /// An empty packer for batches that this inlet takes.
    pub fn packer(&self) -> Packer {
        Packer::new(self.batch_bytes, self.endpoint)
    }

    /// Batches that may be on their way at a time.
    pub fn in_flight(&self) -> usize {
        self.connection.in_flight()
    }

    /// Delivers a batch.
    ///
    /// # Errors
    /// When the inlet could not be made to decide on every message. Some may have been taken;
    /// none counts as settled, and all must be delivered again.
    pub async fn deliver(&self, batch: &Batch) -> Result<Delivery, Error> {
        let mut isolation = Isolation::new(&self.stream, batch.len());
        let mut requests = 0;
        while let Some(part) = isolation.next() {
            let one_by_one =
                self.endpoint == Endpoint::Single || part.resends > limits::UNKNOWN_BATCH_RESENDS;
            let sent = if one_by_one && part.indexes.len() > 1 {
                isolation.separate(part);
                continue;
            } else if one_by_one {
                self.post_single(batch, &part).await
            } else {
                self.post_batch(batch, &part).await
            };
            match sent {
                Ok(Sent {
                    reply,
                    requests: made,
                }) => {
                    requests += made;
                    match reply {
                        Reply::Body(_) if one_by_one => {
                            let outcomes = vec![Outcome::Accepted];
                            self.count(&outcomes);
                            isolation.record(part, outcomes);
                        }
                        Reply::Body(answer) => {
                            let outcomes = outcome::decode(&answer, part.indexes.len());
                            self.count(&outcomes);
                            isolation.record(part, outcomes);
                        }
                        Reply::Refused { status, text } => {
                            if part.indexes.len() == 1 {
                                self.connection.meter.messages.rejected.count();
                            }
                            isolation.refuse(
                                part,
                                Rejection {
                                    status,
                                    message: text,
                                },
                            );
                        }
                    }
                }
                Err(error) => {
                    requests += isolation.suspect(part, error)?;
                }
            }
        }
        Ok(Delivery {
            outcomes: isolation.finish()?,
            requests,
        })
    }

    fn count(&self, outcomes: &[Outcome]) {
        let messages = &self.connection.meter.messages;
        for outcome in outcomes {
            match outcome {
                Outcome::Accepted => messages.accepted.count(),
                Outcome::Rejected(_) => messages.rejected.count(),
                Outcome::Unknown => messages.unknown.count(),
            }
        }
    }

    async fn post_batch(&self, batch: &Batch, part: &Part) -> Result<Sent, Error> {
        let whole = part.indexes.len() == batch.len();
        let body = if whole {
            batch.body()
        } else {
            batch.subset(&part.indexes).body()
        };
        let address = Address {
            what: &self.what,
            url: self.connection.inlet_url().batch(),
            headers: &self.headers,
            // Whatever cannot be read leaves its messages unknown.
            is_answer: |_| true,
        };
        self.connection
            .post(&address, body, part.indexes.len(), part.effort)
            .await
    }

    async fn post_single(&self, batch: &Batch, part: &Part) -> Result<Sent, Error> {
        let address = Address {
            what: &self.what,
            url: self.connection.inlet_url().single(),
            headers: &self.headers,
            is_answer: outcome::is_receipt,
        };
        let message = batch.message(part.indexes[0]);
        self.connection
            .post(&address, message, 1, part.effort)
            .await
    }
}
