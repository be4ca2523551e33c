//! A value on its way from the record to the message.
//!
//! What comes from the record stays a slice of it for as long as possible, so that numbers keep
//! their spelling and text is decoded only where somebody looks at it.

use std::borrow::Cow;

use bumpalo::Bump;

use crate::json::Children;

/// A value while it is mapped: a slice of the record, of the mapping, or of the arena in which what is
/// made of a record lives until its message is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'v> {
    /// Absent, null, or empty: Zendesk uses all three for "no value", and Adobe takes none of them.
    Missing,
    /// There is a value, and it cannot be used; the reason, in words. Counts as missing.
    Misfit(&'static str),
    /// A value of the record as it stands there; never null.
    Json(&'v str),
    /// Text made by a function or written in the mapping.
    Text(&'v str),
    /// A truth value made by a function or written in the mapping.
    Bool(bool),
    /// A list of texts out of the settings.
    Words(&'v [String]),
    /// Finished JSON made by a function: an object or a list with something in it.
    Made(&'v str),
}

impl<'v> Value<'v> {
    /// A value of the record.
    pub(super) fn of(json: Option<&'v str>) -> Self {
        match json {
            None | Some("null") => Self::Missing,
            Some(json) => Self::Json(json),
        }
    }

    /// Text, or nothing if it is blank.
    pub(super) fn text_of(text: &'v str) -> Self {
        if is_blank(text) {
            Self::Missing
        } else {
            Self::Text(text)
        }
    }

    /// Whether it counts as true where a condition is asked for: everything does but `false` and
    /// what is missing or empty.
    #[inline]
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Missing | Self::Misfit(_) | Self::Bool(false) | Self::Json("false") => false,
            Self::Words(words) => !words.is_empty(),
            Self::Text(text) => !is_blank(text),
            Self::Json(json) => !is_empty(json),
            Self::Bool(true) | Self::Made(_) => true,
        }
    }

    /// Whether there is something that could be sent.
    #[inline]
    pub(super) fn is_there(&self) -> bool {
        match self {
            Self::Bool(_) | Self::Json("false") => true,
            _ => self.is_true(),
        }
    }

    /// As text: text as it reads, numbers in plain decimal notation, truth values as words.
    pub(super) fn as_text(&self) -> Option<Cow<'v, str>> {
        match self {
            Self::Missing | Self::Misfit(_) | Self::Words(_) | Self::Made(_) => None,
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Bool(true) => Some("true".into()),
            Self::Bool(false) => Some("false".into()),
            Self::Json(json) => scalar_text(json),
        }
    }

    /// As text, only if it is text already.
    pub(super) fn as_string(&self) -> Option<Cow<'v, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Json(json) if json.starts_with('"') => unquoted(json),
            _ => None,
        }
    }

    /// The JSON of a list or an object.
    pub(super) fn as_json(&self) -> Option<&'v str> {
        match self {
            Self::Json(json) | Self::Made(json) => Some(json),
            _ => None,
        }
    }

    /// The elements, of a list; the value itself, of anything else that is there.
    pub(super) fn elements(&self) -> Elements<'v> {
        match self {
            Self::Words(words) => Elements::Words(words.iter()),
            _ => match self.as_json().filter(|json| json.starts_with('[')) {
                Some(json) => match Children::of_list(json) {
                    Ok(list) => Elements::List(list),
                    Err(_) => Elements::One(None),
                },
                None => Elements::One(self.is_there().then_some(*self)),
            },
        }
    }
}

/// What [`Value::elements`] gives.
pub(super) enum Elements<'v> {
    One(Option<Value<'v>>),
    Words(std::slice::Iter<'v, String>),
    List(Children<'v>),
}

impl<'v> Iterator for Elements<'v> {
    type Item = Value<'v>;

    fn next(&mut self) -> Option<Value<'v>> {
        match self {
            Self::One(value) => value.take(),
            Self::Words(words) => words.next().map(|word| Value::Text(word)),
            // It was judged when it arrived: no element is missed.
            Self::List(list) => {
                let element = list.advance().ok().flatten()?;
                Some(Value::of(Some(element.value)))
            }
        }
    }
}

/// Text that lives as long as the others.
pub(super) fn kept<'v>(text: Cow<'v, str>, arena: &'v Bump) -> &'v str {
    match text {
        Cow::Borrowed(text) => text,
        Cow::Owned(text) => arena.alloc_str(&text),
    }
}

/// Whether there is nothing to read in it.
#[inline]
pub(super) fn is_blank(text: &str) -> bool {
    !text.as_bytes().first().is_some_and(u8::is_ascii_graphic) && text.trim().is_empty()
}

/// Whether JSON of the record is `""`, blank text, `[]` or `{}`.
#[inline]
pub(super) fn is_empty(json: &str) -> bool {
    match json.as_bytes() {
        // Mostly there is something to see at once.
        [b'"' | b'[' | b'{', first, _, ..] if first.is_ascii_graphic() && *first != b'\\' => false,
        [b'"' | b'[' | b'{', ..] => is_empty_inside(json),
        _ => false,
    }
}

fn is_empty_inside(json: &str) -> bool {
    let inner = |open, close| Some(json.strip_prefix(open)?.strip_suffix(close)?.trim());
    [inner('"', '"'), inner('[', ']'), inner('{', '}')].contains(&Some(""))
        || (json.starts_with("\"\\") && unquoted(json).is_some_and(|text| text.trim().is_empty()))
}

/// The text that a JSON string stands for; `None` if it stands for none, having half a surrogate
/// pair in it.
pub(super) fn unquoted(json: &str) -> Option<Cow<'_, str>> {
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(json).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// The text of a string, a number or a truth value.
pub(super) fn scalar_text(json: &str) -> Option<Cow<'_, str>> {
    match json.as_bytes().first()? {
        b'"' => unquoted(json),
        b't' | b'f' => Some(Cow::Borrowed(json)),
        b'[' | b'{' | b'n' => None,
        _ => plain_decimal(json),
    }
}

