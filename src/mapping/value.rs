//! A value on its way from the record to the message.
//!
//! What comes from the record stays a slice of it for as long as possible, so that numbers keep
//! their spelling and text is decoded only where somebody looks at it.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// A value while it is mapped.
#[derive(Clone, Debug)]
pub(super) enum Value<'v> {
    /// Absent, null, or empty: Zendesk uses all three for "no value", and Adobe takes none of them.
    Missing,
    /// There is a value, and it cannot be used; the reason, in words. Counts as missing.
    Misfit(&'static str),
    /// A value of the record as it stands there; never null.
    Json(&'v str),
    /// Text made by a function or written in the mapping.
    Text(Cow<'v, str>),
    /// A truth value made by a function or written in the mapping.
    Bool(bool),
    /// A list of texts out of the settings.
    Words(&'v [String]),
    /// Finished JSON made by a function: an object or a list with something in it.
    Made(String),
}

impl<'v> Value<'v> {
    /// A value of the record.
    pub(super) fn of(json: Option<&'v RawValue>) -> Self {
        match json.map(RawValue::get) {
            None | Some("null") => Self::Missing,
            Some(json) => Self::Json(json),
        }
    }

    /// Text, or nothing if it is blank.
    pub(super) fn text_of(text: impl Into<Cow<'v, str>>) -> Self {
        let text = text.into();
        if text.trim().is_empty() {
            Self::Missing
        } else {
            Self::Text(text)
        }
    }

    /// The same value, for a shorter time.
    pub(super) fn reborrow(&self) -> Value<'_> {
        match self {
            Self::Missing => Value::Missing,
            Self::Misfit(why) => Value::Misfit(why),
            Self::Json(json) => Value::Json(json),
            Self::Text(text) => Value::Text(Cow::Borrowed(text)),
            Self::Bool(bool) => Value::Bool(*bool),
            Self::Words(words) => Value::Words(words),
            Self::Made(json) => Value::Json(json),
        }
    }

    /// Whether it counts as true where a condition is asked for: everything does but `false` and
    /// what is missing or empty.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Self::Missing | Self::Misfit(_) | Self::Bool(false) | Self::Json("false") => false,
            Self::Words(words) => !words.is_empty(),
            Self::Text(text) => !text.trim().is_empty(),
            Self::Json(json) => !is_empty(json),
            Self::Bool(true) | Self::Made(_) => true,
        }
    }

    /// Whether there is something that could be sent.
    pub(super) fn is_there(&self) -> bool {
        match self {
            Self::Bool(_) | Self::Json("false") => true,
            _ => self.is_true(),
        }
    }

    /// As text: text as it reads, numbers in plain decimal notation, truth values as words.
    pub(super) fn as_text(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Missing | Self::Misfit(_) | Self::Words(_) | Self::Made(_) => None,
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Bool(true) => Some("true".into()),
            Self::Bool(false) => Some("false".into()),
            Self::Json(json) => scalar_text(json),
        }
    }

    /// As text, only if it is text already.
    pub(super) fn as_string(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Json(json) if json.starts_with('"') => unquoted(json),
            _ => None,
        }
    }

    /// The JSON of a list or an object.
    pub(super) fn as_json(&self) -> Option<&str> {
        match self {
            Self::Json(json) => Some(json),
            Self::Made(json) => Some(json),
            _ => None,
        }
    }

    /// The elements, of a list; the value itself, of anything else that is there.
    pub(super) fn elements(&self) -> Vec<Value<'_>> {
        match self {
            Self::Words(words) => words
                .iter()
                .map(|word| Value::Text(Cow::Borrowed(word)))
                .collect(),
            _ => match self.as_json().filter(|json| json.starts_with('[')) {
                Some(json) => serde_json::from_str::<Vec<&RawValue>>(json)
                    .unwrap_or_default()
                    .into_iter()
                    .map(|element| Value::of(Some(element)))
                    .collect(),
                None if self.is_there() => vec![self.reborrow()],
                None => Vec::new(),
            },
        }
    }
}

/// Whether JSON of the record is `""`, blank text, `[]` or `{}`.
pub(super) fn is_empty(json: &str) -> bool {
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

/// Writes text as JSON, without U+0000, which Adobe's stores do not take.
pub(super) fn write_text(text: &str, out: &mut Vec<u8>) {
    // Writing to memory does not fail.
    let _ = if text.contains('\0') {
        serde_json::to_writer(out, &text.replace('\0', ""))
    } else {
        serde_json::to_writer(out, text)
    };
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
