//! One pass over the bytes of a page as they arrive: what is in it, and that it is JSON.
//!
//! A page is one object. Of its members some are lists, whose elements are handed out one by one
//! with a few of their fields; of others the value is wanted; the rest is only looked at. A scan
//! goes on wherever the bytes that are there end, and nothing is built.
//!
//! Bytes are looked at in blocks, and grammar is checked for a block at once: one bit for each
//! byte says what it is (`block.rs`), a shift says what stands before it, and an addition
//! carries a bit through a run of others, to the end of a string or of white space. Brackets alone
//! are walked one by one, since only they have a memory. Literals and escapes are read where they
//! stand. So what passes is JSON by the letter, but for the encoding of what nobody wants: that of
//! elements and of wanted values is checked.

mod grammar;
mod outline;

use std::ops::Range;
use std::sync::Arc;

use fearless_simd::{Level, Simd, dispatch};

pub(super) use grammar::parity;
pub use outline::Outline;

use super::block::{self, BLOCK, Masks};
use grammar::{Grammar, Judged};

/// Fields that are picked out of each element of a list.
pub const FIELDS: usize = 4;

/// Hears what a scan finds, in the order of the page.
pub trait Listener {
    /// The value of the member of this place in the outline; of a list, if it is none.
    fn value(&mut self, member: usize, json: &[u8]);

    /// An element of a list.
    fn element(&mut self, element: Element<'_>);
}

/// An element of a wanted list.
#[derive(Debug)]
pub struct Element<'b> {
    /// Place of its list in the outline.
    pub list: usize,
    /// Where it is in the buffer.
    pub place: Range<usize>,
    /// It: JSON, and UTF-8.
    pub json: &'b [u8],
    /// The values of the wanted fields, as [`super::pick`] would give them; `None` if a key is
    /// spelled with escapes, so that they must be looked for.
    pub fields: Option<[Option<&'b [u8]>; FIELDS]>,
}

/// Why this is no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It ends within.
    #[error("it ends too early")]
    EndsEarly,
    /// It is not JSON, or not an object.
    #[error("it is not JSON at byte {at}")]
    NotJson {
        /// Where, about.
        at: u64,
    },
    /// A wanted list is there twice: of which, nobody could say.
    #[error("it has one list twice")]
    ListTwice,
}

/// A scan, as far as it has come.
#[derive(Debug)]
pub struct Scan {
    outline: Arc<Outline>,
    /// What instructions the machine has.
    level: Level,
    grammar: Grammar,
    /// Bytes of the buffer that are behind the scan.
    done: usize,
    /// Bytes that were there before the buffer.
    before: u64,
    current: Current,
    /// Where the present element, or member of the page, begins.
    from: usize,
    /// The page is an object, and it is closed.
    closed: bool,
    lists_seen: u64,
    fields: [Option<Range<usize>>; FIELDS],
    /// The field whose value has begun and not ended.
    open_field: Option<(usize, usize)>,
    not_ascii: bool,
    escaped_key: bool,
}

/// In which member of the page the scan is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Current {
    /// Before a key.
    Key,
    /// One that is not wanted.
    Other,
    Value(usize),
    List(usize),
}

impl Scan {
    /// Begins at the first byte of a page.
    pub fn new(outline: Arc<Outline>) -> Self {
        Self {
            outline,
            level: block::level(),
            grammar: Grammar::new(),
            done: 0,
            before: 0,
            current: Current::Key,
            from: 0,
            closed: false,
            lists_seen: 0,
            fields: [const { None }; FIELDS],
            open_field: None,
            not_ascii: false,
            escaped_key: false,
        }
    }

    /// Goes on over `buffer`, which is the one of the call before with more bytes at its end, and
    /// tells `listener` what it finds. The last few bytes may wait for more.
    ///
    /// # Errors
    /// When this is no page.
    pub fn go_on(&mut self, buffer: &[u8], listener: &mut impl Listener) -> Result<(), Fault> {
        // All of the loop is compiled once for each kind of machine.
        dispatch!(self.level, simd => self.blocks(simd, buffer, listener))
    }

