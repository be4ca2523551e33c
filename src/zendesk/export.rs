//! Reading a stream page by page, whatever the protocol.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::Error;
use super::client::{Client, PageSize};
use super::history::History;
use super::incremental::Incremental;
use super::inside::Inside;
use super::list::{self, List};
use super::lists::Lists;
use super::parameters::Parameters;
use super::quota::Urgency;
use super::search::{SEARCH_PATH, Search};
use super::source::Source;
use super::time::{Endpoint, Progress, Time};
use crate::catalogue::{Place, Reading, StreamSpec};
use crate::config;
use crate::limits;
use crate::record::{Page, Position};

/// One stream's way of being read, with the streams that are read along with it. It remembers
/// whether the next page is early; every page is asked for by position.
#[derive(Debug)]
pub struct Export {
    root: Arc<str>,
    protocol: Protocol,
    /// Another way to its history.
    history: Option<History>,
    /// The lists under its records, if any are wanted.
    lists: Option<Lists>,
    /// No tick asked for the next page.
    is_early: bool,
}

/// Where to go on so that live changes need not wait for a back-log.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// The position to go on from; it reads everything of `until` or later.
    pub live: Position,
    /// Up to here the back-log has to be read besides.
    pub until: Timestamp,
}

#[derive(Debug)]
enum Protocol {
    Incremental(Incremental),
    Search(Search),
    Time(Time),
    List(List),
}

impl Export {
    /// The export that `stream` configures, and that the `members` are read with.
    pub fn new(
        client: Arc<Client>,
        stream: &config::Stream,
        members: &[&config::Stream],
        page_size: u32,
    ) -> Self {
        let spec = &stream.spec;
        let members = members.iter().map(|member| &member.spec);
        let inside = Inside::new(&spec.name, members.clone());
        let lists = Lists::new(client.clone(), members.clone());
        let page_size = page_size.min(records_max(stream, members.clone()));
        let parameters = Parameters::new(spec, &stream.parameters, &inside);
        let other = stream.back_fill.as_ref().filter(|_| inside.is_empty());
        let history = other.map(|other| {
            // A parameter that is asked for the stream is not one of the list of the deleted.
            let none = config::Parameters::default();
            let asked = |of: &StreamSpec| match of.name == spec.name {
                true => &stream.parameters,
                false => &none,
            };
            History::new(spec, other, |spec| Source {
                client: client.clone(),
                start: None,
                overlap: stream.overlap,
                page_size: PageSize::new(page_size.min(limits::LIST_PAGE_RECORDS_MAX)),
                urgency: Urgency::BackFill,
                parameters: Parameters::new(&spec, asked(&spec), &inside),
                inside: Inside::new(&spec.name, std::iter::empty()),
                spec,
            })
        });
        let source = Source {
            client,
            start: stream.start,
            overlap: stream.overlap,
            page_size: PageSize::new(page_size),
            urgency: Urgency::Fresh,
            parameters,
            inside,
            spec: spec.clone(),
        };
        Self {
            root: (&*spec.name).into(),
            history,
            lists,
            protocol: match &stream.export {
                config::Export::Incremental { path } => {
                    Protocol::Incremental(Incremental::new(source, path.clone()))
                }
                config::Export::Search {
                    search_type,
                    terms,
                    settle,
                } => {
                    let (search_type, terms) = (search_type.clone(), terms.clone());
                    Protocol::Search(Search::new(source, search_type, terms, *settle))
                }
                config::Export::WithParent => {
                    unreachable!("a stream that is read with its parent has no export of its own")
                }
                config::Export::Time {
                    path,
                    unit,
                    end,
                    size,
                } => {
                    let endpoint = Endpoint {
                        path: path.clone(),
                        unit: *unit,
                        end: *end,
                        size: size.clone(),
                    };
                    Protocol::Time(Time::new(source, endpoint))
                }
                config::Export::List { path, pagination } => {
                    Protocol::List(List::new(source, path.clone(), *pagination))
                }
            },
            is_early: false,
        }
    }

