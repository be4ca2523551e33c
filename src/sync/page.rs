//! Settling one page: every record of it is accounted for, or the page is not settled.

use std::collections::VecDeque;

use super::guard::Guard;
use super::{Delivery, Error, blocking};
use crate::checkpoint::{Counts, Repeats, Verdict};
use crate::dead_letters::{DeadLetter, Reason};
use crate::mapping::MappingError;
use crate::platform::Batch;
use crate::record::{Page, Position, Record};

/// Leave to move the checkpoint over exactly one page. Exists only once every record of the page
/// is accepted, skipped, or safely in the dead letters.
#[must_use]
#[derive(Debug)]
pub(super) struct Settled {
    position: Position,
    counts: Counts,
}

impl Settled {
    pub(super) fn into_parts(self) -> (Position, Counts) {
        (self.position, self.counts)
    }
}

/// What is known of a page's records so far. `Settled` comes out only if the sum is right.
#[derive(Debug, Default)]
struct Ledger {
    ingested: u64,
    skipped: u64,
    refused: Vec<DeadLetter>,
    requests: u64,
}

impl Ledger {
    fn refuse(&mut self, record: Record, reason: Reason) {
        self.refused.push(DeadLetter { record, reason });
    }
}

impl Delivery {
    /// Maps, sends and accounts for every record of `page`.
    pub(super) async fn settle(
        &self,
        stream: &str,
        page: Page,
        repeats: &mut Repeats,
        guard: &mut Guard,
    ) -> Result<Settled, Error> {
        let received = page.records.len() as u64;
        let mut ledger = Ledger {
            requests: page.requests.into(),
            ..Ledger::default()
        };
        // The records whose messages are in the open batch or in the one just closed, in order.
        let mut waiting = VecDeque::new();
        let mut packer = self.inlet.packer();
        let mut message = Vec::new();
        for record in page.records {
            match repeats.judge(&record) {
                Verdict::New => {}
                Verdict::Repeat | Verdict::Superseded => {
                    ledger.skipped += 1;
                    continue;
                }
            }
            repeats.remember(&record);
            message.clear();
            if let Err(why) = self.mapping.write(&record, &mut message) {
                ledger.refuse(record, unmappable(&why));
                continue;
            }
            match packer.push(&message) {
                Ok(closed) => {
                    if let Some(batch) = closed {
                        self.deliver(&batch, &mut waiting, &mut ledger).await?;
                    }
                    waiting.push_back(record);
                }
                Err(why) => ledger.refuse(
                    record,
                    Reason::TooLarge {
                        message: why.to_string(),
                    },
                ),
            }
        }
        if let Some(batch) = packer.flush() {
            self.deliver(&batch, &mut waiting, &mut ledger).await?;
        }
        repeats.trim(page.repeat_horizon);

        let failed = ledger.refused.len() as u64;
        assert_eq!(
            received,
            ledger.ingested + ledger.skipped + failed,
            "a record of a page was lost sight of"
        );
        guard.judge(ledger.ingested, &ledger.refused)?;
        self.bury(stream, ledger.refused).await?;
        Ok(Settled {
            position: page.next,
            counts: Counts {
                received,
                ingested: ledger.ingested,
                skipped: ledger.skipped,
                failed,
                pages: 1,
                requests: ledger.requests,
                bytes: page.bytes as u64,
            },
        })
    }

    async fn deliver(
        &self,
        batch: &Batch,
        waiting: &mut VecDeque<Record>,
        ledger: &mut Ledger,
    ) -> Result<(), Error> {
        let delivery = self.inlet.deliver(batch).await?;
        ledger.requests += u64::from(delivery.requests);
        assert_eq!(
            waiting.len(),
            delivery.outcomes.len(),
            "one outcome for each record sent"
        );
        for (record, outcome) in waiting.drain(..).zip(delivery.outcomes) {
            match outcome {
                Ok(()) => ledger.ingested += 1,
                Err(why) => ledger.refuse(
                    record,
                    Reason::Rejected {
                        status: why.status,
                        message: why.message,
                    },
                ),
            }
        }
        Ok(())
    }

    /// Puts the refused records where they are safe.
    async fn bury(&self, stream: &str, refused: Vec<DeadLetter>) -> Result<(), Error> {
        if refused.is_empty() {
            return Ok(());
        }
        tracing::warn!(
            stream,
            records = refused.len(),
            "records were refused: each is kept in the dead letters with its reason"
        );
        let (store, stream) = (self.dead_letters.clone(), stream.to_owned());
        Ok(blocking(move || store.append(&stream, &refused)).await?)
    }
}

fn unmappable(why: &MappingError) -> Reason {
    Reason::Unmappable {
        message: why.to_string(),
    }
}