    /// The blocks that are there as a whole.
    #[inline(always)]
    fn blocks<S: Simd>(
        &mut self,
        simd: S,
        buffer: &[u8],
        listener: &mut impl Listener,
    ) -> Result<(), Fault> {
        while let Some(block) = buffer[self.done..].first_chunk::<BLOCK>() {
            self.block(simd, block, buffer, listener)?;
        }
        Ok(())
    }

    /// Whether the list of this place in the outline was there.
    pub fn has_seen(&self, list: usize) -> bool {
        self.lists_seen & (1 << (list % 64)) != 0
    }

    /// Ends the page where `buffer` does.
    ///
    /// # Errors
    /// When this is no page, or not all of it.
    pub fn finish(&mut self, buffer: &[u8], listener: &mut impl Listener) -> Result<(), Fault> {
        self.go_on(buffer, listener)?;
        let rest = &buffer[self.done..];
        let mut block = [b' '; BLOCK];
        block[..rest.len()].copy_from_slice(rest);
        let end = self.before + buffer.len() as u64;
        let judged = dispatch!(self.level, simd => self.block(simd, &block, buffer, listener));
        match judged {
            Err(Fault::NotJson { at }) if at >= end => return Err(Fault::EndsEarly),
            judged => judged?,
        }
        if self.closed {
            Ok(())
        } else {
            Err(Fault::EndsEarly)
        }
    }

    /// The byte of the buffer from which on the scan still needs it. What is before may be taken
    /// out with [`Self::forget`].
    pub fn needs_from(&self) -> usize {
        let from = match self.current {
            Current::Other => self.done,
            _ => self.from.min(self.done),
        };
        let also = [self.grammar.literal, self.grammar.escape];
        also.into_iter().flatten().fold(from, usize::min)
    }

    /// Takes note that the first `bytes` of the buffer are gone.
    pub fn forget(&mut self, bytes: usize) {
        self.done -= bytes;
        self.before += bytes as u64;
        self.from = self.from.saturating_sub(bytes);
        let moved = [&mut self.grammar.literal, &mut self.grammar.escape];
        for place in moved.into_iter().flatten() {
            *place -= bytes;
        }
        if let Some((_, from)) = &mut self.open_field {
            *from -= bytes;
        }
        for range in self.fields.iter_mut().flatten() {
            *range = range.start - bytes..range.end - bytes;
        }
    }

    #[inline(always)]
    fn block<S: Simd>(
        &mut self,
        simd: S,
        block: &[u8; BLOCK],
        buffer: &[u8],
        listener: &mut impl Listener,
    ) -> Result<(), Fault> {
        let masks = Masks::of(simd, block);
        let judged = self
            .grammar
            .judge(&masks, block, buffer, self.done)
            .map_err(|bit| Fault::NotJson {
                at: self.before + (self.done + bit as usize) as u64,
            })?;
        self.note(&judged, buffer, listener)?;
        self.done += BLOCK;
        Ok(())
    }

