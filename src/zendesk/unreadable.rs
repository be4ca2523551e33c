//! Passing over a record that Zendesk cannot give.
//!
//! A page of one record that fails at every attempt would stop its stream for ever. A cursor is
//! opaque, so nothing can be asked for "after the next record"; but an export may also begin at
//! a time. So the second of the unreadable record is searched for: the first time from which
//! the export can be read again lies one second after it. Nothing is passed over unless the
//! export can be read further on, from a time and from a cursor, and the record still fails after
//! that was seen: an outage must never look like a bad record. (Two unreadable records in a row
//! therefore stop the stream. That has never been seen.)
//!
//! Records of the same second behind the unreadable one are out of the cursor's reach too; the
//! search export is asked for that second, and may even have the record itself.

use jiff::{SignedDuration, Timestamp};

use super::Error;
use super::client::Request;
use super::incremental::{Begin, Incremental};
use super::page::{CursorPage, read_search_page};
use super::search::{SEARCH_PATH, window_query};
use super::source::newest;
use crate::catalogue::Text;
use crate::http::{Effort, Trouble};
use crate::limits;
use crate::record::{Cursor, Page, Position, Record, Unreadable};

impl Incremental {
    /// The page behind the unreadable record after `cursor`.
    ///
    /// # Errors
    /// When the record is not certain to be to blame, or nothing behind it can be read yet.
    pub(super) async fn pass_over(
        &mut self,
        cursor: &Cursor,
        recovery_time: Option<Timestamp>,
        attempts: u32,
        trouble: Trouble,
    ) -> Result<Page, Error> {
        let stream = self.source.stream().to_owned();
        let unreadable = |last| Error::Unavailable {
            what: format!("export {stream}"),
            attempts,
            last,
        };
        let begin = recovery_time.unwrap_or(Timestamp::UNIX_EPOCH);
        let latest = second(self.source.client.clock().now())
            - SignedDuration::try_from(limits::START_TIME_AGE_MIN)
                .unwrap_or(SignedDuration::from_mins(2));
        // Its neighbours of the same second are found by search or not at all.
        let Some(search_type) = self.source.spec.search_type.clone() else {
            return Err(unreadable(trouble));
        };
        // Is it the service or the record?
        if latest <= begin || self.readable_from(latest).await?.is_none() {
            return Err(unreadable(trouble));
        }
        match self.fetch(Begin::After(cursor), Effort::Probe).await {
            Err(Error::Unreadable { .. }) => {}
            // It was the service after all.
            Ok(_) => return Err(unreadable(trouble)),
            Err(error) => return Err(error),
        }
        let mut search = FirstSuccess::new(begin, latest);
        while let Some(time) = search.next() {
            let page = self.readable_from(time).await?;
            search.tell(time, page);
        }
        let Some((first_readable, page)) = search.found() else {
            return Err(unreadable(trouble));
        };
        // Without a record behind it there is no cursor to go on from. Nothing is held up either.
        let Some(after) = page.after_cursor.map(Cursor::new) else {
            return Err(unreadable(trouble));
        };
        // Were cursors what fails and not the record, every page would be passed over, one by one.
        match self.fetch(Begin::After(&after), Effort::Probe).await {
            Ok(_) => self.source.page_size.shrink_to_one(),
            Err(Error::Unreadable { .. }) => return Err(unreadable(trouble)),
            Err(error) => return Err(error),
        }
        let lost_second = first_readable - SignedDuration::from_secs(1);
        tracing::error!(
            stream = stream.as_str(),
            second = %lost_second,
            after_cursor = cursor.as_str(),
            "zendesk cannot give a record: it is passed over and noted in the dead letters ({trouble})"
        );
        let mut records = self.same_second(lost_second, search_type).await;
        records.extend(page.records);
        let recovery_time = newest(&records, Some(lost_second));
        Ok(Page {
            next: Position::Incremental {
                cursor: Some(after),
                recovery_time,
            },
            repeat_horizon: recovery_time.map(|time| self.source.overlapped(time)),
            end_of_stream: page.end_of_stream,
            bytes: page.bytes,
            requests: attempts,
            children: page.children,
            is_rest: false,
            listed: None,
            unreadable: Some(Unreadable {
                second: lost_second,
                after: Some(cursor.clone()),
                why: trouble.to_string(),
            }),
            records,
        })
    }

