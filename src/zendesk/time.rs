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

use jiff::{SignedDuration, Timestamp};

use super::Error;
use super::client::{PageSize, Request, Sized};
use super::page::{Part, TimeEnd, Trailer, read_time_trailer, time_layout};
use super::parts::{Form, SoFar, UnderWay};
use super::source::Source;
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
    /// The page of which parts were given.
    open: Option<Box<UnderWay<PageSize>>>,
}

/// A page that is there to its end.
#[derive(Clone, Copy, Debug)]
struct Whole {
    records: usize,
    /// Records that it could have held.
    records_max: u32,
    /// Where it ends by its newest record.
    newest: Option<Timestamp>,
    end: TimeEnd,
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
        Self {
            source,
            endpoint,
            open: None,
        }
    }

    /// Begins a pass: a page of which only parts were given begins again.
    pub(super) fn begin_pass(&mut self) {
        self.open = None;
    }

    /// The page at `page`, or the first one of a new walk; a large one in parts.
    pub(super) async fn page(
        &mut self,
        progress: Progress,
        page: Option<Timestamp>,
    ) -> Result<Page, Error> {
        let Progress { from, reached } = progress;
        let stand = Position::Time {
            from,
            reached,
            page,
        };
        let open = UnderWay::resume(&mut self.open, &stand);
        let mut under_way = match open {
            Some(under_way) => under_way,
            None => UnderWay::new(&self.source.client, stand, self.source.page_size),
        };
        let asked = page.unwrap_or_else(|| self.begin(from));
        loop {
            let (given, end) = match self.receive(&mut under_way, asked).await {
                Err(Error::TooRecent(_)) => return Ok(nothing_yet(progress)),
                other => other?,
            };
            let Some(end) = end else {
                self.open = Some(under_way);
                return Ok(given);
            };
            let records_max = under_way.size.unwrap_or(self.source.spec.page_max);
            let whole = Whole::new(under_way.so_far, records_max, end);
            let step = self.endpoint.step(asked, progress, &whole);
            if step == Step::Stuck && records_max < self.source.spec.page_max {
                // A larger page may reach beyond this second; it is given from its beginning.
                let largest = PageSize::new(self.source.spec.page_max);
                if under_way.state.max() == largest.max() {
                    return Err(self.no_progress());
                }
                under_way.begin_again(&self.source.client);
                under_way.state = largest;
                continue;
            }
            let now = self.source.client.clock().now();
            let read_at = now
                .saturating_sub(under_way.asked_at.elapsed())
                .unwrap_or(now);
            return self.read(asked, progress, read_at, given, &whole);
        }
    }

    /// Where a walk begins.
    fn begin(&self, from: Option<Timestamp>) -> Timestamp {
        let begin = from.max(self.source.start);
        let begin = begin.unwrap_or(Timestamp::UNIX_EPOCH);
        self.endpoint.unit.floor(self.source.past(begin))
    }

    /// The last part `given` of the page `whole`, which was `asked` for at the time `read_at`.
    fn read(
        &self,
        asked: Timestamp,
        progress: Progress,
        read_at: Timestamp,
        given: Page,
        whole: &Whole,
    ) -> Result<Page, Error> {
        let mut unreadable = None;
        let (read_to, next) = match self.endpoint.step(asked, progress, whole) {
            Step::End(read_to) => (read_to, None),
            Step::On(next) => (Some(next), Some(next)),
            Step::Stuck if whole.records == 0 => return Err(self.no_progress()),
            Step::Stuck => {
                let count = whole.records;
                tracing::warn!(
                    stream = self.source.stream(),
                    at = %asked,
                    records = count,
                    "zendesk gives a page that ends where it begins: going on behind it"
                );
                let is_new = progress.reached.is_none_or(|reached| asked >= reached);
                if is_new && count >= whole.records_max as usize {
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
            unreadable,
            ..given
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

    /// What comes next of the page that begins at `begin`, and what its end tells.
    async fn receive(
        &mut self,
        under_way: &mut UnderWay<PageSize>,
        begin: Timestamp,
    ) -> Result<(Page, Option<TimeEnd>), Error> {
        let Source {
            client,
            spec,
            inside,
            ..
        } = &self.source;
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
        let mut size = under_way.state;
        let sized = self.endpoint.size.as_deref().map(|parameter| Sized {
            parameter,
            size: &mut size,
            may_change: true,
        });
        let form = Form {
            layout: time_layout(spec, inside.beside()),
            inside,
            end: |_: &mut Part, trailer: &Trailer| read_time_trailer(trailer, spec, unit),
        };
        let received = under_way.receive(client, &request, sized, &form).await;
        under_way.state = size;
        if size.max() == self.source.page_size.max() {
            self.source.page_size = size;
        }
        received
    }

    fn no_progress(&self) -> Error {
        Error::NoProgress {
            stream: self.source.stream().to_owned(),
        }
    }
}

impl Whole {
    fn new(parts: SoFar, records_max: u32, end: TimeEnd) -> Self {
        Self {
            records: parts.records,
            records_max,
            newest: parts.newest,
            end,
        }
    }
}

impl Endpoint {
    /// What follows a page that was `asked` for.
    fn step(&self, asked: Timestamp, progress: Progress, page: &Whole) -> Step {
        let newest = || page.newest.map(|newest| self.unit.floor(newest));
        let ends_at = page.end.ends_at.or_else(newest);
        let moves = ends_at.is_some_and(|end| end > asked);
        let short = page.records < page.records_max as usize;
        let over = match (page.end.end_of_stream, self.end) {
            (Some(over), _) => over,
            // Before what was reached there is more, whatever a page may hold.
            (None, StreamEnd::ShortPage) => short && (!moves || ends_at >= progress.reached),
            (None, StreamEnd::EndOfStream) => page.records == 0 || short && !moves,
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
