//! Pages that are given in parts while they arrive, whatever the protocol.
//!
//! A page larger than [`limits::PAGE_PART_BYTES`] is never held as a whole: between two parts the
//! answer stays open. All parts but the last leave the export where it stood, so that whoever dies
//! within a page reads it again.
//!
//! What a protocol decides by a whole page it decides when the last part is there, from what is
//! known of all of them ([`SoFar`]). An answer that breaks off after parts of it were given, or
//! turns out to be no page at its end, is asked for again, like any, and given again from its
//! beginning: what was delivered of it is recognised further on.

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::Response;
use tokio::time::Instant;

use super::Error;
use super::client::{Client, Receive, Request, Sized, Tries};
use super::inside::Inside;
use super::page::{Layout, Part, Reader, Trailer};
use super::source::newest;
use crate::http::{self, Effort, Trouble};
use crate::limits;
use crate::record::{Children, Page, Position, Record};

/// What the pages of a protocol are like.
pub(super) struct Form<'s, R> {
    pub(super) layout: Layout<'s>,
    /// The streams inside the records, or beside them as the layout's further lists.
    pub(super) inside: &'s Inside,
    /// Reads what a page tells besides its records, when its last part is there.
    pub(super) end: R,
}

/// A page that is being read, `S` being what its protocol has to remember of it.
#[derive(Debug)]
pub(super) struct UnderWay<S> {
    /// Where the export stands until all of it is given.
    stand: Position,
    pub(super) state: S,
    pub(super) so_far: SoFar,
    /// When the request was sent that was answered last.
    pub(super) asked_at: Instant,
    /// The page size that was answered to, where one was asked for.
    pub(super) size: Option<u32>,
    tries: Tries,
    /// Requests made before those.
    spent: u32,
    /// Requests that earlier parts have told.
    told: u32,
    /// A part was given, of this answer or of an earlier one.
    is_rest: bool,
    arriving: Option<Box<Arriving>>,
}

/// What is known of all parts of an answer together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SoFar {
    /// How many records there were.
    pub(super) records: usize,
    /// The newest version of one.
    pub(super) newest: Option<Timestamp>,
}

/// An answer that is still arriving.
#[derive(Debug)]
pub(super) struct Arriving {
    response: Response,
    /// What has arrived and was not read.
    chunk: Bytes,
    reader: Reader,
}

/// Some of a page.
#[derive(Debug)]
pub(super) struct Piece<E> {
    records: Vec<Record>,
    children: Vec<Children>,
    bytes: usize,
    rest: Rest<E>,
}

/// What is behind a piece.
#[derive(Debug)]
enum Rest<E> {
    Arriving(Box<Arriving>),
    /// Nothing of this page.
    End {
        end: E,
        /// Which of the lists beside the records were there.
        beside: Vec<bool>,
    },
}

impl SoFar {
    /// With these `records` as well.
    pub(super) fn and(self, records: &[Record]) -> Self {
        Self {
            records: self.records + records.len(),
            newest: newest(records, self.newest),
        }
    }
}

impl<S> UnderWay<S> {
    /// The page after `stand`, before it was asked for.
    pub(super) fn new(client: &Client, stand: Position, state: S) -> Box<Self> {
        Box::new(Self {
            stand,
            state,
            so_far: SoFar::default(),
            asked_at: Instant::now(),
            size: None,
            tries: client.tries(Effort::Full),
            spent: 0,
            told: 0,
            is_rest: false,
            arriving: None,
        })
    }

    /// What is left of the page after `stand`, if parts of it were given.
    pub(super) fn resume(open: &mut Option<Box<Self>>, stand: &Position) -> Option<Box<Self>> {
        open.take().filter(|open| open.stand == *stand)
    }

    /// Whether a part of it was given.
    pub(super) fn is_rest(&self) -> bool {
        self.is_rest
    }

    /// A page without records, which only tells the requests that were made.
    pub(super) fn nothing(&self) -> Page {
        let requests = self.spent + self.tries.requests() - self.told;
        Page {
            is_rest: self.is_rest,
            ..Page::nothing(self.stand.clone(), requests)
        }
    }

    /// Gives up what was answered. The next request has all attempts.
    pub(super) fn begin_again(&mut self, client: &Client) {
        self.spent += self.tries.requests();
        self.tries = client.tries(Effort::Full);
        self.so_far = SoFar::default();
        self.arriving = None;
    }

