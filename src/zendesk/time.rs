//! The incremental time export: pages that begin at a time, the time of the record inclusive.
//!
//! Traps, from recorded traffic and from reports of other exporters:
//!
//! * A page ends with `end_time`, as a rule the second of its last record, so records of that
//!   second come again. They are recognised by id, version and content further on; leaving them
//!   out by their time would lose those that became visible in between.
//! * Records may show later than their own time says. What was read therefore counts as complete
//!   only up to an overlap before the moment it was read, and the next walk begins there.
//! * A page of a single second is extended until that second is whole, by those endpoints that
//!   were recorded. One that does not would give the same page for ever: it is settled, the export
//!   goes on one second later, and what may be missing is noted in the dead letters.
//! * `end_of_stream` may be missing, `next_page` is never null and names another host, and an
//!   empty page has no `end_time`.

use std::time::Instant;

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};

use super::Error;
use super::client::{Fetched, PageSize, Request, Sized};
use super::page::{TimePage, read_time_page};
use super::source::{Source, newest};
use crate::catalogue::{StreamEnd, Text, TimeUnit};
use crate::http::Effort;
use crate::record::{Page, Position, Unreadable};

/// How one stream's time export is asked.
#[derive(Clone, Debug)]
pub(super) struct Endpoint {
    pub(super) path: Text,
    pub(super) unit: TimeUnit,
    pub(super) end: StreamEnd,
    /// The parameter for the records in a page, where there is one.
    pub(super) size: Option<Text>,
}

#[derive(Debug)]
pub(super) struct Time {
    pub(super) source: Source,
    endpoint: Endpoint,
}

/// What follows a page.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// Nothing more for now; everything before this was read.
    End(Option<Timestamp>),
    /// The next page begins here.
    On(Timestamp),
    /// The page begins where it ends, and may have been cut off there.
    Stuck,
}

/// How far the export has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Progress {
    /// See [`Position::Time`].
    pub(super) from: Option<Timestamp>,
    pub(super) reached: Option<Timestamp>,
}

impl Time {
    pub(super) fn path(&self) -> &str {
        &self.endpoint.path
    }

    pub(super) fn new(source: Source, endpoint: Endpoint) -> Self {
        Self { source, endpoint }
    }

    /// The page at `page`, or the first one of a new walk.
    pub(super) async fn page(
        &mut self,
        progress: Progress,
        page: Option<Timestamp>,
    ) -> Result<Page, Error> {
        let asked = page.unwrap_or_else(|| self.begin(progress.from));
        let size = self.source.page_size;
        let clock = Instant::now();
        let fetched = match self.fetch(asked, size).await {
            Err(Error::TooRecent(_)) => return Ok(nothing_yet(progress)),
            other => other?,
        };
        let now = self.source.client.clock().now();
        let read_at = now.saturating_sub(clock.elapsed()).unwrap_or(now);
        if !self.could_be_larger(asked, progress, &fetched) {
            return self.read(asked, progress, read_at, fetched);
        }
        // A larger page may reach beyond this second.
        let whole = PageSize::new(self.source.spec.page_max);
        let larger = self.fetch(asked, whole).await?;
        if self.could_be_larger(asked, progress, &larger) {
            return Err(self.no_progress());
        }
        let requests = larger.requests + fetched.requests;
        self.read(asked, progress, read_at, Fetched { requests, ..larger })
    }

    /// Whether a page does not move although Zendesk serves larger ones.
    fn could_be_larger(
        &self,
        asked: Timestamp,
        progress: Progress,
        fetched: &Fetched<TimePage>,
    ) -> bool {
        let records_max = self.records_max(fetched);
        let step = self
            .endpoint
            .step(asked, progress, &fetched.value, records_max);
        step == Step::Stuck && records_max < self.source.spec.page_max
    }

    /// Where a walk begins.
    fn begin(&self, from: Option<Timestamp>) -> Timestamp {
        let begin = from.max(self.source.start);
        let begin = begin.unwrap_or(Timestamp::UNIX_EPOCH);
        self.endpoint.unit.floor(self.source.past(begin))
    }

    /// The page that `fetched` is, which was `asked` for at the time `read_at`.
    fn read(
        &self,
        asked: Timestamp,
        progress: Progress,
        read_at: Timestamp,
        fetched: Fetched<TimePage>,
    ) -> Result<Page, Error> {
        let records_max = self.records_max(&fetched);
        let page = fetched.value;
        let mut unreadable = None;
        let (read_to, next) = match self.endpoint.step(asked, progress, &page, records_max) {
            Step::End(read_to) => (read_to, None),
            Step::On(next) => (Some(next), Some(next)),
            Step::Stuck if page.records.is_empty() => return Err(self.no_progress()),
            Step::Stuck => {
                let count = page.records.len();
                tracing::warn!(
                    stream = self.source.stream(),
                    at = %asked,
                    records = count,
                    "zendesk gives a page that ends where it begins: going on behind it"
                );
                let is_new = progress.reached.is_none_or(|reached| asked >= reached);
                if is_new && count >= records_max as usize {
                    unreadable = Some(self.rest_of_second(asked, count));
                }
                let next = self.endpoint.unit.after(asked);
                (Some(next), Some(next))
            }
        };
        let progress = self.advance(asked, progress, read_at, read_to);
        let next_walk = self.begin(progress.from);
        Ok(Page {
            next: Position::Time {
                from: progress.from,
                reached: progress.reached,
                page: next,
            },
            repeat_horizon: Some(next.map_or(next_walk, |next| next.min(next_walk))),
            end_of_stream: next.is_none(),
            bytes: page.bytes,
            requests: fetched.requests,
            records: page.records,
            children: page.children,
            is_rest: false,
            listed: None,
            unreadable,
        })
    }

