//! The part of Zendesk's search language that a window needs, and single properties.

use jiff::Timestamp;
use serde_json::Value;

/// A query, understood: all of it must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query(Vec<Term>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Term {
    Bound {
        of: Time,
        comparison: Comparison,
        time: Timestamp,
    },
    /// A property, by the name it has in the record, and its value in text.
    Property(String, String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Time {
    Created,
    Updated,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Comparison {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// The longer spellings come first: `<` begins `<=` too.
const COMPARISONS: [(&str, Comparison); 4] = [
    ("<=", Comparison::LessOrEqual),
    (">=", Comparison::GreaterOrEqual),
    ("<", Comparison::Less),
    (">", Comparison::Greater),
];

/// Words that are no property: dates want a comparison, and the type is a parameter of its own.
const NO_PROPERTIES: [&str; 7] = [
    "type",
    "created",
    "updated",
    "created_at",
    "updated_at",
    "order_by",
    "sort",
];

impl Query {
    /// Terms joined by blanks, all of which must hold. Whatever the real search might make of
    /// words, bare dates, offsets or spaces around an operator is refused, since a client that
    /// sends such things does not get what it means.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("Invalid search: Please provide a valid search query".into());
        }
        text.split_whitespace()
            .map(term)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether the times suit.
    pub(super) fn admits(&self, created_at: Timestamp, updated_at: Timestamp) -> bool {
        self.0.iter().all(|term| {
            let Term::Bound {
                of,
                comparison,
                time,
            } = term
            else {
                return true;
            };
            let own = match of {
                Time::Created => created_at,
                Time::Updated => updated_at,
            };
            match comparison {
                Comparison::Less => own < *time,
                Comparison::LessOrEqual => own <= *time,
                Comparison::Greater => own > *time,
                Comparison::GreaterOrEqual => own >= *time,
            }
        })
    }

    /// Whether the record itself must be looked at.
    pub(super) fn has_properties(&self) -> bool {
        self.0.iter().any(|term| matches!(term, Term::Property(..)))
    }

    /// Whether the record has all properties that are asked for.
    pub(super) fn describes(&self, record: &Value) -> bool {
        self.0.iter().all(|term| match term {
            Term::Property(key, wanted) => has(record, key, wanted),
            Term::Bound { .. } => true,
        })
    }
}

fn has(record: &Value, key: &str, wanted: &str) -> bool {
    let value = record.get(key).or_else(|| record.get(format!("{key}_id")));
    match value {
        Some(Value::String(text)) => text == wanted,
        Some(Value::Array(values)) => values.iter().any(|one| one == wanted),
        Some(Value::Null) => wanted == "none",
        Some(other) => serde_json::from_str(wanted).is_ok_and(|wanted: Value| *other == wanted),
        None => false,
    }
}

fn term(text: &str) -> Result<Term, String> {
    for (name, of) in [
        ("updated", Time::Updated),
        ("created_at", Time::Created),
        ("created", Time::Created),
    ] {
        let rest = text.strip_prefix(name);
        let compared = rest.and_then(|rest| {
            let mut signs = COMPARISONS.iter();
            signs.find_map(|(sign, comparison)| Some((*comparison, rest.strip_prefix(sign)?)))
        });
        if let Some((comparison, time)) = compared {
            let time = utc_second(time)
                .ok_or_else(|| format!("Invalid search: `{time}` is not YYYY-MM-DDTHH:MM:SSZ"))?;
            return Ok(Term::Bound {
                of,
                comparison,
                time,
            });
        }
    }
    match text.split_once(':') {
        Some((key, value))
            if !value.is_empty()
                && key.bytes().all(|c| c.is_ascii_lowercase() || c == b'_')
                && !NO_PROPERTIES.contains(&key) =>
        {
            Ok(Term::Property(key.into(), value.trim_matches('"').into()))
        }
        _ => Err(format!(
            "Invalid search: `{text}` is neither a bound nor a property"
        )),
    }
}

/// Exactly `YYYY-MM-DDTHH:MM:SSZ`: which zone Zendesk reads into anything less is not known.
fn utc_second(text: &str) -> Option<Timestamp> {
    let time: Timestamp = text.parse().ok()?;
    (text == format!("{time:.0}")).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_open_window_has_its_begin_and_not_its_end() {
        let query = Query::parse("updated>=2024-01-01T00:00:00Z updated<2024-01-02T00:00:00Z");
        let query = query.expect("a query");
        let admits = |time: &str| {
            let updated = time.parse().expect("a time");
            query.admits(Timestamp::UNIX_EPOCH, updated)
        };
        assert!(!admits("2023-12-31T23:59:59Z"));
        assert!(admits("2024-01-01T00:00:00Z"));
        assert!(admits("2024-01-01T23:59:59Z"));
        assert!(!admits("2024-01-02T00:00:00Z"));
    }

    #[test]
    fn properties_are_compared_with_the_record() {
        let query = Query::parse("created>=2024-01-01T00:00:00Z role:agent brand:7 tags:vip");
        let query = query.expect("a query");
        let record = serde_json::json!({"role": "agent", "brand_id": 7, "tags": ["a", "vip"]});
        assert!(query.has_properties() && query.describes(&record));
        assert!(
            !query.describes(&serde_json::json!({"role": "agent", "brand_id": 8, "tags": ["vip"]}))
        );
        let time: Timestamp = "2024-01-01T00:00:00Z".parse().expect("a time");
        assert!(query.admits(time, Timestamp::UNIX_EPOCH));
        assert!(!query.admits(Timestamp::UNIX_EPOCH, time));
    }

    #[test]
    fn refuses_other_forms() {
        for text in [
            "",
            "  ",
            "updated>=2024-01-01",
            "updated>=2024-01-01T00:00:00",
            "updated>=2024-01-01T00:00:00+00:00",
            "updated>=2024-01-01T00:00:00.5Z",
            "updated >= 2024-01-01T00:00:00Z",
            "updated>4hours",
            "updated:2024-01-01T00:00:00Z",
            "type:user",
            "grace",
        ] {
            assert!(Query::parse(text).is_err(), "{text}");
        }
    }
}
