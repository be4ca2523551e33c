//! What single values may be: from what the layers gave to the types the program runs on.
//!
//! Each function here is, or makes, a parser of one kind of value. A parser knows nothing of
//! keys and places; it says what is wrong and what to write.

use std::fmt::Display;
use std::ops::RangeInclusive;

use ::config::ValueKind;
use jiff::Timestamp;
use jiff::civil::DateTime;

use super::fault::Problem;

pub(super) mod address;
pub(super) mod clock;
pub(super) mod quantity;

/// A value as the layers gave it.
#[derive(Debug)]
pub(super) struct Given<'v> {
    /// The value itself.
    pub(super) kind: &'v ValueKind,
    /// Whether it came from the environment, where everything is a string.
    pub(super) from_environment: bool,
    /// Whether it could be a secret, so that no message may contain it.
    pub(super) hidden: bool,
}

/// How much of a value a message quotes.
const QUOTED_CHARS_MAX: usize = 80;

impl Given<'_> {
    /// The string that it must be.
    pub(super) fn text(&self) -> Result<&str, Problem> {
        match self.kind {
            ValueKind::String(text) => Ok(text),
            _ => Err(Problem::new(
                format!("{} is not a string", self.described()),
                "write a string, in quotes",
            )),
        }
    }

    /// The value in backticks, for a message. Cut if long; control characters, which could
    /// forge a line of the report, are escaped.
    pub(super) fn quoted(&self) -> String {
        if self.hidden {
            return "the value".to_owned();
        }
        let text = self.kind.to_string();
        let mut quoted = String::from("`");
        for c in text.chars().take(QUOTED_CHARS_MAX) {
            if c.is_control() {
                quoted.extend(c.escape_default());
            } else {
                quoted.push(c);
            }
        }
        if text.chars().nth(QUOTED_CHARS_MAX).is_some() {
            quoted.push('…');
        }
        quoted.push('`');
        quoted
    }

    /// The value with its type, for a message about the type.
    pub(super) fn described(&self) -> String {
        let kind = match self.kind {
            ValueKind::Array(_) => return "a list".to_owned(),
            ValueKind::Table(_) => return "a table".to_owned(),
            ValueKind::Nil => return "nothing".to_owned(),
            ValueKind::String(_) => "string",
            ValueKind::Boolean(_) => "boolean",
            ValueKind::Float(_) => "decimal number",
            ValueKind::I64(_) | ValueKind::I128(_) | ValueKind::U64(_) | ValueKind::U128(_) => {
                "integer"
            }
        };
        if self.hidden {
            format!("this {kind}")
        } else {
            format!("the {kind} {}", self.quoted())
        }
    }
}

/// Text that is there and holds no control characters.
pub(super) fn text(given: &Given<'_>) -> Result<String, Problem> {
    let text = given.text()?;
    if text.trim().is_empty() {
        Err(Problem::new(
            "the string is empty",
            "write its value, or leave the key out",
        ))
    } else if text.chars().any(char::is_control) {
        Err(Problem::new(
            format!("{} has a control character in it", given.quoted()),
            "write it without",
        ))
    } else {
        Ok(text.to_owned())
    }
}

/// Text that may travel in a header: visible ASCII, without spaces.
pub(super) fn identifier(given: &Given<'_>) -> Result<String, Problem> {
    let text = text(given)?;
    if text.chars().all(|c| c.is_ascii_graphic()) {
        Ok(text)
    } else {
        Err(Problem::new(
            format!("{} is not an identifier", given.quoted()),
            "write it as it was issued: letters, digits and signs, no spaces",
        ))
    }
}

/// A whole number in `range`.
pub(super) fn integer(
    range: RangeInclusive<u32>,
) -> impl FnOnce(&Given<'_>) -> Result<u32, Problem> {
    move |given| {
        let remedy = format!(
            "write a whole number from {} to {}",
            range.start(),
            range.end()
        );
        let integer = match given.kind {
            ValueKind::I128(integer) => Some(*integer),
            ValueKind::String(text) if given.from_environment => text.trim().parse().ok(),
            _ => None,
        };
        let Some(integer) = integer else {
            let what = format!("{} is not an integer", given.described());
            return Err(Problem::new(what, remedy));
        };
        match u32::try_from(integer) {
            Ok(integer) if range.contains(&integer) => Ok(integer),
            _ => Err(Problem::new(
                format!("{} is out of range", given.quoted()),
                remedy,
            )),
        }
    }
}

/// A part of a whole: above 0, at most 1.
pub(super) fn part(given: &Given<'_>) -> Result<f64, Problem> {
    let remedy = "write a number above 0 and at most 1, like 0.8";
    let number = match given.kind {
        ValueKind::Float(number) => Some(*number),
        ValueKind::I128(number) => i32::try_from(*number).ok().map(f64::from),
        ValueKind::String(text) if given.from_environment => text.trim().parse().ok(),
        _ => None,
    };
    match number {
        Some(number) if number > 0.0 && number <= 1.0 => Ok(number),
        Some(_) => Err(Problem::new(
            format!("{} is out of range", given.quoted()),
            remedy,
        )),
        None => Err(Problem::new(
            format!("{} is not a part of a whole", given.described()),
            remedy,
        )),
    }
}

