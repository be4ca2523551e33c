//! Settling one page: every record of it is accounted for, or the page is not settled.

use super::guard::Guard;
use super::{Delivery, Error, blocking};
use crate::checkpoint::{Counts, Repeats, Verdict};
use crate::dead_letters::DeadLetter;
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

impl Delivery {
    /// Maps, sends and accounts for every record of `page`.
    pub(super) async fn settle(
        &self,
        stream: &str,
        page: Page,
        repeats: &mut Repeats,
        guard: &mut Guard,
    ) -> Result<Settled, Error> {
        self.supersede(stream, &page.records).await?;
        let received = page.records.len() as u64;
        let fresh = leave_out_repeats(page.records, repeats);
        let skipped = received - fresh.len() as u64;
        let mut ingested = 0;
        let mut refused = Vec::new();
        let requests = self
            .outlet
            .send(fresh, |record, outcome| match outcome {
                Ok(()) => ingested += 1,
                Err(reason) => refused.push(DeadLetter {
                    superseded: repeats.is_outdated(&record),
                    record,
                    reason,
                }),
            })
            .await?;

        let failed = refused.len() as u64;
        assert_eq!(
            received,
            ingested + skipped + failed,
            "a record of a page was lost sight of"
        );
        guard.judge(ingested, &refused)?;
        self.bury(stream, refused).await?;
        repeats.trim(page.repeat_horizon);
        Ok(Settled {
            position: page.next,
            counts: Counts {
                received,
                ingested,
                skipped,
                failed,
                pages: 1,
                requests: u64::from(page.requests) + requests,
                bytes: page.bytes as u64,
            },
        })
    }

    /// Marks the dead letters of which `records` hold later versions, before any of these is sent:
    /// from then on nobody sends the old ones again.
    async fn supersede(&self, stream: &str, records: &[Record]) -> Result<(), Error> {
        let outdated = self.dead_letters.outdated_by(stream, records);
        if outdated.is_empty() {
            return Ok(());
        }
        let store = self.dead_letters.clone();
        Ok(blocking(move || store.supersede(&outdated)).await?)
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

/// The records that were not settled before, all of which `repeats` remembers from now on.
fn leave_out_repeats(mut records: Vec<Record>, repeats: &mut Repeats) -> Vec<Record> {
    records.retain(|record| match repeats.judge(record) {
        Verdict::New => {
            repeats.remember(record);
            true
        }
        Verdict::Repeat | Verdict::Superseded => false,
    });
    records
}