/// Longest number written out; no exponent that means anything is larger.
const DECIMAL_CHARS_MAX: usize = 400;

/// A JSON number without an exponent, each digit kept; `None` if it would be absurdly long.
fn plain_decimal(number: &str) -> Option<Cow<'_, str>> {
    let Some((mantissa, exponent)) = number.split_once(['e', 'E']) else {
        return (number.len() <= DECIMAL_CHARS_MAX).then_some(Cow::Borrowed(number));
    };
    let exponent: i64 = exponent.parse().ok()?;
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(mantissa) => ("-", mantissa),
        None => ("", mantissa),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let point = i64::try_from(whole.len()).ok()?.checked_add(exponent)?;
    let longest = i64::try_from(DECIMAL_CHARS_MAX).ok()?;
    if digits.len() > DECIMAL_CHARS_MAX || !(-longest..=longest).contains(&point) {
        return None;
    }
    let zeros = |count: i64| "0".repeat(usize::try_from(count).unwrap_or_default());
    let length = i64::try_from(digits.len()).ok()?;
    let plain = if point <= 0 {
        format!("0.{}{digits}", zeros(-point))
    } else if point >= length {
        format!("{digits}{}", zeros(point - length))
    } else {
        let (whole, fraction) = digits.split_at(usize::try_from(point).ok()?);
        format!("{whole}.{fraction}")
    };
    let plain = match plain.trim_start_matches('0') {
        "" => "0".to_owned(),
        rest if rest.starts_with('.') => format!("0{rest}"),
        rest => rest.to_owned(),
    };
    Some(Cow::Owned(format!("{sign}{plain}")))
}

/// Where JSON is written: a message, or text in the arena.
pub(super) trait Sink {
    fn put(&mut self, text: &str);
}

impl Sink for Vec<u8> {
    #[inline]
    fn put(&mut self, text: &str) {
        self.extend_from_slice(text.as_bytes());
    }
}

impl Sink for bumpalo::collections::String<'_> {
    #[inline]
    fn put(&mut self, text: &str) {
        self.push_str(text);
    }
}

/// Writes text as JSON, without U+0000, which Adobe's stores do not take.
#[inline]
pub(super) fn write_text(text: &str, out: &mut impl Sink) {
    let needs_escape = |byte: &u8| (*byte < b' ') | (*byte == b'"') | (*byte == b'\\');
    // Without a way out, so that it is one comparison for many bytes.
    if !text
        .bytes()
        .fold(false, |any, byte| any | needs_escape(&byte))
    {
        out.put("\"");
        out.put(text);
        out.put("\"");
    } else if let Ok(json) = serde_json::to_string(&text.replace('\0', "")) {
        out.put(&json);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_text_digit_by_digit() {
        for (number, text) in [
            ("6106699702801", "6106699702801"),
            ("123.450", "123.450"),
            ("-0.5", "-0.5"),
            ("1e3", "1000"),
            ("1.25E+2", "125"),
            ("12.5e-3", "0.0125"),
            ("-1.5e1", "-15"),
            ("0e0", "0"),
            ("1.5e0", "1.5"),
            ("18446744073709551616", "18446744073709551616"),
        ] {
            assert_eq!(scalar_text(number).as_deref(), Some(text), "{number}");
        }
        for number in ["1e999", "1e-999", "1e99999999999999999999"] {
            assert_eq!(scalar_text(number), None, "{number}");
        }
    }

    #[test]
    fn half_a_surrogate_pair_is_no_text() {
        assert_eq!(scalar_text(r#""a\ud800""#), None);
        assert_eq!(scalar_text(r#""\u00e9\\""#).as_deref(), Some("é\\"));
    }

    #[test]
    fn blank_is_empty_however_it_is_spelled() {
        for json in [r#""""#, r#"" ""#, r#""\t\n""#, r#""\u0020""#, "[]", "{ }"] {
            assert!(is_empty(json), "{json}");
        }
        for json in ["0", "false", r#""0""#, "[null]", r#""\\""#] {
            assert!(!is_empty(json), "{json}");
        }
    }
}
