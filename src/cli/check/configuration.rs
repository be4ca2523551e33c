//! What can be told of the configuration without asking anybody.

use std::sync::Arc;

use super::finding::Finding;
use crate::config::{self, Config, WithoutPerson};
use crate::lifecycle;
use crate::mapping::{BELONGS_TO_TICKETS, Mapping};

/// Reads the keys of hashed fields: the daemon would not start without.
pub(super) fn hash_keys(config: &Config) -> Vec<Finding> {
    let hashes = |stream: &&config::Stream| {
        let privacy = stream.privacy.as_ref();
        privacy.is_some_and(|privacy| privacy.hash_key.is_some())
    };
    let of = |stream: &config::Stream| {
        let subject = format!("privacy {}", stream.spec.name);
        match lifecycle::privacy(stream) {
            Ok(_) => Finding::ok(&subject, "the key of hashed fields is there".to_owned()),
            Err(error) => Finding::failed(&subject, &error),
        }
    };
    config.streams.iter().filter(hashes).map(of).collect()
}

/// Compiles every mapping file: the daemon would not start with a faulty one.
pub(super) fn mappings(config: &Config) -> Vec<Finding> {
    let with_file = |stream: &&config::Stream| match &stream.mapping {
        config::Mapping::Raw { .. } => false,
        config::Mapping::Mapped(mapped) => mapped.file.is_some(),
    };
    let streams = config.streams.iter().filter(with_file);
    let findings = streams.map(|stream| {
        let subject = format!("mapping {}", stream.spec.name);
        match Mapping::new(&stream.spec, &stream.mapping, &Arc::default()) {
            Ok(_) => Finding::ok(&subject, "its file is good".to_owned()),
            Err(faults) => Finding::failed(&subject, &lifecycle::Error::Mapping(faults)),
        }
    });
    findings.collect()
}

/// Warns of events that would be refused for want of a person: only mapped tickets tell who it is.
pub(super) fn events_of_nobody(config: &Config) -> Vec<Finding> {
    let mapped = |name: &str| {
        let stream = config.streams.iter().find(|one| one.spec.name == name);
        stream.and_then(|stream| match &stream.mapping {
            config::Mapping::Raw { .. } => None,
            config::Mapping::Mapped(mapped) => Some(mapped),
        })
    };
    if mapped("tickets").is_some() {
        return Vec::new();
    }
    let refused = |name: &&str| {
        let mapped = mapped(name);
        mapped.is_some_and(|it| it.settings.events_without_person == WithoutPerson::Refuse)
    };
    let warning = |name: &str| {
        Finding::warning(
            &format!("mapping {name}"),
            "its records do not say who asked for their ticket, and no tickets are mapped that do: all of them would be refused".to_owned(),
            "add `[streams.tickets]` with `mapping = \"xdm\"`, or set `mapping.events_without_person = \"send\"`",
        )
    };
    let streams = BELONGS_TO_TICKETS.iter().copied().filter(refused);
    streams.map(warning).collect()
}
