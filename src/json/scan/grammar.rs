//! Whether a block is JSON behind what came before it, and where in it something begins or ends.

use crate::json::block::{BLOCK, Masks};
use crate::json::literal;

/// What must be known of the bytes before a block to judge it.
#[derive(Debug)]
pub(super) struct Grammar {
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
    pub(super) literal: Option<usize>,
    /// An escape that reached beyond the buffer.
    pub(super) escape: Option<usize>,
}

/// A block, judged: where there is something to take note of.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) depths: [u64; DEPTHS],
    pub(super) objects: u64,
    /// Closing quotes of keys.
    pub(super) keys: u64,
    pub(super) comma: u64,
    pub(super) open: u64,
    pub(super) close: u64,
    pub(super) not_ascii: u64,
    pub(super) escaped_keys: u64,
}

/// Depths that are told from each other: outside, page, list, element, and all below.
pub(super) const DEPTHS: usize = 5;

impl Grammar {
    /// Before the first byte of a page.
    pub(super) fn new() -> Self {
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
    pub(super) fn judge(
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
pub(in crate::json) fn parity(quotes: u64) -> u64 {
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