/// A boolean; in the environment, the word for it.
pub(super) fn flag(given: &Given<'_>) -> Result<bool, Problem> {
    match given.kind {
        ValueKind::Boolean(flag) => Some(*flag),
        ValueKind::String(text) if given.from_environment => text.trim().parse().ok(),
        _ => None,
    }
    .ok_or_else(|| {
        let what = format!("{} is neither true nor false", given.described());
        Problem::new(what, "write `true` or `false`, without quotes")
    })
}

/// One of several words, each with what it stands for.
pub(super) fn choice<T: Copy>(
    words: &[(&str, T)],
) -> impl FnOnce(&Given<'_>) -> Result<T, Problem> {
    move |given| {
        let text = given.text()?;
        if let Some((_, chosen)) = words.iter().find(|(word, _)| *word == text) {
            return Ok(*chosen);
        }
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        Err(Problem::new(
            format!("{} is none of the choices", given.quoted()),
            format!("write {}", alternatives(&words, "or")),
        ))
    }
}

/// A list of [`words`], which may also be empty.
pub(super) fn list(given: &Given<'_>) -> Result<Vec<String>, Problem> {
    match given.kind {
        ValueKind::Array(elements) if elements.is_empty() => Ok(Vec::new()),
        ValueKind::String(text) if given.from_environment && text.is_empty() => Ok(Vec::new()),
        _ => words(given),
    }
}

/// A list of words; in the environment, words with commas between them.
pub(super) fn words(given: &Given<'_>) -> Result<Vec<String>, Problem> {
    let refused = || {
        let what = format!("{} is not a list of words", given.described());
        Problem::new(what, r#"write words in quotes, like ["openid", "session"]"#)
    };
    let words: Vec<&str> = match given.kind {
        ValueKind::Array(elements) => elements
            .iter()
            .map(|element| match &element.kind {
                ValueKind::String(word) => Ok(word.as_str()),
                _ => Err(refused()),
            })
            .collect::<Result<_, _>>()?,
        ValueKind::String(text) if given.from_environment => {
            text.split(',').map(str::trim).collect()
        }
        _ => return Err(refused()),
    };
    let is_word = |word: &&str| !word.is_empty() && word.chars().all(|c| c.is_ascii_graphic());
    if words.is_empty() || !words.iter().all(is_word) {
        return Err(refused());
    }
    Ok(words.into_iter().map(str::to_owned).collect())
}

/// A list of names, which may have spaces but no quotes; in the environment, names with commas
/// between them.
pub(super) fn texts(given: &Given<'_>) -> Result<Vec<String>, Problem> {
    let texts: Vec<&str> = match given.kind {
        ValueKind::Array(elements) => elements
            .iter()
            .map(|element| match &element.kind {
                ValueKind::String(text) => text.trim(),
                _ => "",
            })
            .collect(),
        ValueKind::String(text) if given.from_environment => {
            text.split(',').map(str::trim).collect()
        }
        _ => Vec::new(),
    };
    let is_name = |text: &&str| {
        !text.is_empty() && !text.contains('"') && !text.chars().any(char::is_control)
    };
    if texts.is_empty() || !texts.iter().all(is_name) {
        let what = format!("{} is not a list of names", given.described());
        return Err(Problem::new(
            what,
            r#"write names, like ["Acme", "Acme Shop"]"#,
        ));
    }
    Ok(texts.into_iter().map(str::to_owned).collect())
}

/// A moment: RFC 3339, the offset included.
pub(super) fn moment(given: &Given<'_>) -> Result<Timestamp, Problem> {
    let text = given.text()?;
    text.parse().map_err(|_| match text.parse::<DateTime>() {
        Ok(time) => Problem::new(
            format!("{} does not say in which offset from UTC", given.quoted()),
            format!("write \"{time}Z\" for UTC, or the offset, like \"{time}+02:00\""),
        ),
        Err(_) => Problem::new(
            format!("{} is not a date-time", given.quoted()),
            r#"write a date, a time and its offset, like "2025-01-31T00:00:00Z""#,
        ),
    })
}

/// The candidate that was probably meant, if one is close enough.
pub(crate) fn nearest<'c>(written: &str, candidates: &'c [impl AsRef<str>]) -> Option<&'c str> {
    let distance = |candidate: &str| strsim::damerau_levenshtein(written, candidate);
    // A third of the letters may be wrong; more is another word.
    let mistakes_max = written.chars().count().div_ceil(3);
    candidates
        .iter()
        .map(|candidate| (distance(candidate.as_ref()), candidate.as_ref()))
        .filter(|(mistakes, _)| *mistakes <= mistakes_max)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The words in backticks, the last after `conjunction`.
pub(crate) fn alternatives(words: &[impl Display], conjunction: &str) -> String {
    match words {
        [] => "none".to_owned(),
        [word] => format!("`{word}`"),
        [words @ .., last] => {
            let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
            format!("{} {conjunction} `{last}`", words.join(", "))
        }
    }
}