    /// Where to stand for a stream that was last read up to `checkpoint`, if ever. A checkpoint of
    /// another protocol is carried over by its time.
    pub fn position(&self, checkpoint: Option<Position>) -> Position {
        match (&self.protocol, checkpoint) {
            (Protocol::Incremental(_), Some(position @ Position::Incremental { .. }))
            | (Protocol::Search(_), Some(position @ Position::Search { .. }))
            | (Protocol::List(_), Some(position @ Position::List { .. })) => position,
            // A walk that was interrupted begins again: what lies behind it may have shown late.
            (Protocol::Time(_), Some(Position::Time { from, reached, .. })) => Position::Time {
                from,
                reached,
                page: None,
            },
            (protocol, other) => {
                let time = other.and_then(|position| position.recovery_time());
                match protocol {
                    Protocol::Incremental(_) => Position::Incremental {
                        cursor: None,
                        recovery_time: time,
                    },
                    Protocol::Search(_) => Position::Search {
                        from: time,
                        window: None,
                    },
                    Protocol::Time(export) => Position::Time {
                        from: time.map(|time| export.source.overlapped(time)),
                        reached: time,
                        page: None,
                    },
                    // What another export delivered is not known by its content.
                    Protocol::List(_) => Position::List {
                        walk: 0,
                        page: None,
                        began: None,
                        complete: None,
                    },
                }
            }
        }
    }

    /// As [`Self::position`], for a stretch of history, which may have its own way.
    pub fn history_position(&self, checkpoint: Position) -> Position {
        match (&self.history, checkpoint) {
            (Some(_), position @ Position::History(_)) => position,
            // What lists had delivered is in no order of time: the export begins with the first.
            (_, other) => self.position(Some(other)),
        }
    }

    /// Where a walk that was never read begins, with its history besides, if another way than its
    /// export gives that sooner.
    pub async fn history(&self) -> Option<(Position, Split)> {
        let history = self.history.as_ref()?;
        let path = match &self.protocol {
            Protocol::Incremental(export) => export.path(),
            Protocol::Time(export) => export.path(),
            Protocol::Search(_) | Protocol::List(_) => return None,
        };
        let split = self.split_at(self.horizon())?.1;
        let page_size = self.source().page_size.max();
        let begins = history.begin(path, page_size, split.until).await?;
        Some((begins, split))
    }

    /// Begins a pass. `settled` says whether all pages of the one before were.
    pub fn begin(&mut self, settled: bool) {
        if let Some(lists) = &mut self.lists {
            lists.begin(settled);
        }
        match &mut self.protocol {
            Protocol::Incremental(export) => export.begin_pass(),
            Protocol::Search(export) => export.begin_pass(),
            Protocol::Time(export) => export.begin_pass(),
            Protocol::List(export) => export.begin_pass(),
        }
        if let Some(history) = &mut self.history {
            history.begin_pass();
        }
    }

