//! Settling one page: every record of it is accounted for, or the page is not settled.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use foldhash::fast::RandomState;
use jiff::Timestamp;

use super::itinerary::{Leg, Passed};
use super::pass::{Pass, StreamPass};
use super::under::Under;
use super::{Delivery, Error, Member, Outcome, blocking};
use crate::checkpoint::{Counts, Repeats, Verdict};
use crate::dead_letters::{DeadLetter, Reason, ReasonCode};
use crate::record::{Listed, Page, Record, RecordId, Unreadable};

/// Leave to move the checkpoint over exactly one page. Exists only once every record of the page
/// is accepted, skipped, or safely in the dead letters.
#[must_use]
#[derive(Debug)]
pub(super) struct Settled {
    passed: Passed,
    counts: Vec<Counts>,
    doubt: Option<Error>,
}

impl Settled {
    /// The page, what was done for each member, and what is wrong with it nevertheless.
    pub(super) fn into_parts(self) -> (Passed, Vec<Counts>, Option<Error>) {
        (self.passed, self.counts, self.doubt)
    }
}

/// What a page holds for one stream.
#[derive(Debug, Default)]
pub(super) struct Share {
    pub(super) records: Vec<Record>,
    pub(super) unreadable: Option<Unreadable>,
    pub(super) horizon: Option<Timestamp>,
    pub(super) listed: Option<Listed>,
    /// Whole lists under parents.
    pub(super) under: Vec<Under>,
}

impl Delivery {
    /// Maps, sends and accounts for every record of `page`, stream by stream.
    pub(super) async fn settle(
        &self,
        page: Page,
        passed: Passed,
        pass: &mut Pass,
    ) -> Result<Settled, Error> {
        let mut children: HashMap<Arc<str>, Share> = HashMap::new();
        for child in page.children {
            let share = children.entry(child.stream).or_default();
            match child.scope {
                None => share.records.extend(child.records),
                Some(scope) => share.under.push(Under {
                    scope,
                    records: child.records,
                }),
            }
        }
        let mut of_root = Some(Share {
            records: page.records,
            unreadable: page.unreadable,
            horizon: page.repeat_horizon,
            listed: page.listed.clone(),
            under: Vec::new(),
        });
        let mut doubt = None;
        let mut counts = Vec::with_capacity(self.members.len());
        for (member, stream) in self.members.iter().zip(&mut pass.streams) {
            let is_root = of_root.is_some();
            let mut share = match of_root.take() {
                Some(share) => share,
                None => children.remove(&member.stream).unwrap_or_default(),
            };
            if !pass.route.serves(passed.leg, &member.stream) {
                // Read for the sake of others, so it is nobody's to count.
                share.records.clear();
                share.under.clear();
            }
            if let Some(end) = self.end {
                share
                    .records
                    .retain(|record| record.version.is_none_or(|version| version < end));
            }
            let settled = self.settle_stream(member, stream, passed.leg, share).await;
            let mut of_stream = settled.map_err(|error| self.name(&member.stream, error))?;
            if let (true, Some(listed)) = (is_root, &page.listed) {
                let vanished = self.vanished(member, stream, listed).await;
                let of_vanished;
                (of_vanished, doubt) =
                    vanished.map_err(|error| self.name(&member.stream, error))?;
                of_stream += of_vanished;
            }
            if is_root {
                of_stream.pages = u64::from(!page.is_rest);
                of_stream.requests += u64::from(page.requests);
                of_stream.bytes = page.bytes as u64;
            }
            counts.push(of_stream);
        }
        Ok(Settled {
            passed,
            counts,
            doubt,
        })
    }

    /// Says which stream went wrong, where there are several.
    fn name(&self, stream: &Arc<str>, error: Error) -> Error {
        if self.members.len() < 2 {
            return error;
        }
        Error::OfStream {
            stream: stream.clone(),
            source: Box::new(error),
        }
    }

