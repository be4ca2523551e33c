//! Numbers, words and escapes, to the letter of RFC 8259.

/// Whether this is a number, `true`, `false` or `null`.
#[inline]
pub(super) fn is_literal(text: &[u8]) -> bool {
    match text {
        b"null" | b"true" | b"false" => true,
        [b'1'..=b'9', rest @ ..] if rest.iter().all(u8::is_ascii_digit) => true,
        _ => is_number(text),
    }
}

fn is_number(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let rest = match text {
        [b'0', rest @ ..] => rest,
        [b'1'..=b'9', ..] => digits(text),
        _ => return false,
    };
    let rest = match rest {
        [b'.', fraction @ ..] => match fraction {
            [b'0'..=b'9', ..] => digits(fraction),
            _ => return false,
        },
        _ => rest,
    };
    match rest {
        [] => true,
        [b'e' | b'E', exponent @ ..] => {
            let sign = |text: &[u8]| usize::from(matches!(text, [b'+' | b'-', ..]));
            let exponent = &exponent[sign(exponent)..];
            !exponent.is_empty() && digits(exponent).is_empty()
        }
        _ => false,
    }
}

/// What follows the digits at the beginning.
fn digits(text: &[u8]) -> &[u8] {
    let end = text.iter().position(|byte| !byte.is_ascii_digit());
    &text[end.unwrap_or(text.len())..]
}

/// Whether `text` begins with an escape; `None` if it is too short to tell.
#[inline]
pub(super) fn escape(text: &[u8]) -> Option<bool> {
    match text.get(1)? {
        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Some(true),
        b'u' => {
            let given = &text[2..text.len().min(6)];
            if given.iter().all(u8::is_ascii_hexdigit) {
                (given.len() == 4).then_some(true)
            } else {
                Some(false)
            }
        }
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_those_of_the_standard() {
        for text in [
            "null", "true", "false", "0", "-0", "7", "-12", "1.50", "0.1", "1e5", "1E+05",
            "-2.5e-10",
        ] {
            assert!(is_literal(text.as_bytes()), "{text}");
        }
        for text in [
            "", "-", "01", "-01", "1.", ".5", "1e", "1e+", "+1", "0x1", "1_0", "NaN", "nul",
            "True", "1-", "1.2.3", "1e5.0", "١",
        ] {
            assert!(!is_literal(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn an_escape_may_be_too_short_to_tell() {
        for (text, expected) in [
            (r#"\n"#, Some(true)),
            (r#"\""#, Some(true)),
            (r#"\u00e9x"#, Some(true)),
            (r#"\x"#, Some(false)),
            (r#"\u00g9"#, Some(false)),
            (r#"\u0""#, Some(false)),
            (r#"\u00e"#, None),
            (r#"\"#, None),
        ] {
            assert_eq!(escape(text.as_bytes()), expected, "{text}");
        }
    }
}
