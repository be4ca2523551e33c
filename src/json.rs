//! Picking fields out of JSON objects without building them.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The values of `keys` in the object `json`, as slices of it, in the order of `keys`.
///
/// `None` where a key is absent or null: Zendesk uses both for "no value". Of a repeated key the
/// last one counts. The whole of `json` is checked to be one object and nothing more.
///
/// # Errors
/// When `json` is not an object or not JSON at all.
pub fn pick<'json, const N: usize>(
    json: &'json [u8],
    keys: &[&str; N],
) -> serde_json::Result<[Option<&'json RawValue>; N]> {
    let mut picked = [None; N];
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let picker = Picker {
        keys,
        picked: &mut picked,
    };
    picker.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(picked)
}

/// [`pick`], for keys that are known only at run time.
///
/// # Errors
/// As [`pick`].
pub fn pick_all<'json>(
    json: &'json [u8],
    keys: &[impl AsRef<str>],
) -> serde_json::Result<Vec<Option<&'json RawValue>>> {
    let mut picked = vec![None; keys.len()];
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let picker = Picker {
        keys,
        picked: &mut picked,
    };
    picker.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(picked)
}

struct Picker<'p, 'de, K> {
    keys: &'p [K],
    /// As many as keys.
    picked: &'p mut [Option<&'de RawValue>],
}

impl<'de, K: AsRef<str>> DeserializeSeed<'de> for Picker<'_, 'de, K> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, K: AsRef<str>> Visitor<'de> for Picker<'_, 'de, K> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        // Objects of one kind have their keys in one order, mostly: the wanted key is likely the one
        // after the last.
        let mut likely = 0;
        while let Some(index) = map.next_key_seed(KeyIndex {
            keys: self.keys,
            likely,
        })? {
            match index {
                Some(index) => {
                    let value: &RawValue = map.next_value()?;
                    self.picked[index] = (value.get() != "null").then_some(value);
                    likely = index + 1;
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(())
    }
}

/// Which of the wanted keys a key is; a visitor, so that unescaped keys are never copied.
struct KeyIndex<'keys, K> {
    keys: &'keys [K],
    likely: usize,
}

impl<'de, K: AsRef<str>> DeserializeSeed<'de> for KeyIndex<'_, K> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<K: AsRef<str>> Visitor<'_> for KeyIndex<'_, K> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Self::Value, E> {
        let is_it = |wanted: &K| wanted.as_ref() == key;
        match self.keys.get(self.likely) {
            Some(wanted) if is_it(wanted) => Ok(Some(self.likely)),
            _ => Ok(self.keys.iter().position(is_it)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: [Option<&str>; 2]) {
        let picked = pick(json.as_bytes(), &["id", "at"]).expect(json);
        assert_eq!(
            picked.map(|value| value.map(RawValue::get)),
            expected,
            "in {json}"
        );
    }

    #[test]
    fn values_are_slices_with_their_spelling_kept() {
        check(
            r#"{"id": 1.50, "x": [{"id":2}], "at" : "a\u00e9" }"#,
            [Some("1.50"), Some(r#""a\u00e9""#)],
        );
        check(r#"{"at":{"id":3}}"#, [None, Some(r#"{"id":3}"#)]);
        check(r#"{"id":null}"#, [None, None]);
        check(r#"{"i\u0064":7}"#, [Some("7"), None]);
        check(r#"{"id":1,"id":2}"#, [Some("2"), None]);
        check("{}", [None, None]);
    }

    #[test]
    fn anything_but_one_object_is_an_error() {
        for json in [
            "",
            "[]",
            "1",
            "{",
            r#"{"id":1"#,
            "{} {}",
            r#"{"id":1,}"#,
            "<html>",
            "{\"a\":\"\u{1}\"}",
        ] {
            assert!(pick(json.as_bytes(), &["id"]).is_err(), "{json}");
        }
        assert!(pick(b"{\"a\":\"\xff\"}", &["a"]).is_err());
    }
}
