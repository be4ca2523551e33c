//! Comparing source and sink: is everything there, unaltered and in order?

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Ends, Export};
use crate::cli::output::grouped;
use crate::sandbox::{Delivery, Sink, UserVersion, ZendeskSimulator};

/// A version of a user, as told from its JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(super) struct Version {
    id: u64,
    updated_at: Timestamp,
}

/// What the comparison found.
#[derive(Debug, Default, Serialize)]
pub(super) struct Verdict {
    /// Users in the account at the end that the export shows.
    users: u64,
    /// Messages the inlet accepted, repeats included.
    accepted: u64,
    /// Versions the inlet rejected.
    rejected: u64,
    /// Versions in the dead letters.
    dead_letters: u64,
    /// Accepted messages that had been accepted before: the price of a lost acknowledgement.
    repeats: u64,
    /// Newest versions that are neither in the sink nor in the dead letters.
    lost: u64,
    /// Messages that are no version Zendesk ever had, or not byte for byte.
    altered: u64,
    /// Messages with an older version than one delivered before for the same user.
    out_of_order: u64,
}

impl Verdict {
    pub(super) fn new(
        ends: &Ends,
        state_directory: &Path,
        export: Export,
    ) -> std::io::Result<Self> {
        let Ends { zendesk, platform } = ends;
        let (accepted, rejected) = (platform.accepted(), platform.rejected());
        let dead_letters = dead_letters(&state_directory.join("dead-letters"))?;
        let expected = expected(zendesk, export);
        let mut verdict = Self {
            users: expected.len() as u64,
            accepted: accepted.len() as u64,
            rejected: rejected
                .iter()
                .filter_map(version_of)
                .collect::<BTreeSet<_>>()
                .len() as u64,
            dead_letters: dead_letters.len() as u64,
            ..Self::default()
        };
        let there: BTreeSet<Version> = accepted
            .iter()
            .filter_map(version_of)
            .chain(dead_letters.iter().copied())
            .collect();
        verdict.lost = expected.difference(&there).count() as u64;

        let history = zendesk.history();
        let mut newest: BTreeMap<u64, Timestamp> = BTreeMap::new();
        let mut seen: BTreeSet<&Bytes> = BTreeSet::new();
        for delivery in &accepted {
            let Some(version) = version_of(delivery) else {
                verdict.altered += 1;
                continue;
            };
            let versions = history
                .get(&version.id)
                .map(Vec::as_slice)
                .unwrap_or_default();
            verdict.altered += u64::from(!is_version(delivery, version, versions, export));
            if !seen.insert(&delivery.json) {
                verdict.repeats += 1;
            } else if newest
                .get(&version.id)
                .is_some_and(|newest| *newest > version.updated_at)
            {
                verdict.out_of_order += 1;
            }
            newest
                .entry(version.id)
                .and_modify(|n| *n = (*n).max(version.updated_at))
                .or_insert(version.updated_at);
        }
        Ok(verdict)
    }

    pub(super) fn is_good(&self) -> bool {
        self.lost == 0
            && self.altered == 0
            && self.out_of_order == 0
            && self.rejected == self.dead_letters
    }
}

/// The newest versions that must arrive.
pub(super) fn expected(zendesk: &ZendeskSimulator, export: Export) -> BTreeSet<Version> {
    zendesk
        .users()
        .into_iter()
        // Deletions do not show in the search export.
        .filter(|user| export == Export::Incremental || user.active)
        .map(|user| Version {
            id: user.id,
            updated_at: user.updated_at,
        })
        .collect()
}

/// How many of `expected` have neither been accepted nor rejected yet.
pub(super) fn missing(expected: &BTreeSet<Version>, sink: &Sink) -> usize {
    let there: BTreeSet<Version> = sink
        .accepted
        .iter()
        .chain(&sink.rejected)
        .filter_map(version_of)
        .collect();
    expected.difference(&there).count()
}

fn version_of(delivery: &Delivery) -> Option<Version> {
    serde_json::from_slice(&delivery.json).ok()
}

/// Whether the message is what Zendesk served: byte for byte by the incremental export, a version
/// that existed by the search export, which adds a key.
fn is_version(
    delivery: &Delivery,
    version: Version,
    history: &[UserVersion],
    export: Export,
) -> bool {
    history.iter().any(|known| match export {
        Export::Incremental => known.json == delivery.json,
        Export::Search => known.updated_at == version.updated_at,
    })
}

/// The versions in the store, as told from the files themselves.
fn dead_letters(directory: &Path) -> std::io::Result<BTreeSet<Version>> {
    #[derive(Deserialize)]
    struct Line {
        record: Version,
    }
    let mut versions = BTreeSet::new();
    if !directory.exists() {
        return Ok(versions);
    }
    for entry in std::fs::read_dir(directory)? {
        let text = std::fs::read_to_string(entry?.path())?;
        let lines = text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok());
        versions.extend(lines.map(|line: Line| line.record));
    }
    Ok(versions)
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let good = |is_good| if is_good { "ok    " } else { "FAILED" };
        writeln!(f, "verdict")?;
        writeln!(
            f,
            "  {}  {} users, newest version of each delivered or in the dead letters: {} lost",
            good(self.lost == 0),
            grouped(self.users),
            grouped(self.lost)
        )?;
        writeln!(
            f,
            "  {}  {} messages accepted: {} altered, {} out of order, {} repeated",
            good(self.altered == 0 && self.out_of_order == 0),
            grouped(self.accepted),
            grouped(self.altered),
            grouped(self.out_of_order),
            grouped(self.repeats)
        )?;
        write!(
            f,
            "  {}  {} versions rejected by the inlet, {} kept in the dead letters",
            good(self.rejected == self.dead_letters),
            grouped(self.rejected),
            grouped(self.dead_letters)
        )
    }
}