    /// Settles what a page holds for one stream. Of pages and their requests only the root has
    /// any to count.
    pub(super) async fn settle_stream(
        &self,
        member: &Member,
        stream: &mut StreamPass,
        leg: Leg,
        share: Share,
    ) -> Result<Counts, Error> {
        let Share {
            records,
            unreadable,
            horizon,
            listed,
            under,
        } = share;
        let unreadable = unreadable.map(stand_in);
        let mut received = records.len() as u64 + u64::from(unreadable.is_some());
        let (mut records, unnoted) = match &listed {
            None => (records, None),
            Some(listed) => {
                // Lists are compared by content, and with all that was ever delivered.
                stream.repeats.clear();
                let (changed, unnoted) = self.changed(&member.stream, listed, records).await?;
                (changed, Some(unnoted))
            }
        };
        let mut lists = Vec::new();
        if !under.is_empty() {
            // Compared by content too, so no version is a repeat.
            stream.repeats.clear();
            stream.of_back_fill.clear();
            let news = self.news(&member.stream, under).await?;
            received += news.received;
            records.extend(news.records);
            lists = news.unnoted;
        }
        let (memory, other) = match leg {
            Leg::Live => (&mut stream.repeats, &stream.of_back_fill),
            Leg::BackFill(_) => (&mut stream.of_back_fill, &stream.repeats),
        };
        let fresh = leave_out_settled(records, memory, other);
        self.supersede(&member.stream, &fresh).await?;
        let mut skipped = received - fresh.len() as u64 - u64::from(unreadable.is_some());
        let mut left_out: BTreeMap<String, u64> = BTreeMap::new();
        let mut ingested = 0;
        let mut refused = Vec::new();
        let mut requests = 0;
        if let Some(outlet) = &member.outlet {
            requests = outlet
                .send(fresh, |record, outcome| match outcome {
                    Outcome::Accepted => ingested += 1,
                    Outcome::Skipped(why) => *left_out.entry(why).or_default() += 1,
                    Outcome::Refused(reason) => refused.push(DeadLetter { record, reason }),
                })
                .await?;
        }
        for (why, records) in left_out {
            skipped += records;
            *stream.left_out.entry(why).or_default() += records;
        }
        refused.extend(unreadable);
        let failed = refused.len() as u64;
        assert_eq!(
            received,
            ingested + skipped + failed,
            "a record of a page was lost sight of"
        );
        stream.guard.judge(ingested, &refused)?;
        self.bury(&member.stream, refused).await?;
        if let (Some(listed), Some(unnoted)) = (&listed, unnoted) {
            self.note(&member.stream, listed, unnoted).await?;
            stream.repeats.clear();
        }
        if !lists.is_empty() {
            self.note_lists(&member.stream, lists).await?;
            stream.repeats.clear();
            stream.of_back_fill.clear();
        }
        match leg {
            Leg::Live => stream.repeats.trim(horizon),
            Leg::BackFill(_) => stream.of_back_fill.trim(horizon),
        }
        Ok(Counts {
            received,
            ingested,
            skipped,
            failed,
            requests,
            ..Counts::default()
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
        let records = refused.len();
        let reasons = reasons(&refused);
        let (store, of) = (self.dead_letters.clone(), stream.to_owned());
        blocking(move || store.append(&of, &refused)).await?;
        tracing::warn!(
            stream,
            records,
            reasons,
            "records were refused: each is kept in the dead letters with its reason, as `zendesk-aep dead-letters list` shows"
        );
        Ok(())
    }
}

/// How many were refused for what, as in "invalid 3, rejected 1".
fn reasons(refused: &[DeadLetter]) -> String {
    let mut counts = BTreeMap::<ReasonCode, usize>::new();
    for letter in refused {
        *counts.entry(letter.reason.code()).or_default() += 1;
    }
    let counts: Vec<String> = counts
        .iter()
        .map(|(reason, count)| format!("{reason} {count}"))
        .collect();
    counts.join(", ")
}

/// What goes into the dead letters for a record that nobody could read.
fn stand_in(unreadable: Unreadable) -> DeadLetter {
    let known = serde_json::json!({
        "unreadable_after_cursor": unreadable.after,
        "in_second": unreadable.second,
    });
    DeadLetter {
        record: Record::new(known.to_string().into(), None, Some(unreadable.second)),
        reason: Reason::Unreadable {
            message: unreadable.why,
        },
    }
}

/// The newest version of each record of a page that was not settled before as far as `memory` and
/// `other` know, in Zendesk's order. `memory` remembers them from now on.
///
/// Two versions of one record must not be on their way together, since either may arrive first;
/// and of what is outdated before it is sent, nobody needs to hear.
fn leave_out_settled(
    mut records: Vec<Record>,
    memory: &mut Repeats,
    other: &Repeats,
) -> Vec<Record> {
    let mut outdated = vec![false; records.len()];
    let mut newest: HashMap<&RecordId, usize, RandomState> =
        HashMap::with_capacity_and_hasher(records.len(), RandomState::default());
    for (place, record) in records.iter().enumerate() {
        let Some(id) = &record.id else { continue };
        match newest.entry(id) {
            Entry::Vacant(first) => {
                first.insert(place);
            }
            // On a tie the later one counts: Zendesk gave it later.
            Entry::Occupied(mut before) if records[*before.get()].version <= record.version => {
                outdated[before.insert(place)] = true;
            }
            Entry::Occupied(_) => outdated[place] = true,
        }
    }
    let mut outdated = outdated.into_iter();
    records.retain(|record| {
        outdated.next() == Some(false)
            && other.judge(record) == Verdict::New
            && memory.note(record) == Verdict::New
    });
    records
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(records: &[(&str, i64, &'static str)], expected: &[&str]) {
        let mut repeats = Repeats::default();
        repeats.note(&record("known", 50, "k"));
        let records = records
            .iter()
            .map(|(id, version, content)| record(id, *version, content));
        let fresh = leave_out_settled(records.collect(), &mut repeats, &Repeats::default());
        let contents: Vec<&[u8]> = fresh.iter().map(|record| &record.bytes[..]).collect();
        assert_eq!(
            contents,
            expected
                .iter()
                .map(|text| text.as_bytes())
                .collect::<Vec<_>>()
        );
    }

    fn record(id: &str, version: i64, content: &'static str) -> Record {
        Record::new(
            bytes::Bytes::from_static(content.as_bytes()),
            Some(RecordId::new(id)),
            jiff::Timestamp::from_second(version).ok(),
        )
    }

    #[test]
    fn of_two_versions_in_a_page_only_the_newer_goes() {
        check(
            &[("1", 10, "a"), ("2", 10, "b"), ("1", 11, "c")],
            &["b", "c"],
        );
        check(&[("1", 11, "c"), ("1", 10, "a")], &["c"]);
        check(&[("1", 10, "a"), ("1", 10, "b")], &["b"]);
    }

    #[test]
    fn what_was_settled_before_stays_here() {
        check(&[("known", 50, "k"), ("known2", 50, "n")], &["n"]);
        check(&[("known", 49, "old")], &[]);
        check(
            &[("known", 50, "changed in the same second")],
            &["changed in the same second"],
        );
    }

    #[test]
    fn records_without_an_id_all_go() {
        let nameless = |content| Record {
            id: None,
            ..record("", 1, content)
        };
        let fresh = leave_out_settled(
            vec![nameless("a"), nameless("a")],
            &mut Repeats::default(),
            &Repeats::default(),
        );
        assert_eq!(fresh.len(), 2);
    }
}