    /// The next part, or all that is left of the page; then with what its end tells, and with the
    /// `next` still to be set. `request` is made if no answer is arriving, or that breaks off.
    ///
    /// # Errors
    /// When there is no such page within the configured attempts.
    pub(super) async fn receive<E: Send, R>(
        &mut self,
        client: &Client,
        request: &Request<'_>,
        mut sized: Option<Sized<'_>>,
        form: &Form<'_, R>,
    ) -> Result<(Page, Option<E>), Error>
    where
        R: Fn(&mut Part, &Trailer) -> Result<E, String> + Sync,
    {
        let piece = loop {
            let Some(arriving) = self.arriving.take() else {
                let sized = sized.as_mut();
                let asked = client
                    .receive(&mut self.tries, request, sized, form)
                    .await?;
                (self.size, self.asked_at) = (asked.size, asked.sent);
                break asked.value;
            };
            match form.go_on(arriving).await {
                Ok(piece) => {
                    let sized = sized.as_mut().filter(|sized| sized.may_change);
                    if let Some(sized) = sized.filter(|_| Form::<R>::is_whole(&piece)) {
                        sized.size.grow();
                    }
                    break piece;
                }
                Err(trouble) => {
                    client
                        .pause_after(&mut self.tries, request, sized.as_mut(), trouble)
                        .await?;
                    // The next answer may be a smaller page, or another.
                    self.so_far = SoFar::default();
                }
            }
        };
        self.so_far = self.so_far.and(&piece.records);
        let page = Page {
            end_of_stream: false,
            bytes: piece.bytes,
            records: piece.records,
            children: piece.children,
            ..self.nothing()
        };
        Ok(match piece.rest {
            Rest::Arriving(arriving) => {
                self.told += page.requests;
                self.is_rest = true;
                self.arriving = Some(arriving);
                (page, None)
            }
            Rest::End { end, beside } => {
                if self.so_far.records > 0 {
                    form.inside.miss(&beside);
                }
                (page, Some(end))
            }
        })
    }
}

impl<E: Send, R: Fn(&mut Part, &Trailer) -> Result<E, String> + Sync> Receive for Form<'_, R> {
    type Value = Piece<E>;

    async fn receive(&self, response: Response) -> Result<Piece<E>, Trouble> {
        self.go_on(Box::new(Arriving {
            response,
            chunk: Bytes::new(),
            reader: Reader::new(&self.layout),
        }))
        .await
    }

    fn is_whole(piece: &Piece<E>) -> bool {
        matches!(piece.rest, Rest::End { .. })
    }
}

impl<E, R: Fn(&mut Part, &Trailer) -> Result<E, String>> Form<'_, R> {
    /// The next piece of an answer.
    async fn go_on(&self, mut arriving: Box<Arriving>) -> Result<Piece<E>, Trouble> {
        let Arriving {
            response,
            chunk,
            reader,
        } = &mut *arriving;
        loop {
            if chunk.is_empty() {
                match http::next_chunk(response).await? {
                    Some(arrived) => *chunk = arrived,
                    None => break,
                }
            }
            let step = chunk.split_to(chunk.len().min(limits::PAGE_STEP_BYTES));
            let pushed = reader.push(&step, &self.layout);
            pushed.map_err(Trouble::Unexpected)?;
            if reader.ready() >= limits::PAGE_PART_BYTES {
                let part = reader.part(&self.layout);
                let rest = Rest::Arriving(arriving);
                return self.piece(part, rest).map_err(Trouble::Unexpected);
            }
        }
        self.finish(arriving.reader).map_err(Trouble::Unexpected)
    }

    fn finish(&self, reader: Reader) -> Result<Piece<E>, String> {
        let (mut part, trailer) = reader.finish(&self.layout)?;
        let end = (self.end)(&mut part, &trailer)?;
        let mut lists = trailer.lists.into_iter();
        lists.next();
        let beside = lists.collect();
        self.piece(part, Rest::End { end, beside })
    }

    fn piece(&self, part: Part, rest: Rest<E>) -> Result<Piece<E>, String> {
        let mut lists = part.lists.into_iter();
        let records = lists.next().unwrap_or_default();
        let children = self.inside.cut(&records, lists.collect())?;
        Ok(Piece {
            records,
            children,
            bytes: part.bytes,
            rest,
        })
    }
}
