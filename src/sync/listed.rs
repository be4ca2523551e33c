//! The part of a list's pages: only what changed is passed on, and what is gone is told.
//!
//! Of a page that is settled, the contents are noted before the checkpoint moves over it. A crash
//! in between reads the page again and finds nothing changed; one before that sends it again.

use std::sync::Arc;

use super::page::Share;
use super::pass::StreamPass;
use super::{Delivery, Error, Member, blocking};
use crate::catalogue::Leaving;
use crate::checkpoint::Counts;
use crate::limits;
use crate::record::{ListEnd, Listed, Record};
use crate::snapshots::{Absent, List, Noted, Snapshots};
use crate::sync::itinerary::Leg;

/// What is to be noted of a page's records once they are settled.
#[derive(Debug)]
pub(super) struct Unnoted(Vec<Noted>);

impl Delivery {
    /// Those of `records` that are not as they were delivered last.
    pub(super) async fn changed(
        &self,
        stream: &Arc<str>,
        listed: &Listed,
        records: Vec<Record>,
    ) -> Result<(Vec<Record>, Unnoted), Error> {
        let afresh = listed.afresh;
        let id_field = listed.id_field.clone();
        self.with_snapshots(stream, move |snapshots, list| {
            if afresh {
                snapshots.forget_contents(list)?;
            }
            let noted = records.iter().map(|record| Noted::new(record, &id_field));
            let noted: Vec<Noted> = noted.collect();
            let mut changed = snapshots.changed(list, &noted)?.into_iter();
            let mut records = records;
            records.retain(|_| changed.next().unwrap_or(true));
            Ok((records, Unnoted(noted)))
        })
        .await
    }

    /// Notes the records of a page that is settled.
    pub(super) async fn note(
        &self,
        stream: &Arc<str>,
        listed: &Listed,
        unnoted: Unnoted,
    ) -> Result<(), Error> {
        let walk = listed.walk;
        self.with_snapshots(stream, move |snapshots, list| {
            snapshots.note(list, walk, &unnoted.0)
        })
        .await
    }

    /// At the end of a walk: delivers the end of every record that is gone, unless so many are
    /// that the list itself must be doubted. Gives what was done, and that doubt.
    pub(super) async fn vanished(
        &self,
        member: &Member,
        stream: &mut StreamPass,
        listed: &Listed,
    ) -> Result<(Counts, Option<Error>), Error> {
        let mut counts = Counts::default();
        match listed.end {
            ListEnd::More => return Ok((counts, None)),
            ListEnd::CutOff => return Ok((counts, Some(Error::ListCutOff))),
            ListEnd::Complete => {}
        }
        let walk = listed.walk;
        if listed.leaving == Leaving::Deletion {
            let absent = self
                .with_snapshots(&member.stream, move |snapshots, list| {
                    snapshots.absent(list, walk)
                })
                .await?;
            if is_doubtful(absent, self.attention.vanished_percent) {
                let Absent { known, missing } = absent;
                return Ok((counts, Some(Error::ListShrank { missing, known })));
            }
        }
        loop {
            let gone = self
                .with_snapshots(&member.stream, move |snapshots, list| {
                    snapshots.gone(list, walk, limits::SNAPSHOT_ENTRIES_AT_ONCE)
                })
                .await?;
            if gone.is_empty() {
                return Ok((counts, None));
            }
            if listed.leaving == Leaving::Deletion {
                let ends = gone.iter().filter_map(|gone| gone.end(&listed.id_field));
                let share = Share {
                    records: ends.collect(),
                    ..Share::default()
                };
                let leg = Leg::Live;
                counts += Box::pin(self.settle_stream(member, stream, leg, share)).await?;
            }
            self.with_snapshots(&member.stream, move |snapshots, list| {
                snapshots.remove(list, &gone)
            })
            .await?;
        }
    }

    /// Works on the snapshot of a stream's own list, away from the threads that serve the network.
    async fn with_snapshots<T: Send + 'static>(
        &self,
        stream: &Arc<str>,
        work: impl FnOnce(&Snapshots, List<'_>) -> Result<T, crate::snapshots::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (snapshots, stream) = (self.snapshots.clone(), stream.clone());
        let work = move || {
            let list = List {
                stream: &stream,
                scope: "",
            };
            work(&snapshots, list)
        };
        Ok(blocking(work).await?)
    }
}

/// Whether a list lost so much that it is more likely to be wrong itself.
fn is_doubtful(absent: Absent, percent_max: u32) -> bool {
    let Absent { known, missing } = absent;
    let most = missing > limits::VANISHED_DOUBTED_MIN
        && missing.saturating_mul(100) > known.saturating_mul(percent_max.into());
    percent_max < 100 && (most || missing > 0 && missing == known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_loses_most_of_itself_is_doubted() {
        let check = |missing, known, percent, expected| {
            let absent = Absent { known, missing };
            assert_eq!(
                is_doubtful(absent, percent),
                expected,
                "{missing} of {known}"
            );
        };
        check(0, 0, 50, false);
        check(1, 1, 50, true);
        check(9, 12, 50, false);
        check(10, 12, 50, false);
        check(11, 12, 50, true);
        check(12, 12, 50, true);
        check(500, 1_000, 50, false);
        check(501, 1_000, 50, true);
        check(200, 1_000, 10, true);
        check(1_000, 1_000, 100, false);
    }
}
