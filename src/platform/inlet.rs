//! Delivering a batch until every message of it is accepted or rejected for good.
//!
//! A batch refused as a whole is halved until the culprits stand alone: k culprits among n
//! messages cost O(k log n) extra requests. Messages whose outcome cannot be told are sent again,
//! first together, then one by one to the single endpoint, whose answer is about one message
//! only. Messages are always sent in the order of the batch.

use std::sync::Arc;

use reqwest::header::HeaderMap;

use super::connection::{Connection, Reply};
use super::outcome::{self, Outcome, Rejection};
use super::{Batch, Error, Packer};
use crate::config::Endpoint;
use crate::limits;

/// Where one stream's batches go.
#[derive(Debug)]
pub struct Inlet {
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

/// Messages of a batch that go together.
struct Part {
    indexes: Vec<usize>,
    resends: u32,
}

impl Inlet {
    /// An inlet on `connection` that takes batches of at most `batch_bytes`; `flow_id` for raw
    /// messages.
    ///
    /// # Errors
    /// When the flow id cannot be a header.
    pub fn new(
        connection: Arc<Connection>,
        endpoint: Endpoint,
        batch_bytes: usize,
        flow_id: Option<&str>,
    ) -> Result<Self, Error> {
        Ok(Self {
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

    /// Delivers a batch.
    ///
    /// # Errors
    /// When the inlet could not be made to decide on every message. Some may have been taken;
    /// none counts as settled, and all must be delivered again.
    pub async fn deliver(&self, batch: &Batch) -> Result<Delivery, Error> {
        let mut settled: Vec<Option<Result<(), Rejection>>> = vec![None; batch.len()];
        let mut requests = 0;
        // A stack whose top is the earliest part, so that halves go out in order.
        let mut parts = vec![Part {
            indexes: (0..batch.len()).collect(),
            resends: 0,
        }];
        while let Some(part) = parts.pop() {
            if self.endpoint == Endpoint::Single || part.resends > limits::UNKNOWN_BATCH_RESENDS {
                for index in part.indexes {
                    let (outcome, made) = self.deliver_single(batch, index).await?;
                    settled[index] = Some(outcome);
                    requests += made;
                }
                continue;
            }
            let whole = part.indexes.len() == batch.len();
            let body = if whole {
                batch.body()
            } else {
                batch.subset(&part.indexes).body()
            };
            let url = self.connection.inlet_url().batch();
            let sent = self
                .connection
                .post(&url, &self.headers, body, |_| true)
                .await?;
            requests += sent.requests;
            match sent.reply {
                Reply::Body(answer) => {
                    let outcomes = outcome::decode(&answer, part.indexes.len());
                    let mut unknown = Vec::new();
                    for (index, outcome) in part.indexes.into_iter().zip(outcomes) {
                        match outcome {
                            Outcome::Accepted => settled[index] = Some(Ok(())),
                            Outcome::Rejected(why) => settled[index] = Some(Err(why)),
                            Outcome::Unknown => unknown.push(index),
                        }
                    }
                    if !unknown.is_empty() {
                        tracing::warn!(
                            messages = unknown.len(),
                            "the inlet's answer does not tell what became of some messages: sending them again"
                        );
                        parts.push(Part {
                            indexes: unknown,
                            resends: part.resends + 1,
                        });
                    }
                }
                Reply::Refused { status, text } if part.indexes.len() == 1 => {
                    settled[part.indexes[0]] = Some(Err(Rejection {
                        status,
                        message: text,
                    }));
                }
                Reply::Refused { status, .. } => {
                    tracing::info!(
                        status,
                        messages = part.indexes.len(),
                        "the inlet refused a batch as a whole: sending its halves"
                    );
                    let (first, second) = part.indexes.split_at(part.indexes.len() / 2);
                    for half in [second, first] {
                        parts.push(Part {
                            indexes: half.to_vec(),
                            resends: part.resends,
                        });
                    }
                }
            }
        }
        let outcomes = settled.into_iter().collect::<Option<Vec<_>>>();
        Ok(Delivery {
            outcomes: outcomes.expect("every part covers its messages, and all parts the batch"),
            requests,
        })
    }

    async fn deliver_single(
        &self,
        batch: &Batch,
        index: usize,
    ) -> Result<(Result<(), Rejection>, u32), Error> {
        let url = self.connection.inlet_url().single();
        let message = batch.message(index);
        let sent = self
            .connection
            .post(&url, &self.headers, message, outcome::is_receipt)
            .await?;
        let outcome = match sent.reply {
            Reply::Body(_) => Ok(()),
            Reply::Refused { status, text } => Err(Rejection {
                status,
                message: text,
            }),
        };
        Ok((outcome, sent.requests))
    }
}
