//! The members of an object, or the elements of a list, one by one as slices of it.
//!
//! For JSON that was judged when it arrived: what is inside a member is passed over by its
//! brackets, and not judged again. What is no JSON may come out as other than it was meant, or as
//! an error; never as anything that is not a slice of it.

use std::borrow::Cow;

use fearless_simd::Level;

use super::block::{self, BLOCK, Masks};
use super::scan::parity;

/// An object or a list, as far as it was gone through.
#[derive(Clone, Debug)]
pub struct Children<'j> {
    json: &'j str,
    level: Level,
    is_object: bool,
    /// Where the block begins, and where the next one does.
    block: usize,
    next_block: usize,
    /// Of the block, outside of strings.
    brackets: u64,
    separators: u64,
    /// What of the block is still ahead.
    ahead: u64,
    /// All ones within a string.
    in_string: u64,
    /// The first byte of the next block is escaped.
    escapes_on: bool,
    has_escapes: bool,
    depth: u32,
    /// Where the present child begins.
    from: usize,
    count: usize,
    closed: bool,
}

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Child<'j> {
    /// Without its quotes, escapes as they stand; empty in lists.
    key: &'j str,
    /// It may have escapes.
    key_has_escapes: bool,
    /// The value, without white space around it.
    pub value: &'j str,
}

/// This is no object, or no list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is not the JSON that it should be")]
pub struct Malformed;

impl<'j> Child<'j> {
    /// The key as it reads; `None` if it is no text.
    #[inline]
    pub fn key(&self) -> Option<Cow<'j, str>> {
        if self.key_has_escapes && self.key.contains('\\') {
            let quoted = format!("\"{}\"", self.key);
            return serde_json::from_str(&quoted).ok().map(Cow::Owned);
        }
        Some(Cow::Borrowed(self.key))
    }
}

impl<'j> Children<'j> {
    /// The members of an object.
    ///
    /// # Errors
    /// When `json` is none.
    pub fn of_object(json: &'j str) -> Result<Self, Malformed> {
        Self::new(json.trim_ascii(), b'{', b'}')
    }

    /// The elements of a list.
    ///
    /// # Errors
    /// When `json` is none.
    pub fn of_list(json: &'j str) -> Result<Self, Malformed> {
        Self::new(json.trim_ascii(), b'[', b']')
    }

    fn new(json: &'j str, open: u8, close: u8) -> Result<Self, Malformed> {
        let bytes = json.as_bytes();
        if bytes.len() < 2 || bytes.first() != Some(&open) || bytes.last() != Some(&close) {
            return Err(Malformed);
        }
        Ok(Self {
            json,
            level: block::level(),
            is_object: open == b'{',
            block: 0,
            next_block: 0,
            brackets: 0,
            separators: 0,
            ahead: 0,
            in_string: 0,
            escapes_on: false,
            has_escapes: false,
            depth: 0,
            from: 1,
            count: 0,
            closed: false,
        })
    }

    /// Goes on to the next child.
    ///
    /// # Errors
    /// When there is neither one nor the end.
    #[inline]
    pub fn advance(&mut self) -> Result<Option<Child<'j>>, Malformed> {
        if self.closed {
            return Ok(None);
        }
        let bytes = self.json.as_bytes();
        let mut colon = None;
        loop {
            let mut events = self.brackets;
            if self.depth == 1 {
                events |= self.separators;
            }
            events &= self.ahead;
            if events == 0 {
                self.load()?;
                continue;
            }
            let bit = events & events.wrapping_neg();
            self.ahead = !(bit | (bit - 1));
            let at = self.block + bit.trailing_zeros() as usize;
            match bytes.get(at) {
                Some(b'{' | b'[') => self.depth += 1,
                Some(b'}' | b']') => {
                    self.depth = self.depth.checked_sub(1).ok_or(Malformed)?;
                    if self.depth == 0 {
                        self.closed = true;
                        return self.last(colon, at);
                    }
                }
                Some(b':') => colon = colon.or(Some(at)),
                _ => {
                    let child = self.child(colon, at)?;
                    self.from = at + 1;
                    self.count += 1;
                    return Ok(Some(child));
                }
            }
        }
    }

    /// What is before the closing bracket at `end`, which must be that of the whole.
    fn last(&mut self, colon: Option<usize>, end: usize) -> Result<Option<Child<'j>>, Malformed> {
        if end + 1 != self.json.len() {
            return Err(Malformed);
        }
        let rest = self.json.get(self.from..end).ok_or(Malformed)?;
        if self.count == 0 && rest.trim_ascii().is_empty() {
            return Ok(None);
        }
        self.child(colon, end).map(Some)
    }

    #[inline]
    fn child(&self, colon: Option<usize>, end: usize) -> Result<Child<'j>, Malformed> {
        let (key, from) = match (self.is_object, colon) {
            (true, Some(colon)) => {
                let key = self.json.get(self.from..colon).ok_or(Malformed)?;
                let key = trim(key).strip_prefix('"').ok_or(Malformed)?;
                (key.strip_suffix('"').ok_or(Malformed)?, colon + 1)
            }
            (false, None) => ("", self.from),
            _ => return Err(Malformed),
        };
        let value = trim(self.json.get(from..end).ok_or(Malformed)?);
        if value.is_empty() {
            return Err(Malformed);
        }
        Ok(Child {
            key,
            key_has_escapes: self.has_escapes,
            value,
        })
    }

    /// Goes on to the next block.
    #[inline]
    fn load(&mut self) -> Result<(), Malformed> {
        let rest = &self.json.as_bytes()[self.next_block.min(self.json.len())..];
        let masks = match rest.first_chunk::<BLOCK>() {
            Some(block) => Masks::of_one(self.level, block),
            None if rest.is_empty() => return Err(Malformed),
            None => {
                let mut block = [b' '; BLOCK];
                block[..rest.len()].copy_from_slice(rest);
                Masks::of_one(self.level, &block)
            }
        };
        let quote = masks.quote & !self.escaped(masks.backslash);
        let string = parity(quote) ^ self.in_string;
        self.in_string = 0_u64.wrapping_sub(string >> 63);
        self.brackets = (masks.open | masks.close) & !string;
        self.separators = (masks.comma | masks.colon) & !string;
        self.ahead = u64::MAX;
        self.block = self.next_block;
        self.next_block += BLOCK;
        Ok(())
    }

    /// The bytes behind backslashes that are not themselves behind one.
    #[inline]
    fn escaped(&mut self, backslash: u64) -> u64 {
        if backslash == 0 && !self.escapes_on {
            return 0;
        }
        self.has_escapes = true;
        let mut escaped = u64::from(std::mem::take(&mut self.escapes_on));
        let mut rest = backslash & !escaped;
        while rest != 0 {
            let bit = rest & rest.wrapping_neg();
            let behind = bit << 1;
            self.escapes_on = behind == 0;
            escaped |= behind;
            rest &= !(bit | behind);
        }
        escaped
    }
}