    /// The time up to which a page that is asked for now shows every change, by Zendesk's clock.
    pub fn horizon(&self) -> Timestamp {
        let (source, hold_back) = match &self.protocol {
            Protocol::Incremental(export) => (&export.source, limits::START_TIME_AGE_MIN),
            Protocol::Time(export) => (&export.source, limits::START_TIME_AGE_MIN),
            Protocol::Search(export) => (&export.source, export.settle),
            Protocol::List(export) => (&export.source, Duration::ZERO),
        };
        let time = source.client.clock().now().saturating_sub(hold_back);
        time.ok()
            .and_then(|time| Timestamp::from_second(time.as_second()).ok())
            .unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Where a walk that stands at `position` can go on live while it reads its back-log besides.
    /// `None` if pages do not come in the order of time, or the back-log is too short to be worth
    /// reading its last stretch twice.
    pub fn split(&self, position: &Position) -> Option<Split> {
        let (begin, split) = self.split_at(self.horizon())?;
        let is_far_back = position.recovery_time().is_some_and(|time| time < begin);
        is_far_back.then_some(split)
    }

    /// The live walk from `until` on, and the time that its reading begins with.
    fn split_at(&self, until: Timestamp) -> Option<(Timestamp, Split)> {
        let (begin, live) = match &self.protocol {
            Protocol::Incremental(export) => {
                let live = Position::Incremental {
                    cursor: None,
                    recovery_time: Some(until),
                };
                (export.source.overlapped(until), live)
            }
            Protocol::Time(export) => {
                let begin = export.source.overlapped(until);
                let live = Position::Time {
                    from: Some(begin),
                    reached: Some(until),
                    page: None,
                };
                (begin, live)
            }
            Protocol::Search(_) | Protocol::List(_) => return None,
        };
        Some((begin, Split { live, until }))
    }

    /// The page after `position`. Lists under its records are read for those of `streams` only.
    ///
    /// # Errors
    /// When Zendesk gives no such page within the configured attempts.
    pub async fn page(
        &mut self,
        position: &Position,
        urgency: Urgency,
        streams: &[String],
    ) -> Result<Page, Error> {
        tracing::debug!(
            stream = &*self.root,
            ?urgency,
            read_to = position.recovery_time().map(tracing::field::display),
            "reading a page"
        );
        let is_early = std::mem::take(&mut self.is_early);
        let urgency = match urgency {
            Urgency::Fresh if is_early => Urgency::Spare,
            other => other,
        };
        if let Some(lists) = &mut self.lists
            && lists.follows(position)
            && let Some(page) = lists.next(urgency).await?
        {
            return Ok(page);
        }
        self.source_mut().urgency = urgency;
        let page = self.own_page(position).await?;
        Ok(match &mut self.lists {
            Some(lists) => lists.follow(&self.root, position, page, streams),
            None => page,
        })
    }

    /// The page after `position` of the stream itself, with what is inside it.
    async fn own_page(&mut self, position: &Position) -> Result<Page, Error> {
        if let Position::History(position) = position {
            let afresh = self.position(None);
            let history = self.history.as_mut();
            let history = history.expect("positions come from `history_position` and its pages");
            return history.page(position, afresh).await;
        }
        match (&mut self.protocol, position) {
            (
                Protocol::Incremental(export),
                Position::Incremental {
                    cursor,
                    recovery_time,
                },
            ) => export.page(cursor.as_ref(), *recovery_time).await,
            (Protocol::Search(export), Position::Search { from, window }) => {
                export.page(*from, window.as_ref()).await
            }
            (
                Protocol::Time(export),
                Position::Time {
                    from,
                    reached,
                    page,
                },
            ) => {
                let (from, reached) = (*from, *reached);
                export.page(Progress { from, reached }, *page).await
            }
            (
                Protocol::List(export),
                Position::List {
                    walk,
                    page,
                    began,
                    complete,
                },
            ) => {
                let walk = list::Walk {
                    number: *walk,
                    began: *began,
                    complete: *complete,
                };
                export.page(walk, page.as_ref()).await
            }
            (
                Protocol::Incremental(_)
                | Protocol::Search(_)
                | Protocol::Time(_)
                | Protocol::List(_),
                _,
            ) => {
                unreachable!("positions come from `position` and from pages of this export")
            }
        }
    }

    /// Whether a poll may be made that no tick asked for, which the next page then is: there is
    /// room for it in the quota that nobody else wants.
    pub fn may_poll_early(&mut self) -> bool {
        let path = match &self.protocol {
            Protocol::Incremental(export) => export.path(),
            Protocol::Search(_) => SEARCH_PATH,
            Protocol::Time(export) => export.path(),
            // Read whole each time: nothing to be had for one request.
            Protocol::List(_) => return false,
        };
        self.is_early = self.source().client.governor().has_spare(path);
        self.is_early
    }

    fn source(&self) -> &Source {
        match &self.protocol {
            Protocol::Incremental(export) => &export.source,
            Protocol::Search(export) => &export.source,
            Protocol::Time(export) => &export.source,
            Protocol::List(export) => &export.source,
        }
    }

    fn source_mut(&mut self) -> &mut Source {
        match &mut self.protocol {
            Protocol::Incremental(export) => &mut export.source,
            Protocol::Search(export) => &mut export.source,
            Protocol::Time(export) => &mut export.source,
            Protocol::List(export) => &mut export.source,
        }
    }
}

/// Records in the largest page that is asked for, with what `members` add to each.
pub fn records_max<'s>(
    stream: &config::Stream,
    members: impl Iterator<Item = &'s Arc<StreamSpec>>,
) -> u32 {
    let most = members.map(|member| match &member.reading {
        Reading::Children { .. } => limits::PAGE_RECORDS_WITH_LISTS_MAX,
        Reading::Inside {
            place: Place::ChildEvents(_),
            ..
        } => limits::PAGE_RECORDS_WITH_COMMENTS_MAX,
        _ => u32::MAX,
    });
    most.fold(page_max(stream), u32::min)
}

/// Records in the largest page that Zendesk serves of a stream. Of a row's own reading it says so;
/// the lists that streams have besides are all alike.
fn page_max(stream: &config::Stream) -> u32 {
    match (&stream.export, &stream.spec.reading) {
        (config::Export::List { .. }, Reading::List { .. }) => stream.spec.page_max,
        (config::Export::List { .. }, _) => limits::LIST_PAGE_RECORDS_MAX,
        (config::Export::Search { .. }, _) => limits::PAGE_RECORDS_MAX,
        (
            config::Export::Incremental { .. }
            | config::Export::Time { .. }
            | config::Export::WithParent,
            _,
        ) => stream.spec.page_max,
    }
}
