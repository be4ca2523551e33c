//! The part of Zendesk's search language that a window needs.

use jiff::Timestamp;

/// A query, understood: bounds on `updated`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Query(Vec<Bound>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bound {
    comparison: Comparison,
    time: Timestamp,
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

impl Query {
    /// Terms joined by blanks, all of which must hold. Whatever the real search might make of
    /// words, bare dates, offsets or spaces around an operator is refused, since a client that
    /// sends such things does not get what it means.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("Invalid search: Please provide a valid search query".into());
        }
        text.split_whitespace()
            .map(bound)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    pub(super) fn admits(&self, updated_at: Timestamp) -> bool {
        self.0.iter().all(|bound| match bound.comparison {
            Comparison::Less => updated_at < bound.time,
            Comparison::LessOrEqual => updated_at <= bound.time,
            Comparison::Greater => updated_at > bound.time,
            Comparison::GreaterOrEqual => updated_at >= bound.time,
        })
    }
}

fn bound(term: &str) -> Result<Bound, String> {
    let known = term.strip_prefix("updated").and_then(|rest| {
        COMPARISONS
            .iter()
            .find_map(|(sign, comparison)| Some((*comparison, rest.strip_prefix(sign)?)))
    });
    let (comparison, time) =
        known.ok_or_else(|| format!("Invalid search: `{term}` is no bound on updated"))?;
    let time = utc_second(time)
        .ok_or_else(|| format!("Invalid search: `{time}` is not YYYY-MM-DDTHH:MM:SSZ"))?;
    Ok(Bound { comparison, time })
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
        let admits = |time: &str| query.admits(time.parse().expect("a time"));
        assert!(!admits("2023-12-31T23:59:59Z"));
        assert!(admits("2024-01-01T00:00:00Z"));
        assert!(admits("2024-01-01T23:59:59Z"));
        assert!(!admits("2024-01-02T00:00:00Z"));
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
