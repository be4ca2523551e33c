//! Names, addresses, numbers and languages as people type them, and as Adobe takes them.

use std::borrow::Cow;

use bumpalo::Bump;
use bumpalo::collections::String as Text;

use crate::config::NameSplit;

/// An e-mail address, trimmed and in lower case, if it is one beyond doubt.
///
/// Stricter than any schema's `format`: Adobe's errors are those of a validator that also wants a
/// top-level domain from a known list, and one bad address would cost the whole record.
pub(super) fn email(text: &str, reserved_are_valid: bool) -> Result<Cow<'_, str>, &'static str> {
    let mut address = Cow::Borrowed(text.trim());
    if address.bytes().any(|byte| byte.is_ascii_uppercase()) {
        address = address.to_ascii_lowercase().into();
    }
    if !is_email(&address) {
        return Err("it is not a valid e-mail address");
    }
    let top = address.rsplit('.').next().unwrap_or_default();
    // RFC 2606 and RFC 6761, and `local` of RFC 6762: no list of top-level domains has them.
    if !reserved_are_valid && ["invalid", "local", "localhost", "test", "example"].contains(&top) {
        return Err("its domain is reserved, so it is nobody's e-mail address");
    }
    Ok(address)
}

/// Whether a text is an e-mail address as it stands: ASCII; a local part without a dot at either
/// end or two in a row; a host of two labels or more.
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let is_local = |b: u8| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b);
    text.len() <= 254
        && (1..=64).contains(&local.len())
        && local.bytes().all(is_local)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && is_domain(domain)
}

/// At least two labels, the last of two letters or more.
fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let is_top = |label: &str| label.len() >= 2 && label.bytes().all(|b| b.is_ascii_alphabetic());
    domain.contains('.')
        && domain.split('.').all(is_label)
        && domain.rsplit('.').next().is_some_and(is_top)
}

/// A phone number in E.164, if it is written with its country.
pub(super) fn e164<'v>(text: &'v str, arena: &'v Bump) -> Result<&'v str, &'static str> {
    if is_e164(text) {
        return Ok(text);
    }
    let is_kept = |c: &char| !matches!(c, '-' | '.' | '(' | ')') && !c.is_whitespace();
    let mut number = Text::with_capacity_in(text.len(), arena);
    number.extend(text.chars().filter(is_kept));
    if number.starts_with("00") {
        number.replace_range(..2, "+");
    }
    if is_e164(&number) {
        Ok(number.into_bump_str())
    } else {
        Err("it is no phone number with its country code")
    }
}

/// Whether a text is a number in E.164 as it stands.
pub(super) fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

/// A person's name with single blanks, unless it is an address or a number: Zendesk names people
/// it knows nothing else of by those.
pub(super) fn full_name(text: &str) -> Result<Cow<'_, str>, &'static str> {
    let name = if has_single_blanks(text) {
        Cow::Borrowed(text)
    } else {
        text.split_whitespace().collect::<Vec<_>>().join(" ").into()
    };
    let has_letter = name.chars().any(char::is_alphabetic);
    if name.contains('@') || (!has_letter && name.chars().any(|c| c.is_ascii_digit())) {
        Err("it is an address or a phone number, not a name")
    } else {
        Ok(name)
    }
}

/// Whether all white space of a text is one blank between two words.
fn has_single_blanks(text: &str) -> bool {
    let mut is_after_blank = true;
    for c in text.chars() {
        let is_blank = c == ' ';
        if is_blank && is_after_blank || c.is_whitespace() && !is_blank {
            return false;
        }
        is_after_blank = is_blank;
    }
    !is_after_blank
}

/// First and last name, of a name that can be taken apart.
pub(super) fn split_name(name: &str, how: NameSplit) -> Option<(&str, &str)> {
    let (first, last) = name.split_once(' ')?;
    let is_plain = |word: &str| {
        word.starts_with(char::is_alphabetic)
            && !word.contains(|c: char| c.is_numeric() || c == ',')
    };
    match how {
        NameSplit::Never => None,
        NameSplit::Always => Some((first, last)),
        NameSplit::Conservative => {
            (!last.contains(' ') && is_plain(first) && is_plain(last)).then_some((first, last))
        }
    }
}

/// A locale as a BCP 47 language tag that the pattern of `preferredLanguage` takes.
///
/// Of that pattern, the tags that Zendesk's locales can become: language, script, region, variants.
pub(super) fn language(text: &str) -> Result<Cow<'_, str>, &'static str> {
    const WRONG: &str = "it is no language tag";
    if let [a, b] | [a, b, b'-', b'A'..=b'Z', b'A'..=b'Z'] = text.as_bytes()
        && a.is_ascii_lowercase()
        && b.is_ascii_lowercase()
    {
        // As most are written.
        return Ok(text.into());
    }
    let text = text.trim().replace('_', "-");
    let mut parts = text.split('-');
    let letters = |part: &str| part.bytes().all(|b| b.is_ascii_alphabetic());
    let mut tag = match parts.next() {
        Some(language) if (2..=3).contains(&language.len()) && letters(language) => {
            language.to_ascii_lowercase()
        }
        _ => return Err(WRONG),
    };
    // What may still follow: 0 a script, 1 a region, 2 variants.
    let mut may_follow = 0;
    for part in parts {
        let bytes = part.as_bytes();
        let written: Cow<'_, str> = match bytes.len() {
            4 if may_follow == 0 && letters(part) => {
                may_follow = 1;
                let (first, rest) = part.split_at(1);
                format!(
                    "{}{}",
                    first.to_ascii_uppercase(),
                    rest.to_ascii_lowercase()
                )
                .into()
            }
            2 if may_follow <= 1 && letters(part) => {
                may_follow = 2;
                part.to_ascii_uppercase().into()
            }
            3 if may_follow <= 1 && bytes.iter().all(u8::is_ascii_digit) => {
                may_follow = 2;
                part.into()
            }
            5..=8 if bytes.iter().all(u8::is_ascii_alphanumeric) => {
                may_follow = 2;
                part.into()
            }
            4 if bytes[0].is_ascii_digit() && bytes.iter().all(u8::is_ascii_alphanumeric) => {
                may_follow = 2;
                part.into()
            }
            _ => return Err(WRONG),
        };
        tag.push('-');
        tag.push_str(&written);
    }
    Ok(tag.into())
}