    /// Takes note of what is in a block.
    #[inline(always)]
    fn note(
        &mut self,
        judged: &Judged,
        buffer: &[u8],
        listener: &mut impl Listener,
    ) -> Result<(), Fault> {
        let [outside, page, list, element, _] = judged.depths;
        let ends = judged.comma | judged.close;
        // Where fields of elements end.
        let field_ends = ends & element;
        if let Some((field, from)) = self.open_field
            && field_ends != 0
        {
            self.fields[field] = Some(from..self.done + field_ends.trailing_zeros() as usize);
            self.open_field = None;
        }
        self.not_ascii |= judged.not_ascii != 0;
        self.escaped_key |= judged.escaped_keys != 0;
        let element_keys = judged.keys & element;
        let list_ends = ends & list & !judged.objects;
        let mut rest = ((judged.keys | judged.open | ends) & page)
            | (judged.open & outside)
            | list_ends
            | element_keys;
        while rest != 0 {
            let place = rest.trailing_zeros();
            let bit = 1 << place;
            let at = self.done + place as usize;
            rest &= rest - 1;
            if bit & element_keys != 0 {
                if let Current::List(list) = self.current
                    && let Some(field) = self.outline.field(list, &buffer[..at])
                {
                    let later = field_ends & !(bit | (bit - 1));
                    if later == 0 {
                        self.open_field = Some((field, at + 1));
                    } else {
                        let end = self.done + later.trailing_zeros() as usize;
                        self.fields[field] = Some(at + 1..end);
                    }
                }
            } else if bit & list_ends != 0 {
                if let Current::List(list) = self.current {
                    self.end_element(list, at, buffer, listener)?;
                    self.not_ascii = judged.not_ascii >> place != 0;
                    self.escaped_key = judged.escaped_keys >> place != 0;
                }
            } else {
                self.note_of_page(judged, place, buffer, listener)?;
            }
        }
        Ok(())
    }

    /// Takes note of something in the page's own object.
    fn note_of_page(
        &mut self,
        judged: &Judged,
        place: u32,
        buffer: &[u8],
        listener: &mut impl Listener,
    ) -> Result<(), Fault> {
        let (bit, at) = (1 << place, self.done + place as usize);
        if bit & judged.keys != 0 {
            let key = trim(&buffer[self.from..=at]);
            self.current = match self.outline.member(key) {
                Some(member) => Current::Value(member),
                None => Current::Other,
            };
            self.from = at + 1;
        } else if bit & judged.open != 0 {
            if self.current == Current::Key {
                self.from = at + 1;
            }
            if let Current::Value(member) = self.current
                && self.outline.is_list(member)
                && buffer[at] == b'['
            {
                let list = 1 << (member % 64);
                if self.lists_seen & list != 0 {
                    return Err(Fault::ListTwice);
                }
                self.lists_seen |= list;
                self.current = Current::List(member);
                self.from = at + 1;
                self.not_ascii = judged.not_ascii >> place != 0;
                self.escaped_key = judged.escaped_keys >> place != 0;
            }
        } else {
            if let Current::Value(member) = self.current {
                listener.value(member, trim(value(&buffer[self.from..at])));
            }
            self.current = Current::Key;
            self.from = at + 1;
            self.closed = bit & judged.close != 0;
        }
        Ok(())
    }

    /// The end of an element is at `end`, or that of a list without any.
    fn end_element(
        &mut self,
        list: usize,
        end: usize,
        buffer: &[u8],
        listener: &mut impl Listener,
    ) -> Result<(), Fault> {
        let mut from = self.from;
        let mut json = &buffer[from..end];
        self.from = end + 1;
        // Mostly nothing is around it.
        if !matches!(json, [b'{', .., b'}']) {
            from += json.len() - json.trim_ascii_start().len();
            json = trim(json);
            if json.is_empty() {
                return Ok(());
            }
        }
        if self.not_ascii && simdutf8::basic::from_utf8(json).is_err() {
            return Err(Fault::NotJson {
                at: self.before + from as u64,
            });
        }
        let fields = std::mem::replace(&mut self.fields, [const { None }; FIELDS]);
        let fields = (!self.escaped_key).then(|| {
            fields.map(|range| {
                let value = trim(value(&buffer[range?]));
                (value != b"null").then_some(value)
            })
        });
        listener.element(Element {
            list,
            place: from..from + json.len(),
            json,
            fields,
        });
        Ok(())
    }
}

/// The value in what is behind a key.
fn value(member: &[u8]) -> &[u8] {
    trim(member).strip_prefix(b":").unwrap_or(member)
}

/// Without white space around it. What was judged has no other.
fn trim(json: &[u8]) -> &[u8] {
    json.trim_ascii()
}

#[cfg(test)]
mod tests;
