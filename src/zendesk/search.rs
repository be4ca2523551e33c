//! The search export: half-open windows of update time, each walked page by page.
//!
//! The order within a window is creation time, so nothing may be assumed read before the whole
//! window is. A page cursor lives one hour; when it is lost the window begins again. Zendesk's
//! search index lags behind by minutes without an upper bound, so a window ends `settle` before
//! now and begins `overlap` before the end of the last one; what comes twice is recognised by id
//! and version further on. Deletions never show here.

use std::time::Duration;

use jiff::{Timestamp, Unit};

use super::Error;
use super::client::{Request, Sized};
use super::page::{Part, SearchEnd, Trailer, read_search_trailer, search_layout};
use super::parts::{Form, UnderWay};
use super::source::Source;
use crate::catalogue::Text;
use crate::http::Effort;
use crate::limits;
use crate::record::{Cursor, Page, Position, SearchWindow};

/// Path of the search export.
pub const SEARCH_PATH: &str = "/api/v2/search/export.json";

#[derive(Debug)]
pub(super) struct Search {
    pub(super) source: Source,
    search_type: Text,
    /// Further terms of the query.
    terms: Option<String>,
    pub(super) settle: Duration,
    /// The page of which parts were given, with its window.
    open: Option<Box<UnderWay<SearchWindow>>>,
}

impl Search {
    pub(super) fn new(
        source: Source,
        search_type: Text,
        terms: Option<String>,
        settle: Duration,
    ) -> Self {
        Self {
            source,
            search_type,
            terms,
            settle,
            open: None,
        }
    }

    /// Begins a pass: a page of which only parts were given begins again.
    pub(super) fn begin_pass(&mut self) {
        self.open = None;
    }

    /// The next page of the window in progress, or the first one of a new window after `from`; a
    /// large one in parts.
    pub(super) async fn page(
        &mut self,
        from: Option<Timestamp>,
        window: Option<&SearchWindow>,
    ) -> Result<Page, Error> {
        let stand = Position::Search {
            from,
            window: window.cloned(),
        };
        let mut under_way = match UnderWay::resume(&mut self.open, &stand) {
            Some(under_way) => under_way,
            None => match self.window(from, window).await? {
                Some(window) => UnderWay::new(&self.source.client, stand, window),
                None => return Ok(nothing_yet(from)),
            },
        };
        let received = match self.receive(from, &mut under_way).await {
            Err(Error::CursorLost(trouble)) => {
                under_way.begin_again(&self.source.client);
                under_way.state = self.restart(from, &under_way.state, &trouble);
                self.receive(from, &mut under_way).await
            }
            other => other,
        };
        let (page, end) = received?;
        let Some(end) = end else {
            self.open = Some(under_way);
            return Ok(page);
        };
        let age = under_way.asked_at.elapsed();
        self.read(from, under_way.state, age, page, end)
    }

    /// The window to read: the one in progress, or a new one if there is something to be read.
    async fn window(
        &self,
        from: Option<Timestamp>,
        window: Option<&SearchWindow>,
    ) -> Result<Option<SearchWindow>, Error> {
        let client = &self.source.client;
        if !client.clock().is_known() {
            // Any answer tells Zendesk's time, by which windows end.
            client.caller(Effort::Full).await?;
        }
        let now = client.clock().now();
        Ok(match window {
            Some(window) if cursor_lives(window, now) => Some(window.clone()),
            Some(window) => Some(self.restart(from, window, &"its page cursor is too old")),
            None => next_window(from.or(self.source.start), now, self.settle),
        })
    }

