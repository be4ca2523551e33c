//! The way of one stream's records to the inlet: mapped, packed, delivered, each with its end.
//!
//! Several batches are on their way at a time, so two versions of one record must never be among
//! them: whoever calls [`Outlet::send`] hands over at most one version of each.

use std::borrow::Borrow;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::{Error, SchemaSource};
use crate::dead_letters::Reason;
use crate::mapping::{self, Composer, Notes, Unfit, Validation};
use crate::platform::{Batch, Delivery, Inlet};
use crate::record::Record;

/// How one stream's records become messages, and where these go.
#[derive(Debug)]
pub struct Outlet {
    composer: Composer,
    judge: Judge,
    inlet: Inlet,
}

/// Who judges messages before they are sent.
#[derive(Debug)]
pub enum Judge {
    /// Nobody.
    Nobody,
    /// The checks that hold for every schema.
    Fields,
    /// The stream's schema, as well.
    Schema(Box<SchemaSource>),
}

/// How a record ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The inlet has it.
    Accepted,
    /// The mapping leaves it out by choice, for this reason.
    Skipped(String),
    /// It never will be accepted as it is.
    Refused(Reason),
}

impl Outlet {
    /// Joins the three.
    pub fn new(composer: Composer, judge: Judge, inlet: Inlet) -> Self {
        Self {
            composer,
            judge,
            inlet,
        }
    }

    /// Sends `records`, no two of one id, and hands each to `settled` with its outcome. Returns the
    /// number of requests this took.
    ///
    /// # Errors
    /// When the inlet could not be made to decide, or the schema cannot be had. What was not handed over may have been taken
    /// or not, and must be sent again.
    pub async fn send<R: Borrow<Record>>(
        &self,
        records: impl IntoIterator<Item = R>,
        mut settled: impl FnMut(R, Outcome),
    ) -> Result<u64, Error> {
        let mut records = records.into_iter().peekable();
        if records.peek().is_none() {
            // Nothing to judge is no reason to fetch a schema.
            return Ok(0);
        }
        let validation = self.judge.validation().await?;
        let mut requests = 0;
        // Bounded: at most `in_flight` batches and the open one are in memory.
        let mut on_the_way = FuturesUnordered::new();
        // The records whose messages are in the open batch, in order.
        let mut waiting = Vec::new();
        let mut packer = self.inlet.packer();
        let mut notes = Notes::counting();
        for record in records {
            let pushed = packer
                .push_written(|out| self.prepare(record.borrow(), &validation, out, &mut notes));
            match pushed {
                Err(outcome) => settled(record, outcome),
                Ok(Ok(closed)) => {
                    if let Some(batch) = closed {
                        on_the_way.push(self.deliver(batch, std::mem::take(&mut waiting)));
                        while on_the_way.len() >= self.inlet.in_flight() {
                            if let Some(delivered) = on_the_way.next().await {
                                requests += hand_over(delivered?, &mut settled);
                            }
                        }
                    }
                    waiting.push(record);
                }
                Ok(Err(why)) => {
                    let message = why.to_string();
                    settled(record, Outcome::Refused(Reason::TooLarge { message }));
                }
            }
        }
        if let Some(batch) = packer.flush() {
            on_the_way.push(self.deliver(batch, waiting));
        }
        while let Some(delivered) = on_the_way.next().await {
            requests += hand_over(delivered?, &mut settled);
        }
        Ok(requests)
    }

    /// Writes the message for a record to the end of `out`.
    ///
    /// # Errors
    /// The record's outcome, if it is not to be sent. What is in `out` then is of no use.
    fn prepare(
        &self,
        record: &Record,
        validation: &Validation,
        out: &mut Vec<u8>,
        notes: &mut Notes,
    ) -> Result<(), Outcome> {
        let judged = self.composer.write_judged(record, validation, out, notes);
        let why = match judged {
            Ok(mapping::Outcome::Message) => return Ok(()),
            Ok(mapping::Outcome::Skipped(why)) => return Err(Outcome::Skipped(why)),
            Err(why) => why,
        };
        let message = why.to_string();
        Err(Outcome::Refused(match why {
            Unfit::Unmappable(_) => Reason::Unmappable { message },
            Unfit::Invalid(_) => Reason::Invalid { message },
        }))
    }

    async fn deliver<R>(&self, batch: Batch, records: Vec<R>) -> Result<(Vec<R>, Delivery), Error> {
        let delivery = self.inlet.deliver(&batch).await?;
        Ok((records, delivery))
    }
}

impl Judge {
    /// What messages are judged by at present.
    ///
    /// # Errors
    /// When the schema cannot be had.
    pub async fn validation(&self) -> Result<Validation, Error> {
        Ok(match self {
            Self::Nobody => Validation::Off,
            Self::Fields => Validation::Fields,
            Self::Schema(source) => Validation::Schema(source.schema().await?),
        })
    }

    /// [`Self::validation`], without the network: by the copy that was kept of a fetched schema.
    ///
    /// # Errors
    /// When there is no copy.
    pub async fn validation_offline(&self) -> Result<Validation, Error> {
        match self {
            Self::Nobody | Self::Fields => self.validation().await,
            Self::Schema(source) => Ok(Validation::Schema(source.offline().await?)),
        }
    }
}

fn hand_over<R>(
    (records, delivery): (Vec<R>, Delivery),
    settled: &mut impl FnMut(R, Outcome),
) -> u64 {
    assert_eq!(
        records.len(),
        delivery.outcomes.len(),
        "one outcome for each record sent"
    );
    for (record, outcome) in records.into_iter().zip(delivery.outcomes) {
        let outcome = match outcome {
            Ok(()) => Outcome::Accepted,
            Err(why) => Outcome::Refused(Reason::Rejected {
                status: why.status,
                message: why.message,
            }),
        };
        settled(record, outcome);
    }
    delivery.requests.into()
}