/// Whether `text` has the form of an IANA time zone: Zendesk's own names have blanks or no slash.
pub(super) fn is_iana_zone(text: &str) -> bool {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_-+".contains(&b))
    };
    text == "UTC" || (text.contains('/') && text.split('/').all(is_part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (text, address) in [
            (" Jane.Doe@Example.com ", "jane.doe@example.com"),
            ("o'neil+zd@mail.example.co", "o'neil+zd@mail.example.co"),
        ] {
            assert_eq!(email(text, false).as_deref(), Ok(address));
        }
        for text in [
            "maria.@example",
            "maria.@example.com",
            ".a@example.com",
            "a..b@example.com",
            "a@b",
            "a@localhost",
            "a@@example.com",
            "a@-example.com",
            "a@example.c",
            "a@example.c0m",
            "a@[127.0.0.1]",
            "Jane <jane@example.com>",
            "jané@example.com",
            "a@x.invalid",
            "a@x.test",
            "@example.com",
            "",
        ] {
            assert!(email(text, false).is_err(), "{text}");
        }
        assert_eq!(email("a@x.test", true).as_deref(), Ok("a@x.test"));
        let long = format!("{}@example.com", "a".repeat(65));
        assert!(email(&long, true).is_err());
    }

    #[test]
    fn numbers() {
        for (text, number) in [
            ("+1 (415) 555-0123", "+14155550123"),
            ("0049\u{a0}30 1234567", "+49301234567"),
            ("+44.20.7946.0958", "+442079460958"),
        ] {
            assert_eq!(e164(text, &Bump::new()), Ok(number));
        }
        for text in [
            "91 555 01 23 ext. 4",
            "415 555 0123",
            "+0 415 555 0123",
            "+123456",
            "+1234567890123456",
            "++14155550123",
            "",
        ] {
            assert!(e164(text, &Bump::new()).is_err(), "{text}");
        }
    }

    #[test]
    fn names() {
        assert_eq!(full_name("  Jane \t Doe ").as_deref(), Ok("Jane Doe"));
        assert!(full_name("+15005550006").is_err());
        assert!(full_name("jane@example.com").is_err());
        assert_eq!(full_name("R2 D2").as_deref(), Ok("R2 D2"));
        let split = |name| split_name(name, NameSplit::Conservative);
        assert_eq!(split("Jane Doe"), Some(("Jane", "Doe")));
        assert_eq!(split("Žofie Ďurišová"), Some(("Žofie", "Ďurišová")));
        for name in [
            "Jane",
            "Maria de la Cruz",
            "Doe, Jane",
            "R2 D2",
            "Jane (Sales)",
        ] {
            assert_eq!(split(name), None, "{name}");
        }
        let always = split_name("Maria de la Cruz", NameSplit::Always);
        assert_eq!(always, Some(("Maria", "de la Cruz")));
        assert_eq!(split_name("Jane Doe", NameSplit::Never), None);
    }

    #[test]
    fn what_is_an_email_address_as_it_stands() {
        for good in ["a@b.co", "jane.doe+x@mail.example.com", "o'neil@x-y.org"] {
            assert!(is_email(good), "{good}");
        }
        for bad in [
            "",
            "a",
            "@b.co",
            "a@",
            "a@b",
            "a@localhost",
            "a@b.c",
            "a@b.c1",
            "a..b@c.de",
            ".a@b.de",
            "a.@b.de",
            "a@-b.de",
            "a@b-.de",
            "a@b..de",
            "a b@c.de",
            "Jane <a@b.de>",
            "a@[1.2.3.4]",
            "ä@b.de",
            "a@b@c.de ",
        ] {
            assert!(!is_email(bad), "{bad}");
        }
        assert!(!is_email(&format!("{}@b.de", "a".repeat(65))));
    }

    #[test]
    fn languages() {
        for (text, tag) in [
            ("en-us", "en-US"),
            ("es-419", "es-419"),
            ("zh_hant_tw", "zh-Hant-TW"),
            ("DE", "de"),
            ("sr-LATN", "sr-Latn"),
            ("ca-es-valencia", "ca-ES-valencia"),
        ] {
            assert_eq!(language(text).as_deref(), Ok(tag));
        }
        for text in [
            "",
            "e",
            "en-",
            "en-x",
            "english",
            "en-us-gb",
            "12",
            "fr-ca-x-family",
        ] {
            assert!(language(text).is_err(), "{text}");
        }
    }

    #[test]
    fn zones() {
        assert!(is_iana_zone("America/Argentina/Buenos_Aires"));
        assert!(is_iana_zone("Etc/GMT+3"));
        assert!(!is_iana_zone("Pacific Time (US & Canada)"));
        assert!(!is_iana_zone("Madrid"));
    }
}
