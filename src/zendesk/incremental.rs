//! The incremental cursor export: a walk over (version, id) ascending.
//!
//! Traps, all from recorded traffic: the terminal page of a walk that went past the last record
//! has null for a cursor, so the last non-null one is kept; a page may be empty with more to
//! come, so only `end_of_stream` ends a walk; a cursor contains `=` and may contain `+`.

use bytes::Bytes;
use jiff::Timestamp;

use super::Error;
use super::client::{Request, Sized};
use super::page::{CursorPage, read_cursor_page};
use super::source::{Source, newest};
use crate::catalogue::Text;
use crate::http::Effort;
use crate::record::{Cursor, Page, Position};

#[derive(Debug)]
pub(super) struct Incremental {
    pub(super) source: Source,
    path: Text,
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
        Self { source, path }
    }

    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// The page after `cursor`, or the first one after `recovery_time` or the configured start.
    pub(super) async fn page(
        &mut self,
        cursor: Option<&Cursor>,
        recovery_time: Option<Timestamp>,
    ) -> Result<Page, Error> {
        let fetched = match cursor {
            Some(cursor) => match self.fetch(Begin::After(cursor), Effort::Full).await {
                Err(Error::CursorLost(trouble)) => {
                    tracing::warn!(
                        stream = self.source.stream(),
                        recovery_time = recovery_time.map(tracing::field::display),
                        "zendesk does not accept the cursor any more ({trouble}): reading again from the recovery time, less the overlap"
                    );
                    self.fetch_from(recovery_time).await
                }
                Err(Error::Unreadable { attempts, last, .. }) => {
                    return self.pass_over(cursor, recovery_time, attempts, last).await;
                }
                other => other,
            },
            None => self.fetch_from(recovery_time).await,
        };
        let (page, requests) = match fetched {
            Err(Error::TooRecent(_)) => return Ok(nothing_yet(cursor, recovery_time)),
            other => other?,
        };
        let after = page.after_cursor.map(Cursor::new);
        if !page.end_of_stream && (after.is_none() || after.as_ref() == cursor) {
            return Err(Error::NoProgress {
                stream: self.source.stream().to_owned(),
            });
        }
        let recovery_time = newest(&page.records, recovery_time);
        Ok(Page {
            next: Position::Incremental {
                cursor: after.or_else(|| cursor.cloned()),
                recovery_time,
            },
            repeat_horizon: recovery_time.map(|time| self.source.overlapped(time)),
            end_of_stream: page.end_of_stream,
            bytes: page.bytes,
            requests,
            records: page.records,
            children: page.children,
            unreadable: None,
            listed: None,
        })
    }

    async fn fetch_from(
        &mut self,
        recovery_time: Option<Timestamp>,
    ) -> Result<(CursorPage, u32), Error> {
        let begin = match recovery_time {
            Some(time) => self.source.overlapped(time),
            None => self.source.start.unwrap_or(Timestamp::UNIX_EPOCH),
        };
        let begin = self.source.past(begin);
        self.fetch(Begin::At(begin), Effort::Full).await
    }

    pub(super) async fn fetch(
        &mut self,
        begin: Begin<'_>,
        effort: Effort,
    ) -> Result<(CursorPage, u32), Error> {
        let spec = self.source.spec.clone();
        let request = Request {
            what: &format!("export {}", spec.name),
            path: &self.path,
            query: self.source.parameters.with(vec![match begin {
                Begin::After(cursor) => ("cursor", cursor.as_str().to_owned()),
                Begin::At(time) => ("start_time", time.as_second().to_string()),
            }]),
            carries_cursor: matches!(begin, Begin::After(_)),
            effort,
            urgency: self.source.urgency,
        };
        let sized = Sized {
            parameter: "per_page",
            size: &mut self.source.page_size,
            may_change: true,
        };
        let inside = &self.source.inside;
        let read = |body: Bytes| {
            let page = read_cursor_page(body.clone(), &spec)?;
            let children = inside.cut(&body, &page.records)?;
            Ok(CursorPage { children, ..page })
        };
        let client = &self.source.client;
        let fetched = client.fetch(&request, Some(sized), read).await?;
        Ok((fetched.value, fetched.requests))
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
