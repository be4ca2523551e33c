//! Which streams are read together.

use super::{MINIMAL, accepted};
use crate::catalogue;
use crate::config::{Config, Stream};

/// A configuration with these streams of the catalogue.
fn with(names: &[&str]) -> Config {
    let mut config = accepted(MINIMAL, &[]);
    let like = config.streams.remove(0);
    config.streams = names
        .iter()
        .map(|name| {
            let all = catalogue::all();
            let spec = all.iter().find(|spec| spec.name == *name);
            Stream {
                spec: spec.expect("a row").clone().into(),
                ..like.clone()
            }
        })
        .collect();
    config
}

fn walks(names: &[&str]) -> Vec<String> {
    let config = with(names);
    let walks = config.walks().into_iter();
    walks
        .map(|walk| walk.names().collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn children_are_read_with_their_parents() {
    assert_eq!(walks(&["users", "tickets"]), ["users", "tickets"]);
    assert_eq!(
        walks(&["ticket_metrics", "users", "tickets", "ticket_audits"]),
        ["users", "tickets ticket_metrics ticket_audits"]
    );
}

#[test]
fn a_walk_is_found_by_each_of_its_streams() {
    let config = with(&["users", "tickets", "ticket_metrics"]);
    for name in ["tickets", "ticket_metrics"] {
        let walk = config.walk_of(name).expect("a walk");
        assert_eq!(walk.root.spec.name, "tickets", "{name}");
    }
    assert!(config.walk_of("ticket_audits").is_none());
}
