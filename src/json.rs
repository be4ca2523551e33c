//! Picking fields out of JSON objects without building them, and records out of pages.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

mod block;
mod children;
mod literal;
pub mod scan;

pub use children::{Child, Children, Malformed};

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

/// Keys that are wanted of many objects; found in time that hardly grows with their number.
#[derive(Debug, Default)]
pub struct Keys {
    names: Vec<Box<str>>,
    /// Places in `names` and one more, zero where nothing is: each at its hash, or as near behind it
    /// as there was room. At least half of it is empty.
    table: Vec<u32>,
}

impl Keys {
    /// The place of `name` among the keys; it is added if it is not there yet.
    pub fn place(&mut self, name: &str) -> usize {
        if let Some(place) = self.find(name) {
            return place;
        }
        self.names.push(name.into());
        self.table = vec![0; (4 * self.names.len()).next_power_of_two()];
        for (number, name) in (1..).zip(&self.names) {
            let mut at = hash(name) & (self.table.len() - 1);
            while self.table[at] != 0 {
                at = (at + 1) & (self.table.len() - 1);
            }
            self.table[at] = number;
        }
        self.names.len() - 1
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.names.len()
    }

    #[inline]
    fn find(&self, name: &str) -> Option<usize> {
        let last = self.table.len().checked_sub(1)?;
        let mut at = hash(name) & last;
        loop {
            let place = self.table[at].checked_sub(1)? as usize;
            if *self.names[place] == *name {
                return Some(place);
            }
            at = (at + 1) & last;
        }
    }

    /// [`pick`], for these keys, into `picked`, which has a place for each. Of `json` it is taken
    /// that it was judged before: the insides of its members are not looked at.
    ///
    /// # Errors
    /// When `json` is no object.
    pub fn pick<'json>(
        &self,
        json: &'json str,
        picked: &mut [Option<&'json str>],
    ) -> Result<(), Malformed> {
        let mut members = Children::of_object(json)?;
        while let Some(member) = members.advance()? {
            let key = member.key().ok_or(Malformed)?;
            if let Some(place) = self.find(&key) {
                picked[place] = (member.value != "null").then_some(member.value);
            }
        }
        Ok(())
    }
}

/// A hash of the length and the ends of a key: the keys of an object seldom differ in the middle alone.
#[inline]
fn hash(key: &str) -> usize {
    let bytes = key.as_bytes();
    let end = match (bytes.last_chunk::<8>(), bytes.last_chunk::<4>()) {
        (Some(end), _) => u64::from_le_bytes(*end),
        (None, Some(end)) => {
            let begin = bytes.first_chunk::<4>().unwrap_or(end);
            u64::from(u32::from_le_bytes(*begin)) << 32 | u64::from(u32::from_le_bytes(*end))
        }
        (None, None) => bytes
            .iter()
            .fold(0, |end, byte| end << 8 | u64::from(*byte)),
    };
    let begin = bytes.first().map_or(0, |byte| u64::from(*byte));
    let mixed = (end ^ begin << 56 ^ bytes.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 40) as usize
}

struct Picker<'p, 'de> {
    keys: &'p [&'p str],
    /// As many as keys.
    picked: &'p mut [Option<&'de RawValue>],
}

impl<'de> DeserializeSeed<'de> for Picker<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Picker<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while let Some(index) = map.next_key_seed(KeyIndex(self.keys))? {
            match index {
                Some(index) => {
                    let value: &RawValue = map.next_value()?;
                    self.picked[index] = (value.get() != "null").then_some(value);
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
struct KeyIndex<'keys>(&'keys [&'keys str]);

impl<'de> DeserializeSeed<'de> for KeyIndex<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeyIndex<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Self::Value, E> {
        Ok(self.0.iter().position(|wanted| *wanted == key))
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

    #[test]
    fn many_keys_are_told_apart() {
        let names: Vec<String> = (0..100).map(|n| format!("k{}", "x".repeat(n))).collect();
        let mut keys = Keys::default();
        for (place, name) in names.iter().enumerate() {
            assert_eq!(keys.place(name), place);
        }
        assert_eq!(keys.place("k"), 0);
        let mut picked = vec![None; keys.count()];
        let json = r#"{"k":1,"y":2,"kx":null,"\u006bxx":3,"k":{"kxxx":4}}"#;
        keys.pick(json, &mut picked).expect("an object");
        assert_eq!(picked[..4], [Some(r#"{"kxxx":4}"#), None, Some("3"), None]);
        assert_eq!(keys.pick("[]", &mut picked), Err(Malformed));
    }
}
