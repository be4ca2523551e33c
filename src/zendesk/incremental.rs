//! The incremental cursor export: a walk over (version, id) ascending.
//!
//! A page larger than [`limits::PAGE_PART_BYTES`] is given in parts while it arrives, so that it is
//! never held as a whole: between two calls the answer stays open. All parts but the last leave the
//! export where it stood.
//!
//! Traps, all from recorded traffic: the terminal page of a walk that went past the last record
//! has null for a cursor, so the last non-null one is kept; a page may be empty with more to
//! come, so only `end_of_stream` ends a walk; a cursor contains `=` and may contain `+`.

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::Response;

use super::Error;
use super::client::{PageSize, Receive, Request, Sized, Tries};
use super::page::{
    CursorPage, Layout, Part, Reader, Trailer, cursor_layout, read_cursor_page, read_cursor_trailer,
};
use super::source::{Source, newest};
use crate::catalogue::Text;
use crate::http::{self, Effort, Trouble};
use crate::limits;
use crate::record::{Children, Cursor, Page, Position, Record};

#[derive(Debug)]
pub(super) struct Incremental {
    pub(super) source: Source,
    path: Text,
    /// A page of which parts were given.
    open: Option<Box<Open>>,
}

/// Where a page begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Begin<'a> {
    /// Behind the record that the cursor stands for.
    After(&'a Cursor),
    /// At the first record of this second or later.
    At(Timestamp),
}

/// A page that is still arriving.
#[derive(Debug)]
struct Open {
    /// Where the export stands until all of it is given.
    stand: Position,
    arriving: Box<Arriving>,
    tries: Tries,
    so_far: SoFar,
}

/// What is known of a page when part of it was given.
#[derive(Clone, Copy, Debug, Default)]
struct SoFar {
    /// A part was given, of this answer or of one to the same request.
    is_rest: bool,
    newest: Option<Timestamp>,
    /// There were records in it.
    has_records: bool,
    /// Requests that earlier parts have told.
    requests: u32,
}

impl SoFar {
    /// What still holds when the page is asked for again.
    fn again(self) -> Self {
        Self {
            newest: None,
            has_records: false,
            ..self
        }
    }
}

/// An answer that is still arriving.
#[derive(Debug)]
struct Arriving {
    response: Response,
    reader: Reader,
}

/// Some of a page.
#[derive(Debug)]
struct Piece {
    records: Vec<Record>,
    children: Vec<Children>,
    bytes: usize,
    rest: Rest,
}

/// What is behind a piece.
#[derive(Debug)]
enum Rest {
    Arriving(Box<Arriving>),
    /// Nothing of this page.
    End {
        after_cursor: Option<Cursor>,
        end_of_stream: bool,
        /// Which of the lists beside the records were there.
        beside: Vec<bool>,
    },
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
    pub(super) fn begin(&mut self) {
        self.open = None;
    }

