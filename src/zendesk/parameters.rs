//! What every request of a stream carries besides its position.

use std::collections::BTreeSet;

use super::inside::Inside;
use crate::catalogue::{StreamSpec, Text};
use crate::config;

/// Query parameters by name, in a fixed order.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters(Vec<(Text, String)>);

impl Parameters {
    /// What the row says, what the configuration asks for, and what the streams inside need.
    pub(super) fn new(spec: &StreamSpec, asked: &config::Parameters, inside: &Inside) -> Self {
        let fixed = spec.query.iter();
        let mut all: Vec<(Text, String)> = fixed
            .map(|(name, value)| (name.clone(), value.to_string()))
            .collect();
        if let Some(scope) = asked.support_type_scope {
            all.push(("support_type_scope".into(), scope.to_owned()));
        }
        if asked.exclude_deleted {
            all.push(("exclude_deleted".into(), "true".to_owned()));
        }
        let asked = asked.include.iter().map(String::as_str);
        // Sorted, each once: the same configuration always asks the same.
        let include: BTreeSet<&str> = asked
            .chain(inside.sideloads().map(|text| &**text))
            .collect();
        if !include.is_empty() {
            let include: Vec<&str> = include.into_iter().collect();
            all.push(("include".into(), include.join(",")));
        }
        Self(all)
    }

    /// These and `own`, which come first.
    pub(super) fn with<'a>(&'a self, mut own: Vec<(&'a str, String)>) -> Vec<(&'a str, String)> {
        own.extend(self.0.iter().map(|(name, value)| (&**name, value.clone())));
        own
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::find;
    use std::sync::Arc;

    #[test]
    fn the_sideloads_of_members_join_those_asked_for() {
        let tickets = find("tickets").expect("a row");
        let metrics = Arc::new(find("ticket_metrics").expect("a row").clone());
        let asked = config::Parameters {
            support_type_scope: Some("all"),
            exclude_deleted: true,
            include: vec!["users".to_owned(), "metric_sets".to_owned()],
        };
        let all = Parameters::new(tickets, &asked, &Inside::new("tickets", [&metrics]));
        let own = vec![("cursor", "abc".to_owned())];
        let query: Vec<String> = all
            .with(own)
            .into_iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(
            query,
            [
                "cursor=abc",
                "support_type_scope=all",
                "exclude_deleted=true",
                "include=metric_sets,users"
            ]
        );
    }

    #[test]
    fn a_stream_alone_asks_for_what_its_row_says() {
        let groups = find("groups").expect("a row");
        let all = Parameters::new(groups, &config::Parameters::default(), &Inside::default());
        assert_eq!(
            all.with(Vec::new()),
            [("exclude_deleted", "false".to_owned())]
        );
    }
}
