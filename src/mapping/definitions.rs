//! How an account's custom fields are defined: what Zendesk's `user_fields`, `organization_fields`
//! and `ticket_fields` say, by key or id, so that renaming a field changes nothing here.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

/// Whose custom fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FieldsOf {
    /// `user_fields`, by key.
    Users,
    /// `organization_fields`, by key.
    Organizations,
    /// `ticket_fields`, by id: they have no key.
    Tickets,
}

impl FieldsOf {
    /// Those of the records of a stream.
    pub fn of_stream(stream: &str) -> Option<Self> {
        [Self::Users, Self::Organizations, Self::Tickets]
            .into_iter()
            .find(|of| of.stream() == stream)
    }

    fn stream(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Organizations => "organizations",
            Self::Tickets => "tickets",
        }
    }

    /// What lists their definitions: the last part of the path, and the key in the answer.
    pub fn list(self) -> &'static str {
        match self {
            Self::Users => "user_fields",
            Self::Organizations => "organization_fields",
            Self::Tickets => "ticket_fields",
        }
    }
}

/// One custom field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// What people call it at present.
    pub title: String,
    /// Zendesk's type: `tagger`, `checkbox`, `date`, …
    pub kind: String,
    /// Titles of its options by their values.
    pub options: BTreeMap<String, String>,
}

impl Definition {
    /// The type that a promotion of this field would best have.
    pub fn suggested_type(&self) -> &'static str {
        match self.kind.as_str() {
            "checkbox" => "boolean",
            "date" => "date",
            "integer" => "integer",
            "decimal" | "currency" => "number",
            "multiselect" => "string-array",
            _ => "string",
        }
    }
}

/// All custom fields of an account.
#[derive(Clone, Debug, Default)]
pub struct Definitions(HashMap<FieldsOf, HashMap<String, Definition>>);

/// What is read of a definition. Everything may be null in old accounts.
#[derive(Deserialize)]
struct Listed {
    id: Option<u64>,
    key: Option<String>,
    title: Option<String>,
    r#type: Option<String>,
    custom_field_options: Option<Vec<ListedOption>>,
}

#[derive(Deserialize)]
struct ListedOption {
    name: Option<String>,
    value: Option<String>,
}

impl Definitions {
    /// Adds the definition `json`, one element of the list of `of`. Returns `false` if it is none.
    pub fn add(&mut self, of: FieldsOf, json: &[u8]) -> bool {
        let Ok(listed) = serde_json::from_slice::<Listed>(json) else {
            return false;
        };
        let key = match of {
            FieldsOf::Tickets => listed.id.map(|id| id.to_string()),
            FieldsOf::Users | FieldsOf::Organizations => listed.key,
        };
        let Some(key) = key else { return false };
        let options = listed.custom_field_options.unwrap_or_default();
        let options = options
            .into_iter()
            .filter_map(|option| Some((option.value?, option.name?)));
        let definition = Definition {
            title: listed.title.unwrap_or_default(),
            kind: listed.r#type.unwrap_or_default(),
            options: options.collect(),
        };
        self.0.entry(of).or_default().insert(key, definition);
        true
    }

    /// Exchanges all that is known of `of` for what `read` has.
    pub fn replace(&mut self, of: FieldsOf, mut read: Self) {
        self.0.insert(of, read.0.remove(&of).unwrap_or_default());
    }

    /// How the field with that key or id is defined.
    pub fn get(&self, of: FieldsOf, key: &str) -> Option<&Definition> {
        self.0.get(&of)?.get(key)
    }

    /// Whether any field is defined. Without one the definitions were not read, as far as anyone
    /// can tell, and nothing is unknown.
    pub fn has_any(&self, of: FieldsOf) -> bool {
        self.0.get(&of).is_some_and(|fields| !fields.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_known_by_key_or_id() {
        let mut definitions = Definitions::default();
        let user = br#"{"id":5,"key":"tier","type":"dropdown","title":"Tier",
            "custom_field_options":[{"id":1,"name":"Gold","value":"tier_gold"},{"name":null,"value":"x"}]}"#;
        assert!(definitions.add(FieldsOf::Users, user));
        assert!(definitions.add(FieldsOf::Tickets, br#"{"id":6,"type":"date","title":null}"#));
        assert!(!definitions.add(FieldsOf::Users, br#"{"id":7}"#));
        assert!(!definitions.add(FieldsOf::Users, b"[]"));
        let tier = definitions.get(FieldsOf::Users, "tier").expect("a field");
        assert_eq!(tier.options["tier_gold"], "Gold");
        assert_eq!(tier.options.len(), 1);
        let date = definitions.get(FieldsOf::Tickets, "6").expect("a field");
        assert_eq!(date.suggested_type(), "date");
        assert!(!definitions.has_any(FieldsOf::Organizations));
    }
}