    /// The progress that a page from `asked` to `read_to` makes.
    fn advance(
        &self,
        asked: Timestamp,
        progress: Progress,
        read_at: Timestamp,
        read_to: Option<Timestamp>,
    ) -> Progress {
        let Progress { mut from, reached } = progress;
        // What is younger may still show late; behind such a gap nothing is complete.
        let complete = read_at.saturating_sub(self.source.overlap).unwrap_or(asked);
        if from.is_none_or(|from| from >= asked) {
            from = from.max(read_to.map(|read_to| read_to.min(complete)));
        }
        Progress {
            from,
            reached: reached.max(read_to),
        }
    }

    /// What stands for the records that a page left out, if it did.
    fn rest_of_second(&self, second: Timestamp, given: usize) -> Unreadable {
        let spec = &self.source.spec;
        let ways = match (&spec.list_path, &spec.search_type) {
            (Some(_), _) => "; `export = \"list\"` reads all that are present",
            (None, Some(_)) => "; `export = \"search\"` reads all that are present",
            (None, None) => "",
        };
        Unreadable {
            second,
            after: None,
            why: format!(
                "zendesk gives the first {given} records of this moment and goes on there again and again: if there are more of them, the export cannot read them{ways}"
            ),
        }
    }

    /// Records that the answer could have held.
    fn records_max(&self, fetched: &Fetched<TimePage>) -> u32 {
        fetched.size.unwrap_or(self.source.spec.page_max)
    }

    async fn fetch(
        &mut self,
        begin: Timestamp,
        mut size: PageSize,
    ) -> Result<Fetched<TimePage>, Error> {
        let spec = self.source.spec.clone();
        let unit = self.endpoint.unit;
        let start_time = unit.number(begin).to_string();
        let query = self
            .source
            .parameters
            .with(vec![("start_time", start_time)]);
        let request = Request {
            what: &format!("export {}", spec.name),
            path: &self.endpoint.path,
            query,
            carries_cursor: false,
            effort: Effort::Full,
            urgency: self.source.urgency,
        };
        let sized = self.endpoint.size.as_deref().map(|parameter| Sized {
            parameter,
            size: &mut size,
            may_change: true,
        });
        let inside = &self.source.inside;
        let read = |body: Bytes| {
            let mut page = read_time_page(&body, &spec, unit, inside.beside())?;
            let beside = std::mem::take(&mut page.beside);
            let children = inside.cut_whole(&page.records, beside)?;
            Ok(TimePage { children, ..page })
        };
        let fetched = self.source.client.fetch(&request, sized, read).await;
        if size.max() == self.source.page_size.max() {
            self.source.page_size = size;
        }
        fetched
    }

    fn no_progress(&self) -> Error {
        Error::NoProgress {
            stream: self.source.stream().to_owned(),
        }
    }
}

impl Endpoint {
    /// What follows a page that was `asked` for and could hold `records_max`.
    fn step(
        &self,
        asked: Timestamp,
        progress: Progress,
        page: &TimePage,
        records_max: u32,
    ) -> Step {
        let newest = || newest(&page.records, None).map(|newest| self.unit.floor(newest));
        let ends_at = page.ends_at.or_else(newest);
        let moves = ends_at.is_some_and(|end| end > asked);
        let short = page.records.len() < records_max as usize;
        let over = match (page.end_of_stream, self.end) {
            (Some(over), _) => over,
            // Before what was reached there is more, whatever a page may hold.
            (None, StreamEnd::ShortPage) => short && (!moves || ends_at >= progress.reached),
            (None, StreamEnd::EndOfStream) => page.records.is_empty() || short && !moves,
        };
        match ends_at {
            _ if over => Step::End(ends_at),
            Some(end) if moves => Step::On(end),
            _ => Step::Stuck,
        }
    }
}

impl TimeUnit {
    /// As the export writes it.
    fn number(self, time: Timestamp) -> i64 {
        match self {
            Self::Seconds => time.as_second(),
            Self::Microseconds => time.as_microsecond(),
        }
    }

    /// What the export means by `number`; `None` beyond the calendar.
    pub(super) fn time(self, number: i64) -> Option<Timestamp> {
        match self {
            Self::Seconds => Timestamp::from_second(number).ok(),
            Self::Microseconds => Timestamp::from_microsecond(number).ok(),
        }
    }

    fn floor(self, time: Timestamp) -> Timestamp {
        self.time(self.number(time)).unwrap_or(time)
    }

    fn after(self, time: Timestamp) -> Timestamp {
        let step = match self {
            Self::Seconds => SignedDuration::from_secs(1),
            Self::Microseconds => SignedDuration::from_micros(1),
        };
        time.saturating_add(step).unwrap_or(time)
    }
}

/// An empty page that leaves everything where it is.
fn nothing_yet(Progress { from, reached }: Progress) -> Page {
    Page::nothing(
        Position::Time {
            from,
            reached,
            page: None,
        },
        1,
    )
}

#[cfg(test)]
mod tests;
