//! Lists: all that is present, in no order of time, read whole each time.
//!
//! Traps, from recorded traffic and Zendesk's own description:
//!
//! * With cursors `meta.has_more` ends a list; `links.next` is filled even then. An answer without
//!   `meta` is the whole list, unless `next_page` says otherwise: some endpoints do not know
//!   `page[size]` and go on by page numbers.
//! * By page number there are 100 pages and no more. A list that has is cut off there, which is
//!   said and not taken for its end.
//! * Pages shift under a walk when records come and go. By cursor nothing is passed over, by number
//!   a record may be; so one walk that misses a record proves nothing (see `snapshots.rs`).
//! * An answer without its records is an error: an empty list would mean that all are gone.

use super::Error;
use super::client::{PageSize, Request, Sized};
use super::page::{Following, ListBody, read_list_page};
use super::source::Source;
use crate::catalogue::{Pagination, Text};
use crate::http::Effort;
use crate::limits;
use crate::record::{Cursor, ListEnd, ListPage, Listed, Page, Position};

use jiff::Timestamp;

#[derive(Debug)]
pub(super) struct List {
    pub(super) source: Source,
    path: Text,
    pagination: Pagination,
}

/// A walk, as [`Position::List`] has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    pub(super) number: u64,
    pub(super) began: Option<Timestamp>,
    pub(super) complete: Option<Timestamp>,
}

impl List {
    pub(super) fn new(source: Source, path: Text, pagination: Pagination) -> Self {
        Self {
            source,
            path,
            pagination,
        }
    }

    /// The page `page` of a walk, or its first one.
    pub(super) async fn page(
        &mut self,
        walk: Walk,
        page: Option<&ListPage>,
    ) -> Result<Page, Error> {
        let now = self.source.client.clock().now();
        match self.fetch(page).await {
            Ok((body, requests)) => self.read(walk, page, now, body, requests),
            Err(Error::CursorLost(trouble)) => {
                tracing::warn!(
                    stream = self.source.stream(),
                    walk = walk.number,
                    "zendesk does not accept the page cursor any more ({trouble}): the list is read from its beginning"
                );
                let (body, requests) = self.fetch(None).await?;
                self.read(walk, None, now, body, requests + 1)
            }
            Err(Error::TooDeep(_)) if page.is_some() => {
                self.read(walk, page, now, ListBody::cut_off(), 1)
            }
            Err(error) => Err(error),
        }
    }

    fn read(
        &self,
        walk: Walk,
        asked: Option<&ListPage>,
        now: Timestamp,
        body: ListBody,
        requests: u32,
    ) -> Result<Page, Error> {
        let number = walk.number.max(1);
        let began = match asked {
            Some(_) => walk.began,
            None => Some(now),
        };
        let next = match body.following {
            Following::After(after) => {
                let page = ListPage::After(Cursor::new(after));
                if asked == Some(&page) {
                    return Err(Error::NoProgress {
                        stream: self.source.stream().to_owned(),
                    });
                }
                Ok(page)
            }
            Following::NextPage if body.records.is_empty() => Err(ListEnd::Complete),
            Following::NextPage => match asked {
                Some(ListPage::Number(number, _)) if *number >= limits::OFFSET_PAGES_MAX => {
                    Err(ListEnd::CutOff)
                }
                Some(ListPage::Number(number, size)) => Ok(ListPage::Number(number + 1, *size)),
                // As many as this page has, whatever was asked for.
                Some(ListPage::After(_)) | None => {
                    let size = u32::try_from(body.records.len()).unwrap_or(u32::MAX);
                    Ok(ListPage::Number(2, size))
                }
            },
            Following::Nothing => Err(ListEnd::Complete),
            Following::CutOff => Err(ListEnd::CutOff),
        };
        let (end, next) = match next {
            Ok(page) => (
                ListEnd::More,
                Position::List {
                    walk: number,
                    page: Some(page),
                    began,
                    complete: walk.complete,
                },
            ),
            Err(end) => {
                let is_complete = end == ListEnd::Complete;
                let next = Position::List {
                    walk: number + u64::from(is_complete),
                    page: None,
                    began: None,
                    complete: if is_complete { began } else { walk.complete },
                };
                (end, next)
            }
        };
        let spec = &self.source.spec;
        Ok(Page {
            is_rest: false,
            listed: Some(Listed {
                walk: number,
                afresh: walk.number == 0,
                end,
                id_field: spec.id_field.clone(),
                leaving: spec.leaving,
            }),
            end_of_stream: end != ListEnd::More,
            next,
            repeat_horizon: None,
            bytes: body.bytes,
            requests,
            records: body.records,
            children: Vec::new(),
            unreadable: None,
        })
    }

    /// The answer with the page `page`, and the requests it took.
    pub(super) async fn fetch(
        &mut self,
        page: Option<&ListPage>,
    ) -> Result<(ListBody, u32), Error> {
        let spec = self.source.spec.clone();
        let mut query = self.source.parameters.with(Vec::new());
        let mut size_of_page;
        let (size, parameter, may_change) = match page {
            Some(ListPage::After(after)) => {
                query.push(("page[after]", after.as_str().to_owned()));
                (&mut self.source.page_size, Some("page[size]"), true)
            }
            // Another size would make other pages.
            Some(ListPage::Number(number, size)) => {
                query.push(("page", number.to_string()));
                size_of_page = PageSize::new(*size);
                (&mut size_of_page, Some("per_page"), false)
            }
            None => {
                let parameter = match self.pagination {
                    Pagination::Cursor => Some("page[size]"),
                    Pagination::Offset => Some("per_page"),
                    Pagination::Single => None,
                };
                (&mut self.source.page_size, parameter, true)
            }
        };
        let request = Request {
            what: &format!("list {}", spec.name),
            path: &self.path,
            query,
            carries_cursor: matches!(page, Some(ListPage::After(_))),
            effort: Effort::Full,
            urgency: self.source.urgency,
        };
        let sized = parameter.map(|parameter| Sized {
            parameter,
            size,
            may_change,
        });
        let fetched = self
            .source
            .client
            .fetch(&request, sized, |body| read_list_page(body, &spec))
            .await?;
        Ok((fetched.value, fetched.requests))
    }
}

#[cfg(test)]
mod tests;
