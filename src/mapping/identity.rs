//! `identityMap`: who a record is about.

use super::notes::{Change, Notes};
use super::value::{self, Value};
use crate::limits;

/// Identity Service ignores or refuses these, whatever the namespace.
const FORBIDDEN: [&str; 3] = ["null", "anonymous", "invalid"];

/// The identities of one record, under construction.
#[derive(Default)]
pub(super) struct IdentityMap {
    written: Vec<u8>,
    count: usize,
    pub(super) has_primary: bool,
}

impl IdentityMap {
    /// Adds the identities that `value` holds to one namespace. Of a list, each element; the first
    /// can be primary.
    pub(super) fn add(
        &mut self,
        namespace: &str,
        value: &Value<'_>,
        is_primary: bool,
        notes: &mut Notes,
    ) {
        let path = || format!("identityMap.{namespace}");
        if let Value::Misfit(why) = value {
            return notes.add(Change::Omitted, &path(), why);
        }
        let mut ids: Vec<String> = Vec::new();
        for element in value.elements() {
            let Some(text) = element.as_text() else {
                notes.add(Change::Omitted, &path(), "it is no text");
                continue;
            };
            let id = text.replace('\0', "");
            let id = id.trim();
            let why = if id.is_empty() {
                continue;
            } else if FORBIDDEN.contains(&id.to_lowercase().as_str()) {
                "Identity Service takes no such value"
            } else if id.chars().count() > limits::IDENTITY_CHARS_MAX {
                "it is longer than identities may be"
            } else if self.count + ids.len() >= limits::IDENTITIES_MAX {
                "the record has more identities than it may have"
            } else {
                if !ids.iter().any(|known| known == id) {
                    ids.push(id.to_owned());
                }
                continue;
            };
            notes.add(Change::Omitted, &path(), why);
        }
        if !ids.is_empty() {
            self.write(namespace, &ids, is_primary);
        }
    }

    fn write(&mut self, namespace: &str, ids: &[String], is_primary: bool) {
        if self.count > 0 {
            self.written.push(b',');
        }
        value::write_text(namespace, &mut self.written);
        self.written.extend_from_slice(b":[");
        for (place, id) in ids.iter().enumerate() {
            if place > 0 {
                self.written.push(b',');
            }
            self.written.extend_from_slice(b"{\"id\":");
            value::write_text(id, &mut self.written);
            // An export observes no sign-in.
            self.written
                .extend_from_slice(b",\"authenticatedState\":\"ambiguous\",\"primary\":");
            let is_primary = is_primary && place == 0;
            self.written
                .extend_from_slice(if is_primary { b"true" } else { b"false" });
            self.written.push(b'}');
        }
        self.written.push(b']');
        self.count += ids.len();
        self.has_primary |= is_primary;
    }

    /// The members of the map; empty if there are none.
    pub(super) fn members(&self) -> &[u8] {
        &self.written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: &str, omitted: u64) {
        let mut notes = Notes::counting();
        let mut map = IdentityMap::default();
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