    /// The last part of a page that was asked for `age` ago.
    fn read(
        &self,
        from: Option<Timestamp>,
        window: SearchWindow,
        age: Duration,
        page: Page,
        end: SearchEnd,
    ) -> Result<Page, Error> {
        // A halved window leaves its other half to be read at once.
        let end_of_stream = !end.has_more && !window.is_halved();
        let (next, repeat_horizon) = if end.has_more {
            let after = end.after_cursor.map(Cursor::new);
            if after.is_none() || after == window.cursor {
                return Err(Error::NoProgress {
                    stream: self.source.stream().to_owned(),
                });
            }
            let now = self.source.client.clock().now();
            let window = SearchWindow {
                cursor: after,
                issued_at: Some(now.saturating_sub(age).unwrap_or(now)),
                ..window
            };
            // Should the window begin again, everything in it may repeat.
            (
                Position::Search {
                    from,
                    window: Some(window),
                },
                self.begin(from),
            )
        } else {
            let next = Position::Search {
                from: Some(window.to),
                window: None,
            };
            (next, Some(self.source.overlapped(window.to)))
        };
        Ok(Page {
            end_of_stream,
            next,
            repeat_horizon,
            ..page
        })
    }

    /// Where the query of a window after `from` begins; `None` for the beginning of time.
    fn begin(&self, from: Option<Timestamp>) -> Option<Timestamp> {
        from.map_or(self.source.start, |from| Some(self.source.overlapped(from)))
    }

    /// The window without its cursor. One that was lost before is halved: it may be too large to
    /// be walked within the hour a cursor lives.
    fn restart(
        &self,
        from: Option<Timestamp>,
        window: &SearchWindow,
        why: &dyn std::fmt::Display,
    ) -> SearchWindow {
        let mut window = SearchWindow {
            cursor: None,
            issued_at: None,
            restarts: window.restarts + 1,
            ..*window
        };
        if window.is_halved() {
            let begin = from.or(self.source.start).unwrap_or(Timestamp::UNIX_EPOCH);
            window.to = middle(begin, window.to);
        }
        tracing::warn!(
            stream = self.source.stream(),
            to = %window.to,
            restarts = window.restarts,
            "the search window begins again: {why}"
        );
        window
    }

    /// What comes next of the page that is under way, and what its end tells.
    async fn receive(
        &mut self,
        from: Option<Timestamp>,
        under_way: &mut UnderWay<SearchWindow>,
    ) -> Result<(Page, Option<SearchEnd>), Error> {
        let window = &under_way.state;
        let mut terms = window_query(self.begin(from), window.to);
        if let Some(further) = &self.terms {
            terms = format!("{terms} {further}");
        }
        let mut query = vec![
            ("filter[type]", self.search_type.to_string()),
            ("query", terms),
        ];
        if let Some(cursor) = &window.cursor {
            query.push(("page[after]", cursor.as_str().to_owned()));
        }
        let is_first = window.cursor.is_none();
        let Source {
            client,
            spec,
            inside,
            parameters,
            page_size,
            urgency,
            ..
        } = &mut self.source;
        let request = Request {
            what: &format!("export {} by search", spec.name),
            path: SEARCH_PATH,
            carries_cursor: !is_first,
            effort: Effort::Full,
            urgency: *urgency,
            query: parameters.with(query),
        };
        let sized = Sized {
            parameter: "page[size]",
            size: page_size,
            may_change: is_first,
        };
        let form = Form {
            layout: search_layout(spec),
            inside: &*inside,
            end: |_: &mut Part, trailer: &Trailer| read_search_trailer(trailer),
        };
        under_way
            .receive(client, &request, Some(sized), &form)
            .await
    }
}

/// The window after `from`, if at least a second of it has settled.
fn next_window(from: Option<Timestamp>, now: Timestamp, settle: Duration) -> Option<SearchWindow> {
    let to = now.saturating_sub(settle).ok()?;
    let to = Timestamp::from_second(to.as_second()).ok()?;
    (from.is_none_or(|from| from < to)).then_some(SearchWindow {
        to,
        cursor: None,
        issued_at: None,
        restarts: 0,
    })
}

