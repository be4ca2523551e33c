//! The forms that text can be required to have.

use std::borrow::Cow;

use crate::limits;
use crate::mapping::contact::{is_e164, is_email};
use crate::mapping::identity::FORBIDDEN;

/// A form of text.
#[derive(Clone, Copy, Debug)]
pub(in crate::mapping) enum Form {
    /// Any text.
    Any,
    /// An e-mail address, by the strictest of the readings there are.
    Email,
    /// RFC 3339, with an offset.
    DateTime,
    /// `YYYY-MM-DD`.
    Date,
    /// A URI, or a reference relative to one: no blanks.
    UriReference,
    /// A URI with its scheme.
    Uri,
    /// A language by BCP 47.
    Language,
    /// A telephone country code: one to three digits.
    DialCode,
    /// An ISO 3166 country: two capitals.
    Country,
    /// An ISO 4217 currency: three capitals.
    Currency,
    /// One of a few words.
    OneOf(&'static [&'static str]),
    /// The value of an identity.
    Identity,
    /// The value of an identity that is an e-mail address.
    EmailIdentity,
    /// The value of an identity that is a telephone number.
    PhoneIdentity,
}

impl Form {
    /// What is wrong with `text`, if it does not have this form.
    pub(super) fn problem(self, text: &str) -> Option<Cow<'static, str>> {
        let expected = match self {
            Self::Any => return None,
            Self::Identity => return identity_problem(text),
            Self::EmailIdentity => return identity_problem(text).or_else(|| email_identity(text)),
            Self::PhoneIdentity => {
                return identity_problem(text).or_else(|| {
                    (!is_e164(text)).then_some("is not a telephone number in E.164".into())
                });
            }
            Self::OneOf(words) if !words.contains(&text) => {
                return Some(format!("is none of {}", words.join(", ")).into());
            }
            Self::Email if !is_email(text) => "is not an e-mail address",
            Self::DateTime if !is_date_time(text) => {
                "is not a date-time with an offset, as in 2026-03-02T10:15:30.000Z"
            }
            Self::Date if !is_date(text.as_bytes()) => "is not a date, as in 2026-03-02",
            Self::UriReference if !is_uri_reference(text) => "is not a URI reference",
            Self::Uri if !is_uri(text) => "is not a URI",
            Self::Language if !is_language(text) => "is not a language tag, as in en-US",
            Self::DialCode if !(1..=3).contains(&text.len()) || !all(text, u8::is_ascii_digit) => {
                "is not a telephone country code: one to three digits"
            }
            Self::Country if text.len() != 2 || !all(text, u8::is_ascii_uppercase) => {
                "is not a country code: two capitals"
            }
            Self::Currency if text.len() != 3 || !all(text, u8::is_ascii_uppercase) => {
                "is not a currency code: three capitals"
            }
            Self::Email
            | Self::DateTime
            | Self::Date
            | Self::UriReference
            | Self::Uri
            | Self::Language
            | Self::DialCode
            | Self::Country
            | Self::Currency
            | Self::OneOf(_) => return None,
        };
        Some(expected.into())
    }
}

fn all(text: &str, is: impl Fn(&u8) -> bool) -> bool {
    text.as_bytes().iter().all(is)
}

fn identity_problem(text: &str) -> Option<Cow<'static, str>> {
    let trimmed = text.trim();
    if FORBIDDEN
        .iter()
        .any(|word| trimmed.eq_ignore_ascii_case(word))
    {
        return Some("is a word that the Identity Service refuses".into());
    }
    // Characters are counted only where the bytes leave room for doubt.
    let too_long = text.len() > limits::IDENTITY_CHARS_MAX
        && text.chars().count() > limits::IDENTITY_CHARS_MAX;
    too_long.then(|| {
        format!(
            "is longer than the {} characters of an identity",
            limits::IDENTITY_CHARS_MAX
        )
        .into()
    })
}

/// Values are compared case-sensitively: an address in two spellings would be two people.
fn email_identity(text: &str) -> Option<Cow<'static, str>> {
    if !is_email(text) {
        Some("is not an e-mail address".into())
    } else if text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Some("is not in lower case, as identities must be".into())
    } else {
        None
    }
}

/// RFC 3339, section 5.6.
pub(super) fn is_date_time(text: &str) -> bool {
    let Some((date, [t, time @ ..])) = text.as_bytes().split_at_checked(10) else {
        return false;
    };
    let Some((clock, mut rest)) = time.split_at_checked(8) else {
        return false;
    };
    let [h1, h2, b':', m1, m2, b':', s1, s2] = clock else {
        return false;
    };
    if let [b'.', fraction @ ..] = rest {
        let digits = fraction.iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 {
            return false;
        }
        rest = &fraction[digits..];
    }
    let offset = match rest {
        [b'Z' | b'z'] => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => {
            below(*h1, *h2, 24).is_some() && below(*m1, *m2, 60).is_some()
        }
        _ => false,
    };
    is_date(date)
        && matches!(t, b'T' | b't')
        && below(*h1, *h2, 24).is_some()
        && below(*m1, *m2, 60).is_some()
        // The second 60 is a leap second.
        && below(*s1, *s2, 61).is_some()
        && offset
}

fn is_date(text: &[u8]) -> bool {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else {
        return false;
    };
    let (Some(century), Some(year)) = (below(*y1, *y2, 100), below(*y3, *y4, 100)) else {
        return false;
    };
    let year = century * 100 + year;
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match below(*m1, *m2, 13) {
        Some(2) if leap => 29,
        Some(2) => 28,
        Some(4 | 6 | 9 | 11) => 30,
        Some(1..) => 31,
        _ => return false,
    };
    below(*d1, *d2, days + 1).is_some_and(|day| day > 0)
}

/// The number of two digits, if it is below `end`.
fn below(tens: u8, ones: u8, end: u16) -> Option<u16> {
    if !tens.is_ascii_digit() || !ones.is_ascii_digit() {
        return None;
    }
    let number = u16::from(tens - b'0') * 10 + u16::from(ones - b'0');
    (number < end).then_some(number)
}

/// The characters of RFC 3986, `%` only before two hexadecimal digits.
fn is_uri_reference(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let allowed = match byte {
            b'%' => [bytes.next(), bytes.next()]
                .into_iter()
                .all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit())),
            _ => byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=".contains(&byte),
        };
        if !allowed {
            return false;
        }
    }
    true
}

fn is_uri(text: &str) -> bool {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && all(scheme, |byte| {
            byte.is_ascii_alphanumeric() || b"+-.".contains(byte)
        })
        && is_uri_reference(text)
}

/// Subtags of one to eight letters and digits, the first of letters.
fn is_language(text: &str) -> bool {
    let subtag =
        |subtag: &str| (1..=8).contains(&subtag.len()) && all(subtag, u8::is_ascii_alphanumeric);
    let language = text.split('-').next().unwrap_or_default();
    let named = language.len() >= 2 || ["x", "i"].contains(&language);
    named && all(language, u8::is_ascii_alphabetic) && text.split('-').all(subtag)
}
