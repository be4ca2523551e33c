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

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use fearless_simd::{Level, Simd, dispatch};

use super::block::{self, BLOCK, Masks};
use super::literal;

/// Fields that are picked out of each element of a list.
pub const FIELDS: usize = 4;

/// What is wanted of a page.
#[derive(Debug, Default)]
pub struct Outline {
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    key: Box<str>,
    /// Of its elements, if it is a list.
    fields: Option<[Key; FIELDS]>,
}

/// A key that is looked for in every element: by its last bytes first.
#[derive(Debug)]
struct Key {
    name: Box<str>,
    mask: u64,
    tail: u64,
}

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

/// What must be known of the bytes before a block to judge it.
#[derive(Debug)]
struct Grammar {
    /// Of the brackets that are open, which are of objects.
    objects: Vec<bool>,
    /// All ones directly in an object.
    in_object: u64,
    /// All ones within a string.
    in_string: u64,
    /// The next byte is escaped.
    escaped: bool,
    in_key: u64,
    after_comma: u64,
    after_colon: u64,
    after_open: u64,
    after_value: u64,
    after_key: u64,
    /// Where a literal begins that reaches the end of the last block.
    literal: Option<usize>,
    /// An escape that reached beyond the buffer.
    escape: Option<usize>,
}

/// A block, judged: where there is something to take note of.
#[derive(Debug)]
struct Judged {
    depths: [u64; DEPTHS],
    objects: u64,
    /// Closing quotes of keys.
    keys: u64,
    comma: u64,
    open: u64,
    close: u64,
    not_ascii: u64,
    escaped_keys: u64,
}

/// Depths that are told from each other: outside, page, list, element, and all below.
const DEPTHS: usize = 5;

impl Outline {
    /// Wants the value of `key`.
    #[must_use]
    pub fn value(mut self, key: &str) -> Self {
        self.members.push(Member {
            key: key.into(),
            fields: None,
        });
        self
    }

    /// Wants the elements of the list `key`, with those of their `fields` that have a name.
    #[must_use]
    pub fn list(mut self, key: &str, fields: [&str; FIELDS]) -> Self {
        self.members.push(Member {
            key: key.into(),
            fields: Some(fields.map(Key::new)),
        });
        self
    }
}

impl Key {
    fn new(name: &str) -> Self {
        let quoted: Vec<u8> = [b"\"", name.as_bytes()].concat();
        let mut tail = [0; 8];
        let bytes = quoted.len().min(8);
        tail[8 - bytes..].copy_from_slice(&quoted[quoted.len() - bytes..]);
        Self {
            name: name.into(),
            // No name is no key: a zero is in no string.
            mask: if name.is_empty() {
                u64::MAX
            } else {
                u64::MAX << (64 - 8 * bytes)
            },
            tail: if name.is_empty() {
                0
            } else {
                u64::from_le_bytes(tail)
            },
        }
    }

    /// Whether a key that ends so may be this one.
    fn may_be(&self, tail: u64) -> bool {
        (tail ^ self.tail) & self.mask == 0
    }

    /// Whether `before`, which ends where a key does, ends with this key, spelled plainly.
    fn ends(&self, before: &[u8]) -> bool {
        !self.name.is_empty()
            && before
                .strip_suffix(self.name.as_bytes())
                .and_then(|rest| rest.strip_suffix(b"\""))
                .is_some_and(|rest| rest.last() != Some(&b'\\'))
    }
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
                && self.outline.members[member].fields.is_some()
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

impl Outline {
    /// The member of a quoted key.
    fn member(&self, quoted: &[u8]) -> Option<usize> {
        let key: Cow<'_, str> = match quoted {
            [b'"', plain @ .., b'"'] if !plain.contains(&b'\\') => {
                Cow::Borrowed(std::str::from_utf8(plain).ok()?)
            }
            _ => Cow::Owned(serde_json::from_slice(quoted).ok()?),
        };
        self.members.iter().position(|member| *member.key == key)
    }