    /// The page of one record that begins at `time`; `None` if it cannot be read.
    async fn readable_from(&mut self, time: Timestamp) -> Result<Option<CursorPage>, Error> {
        match self.fetch(Begin::At(time), Effort::Probe).await {
            Ok((page, _)) => {
                // The next probe must not ask for more than this one did.
                self.source.page_size.shrink_to_one();
                Ok(Some(page))
            }
            Err(Error::Unreadable { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What the search export has of one second; nothing if it cannot be asked, since this is
    /// more than the incremental export promises.
    async fn same_second(&self, second: Timestamp, search_type: Text) -> Vec<Record> {
        let spec = &self.source.spec;
        let request = Request {
            what: "look for the neighbours of an unreadable record",
            path: SEARCH_PATH,
            query: vec![
                ("filter[type]", search_type.into_owned()),
                (
                    "query",
                    window_query(Some(second), second + SignedDuration::from_secs(1)),
                ),
                ("page[size]", limits::PAGE_RECORDS_MAX.to_string()),
            ],
            carries_cursor: false,
            effort: Effort::Probe,
            urgency: self.source.urgency,
        };
        match self
            .source
            .client
            .fetch(&request, None, |body| read_search_page(&body, spec))
            .await
        {
            Ok(fetched) => fetched.value,
            Err(error) => {
                tracing::warn!(
                    stream = self.source.stream(),
                    "other records of the second of the unreadable one could not be looked for, and may be missing: {error}"
                );
                Vec::new()
            }
        }
    }
}

fn second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}

/// Searches the first second after `begin` at which something succeeds, by doubling steps and then
/// halving them.
#[derive(Debug)]
struct FirstSuccess<T> {
    /// The last second known to fail.
    failing: i64,
    step: i64,
    latest: i64,
    found: Option<(i64, T)>,
}

impl<T> FirstSuccess<T> {
    fn new(begin: Timestamp, latest: Timestamp) -> Self {
        Self {
            failing: begin.as_second(),
            step: 1,
            latest: latest.as_second(),
            found: None,
        }
    }

    /// The second to try next; `None` when the search is over.
    fn next(&self) -> Option<Timestamp> {
        let second = match &self.found {
            None => (self.failing + self.step).min(self.latest),
            Some((found, _)) => self.failing + (found - self.failing) / 2,
        };
        let over = second <= self.failing;
        if over {
            None
        } else {
            Timestamp::from_second(second).ok()
        }
    }

    fn tell(&mut self, tried: Timestamp, success: Option<T>) {
        let tried = tried.as_second();
        match success {
            Some(value) => self.found = Some((tried, value)),
            None => {
                self.failing = tried;
                self.step *= 2;
            }
        }
    }

    fn found(self) -> Option<(Timestamp, T)> {
        let (second, value) = self.found?;
        Some((Timestamp::from_second(second).ok()?, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn first_after(bad: i64, latest: i64) -> (Option<i64>, u32) {
        let time = |second| Timestamp::from_second(second).expect("in range");
        let mut search = FirstSuccess::new(time(0), time(latest));
        let mut probes = 0;
        while let Some(time) = search.next() {
            probes += 1;
            search.tell(time, (time.as_second() > bad).then_some(()));
        }
        (search.found().map(|(time, ())| time.as_second()), probes)
    }

    proptest! {
        #[test]
        fn the_second_behind_the_bad_one_is_found_in_few_probes(bad in 0i64..100_000_000) {
            let (found, probes) = first_after(bad, 200_000_000);
            prop_assert_eq!(found, Some(bad + 1));
            prop_assert!(probes <= 56, "{} probes", probes);
        }

        #[test]
        fn nothing_is_found_where_nothing_succeeds(latest in 0i64..1_000_000) {
            prop_assert_eq!(first_after(latest, latest).0, None);
        }
    }
}