    /// The page after `cursor`, or the first one after `recovery_time` or the configured start; a
    /// large one in parts.
    ///
    /// An answer that breaks off after parts of it were given is asked for again, like any, and
    /// given again from its beginning: what was delivered of it is recognised further on.
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
        let mut so_far = SoFar::default();
        let mut tries = self.source.client.tries(Effort::Full);
        let mut asked = Ok(());
        if let Some(open) = self.open.take().filter(|open| open.stand == stand) {
            let open = *open;
            (tries, so_far) = (open.tries, open.so_far);
            match self.receiver().go_on(open.arriving).await {
                Ok(piece) => {
                    if Receiver::is_whole(&piece) {
                        self.source.page_size.grow();
                    }
                    return self.give(stand, piece, tries, so_far);
                }
                Err(trouble) => {
                    asked = self.pause(begin, &mut tries, trouble).await;
                    // The next answer may be a smaller page, or another.
                    so_far = so_far.again();
                }
            }
        }
        let fetched = match asked {
            Ok(()) => self.ask(begin, &mut tries).await,
            Err(error) => Err(error),
        };
        let fetched = match (fetched, cursor) {
            (Err(Error::CursorLost(trouble)), Some(_)) => {
                tracing::warn!(
                    stream = self.source.stream(),
                    recovery_time = recovery_time.map(tracing::field::display),
                    "zendesk does not accept the cursor any more ({trouble}): reading again from the recovery time, less the overlap"
                );
                tries = self.source.client.tries(Effort::Full);
                so_far.requests = 0;
                self.ask(self.begin_at(recovery_time), &mut tries).await
            }
            (Err(Error::Unreadable { attempts, last, .. }), Some(cursor)) => {
                return self.pass_over(cursor, recovery_time, attempts, last).await;
            }
            (other, _) => other,
        };
        match fetched {
            Err(Error::TooRecent(_)) => Ok(nothing_yet(cursor, recovery_time)),
            Err(error) => Err(error),
            Ok(piece) => self.give(stand, piece, tries, so_far),
        }
    }

    /// The page that `piece` is, or is part of.
    fn give(
        &mut self,
        stand: Position,
        piece: Piece,
        tries: Tries,
        mut so_far: SoFar,
    ) -> Result<Page, Error> {
        let Position::Incremental {
            cursor,
            recovery_time,
        } = &stand
        else {
            unreachable!("the caller made it")
        };
        let requests = tries.requests() - so_far.requests;
        let is_rest = so_far.is_rest;
        so_far = SoFar {
            is_rest: true,
            newest: newest(&piece.records, so_far.newest),
            has_records: so_far.has_records || !piece.records.is_empty(),
            requests: tries.requests(),
        };
        let page = |next, repeat_horizon, end_of_stream| Page {
            next,
            repeat_horizon,
            end_of_stream,
            is_rest,
            bytes: piece.bytes,
            requests,
            records: piece.records,
            children: piece.children,
            unreadable: None,
            listed: None,
        };
        let (after, end_of_stream) = match piece.rest {
            Rest::Arriving(arriving) => {
                let part = page(stand.clone(), None, false);
                self.open = Some(Box::new(Open {
                    stand,
                    arriving,
                    tries,
                    so_far,
                }));
                return Ok(part);
            }
            Rest::End {
                after_cursor,
                end_of_stream,
                beside,
            } => {
                if so_far.has_records {
                    self.source.inside.miss(&beside);
                }
                (after_cursor, end_of_stream)
            }
        };
        if !end_of_stream && (after.is_none() || after == *cursor) {
            return Err(Error::NoProgress {
                stream: self.source.stream().to_owned(),
            });
        }
        let recovery_time = (*recovery_time).max(so_far.newest);
        let next = Position::Incremental {
            cursor: after.or_else(|| cursor.clone()),
            recovery_time,
        };
        let horizon = recovery_time.map(|time| self.source.overlapped(time));
        Ok(page(next, horizon, end_of_stream))
    }

    /// Where to begin without a cursor.
    fn begin_at(&self, recovery_time: Option<Timestamp>) -> Begin<'static> {
        let begin = match recovery_time {
            Some(time) => self.source.overlapped(time),
            None => self.source.start.unwrap_or(Timestamp::UNIX_EPOCH),
        };
        Begin::At(self.source.past(begin))
    }

    /// Asks for a page until one begins to arrive.
    async fn ask(&mut self, begin: Begin<'_>, tries: &mut Tries) -> Result<Piece, Error> {
        let mut size = self.source.page_size;
        let (what, receiver) = (self.what(), self.receiver());
        let request = self.request(&what, begin, Effort::Full);
        let client = &self.source.client;
        let asked = client.receive(tries, &request, Some(sized(&mut size)), &receiver);
        let asked = asked.await;
        self.source.page_size = size;
        Ok(asked?.value)
    }

    /// Waits after an answer that broke off with `trouble`, if it may be asked for again.
    async fn pause(
        &mut self,
        begin: Begin<'_>,
        tries: &mut Tries,
        trouble: Trouble,
    ) -> Result<(), Error> {
        let mut size = self.source.page_size;
        let what = self.what();
        let request = self.request(&what, begin, Effort::Full);
        let client = &self.source.client;
        let paused = client
            .pause_after(tries, &request, &mut sized(&mut size), trouble)
            .await;
        self.source.page_size = size;
        paused
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

    fn receiver(&self) -> Receiver<'_> {
        let (spec, inside) = (&self.source.spec, &self.source.inside);
        Receiver {
            source: &self.source,
            layout: cursor_layout(spec, inside.beside()),
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

/// Receives pages, in parts if they are large.
struct Receiver<'s> {
    source: &'s Source,
    layout: Layout<'s>,
}

impl Receive for Receiver<'_> {
    type Value = Piece;

    async fn receive(&self, response: Response) -> Result<Piece, Trouble> {
        let reader = Reader::new(&self.layout);
        self.go_on(Box::new(Arriving { response, reader })).await
    }

    fn is_whole(piece: &Piece) -> bool {
        matches!(piece.rest, Rest::End { .. })
    }
}

impl Receiver<'_> {
    /// The next piece of an answer.
    async fn go_on(&self, mut arriving: Box<Arriving>) -> Result<Piece, Trouble> {
        let Arriving { response, reader } = &mut *arriving;
        while let Some(chunk) = http::next_chunk(response).await? {
            let pushed = reader.push(&chunk, &self.layout);
            pushed.map_err(Trouble::Unexpected)?;
            if reader.ready() >= limits::PAGE_PART_BYTES {
                let part = reader.part(&self.layout);
                let rest = Rest::Arriving(arriving);
                return self.piece(part, rest).map_err(Trouble::Unexpected);
            }
        }
        self.end(arriving.reader).map_err(Trouble::Unexpected)
    }

    fn end(&self, reader: Reader) -> Result<Piece, String> {
        let (part, trailer) = reader.finish(&self.layout)?;
        let (after_cursor, end_of_stream) = read_cursor_trailer(&trailer, &self.source.spec)?;
        let Trailer { mut lists, .. } = trailer;
        let rest = Rest::End {
            after_cursor: after_cursor.map(Cursor::new),
            end_of_stream,
            beside: lists.split_off(1),
        };
        self.piece(part, rest)
    }

    fn piece(&self, part: Part, rest: Rest) -> Result<Piece, String> {
        let mut lists = part.lists.into_iter();
        let records = lists.next().unwrap_or_default();
        let children = self.source.inside.cut(&records, lists.collect())?;
        Ok(Piece {
            records,
            children,
            bytes: part.bytes,
            rest,
        })
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
