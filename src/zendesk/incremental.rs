//! The incremental cursor export: a walk over (version, id) ascending.
//!
//! Traps, all from recorded traffic: the terminal page of a walk that went past the last record
//! has null for a cursor, so the last non-null one is kept; a page may be empty with more to
//! come, so only `end_of_stream` ends a walk; a cursor contains `=` and may contain `+`.

use bytes::Bytes;
use jiff::Timestamp;

use super::Error;
use super::client::{PageSize, Request, Sized};
use super::page::{
    CursorPage, Part, Trailer, cursor_layout, read_cursor_page, read_cursor_trailer,
};
use super::parts::{Form, UnderWay};
use super::source::Source;
use crate::catalogue::Text;
use crate::http::Effort;
use crate::record::{Cursor, Page, Position};

#[derive(Debug)]
pub(super) struct Incremental {
    pub(super) source: Source,
    path: Text,
    /// The page of which parts were given.
    open: Option<Box<UnderWay<()>>>,
}

/// Where a page begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Begin<'a> {
    /// Behind the record that the cursor stands for.
    After(&'a Cursor),
    /// At the first record of this second or later.
    At(Timestamp),
}

impl Incremental {
    pub(super) fn new(source: Source, path: Text) -> Self {
        Self {
            source,
            path,
            open: None,
        }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Begins a pass: a page of which only parts were given begins again.
    pub(super) fn begin_pass(&mut self) {
        self.open = None;
    }

    /// The page after `cursor`, or the first one after `recovery_time` or the configured start; a
    /// large one in parts.
    pub(super) async fn page(
        &mut self,
        cursor: Option<&Cursor>,
        recovery_time: Option<Timestamp>,
    ) -> Result<Page, Error> {
        let stand = Position::Incremental {
            cursor: cursor.cloned(),
            recovery_time,
        };
        let begin = match cursor {
            Some(cursor) => Begin::After(cursor),
            None => self.begin_at(recovery_time),
        };
        let open = UnderWay::resume(&mut self.open, &stand);
        let mut under_way = match open {
            Some(under_way) => under_way,
            None => UnderWay::new(&self.source.client, stand, ()),
        };
        let received = match (self.receive(&mut under_way, begin).await, cursor) {
            (Err(Error::CursorLost(trouble)), Some(_)) => {
                tracing::warn!(
                    stream = self.source.stream(),
                    recovery_time = recovery_time.map(tracing::field::display),
                    "zendesk does not accept the cursor any more ({trouble}): reading again from the recovery time, less the overlap"
                );
                under_way.begin_again(&self.source.client);
                let begin = self.begin_at(recovery_time);
                self.receive(&mut under_way, begin).await
            }
            (Err(Error::Unreadable { attempts, last, .. }), Some(cursor)) => {
                return self.pass_over(cursor, recovery_time, attempts, last).await;
            }
            (other, _) => other,
        };
        let (page, end) = match received {
            Err(Error::TooRecent(_)) => return Ok(nothing_yet(cursor, recovery_time)),
            other => other?,
        };
        let Some((after, end_of_stream)) = end else {
            self.open = Some(under_way);
            return Ok(page);
        };
        let after = after.map(Cursor::new);
        if !end_of_stream && (after.is_none() || after.as_ref() == cursor) {
            return Err(Error::NoProgress {
                stream: self.source.stream().to_owned(),
            });
        }
        let recovery_time = recovery_time.max(under_way.so_far.newest);
        Ok(Page {
            next: Position::Incremental {
                cursor: after.or_else(|| cursor.cloned()),
                recovery_time,
            },
            repeat_horizon: recovery_time.map(|time| self.source.overlapped(time)),
            end_of_stream,
            ..page
        })
    }

    /// Where to begin without a cursor.
    fn begin_at(&self, recovery_time: Option<Timestamp>) -> Begin<'static> {
        let begin = match recovery_time {
            Some(time) => self.source.overlapped(time),
            None => self.source.start.unwrap_or(Timestamp::UNIX_EPOCH),
        };
        Begin::At(self.source.past(begin))
    }

    /// What comes next of a page that begins at `begin`, and the cursor and the end mark of its end.
    async fn receive(
        &mut self,
        under_way: &mut UnderWay<()>,
        begin: Begin<'_>,
    ) -> Result<(Page, Option<(Option<String>, bool)>), Error> {
        let mut size = self.source.page_size;
        let what = self.what();
        let request = self.request(&what, begin, Effort::Full);
        let Source {
            client,
            spec,
            inside,
            ..
        } = &self.source;
        let form = Form {
            layout: cursor_layout(spec, inside.beside()),
            inside,
            end: |_: &mut Part, trailer: &Trailer| read_cursor_trailer(trailer, spec),
        };
        let sized = Some(sized(&mut size));
        let received = under_way.receive(client, &request, sized, &form).await;
        self.source.page_size = size;
        received
    }

    /// A page as a whole.
    pub(super) async fn fetch(
        &mut self,
        begin: Begin<'_>,
        effort: Effort,
    ) -> Result<(CursorPage, u32), Error> {
        let mut size = self.source.page_size;
        let what = self.what();
        let request = self.request(&what, begin, effort);
        let (spec, inside) = (&self.source.spec, &self.source.inside);
        let read = |body: Bytes| {
            let mut page = read_cursor_page(&body, spec, inside.beside())?;
            let beside = std::mem::take(&mut page.beside);
            let children = inside.cut_whole(&page.records, beside)?;
            Ok(CursorPage { children, ..page })
        };
        let client = &self.source.client;
        let fetched = client.fetch(&request, Some(sized(&mut size)), read).await;
        self.source.page_size = size;
        let fetched = fetched?;
        Ok((fetched.value, fetched.requests))
    }

    fn what(&self) -> String {
        format!("export {}", self.source.spec.name)
    }

    fn request<'a>(&'a self, what: &'a str, begin: Begin<'_>, effort: Effort) -> Request<'a> {
        Request {
            what,
            path: &self.path,
            query: self.source.parameters.with(vec![match begin {
                Begin::After(cursor) => ("cursor", cursor.as_str().to_owned()),
                Begin::At(time) => ("start_time", time.as_second().to_string()),
            }]),
            carries_cursor: matches!(begin, Begin::After(_)),
            effort,
            urgency: self.source.urgency,
        }
    }
}

/// Asks for as many records as `size` says, which may change.
fn sized(size: &mut PageSize) -> Sized<'_> {
    Sized {
        parameter: "per_page",
        size,
        may_change: true,
    }
}

/// An empty page that leaves everything where it is.
fn nothing_yet(cursor: Option<&Cursor>, recovery_time: Option<Timestamp>) -> Page {
    Page::nothing(
        Position::Incremental {
            cursor: cursor.cloned(),
            recovery_time,
        },
        1,
    )
}