/// Without white space around it; mostly there is none.
#[inline]
fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if *first > b' ' && *last > b' ' => text,
        _ => text.trim_ascii(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;
    use serde_json::value::RawValue;

    use super::*;
    use crate::fuzzing::fuzz;

    fn members(json: &str) -> Option<Vec<(String, &str)>> {
        let mut children = Children::of_object(json).ok()?;
        let mut members = Vec::new();
        while let Some(child) = children.advance().ok()? {
            members.push((child.key()?.into_owned(), child.value));
        }
        Some(members)
    }

    fn elements(json: &str) -> Option<Vec<&str>> {
        let mut children = Children::of_list(json).ok()?;
        let mut elements = Vec::new();
        while let Some(child) = children.advance().ok()? {
            elements.push(child.value);
        }
        Some(elements)
    }

    #[test]
    fn children_are_slices() {
        assert_eq!(elements(" [ ] "), Some(vec![]));
        assert_eq!(
            elements(r#"[1, "a,]\"" ,{"b":[2,3]},[]]"#),
            Some(vec!["1", r#""a,]\"""#, r#"{"b":[2,3]}"#, "[]"])
        );
        assert_eq!(members("{}"), Some(vec![]));
        assert_eq!(
            members(r#"{"a" : 1.50,"\u0062":{"c":[",:"]}, "a":null }"#),
            Some(vec![
                ("a".to_owned(), "1.50"),
                ("b".to_owned(), r#"{"c":[",:"]}"#),
                ("a".to_owned(), "null"),
            ])
        );
    }

    #[test]
    fn what_is_neither_is_an_error() {
        for json in [
            "", "1", "[", "]", "[]]", "[[]", "[1,]", "[,1]", "[1,,2]", "{}", "[1:2]", "[\"]",
        ] {
            assert_eq!(elements(json), None, "{json}");
        }
        for json in [
            "{",
            "[]",
            "{}}",
            "{{}",
            r#"{"a"}"#,
            r#"{"a":}"#,
            r#"{"a":1,}"#,
            "{a:1}",
            r#"{"a:1}"#,
        ] {
            assert_eq!(members(json), None, "{json}");
        }
    }

    /// JSON with white space, escapes and brackets in all places.
    fn any_json() -> impl Strategy<Value = String> {
        let text = proptest::collection::vec(
            proptest::sample::select(vec![
                "a",
                "é",
                "\\\\",
                "\\\"",
                "{",
                "]",
                ",",
                ":",
                "\\u00e9",
                " ",
                "0123456789",
            ]),
            0..12,
        )
        .prop_map(|parts| format!("\"{}\"", parts.concat()));
        let scalar = prop_oneof![
            text.clone(),
            Just("null".to_owned()),
            Just("-1.5e3".to_owned()),
        ];
        let blank = proptest::sample::select(vec!["", " ", "\n\t"]);
        scalar.prop_recursive(4, 64, 8, move |inner| {
            let member = (text.clone(), blank.clone(), inner.clone(), blank.clone());
            let members = proptest::collection::vec(member, 0..8).prop_map(|members| {
                let members: Vec<String> = members
                    .into_iter()
                    .map(|(key, a, value, b)| format!("{b}{key}{a}:{b}{value}{a}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            });
            let element = (inner, blank.clone());
            let elements = proptest::collection::vec(element, 0..8).prop_map(|elements| {
                let elements: Vec<String> = elements
                    .into_iter()
                    .map(|(value, a)| format!("{a}{value}{a}"))
                    .collect();
                format!("[{}]", elements.join(","))
            });
            prop_oneof![members, elements]
        })
    }

    #[test]
    fn they_are_what_the_parser_finds() {
        fuzz("json/children", &any_json(), |json| {
            let parsed: Option<Vec<&RawValue>> = serde_json::from_str(&json).ok();
            let parsed = parsed.map(|list| list.into_iter().map(RawValue::get).collect());
            assert_eq!(elements(&json), parsed);
            let parsed: Option<HashMap<String, &RawValue>> = serde_json::from_str(&json).ok();
            let parsed = parsed.map(|object| {
                let members = object.into_iter();
                members.map(|(key, value)| (key, value.get())).collect()
            });
            let found: Option<HashMap<String, &str>> =
                members(&json).map(|members| members.into_iter().collect());
            assert_eq!(found, parsed);
        });
    }
}
