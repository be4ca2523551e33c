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
use super::page::{Following, Part, Trailer, list_layout, read_list_trailer};
use super::parts::{Form, UnderWay};
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
    /// The page of which parts were given.
    open: Option<Box<UnderWay<Asked>>>,
}

/// How a page was asked for.
#[derive(Debug)]
struct Asked {
    /// `None` for the first one.
    page: Option<ListPage>,
    /// When the walk began, if that was with this page.
    began: Timestamp,
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
            open: None,
        }
    }

    /// Begins a pass: a page of which only parts were given begins again.
    pub(super) fn begin_pass(&mut self) {
        self.open = None;
    }

    /// The page `page` of a walk, or its first one; a large one in parts.
    pub(super) async fn page(
        &mut self,
        walk: Walk,
        page: Option<&ListPage>,
    ) -> Result<Page, Error> {
        let stand = Position::List {
            walk: walk.number,
            page: page.cloned(),
            began: walk.began,
            complete: walk.complete,
        };
        let mut under_way = match UnderWay::resume(&mut self.open, &stand) {
            Some(under_way) => under_way,
            None => {
                let client = &self.source.client;
                let asked = Asked {
                    page: page.cloned(),
                    began: client.clock().now(),
                };
                UnderWay::new(client, stand, asked)
            }
        };
        let asked = under_way.state.page.clone();
        let received = match self.receive(&mut under_way, asked.as_ref()).await {
            Err(Error::CursorLost(trouble)) => {
                tracing::warn!(
                    stream = self.source.stream(),
                    walk = walk.number,
                    "zendesk does not accept the page cursor any more ({trouble}): the list is read from its beginning"
                );
                under_way.begin_again(&self.source.client);
                under_way.state.page = None;
                self.receive(&mut under_way, None).await
            }
            other => other,
        };
        let is_rest = under_way.is_rest();
        let (given, following) = match received {
            Ok((given, Some(following))) => (given, following),
            Ok((given, None)) => {
                self.open = Some(under_way);
                let listed = Some(self.listed(walk, is_rest, ListEnd::More));
                return Ok(Page { listed, ..given });
            }
            Err(Error::TooDeep(_)) if under_way.state.page.is_some() => {
                (under_way.nothing(), Following::CutOff)
            }
            Err(error) => return Err(error),
        };
        let records = under_way.so_far.records;
        self.read(walk, &under_way.state, records, given, following)
    }

    /// The last part `given` of a page, which has so many `records`.
    fn read(
        &self,
        walk: Walk,
        asked: &Asked,
        records: usize,
        given: Page,
        following: Following,
    ) -> Result<Page, Error> {
        let number = walk.number.max(1);
        let began = match asked.page {
            Some(_) => walk.began,
            None => Some(asked.began),
        };
        let next = match following {
            Following::After(after) => {
                let page = ListPage::After(Cursor::new(after));
                if asked.page.as_ref() == Some(&page) {
                    return Err(Error::NoProgress {
                        stream: self.source.stream().to_owned(),
                    });
                }
                Ok(page)
            }
            Following::NextPage if records == 0 => Err(ListEnd::Complete),
            Following::NextPage => match &asked.page {
                Some(ListPage::Number(number, _)) if *number >= limits::OFFSET_PAGES_MAX => {
                    Err(ListEnd::CutOff)
                }
                Some(ListPage::Number(number, size)) => Ok(ListPage::Number(number + 1, *size)),
                // As many as this page has, whatever was asked for.
                Some(ListPage::After(_)) | None => {
                    let size = u32::try_from(records).unwrap_or(u32::MAX);
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
        Ok(Page {
            listed: Some(self.listed(walk, given.is_rest, end)),
            end_of_stream: end != ListEnd::More,
            next,
            ..given
        })
    }

    /// What a part of a walk's pages is, `is_rest` saying whether parts of its page were given before.
    fn listed(&self, walk: Walk, is_rest: bool, end: ListEnd) -> Listed {
        let spec = &self.source.spec;
        Listed {
            walk: walk.number.max(1),
            // What was delivered of this page counts.
            afresh: walk.number == 0 && !is_rest,
            end,
            id_field: spec.id_field.clone(),
            leaving: spec.leaving,
        }
    }

    /// What comes next of the page `page`, and what follows it when its last part is there.
    pub(super) async fn receive<S>(
        &mut self,
        under_way: &mut UnderWay<S>,
        page: Option<&ListPage>,
    ) -> Result<(Page, Option<Following>), Error> {
        let Source {
            client,
            spec,
            inside,
            parameters,
            page_size,
            urgency,
            ..
        } = &mut self.source;
        let mut query = parameters.with(Vec::new());
        let mut size_of_page;
        let (size, parameter, may_change) = match page {
            Some(ListPage::After(after)) => {
                query.push(("page[after]", after.as_str().to_owned()));
                (page_size, Some("page[size]"), true)
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
                (page_size, parameter, true)
            }
        };
        let request = Request {
            what: &format!("list {}", spec.name),
            path: &self.path,
            query,
            carries_cursor: matches!(page, Some(ListPage::After(_))),
            effort: Effort::Full,
            urgency: *urgency,
        };
        let sized = parameter.map(|parameter| Sized {
            parameter,
            size,
            may_change,
        });
        let form = Form {
            layout: list_layout(spec),
            inside: &*inside,
            end: |part: &mut Part, trailer: &Trailer| read_list_trailer(part, trailer, spec),
        };
        under_way.receive(client, &request, sized, &form).await
    }
}

#[cfg(test)]
mod tests;
