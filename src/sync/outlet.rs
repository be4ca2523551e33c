//! The way of one stream's records to the inlet: mapped, packed, delivered, each with its end.

use std::borrow::Borrow;
use std::collections::VecDeque;

use crate::dead_letters::Reason;
use crate::mapping::{Mapping, MappingError};
use crate::platform::{self, Batch, Inlet};
use crate::record::Record;

/// How one stream's records become messages, and where these go.
#[derive(Debug)]
pub struct Outlet {
    mapping: Mapping,
    inlet: Inlet,
}

impl Outlet {
    /// Joins the two.
    pub fn new(mapping: Mapping, inlet: Inlet) -> Self {
        Self { mapping, inlet }
    }

    /// Sends `records` in their order and hands each to `settled` with its end: accepted, or the
    /// reason why it never will be. Returns the number of requests this took.
    ///
    /// # Errors
    /// When the inlet could not be made to decide. What was not handed over may have been taken
    /// or not, and must be sent again.
    pub async fn send<R: Borrow<Record>>(
        &self,
        records: impl IntoIterator<Item = R>,
        mut settled: impl FnMut(R, Result<(), Reason>),
    ) -> Result<u64, platform::Error> {
        let mut requests = 0;
        // The records whose messages are in the open batch or in the one just closed, in order.
        let mut waiting = VecDeque::new();
        let mut packer = self.inlet.packer();
        let mut message = Vec::new();
        for record in records {
            message.clear();
            if let Err(why) = self.mapping.write(record.borrow(), &mut message) {
                settled(record, Err(unmappable(&why)));
                continue;
            }
            match packer.push(&message) {
                Ok(closed) => {
                    if let Some(batch) = closed {
                        requests += self.deliver(&batch, &mut waiting, &mut settled).await?;
                    }
                    waiting.push_back(record);
                }
                Err(why) => {
                    let message = why.to_string();
                    settled(record, Err(Reason::TooLarge { message }));
                }
            }
        }
        if let Some(batch) = packer.flush() {
            requests += self.deliver(&batch, &mut waiting, &mut settled).await?;
        }
        Ok(requests)
    }

    async fn deliver<R>(
        &self,
        batch: &Batch,
        waiting: &mut VecDeque<R>,
        settled: &mut impl FnMut(R, Result<(), Reason>),
    ) -> Result<u64, platform::Error> {
        let delivery = self.inlet.deliver(batch).await?;
        assert_eq!(
            waiting.len(),
            delivery.outcomes.len(),
            "one outcome for each record sent"
        );
        for (record, outcome) in waiting.drain(..).zip(delivery.outcomes) {
            let outcome = outcome.map_err(|why| Reason::Rejected {
                status: why.status,
                message: why.message,
            });
            settled(record, outcome);
        }
        Ok(delivery.requests.into())
    }
}

fn unmappable(why: &MappingError) -> Reason {
    Reason::Unmappable {
        message: why.to_string(),
    }
}