    /// The field of a list's elements whose key ends where `before` does.
    #[inline(always)]
    fn field(&self, list: usize, before: &[u8]) -> Option<usize> {
        let keys = self.members[list].fields.as_ref()?;
        if let Some(tail) = before.last_chunk::<8>() {
            let tail = u64::from_le_bytes(*tail);
            let [a, b, c, d] = keys;
            if !(a.may_be(tail) | b.may_be(tail) | c.may_be(tail) | d.may_be(tail)) {
                return None;
            }
        }
        keys.iter().position(|key| key.ends(before))
    }
}

impl Grammar {
    fn new() -> Self {
        Self {
            objects: Vec::new(),
            in_object: 0,
            in_string: 0,
            escaped: false,
            in_key: 0,
            after_comma: 0,
            after_colon: 0,
            // As if in an array: one value, and behind it nothing.
            after_open: 1,
            after_value: 0,
            after_key: 0,
            literal: None,
            escape: None,
        }
    }

    /// Judges the block at `done`.
    ///
    /// # Errors
    /// The place in the block at which this is not JSON, about.
    #[inline(always)]
    fn judge(
        &mut self,
        masks: &Masks,
        block: &[u8; BLOCK],
        buffer: &[u8],
        done: usize,
    ) -> Result<Judged, u32> {
        let quote = masks.quote & !self.escapes(masks.backslash, buffer, done)?;
        // From the opening quote to before the closing one.
        let string = parity(quote) ^ self.in_string;
        self.in_string = all(string >> 63 != 0);
        let blank = masks.blank & !string;
        let open = masks.open & !string;
        let close = masks.close & !string;
        let comma = masks.comma & !string;
        let colon = masks.colon & !string;
        let literal = !(string | quote | open | close | comma | colon | blank);

        let in_literal = (literal << 1) | u64::from(self.literal.is_some());
        let literal_begins = literal & !in_literal;
        let literal_ends = in_literal & !literal;
        let opening = quote & string;
        let closing = quote & !string;
        let begins = opening | open | literal_begins;

        let after_comma = behind(comma, blank, 0, &mut self.after_comma);
        let after_colon = behind(colon, blank, 0, &mut self.after_colon);
        let after_open = behind(open, blank, 0, &mut self.after_open);
        let after_value = behind(closing | close, blank, literal_ends, &mut self.after_value);

        let mut depths = [0; DEPTHS];
        let objects = self.depths(open, close, block, &mut depths)?;
        let in_object = objects & (after_comma | after_open);
        let key_begins = opening & in_object;
        // The bit runs through its string and comes to lie on the closing quote.
        let (sum, within) = string.overflowing_add(key_begins);
        let (sum, within_too) = sum.overflowing_add(self.in_key);
        self.in_key = u64::from(within | within_too);
        let keys = sum & closing;
        let after_key = behind(keys, blank, 0, &mut self.after_key);

        let control = masks.control & (string | blank);
        let wrong = begins & !(after_comma | after_colon | after_open)
            | (comma | colon) & !after_value
            | close & !(after_value | after_open)
            | colon ^ after_key
            | begins & !opening & in_object
            | (opening | literal_begins | comma) & depths[0]
            | control & string;
        if wrong != 0 {
            return Err(wrong.trailing_zeros());
        }
        if control != 0 {
            white(control, block)?;
        }
        if literal_begins | literal_ends != 0 {
            self.literals(literal_begins, literal_ends, buffer, done)?;
        }
        Ok(Judged {
            depths,
            objects,
            keys,
            comma,
            open,
            close,
            not_ascii: masks.not_ascii,
            escaped_keys: masks.backslash & string & !sum,
        })
    }

