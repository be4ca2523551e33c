//! The built-in checks: one pass over the bytes, nothing built.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use serde::Deserialize;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::Findings;
use super::forms::Form;
use super::known::{ENTITY, Known, Object};
use crate::limits;
use crate::mapping::path::Path;

/// Judges a mapped object by what holds for every schema.
pub(super) fn check(entity: &[u8], findings: &Findings) {
    let walk = Walk {
        findings,
        identities: Cell::new(0),
        primaries: Cell::new(0),
        is_event: Cell::new(false),
    };
    let value = Value {
        known: &ENTITY,
        path: Path::Message,
        walk: &walk,
    };
    let mut deserializer = serde_json::Deserializer::from_slice(entity);
    let parsed = value.deserialize(&mut deserializer);
    if parsed.and_then(|_| deserializer.end()).is_err() {
        // The parser's own words may quote the message.
        findings.forget();
        findings.add(Path::Message, "is not JSON, or nested too deeply");
        return;
    }
    walk.judge_identities();
    walk.judge_size(entity.len());
}

/// What a pass counts.
struct Walk<'f> {
    findings: &'f Findings,
    identities: Cell<usize>,
    primaries: Cell<usize>,
    is_event: Cell<bool>,
}

impl Walk<'_> {
    fn judge_identities(&self) {
        let map = Path::Member(&Path::Message, "identityMap");
        if self.identities.get() > limits::IDENTITIES_MAX {
            let problem = format!(
                "has {} identities; a message may have {}",
                self.identities.get(),
                limits::IDENTITIES_MAX
            );
            self.findings.add(map, problem);
        }
        if self.primaries.get() > 1 {
            self.findings.add(map, "has more than one primary identity");
        }
    }

    fn judge_size(&self, size: usize) {
        let (kind, max) = if self.is_event.get() {
            ("an event", limits::EVENT_BYTES_MAX)
        } else {
            ("a record", limits::PROFILE_RECORD_BYTES_MAX)
        };
        if size > max {
            let problem =
                format!("has {size} bytes; the profile silently drops {kind} above {max}");
            self.findings.add(Path::Message, problem);
        }
    }
}

/// What a value turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Null,
    Boolean,
    Number,
    Text,
    List,
    Object,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::Text => "text",
            Self::List => "a list",
            Self::Object => "an object",
        }
    }
}

/// A value that is about to be read.
struct Value<'w, 'p> {
    known: &'static Known,
    path: Path<'p>,
    walk: &'w Walk<'w>,
}

impl Value<'_, '_> {
    fn add(&self, problem: impl Into<Cow<'static, str>>) {
        self.walk.findings.add(self.path, problem);
    }

    /// Judges a value that is not what is known of its place.
    fn judge_kind(&self, kind: Kind) -> Kind {
        let expected = match self.known {
            Known::Anything => return kind,
            Known::Text(_) => Kind::Text,
            Known::Boolean | Known::Primary => Kind::Boolean,
            Known::Integer | Known::Number(..) => Kind::Number,
            Known::Object(_) => Kind::Object,
            Known::List(_) => Kind::List,
        };
        if kind != expected {
            self.add(format!("is {}, not {}", kind.as_str(), expected.as_str()));
        }
        kind
    }

    fn judge_number(&self, number: f64) -> Kind {
        match *self.known {
            _ if number.fract() == 0.0 && number.abs() > limits::INTEGER_MAX as f64 => {
                self.add("is beyond 2^53 - 1, the largest whole number the platform takes");
            }
            Known::Integer if number.fract() != 0.0 => self.add("is not a whole number"),
            Known::Number(min, max) if !(min..=max).contains(&number) => {
                self.add(format!("is not between {min} and {max}"));
            }
            _ => return self.judge_kind(Kind::Number),
        }
        Kind::Number
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_, '_> {
    type Value = Kind;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Kind, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_, '_> {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Kind, E> {
        self.add("is null; the platform takes no empty values, so leave it out");
        Ok(Kind::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Kind, E> {
        if let (Known::Primary, true) = (self.known, value) {
            self.walk.primaries.update(|primaries| primaries + 1);
        }
        Ok(self.judge_kind(Kind::Boolean))
    }

    // What a conversion loses lies beyond the bound.
    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Kind, E> {
        Ok(self.judge_number(number as f64))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Kind, E> {
        Ok(self.judge_number(number as f64))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Kind, E> {
        Ok(self.judge_number(number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Kind, E> {
        if text.trim().is_empty() {
            self.add("is empty; the platform takes no empty values, so leave it out");
            return Ok(Kind::Text);
        }
        if let Known::Text(form) = self.known {
            if let Form::Identity | Form::EmailIdentity | Form::PhoneIdentity = form {
                self.walk.identities.update(|identities| identities + 1);
            }
            if let Some(problem) = form.problem(text) {
                self.add(problem);
            }
        }
        Ok(self.judge_kind(Kind::Text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Kind, A::Error> {
        let known = match self.known {
            Known::List(known) => known,
            _ => &Known::Anything,
        };
        let (mut count, mut first) = (0, None);
        loop {
            let path = Path::Element(&self.path, count);
            let element = Value {
                known,
                path,
                walk: self.walk,
            };
            let Some(kind) = elements.next_element_seed(element)? else {
                break;
            };
            let first = *first.get_or_insert(kind);
            // A null was told of already, and so was what is not as it is known to be.
            if matches!(known, Known::Anything) && kind != first && kind != Kind::Null {
                let problem = format!(
                    "is {} in a list that begins with {}",
                    kind.as_str(),
                    first.as_str()
                );
                self.walk.findings.add(path, problem);
            }
            count += 1;
        }
        if count == 0 {
            self.add("is an empty list; the platform takes no empty values, so leave it out");
        }
        Ok(self.judge_kind(Kind::List))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Kind, A::Error> {
        static UNKNOWN: Object = Object {
            members: &[],
            others: &Known::Anything,
            needs: &[],
        };
        let object = match self.known {
            Known::Object(object) => *object,
            _ => &UNKNOWN,
        };
        let (mut present, mut empty) = (0_u64, true);
        while let Some(Key(key)) = members.next_key()? {
            let known = match object.members.iter().position(|(name, _)| *name == key) {
                Some(index) => {
                    present |= 1 << index;
                    &object.members[index].1
                }
                None => object.others,
            };
            members.next_value_seed(Value {
                known,
                path: Path::Member(&self.path, &key),
                walk: self.walk,
            })?;
            empty = false;
        }
        if empty {
            self.add("is an empty object; the platform takes no empty values, so leave it out");
        } else {
            self.judge_needs(object, present);
        }
        Ok(self.judge_kind(Kind::Object))
    }
}

impl Value<'_, '_> {
    /// Judges whether an object has what it needs; the bits are those of its known members.
    fn judge_needs(&self, object: &'static Object, present: u64) {
        let has = |name: &str| {
            let index = object.members.iter().position(|(known, _)| *known == name);
            index.is_some_and(|index| present & 1 << index != 0)
        };
        if let Path::Message = self.path {
            self.walk.is_event.set(has("timestamp") || has("eventType"));
        }
        let mut told: &str = "";
        for (by, needed) in object.needs {
            if by.is_none_or(has) && !has(needed) && told != *needed {
                let path = Path::Member(&self.path, needed);
                self.walk.findings.add(path, "is missing, and required");
                told = needed;
            }
        }
    }
}

/// A key, borrowed wherever it has no escapes.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);