/// Whether the window can go on from its cursor. A cursor from the future means that the clock
/// was set back, and its age cannot be known.
fn cursor_lives(window: &SearchWindow, now: Timestamp) -> bool {
    match (&window.cursor, window.issued_at) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(_), Some(issued_at)) => {
            let age = now.duration_since(issued_at);
            Duration::try_from(age).is_ok_and(|age| age < limits::SEARCH_CURSOR_AGE_MAX)
        }
    }
}

/// Half way between two times, on a whole second, and at least one after `begin`.
fn middle(begin: Timestamp, end: Timestamp) -> Timestamp {
    let half = (end.as_second() - begin.as_second()) / 2;
    Timestamp::from_second(begin.as_second() + half.max(1))
        .unwrap_or(end)
        .min(end)
}

/// As a query wants a time.
pub(super) fn second(time: Timestamp) -> Timestamp {
    time.round(Unit::Second).unwrap_or(time)
}

/// Always in UTC with `Z` and whole seconds: in which zone Zendesk reads anything else is not
/// documented, and its timestamps have no finer grain.
pub(super) fn window_query(begin: Option<Timestamp>, end: Timestamp) -> String {
    match begin {
        Some(begin) => format!("updated>={} updated<{}", second(begin), second(end)),
        None => format!("updated<{}", second(end)),
    }
}

fn nothing_yet(from: Option<Timestamp>) -> Page {
    Page::nothing(Position::Search { from, window: None }, 0)
}

impl SearchWindow {
    fn is_halved(&self) -> bool {
        self.restarts > 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    const SETTLE: Duration = Duration::from_secs(300);

    #[test]
    fn windows_end_on_a_settled_second() {
        let now = time("2026-01-02T03:10:00.9Z");
        let to = |from: &str| next_window(Some(time(from)), now, SETTLE).map(|window| window.to);
        assert_eq!(
            to("2026-01-02T03:00:00Z"),
            Some(time("2026-01-02T03:05:00Z"))
        );
        assert_eq!(to("2026-01-02T03:05:00Z"), None, "nothing new has settled");
        assert_eq!(
            to("2027-01-01T00:00:00Z"),
            None,
            "a checkpoint ahead of the clock"
        );
        assert!(next_window(None, now, SETTLE).is_some());
    }

    #[test]
    fn cursors_live_under_an_hour_and_never_across_a_clock_set_back() {
        let mut window = next_window(None, time("2026-01-02T03:10:00Z"), SETTLE).expect("a window");
        assert!(
            cursor_lives(&window, time("2026-01-02T09:00:00Z")),
            "there is none to die"
        );
        window.cursor = Some(Cursor::new("c"));
        assert!(
            !cursor_lives(&window, time("2026-01-02T03:10:00Z")),
            "of unknown age"
        );
        window.issued_at = Some(time("2026-01-02T03:10:00Z"));
        assert!(cursor_lives(&window, time("2026-01-02T04:04:59Z")));
        assert!(!cursor_lives(&window, time("2026-01-02T04:05:00Z")));
        assert!(!cursor_lives(&window, time("2026-01-02T03:09:59Z")));
    }

    #[test]
    fn halving_makes_progress_down_to_a_second() {
        let (begin, mut end) = (time("2026-01-01T00:00:00Z"), time("2026-01-02T00:00:00Z"));
        for _ in 0..40 {
            end = middle(begin, end);
            assert!(end > begin);
        }
        assert_eq!(end, time("2026-01-01T00:00:01Z"));
    }

    #[test]
    fn queries_are_half_open_and_in_utc() {
        let end = time("2026-01-02T03:04:05+02:00");
        assert_eq!(window_query(None, end), "updated<2026-01-02T01:04:05Z");
        assert_eq!(
            window_query(Some(Timestamp::UNIX_EPOCH), end),
            "updated>=1970-01-01T00:00:00Z updated<2026-01-02T01:04:05Z"
        );
    }
}