    /// The bytes of a block that are escaped.
    #[inline(always)]
    fn escapes(&mut self, backslash: u64, buffer: &[u8], done: usize) -> Result<u64, u32> {
        let mut escaped = u64::from(std::mem::take(&mut self.escaped));
        if let Some(at) = self.escape.take()
            && literal::escape(&buffer[at..]) != Some(true)
        {
            return Err(0);
        }
        let mut rest = backslash & !escaped;
        while rest != 0 {
            let place = rest.trailing_zeros();
            let at = done + place as usize;
            match literal::escape(&buffer[at..]) {
                Some(true) => {}
                None if self.escape.is_none() => self.escape = Some(at),
                Some(false) | None => return Err(place),
            }
            let next = 2u64.checked_shl(place).filter(|next| *next != 0);
            match next {
                Some(next) => escaped |= next,
                None => self.escaped = true,
            }
            rest &= !(1 << place) & !next.unwrap_or(0);
        }
        Ok(escaped)
    }

    /// Which bytes are at which depth; and, as the value, which of them are directly in an object. A
    /// bracket is where what it opens or closes is.
    #[inline(always)]
    fn depths(
        &mut self,
        open: u64,
        close: u64,
        block: &[u8; BLOCK],
        depths: &mut [u64; DEPTHS],
    ) -> Result<u64, u32> {
        let mut objects = 0;
        let mut left = u64::MAX;
        let mut rest = open | close;
        while rest != 0 {
            // Up to and with the next bracket.
            let stretch = left & (rest ^ (rest - 1));
            depths[self.depth()] |= stretch;
            objects |= stretch & self.in_object;
            let place = rest.trailing_zeros();
            let is_object = block[place as usize] >= b'{';
            if open & (1 << place) != 0 {
                if self.objects.is_empty() && !is_object {
                    return Err(place);
                }
                self.objects.push(is_object);
            } else if self.objects.pop() != Some(is_object) {
                return Err(place);
            }
            self.in_object = all(self.objects.last() == Some(&true));
            left &= !stretch;
            rest &= rest - 1;
        }
        depths[self.depth()] |= left;
        Ok(objects | left & self.in_object)
    }

    fn depth(&self) -> usize {
        self.objects.len().min(DEPTHS - 1)
    }

    #[inline(always)]
    fn literals(
        &mut self,
        mut begins: u64,
        mut ends: u64,
        buffer: &[u8],
        done: usize,
    ) -> Result<(), u32> {
        loop {
            let begin = match self.literal.take() {
                Some(begin) => begin,
                None if begins == 0 => return Ok(()),
                None => {
                    let begin = done + begins.trailing_zeros() as usize;
                    begins &= begins - 1;
                    begin
                }
            };
            if ends == 0 {
                self.literal = Some(begin);
                return Ok(());
            }
            let place = ends.trailing_zeros();
            ends &= ends - 1;
            let literal = buffer.get(begin..done + place as usize);
            if !literal.is_some_and(literal::is_literal) {
                return Err(place);
            }
        }
    }
}

/// All ones, or none.
fn all(ones: bool) -> u64 {
    0u64.wrapping_sub(u64::from(ones))
}

/// For each byte, whether an odd number of `quotes` stand up to it.
#[inline(always)]
pub(super) fn parity(quotes: u64) -> u64 {
    let mut parity = quotes;
    for shift in [1, 2, 4, 8, 16, 32] {
        parity ^= parity << shift;
    }
    parity
}

/// The next places behind `marks`, and behind the end of `also`, that are not `blank`. `carry` says
/// it of the block before, and then of this one.
#[inline(always)]
fn behind(marks: u64, blank: u64, also: u64, carry: &mut u64) -> u64 {
    let behind = (marks << 1) | *carry | also;
    *carry = marks >> 63;
    if blank == 0 {
        return behind;
    }
    let (sum, beyond) = behind.overflowing_add(blank);
    *carry |= u64::from(beyond);
    sum & !blank
}

/// Of the bytes up to the space that are outside strings, only some are allowed.
#[cold]
fn white(mut control: u64, block: &[u8; BLOCK]) -> Result<(), u32> {
    while control != 0 {
        let place = control.trailing_zeros();
        if !matches!(block[place as usize], b'\t' | b'\n' | b'\r') {
            return Err(place);
        }
        control &= control - 1;
    }
    Ok(())
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
