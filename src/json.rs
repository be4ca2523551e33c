//! Picking fields out of JSON objects without building them, and records out of pages.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

mod block;
mod literal;
pub mod scan;

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
    keys: &Keys,
) -> serde_json::Result<Vec<Option<&'json RawValue>>> {
    let mut picked = vec![None; keys.names.len()];
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let picker = Picker {
        keys,
        picked: &mut picked,
    };
    picker.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(picked)
}

/// Keys that are wanted of many objects; found in time that hardly grows with their number.
#[derive(Debug, Default)]
pub struct Keys {
    names: Vec<Box<str>>,
    /// Places in `names`, by name.
    sorted: Vec<usize>,
}

impl Keys {
    /// The place of `name` among the keys; it is added if it is not there yet.
    pub fn place(&mut self, name: &str) -> usize {
        match self.search(name) {
            Ok(found) => self.sorted[found],
            Err(gap) => {
                self.names.push(name.into());
                self.sorted.insert(gap, self.names.len() - 1);
                self.names.len() - 1
            }
        }
    }

    fn search(&self, name: &str) -> Result<usize, usize> {
        self.sorted
            .binary_search_by(|place| (*self.names[*place]).cmp(name))
    }
}

/// Wanted keys, by their places.
trait Wanted {
    fn find(&self, key: &str) -> Option<usize>;
    fn is_at(&self, place: usize, key: &str) -> bool;
}

impl<const N: usize> Wanted for [&str; N] {
    fn find(&self, key: &str) -> Option<usize> {
        self.iter().position(|wanted| *wanted == key)
    }

    fn is_at(&self, place: usize, key: &str) -> bool {
        self.get(place).is_some_and(|wanted| *wanted == key)
    }
}

impl Wanted for Keys {
    fn find(&self, key: &str) -> Option<usize> {
        self.search(key).ok().map(|found| self.sorted[found])
    }

    fn is_at(&self, place: usize, key: &str) -> bool {
        self.names.get(place).is_some_and(|wanted| **wanted == *key)
    }
}

struct Picker<'p, 'de, K> {
    keys: &'p K,
    /// As many as keys.
    picked: &'p mut [Option<&'de RawValue>],
}

impl<'de, K: Wanted> DeserializeSeed<'de> for Picker<'_, 'de, K> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, K: Wanted> Visitor<'de> for Picker<'_, 'de, K> {
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
    keys: &'keys K,
    likely: usize,
}

impl<'de, K: Wanted> DeserializeSeed<'de> for KeyIndex<'_, K> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<K: Wanted> Visitor<'_> for KeyIndex<'_, K> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Self::Value, E> {
        if self.keys.is_at(self.likely, key) {
            Ok(Some(self.likely))
        } else {
            Ok(self.keys.find(key))
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
