//! What one reading of a configuration knows and finds.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::fault::{Faults, Place, Read};
use super::layers::Places;
use super::network::Proxy;

/// What all sections of one reading share.
#[derive(Debug)]
pub(super) struct Reader {
    /// The faults found so far.
    pub(super) faults: Faults,
    /// The paths of all keys and sections asked for so far.
    pub(super) asked: BTreeSet<String>,
    /// Where each key was given.
    pub(super) places: Places,
    /// Where relative paths begin, and credentials lie.
    pub(super) surroundings: Surroundings,
}

/// What the meaning of a value depends on besides the value.
#[derive(Debug)]
pub(super) struct Surroundings {
    /// The directory of the file: relative paths begin here.
    pub(super) directory: PathBuf,
    /// `$CREDENTIALS_DIRECTORY`, if set.
    pub(super) credentials: Option<PathBuf>,
    /// The proxy that the environment names.
    pub(super) proxy: Read<Option<Proxy>>,
}

impl Reader {
    /// A reader that has read nothing.
    pub(super) fn new(faults: Faults, places: Places, surroundings: Surroundings) -> Self {
        Self {
            faults,
            asked: BTreeSet::new(),
            places,
            surroundings,
        }
    }

    /// Where `path` was given; for a section that only variables make, the first of them.
    pub(super) fn place(&self, path: &str) -> Option<Place> {
        let beneath = || {
            let prefix = format!("{path}.");
            let below = |entry: &(&String, &Place)| entry.0.starts_with(&prefix);
            self.places.iter().filter(below).map(|entry| entry.1).min()
        };
        self.places.get(path).or_else(beneath).cloned()
    }

    /// The header of a section, or the file if it has none.
    pub(super) fn header(&self, section: &str) -> Place {
        match self.places.get(section) {
            Some(place @ Place::Line(_)) => place.clone(),
            Some(Place::File | Place::Variable(_)) | None => Place::File,
        }
    }
}
