//! The difference between two JSON values, path by path, as a person reads it.

use serde::Serialize;
use serde_json::Value;

use crate::mapping::member;

/// One place where two values differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::cli) struct Difference {
    /// The place, as in `person.name.fullName`; empty for the values as a whole.
    path: String,
    /// What is there in the first; absent if nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Value>,
    /// What is there in the second; absent if nothing is.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<Value>,
}

impl Difference {
    /// One line for what is gone, one for what has come.
    pub(in crate::cli) fn lines(&self) -> impl Iterator<Item = String> {
        let line = |sign, value: &Option<Value>| {
            let value = value.as_ref()?;
            Some(match self.path.as_str() {
                "" => format!("{sign} {value}"),
                path => format!("{sign} {path}: {value}"),
            })
        };
        [line('-', &self.before), line('+', &self.after)]
            .into_iter()
            .flatten()
    }
}

/// Every place where `after` differs from `before`, in the order of `before` and then of `after`.
pub(in crate::cli) fn differences(before: &Value, after: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(Some(before), Some(after), String::new(), &mut found);
    found
}

fn compare(
    before: Option<&Value>,
    after: Option<&Value>,
    path: String,
    found: &mut Vec<Difference>,
) {
    match (before, after) {
        (Some(Value::Object(ours)), Some(Value::Object(theirs))) => {
            let new = theirs.keys().filter(|key| !ours.contains_key(*key));
            for key in ours.keys().chain(new) {
                compare(ours.get(key), theirs.get(key), member(&path, key), found);
            }
        }
        (Some(Value::Array(ours)), Some(Value::Array(theirs))) => {
            for index in 0..ours.len().max(theirs.len()) {
                let path = format!("{path}[{index}]");
                compare(ours.get(index), theirs.get(index), path, found);
            }
        }
        (before, after) if before == after => {}
        (before, after) => found.push(Difference {
            path,
            before: before.cloned(),
            after: after.cloned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn lines(before: &Value, after: &Value) -> String {
        let found = differences(before, after);
        let lines: Vec<String> = found.iter().flat_map(Difference::lines).collect();
        lines.join("\n")
    }

    #[test]
    fn places_are_told_apart() {
        let before = json!({"a": {"b": 1, "c": "x"}, "l": [1, {"m": 2}, 3], "gone": {"x": 1}});
        let after = json!({"a": {"b": 1, "c": "y", "d": true}, "l": [1, {"m": 4}], "new": [null]});
        insta::assert_snapshot!(lines(&before, &after), @r#"
        - a.c: "x"
        + a.c: "y"
        + a.d: true
        - gone: {"x":1}
        - l[1].m: 2
        + l[1].m: 4
        - l[2]: 3
        + new: [null]
        "#);
        assert_eq!(lines(&before, &before), "");
        assert_eq!(lines(&json!(1), &json!("1")), "- 1\n+ \"1\"");
        assert_eq!(lines(&json!({}), &json!({"a": null})), "+ a: null");
    }
}
