//! `identityMap`: who a record is about.

use super::notes::{Change, Notes};
use super::value::{self, Elements, Value};
use crate::limits;

/// Identity Service ignores or refuses these, whatever the namespace.
pub(super) const FORBIDDEN: [&str; 3] = ["null", "anonymous", "invalid"];

/// The identities of one record, under construction: the members of the map, at the end of a message.
pub(super) struct IdentityMap<'o> {
    out: &'o mut Vec<u8>,
    begin: usize,
    count: usize,
    pub(super) has_primary: bool,
}

impl<'o> IdentityMap<'o> {
    /// Begins the map at the end of `out`.
    pub(super) fn new(out: &'o mut Vec<u8>) -> Self {
        Self {
            begin: out.len(),
            out,
            count: 0,
            has_primary: false,
        }
    }

    /// Adds the identities that `value` holds to one namespace. Of a list, each element; the first
    /// can be primary.
    pub(super) fn add(
        &mut self,
        namespace: &str,
        value: &Value<'_>,
        is_primary: bool,
        notes: &mut Notes,
    ) {
        let path = format_args!("identityMap.{namespace}");
        if let Value::Misfit(why) = value {
            return notes.add_at(Change::Omitted, path, why);
        }
        let (before, first) = (self.out.len(), self.count);
        let mut known: Vec<String> = Vec::new();
        let elements = value.elements();
        let is_list = !matches!(elements, Elements::One(_));
        for element in elements {
            let Some(text) = element.as_text() else {
                notes.add_at(Change::Omitted, path, "it is no text");
                continue;
            };
            let mut id = text;
            if id.contains('\0') {
                id = id.replace('\0', "").into();
            }
            let id = id.trim();
            let is_longer = id.len() > limits::IDENTITY_CHARS_MAX
                && id.chars().count() > limits::IDENTITY_CHARS_MAX;
            let why = if id.is_empty() {
                continue;
            } else if FORBIDDEN.iter().any(|word| id.eq_ignore_ascii_case(word)) {
                "Identity Service takes no such value"
            } else if is_longer {
                "it is longer than identities may be"
            } else if self.count >= limits::IDENTITIES_MAX {
                "the record has more identities than it may have"
            } else {
                if !known.iter().any(|known| known == id) {
                    if is_list {
                        known.push(id.to_owned());
                    }
                    self.write(namespace, id, is_primary && self.count == first, first);
                }
                continue;
            };
            notes.add_at(Change::Omitted, path, why);
        }
        if self.out.len() > before {
            self.out.push(b']');
            self.has_primary |= is_primary;
        }
    }

    /// Writes one identity; `first` is how many there were before its namespace.
    fn write(&mut self, namespace: &str, id: &str, is_primary: bool, first: usize) {
        if self.count > 0 {
            self.out.push(b',');
        }
        if self.count == first {
            value::write_text(namespace, self.out);
            self.out.extend_from_slice(b":[");
        }
        self.out.extend_from_slice(b"{\"id\":");
        value::write_text(id, self.out);
        // An export observes no sign-in.
        self.out.extend_from_slice(if is_primary {
            b",\"authenticatedState\":\"ambiguous\",\"primary\":true}"
        } else {
            b",\"authenticatedState\":\"ambiguous\",\"primary\":false}"
        });
        self.count += 1;
    }

    /// The members of the map; empty if there are none.
    pub(super) fn members(&self) -> &[u8] {
        &self.out[self.begin..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: &str, omitted: u64) {
        let mut notes = Notes::counting();
        let mut out = Vec::new();
        let mut map = IdentityMap::new(&mut out);
        map.add("Email", &Value::Json(json), false, &mut notes);
        let ids: Vec<serde_json::Value> = match map.members() {
            b"" => Vec::new(),
            members => {
                let object = format!("{{{}}}", String::from_utf8_lossy(members));
                let map: serde_json::Value = serde_json::from_str(&object).expect("JSON");
                map["Email"].as_array().cloned().expect("a list")
            }
        };
        let ids: Vec<&str> = ids.iter().filter_map(|id| id["id"].as_str()).collect();
        assert_eq!(ids.join(" "), expected, "{json}");
        assert_eq!(notes.count(Change::Omitted), omitted, "{json}");
    }

    #[test]
    fn identities_that_nobody_takes_are_left_out() {
        check(r#"" a ""#, "a", 0);
        check(r#"["a","a","b"]"#, "a b", 0);
        check(r#"" NULL ""#, "", 1);
        check(r#""anonymous""#, "", 1);
        check(r#"["", "a", {}, "invalid"]"#, "a", 2);
        let long = format!("{:?}", "x".repeat(1025));
        check(&long, "", 1);
        let many: Vec<String> = (0..22).map(|n| n.to_string()).collect();
        let many = serde_json::to_string(&many).expect("JSON");
        let twenty: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        check(&many, &twenty.join(" "), 2);
    }
}
