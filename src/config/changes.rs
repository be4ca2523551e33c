//! What changed from one reading of the configuration to the next: told by names, never by values.
//!
//! What is compared is what was written, key by key, and the content of the files and secrets that
//! it names. Only digests are kept, under a key that no other process has: enough to tell that
//! something changed, and nothing that could leak.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::hash::{BuildHasher as _, RandomState};
use std::io::Read as _;
use std::path::Path;
use std::sync::LazyLock;

use ::config::{Value, ValueKind};
use secrecy::ExposeSecret as _;

use super::layers::{Table, key_path};
use super::{Config, Mapping, SchemaPlace, Secret, Validate};
use crate::limits;

static DIGESTS: LazyLock<RandomState> = LazyLock::new(RandomState::new);

/// Every key that is given, with a digest of its value.
#[derive(Clone, Default)]
pub(super) struct Written(BTreeMap<String, u64>);

impl fmt::Debug for Written {
    // Two configurations that mean the same print the same.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Written")
    }
}

/// The content of what the configuration names: secrets, mapping files, schema files, certificates.
/// What cannot be read is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents(BTreeMap<String, u64>);

/// What is different, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Streams that were not configured before.
    pub added: Vec<String>,
    /// Streams that are not configured any more.
    pub removed: Vec<String>,
    /// Keys of what stays, given or taken out or with another value.
    pub keys: Vec<String>,
    /// Files and secrets that stay named and say something else.
    pub contents: Vec<String>,
}

/// Keys with which the running streams have nothing to do.
const BESIDE_THE_STREAMS: [&str; 3] = ["log.", "shutdown_grace", "reload_on_change"];

impl Written {
    pub(super) fn of(table: &Table) -> Self {
        let mut written = Self::default();
        written.add("", table);
        written
    }

    fn add(&mut self, section: &str, table: &Table) {
        for (key, value) in table {
            let path = key_path(section, key);
            match &value.kind {
                ValueKind::Table(inner) if !inner.is_empty() => self.add(&path, inner),
                _ => {
                    self.0.insert(path, digest_of(value));
                }
            }
        }
    }
}

fn digest_of(value: &Value) -> u64 {
    DIGESTS.hash_one(format!("{:?}", value.kind))
}

impl Contents {
    /// Reads all that `config` names. Blocks for the disk.
    pub fn of(config: &Config) -> Self {
        let mut contents = Self::default();
        for secret in config.secrets() {
            if let Ok(value) = secret.read() {
                contents.add(secret.to_string(), value.expose_secret().as_bytes());
            }
        }
        if let Some(path) = &config.zendesk.network.ca_file {
            contents.add_file("certificate file", path, limits::CA_FILE_BYTES_MAX);
        }
        for stream in &config.streams {
            if let Mapping::Mapped(mapped) = &stream.mapping
                && let Some(file) = &mapped.file
            {
                contents.add_file("mapping file", &file.path, limits::MAPPING_FILE_BYTES_MAX);
            }
            if let Validate::Schema(SchemaPlace::File(path)) = &stream.validate {
                contents.add_file("schema file", path, limits::SCHEMA_BYTES_MAX as u64);
            }
        }
        contents
    }

    /// Adds the configuration file itself.
    #[must_use]
    pub fn and_of_file(mut self, path: &Path) -> Self {
        self.add_file("configuration file", path, limits::FILE_BYTES_MAX);
        self
    }

    fn add_file(&mut self, kind: &str, path: &Path, bytes_max: u64) {
        let mut text = Vec::new();
        let read = File::open(path).and_then(|file| file.take(bytes_max).read_to_end(&mut text));
        if read.is_ok() {
            self.add(format!("{kind} `{}`", path.display()), &text);
        }
    }

    fn add(&mut self, name: String, content: &[u8]) {
        self.0.insert(name, DIGESTS.hash_one(content));
    }

    /// These, and of `before` what cannot be read now.
    #[must_use]
    pub fn or(mut self, before: &Self) -> Self {
        for (name, digest) in &before.0 {
            self.0.entry(name.clone()).or_insert(*digest);
        }
        self
    }

    /// Names in both that say something else now.
    fn changed_since(&self, before: &Self) -> Vec<String> {
        let is_other = |(name, digest): &(&String, &u64)| {
            before.0.get(*name).is_some_and(|old| old != *digest)
        };
        let changed = self.0.iter().filter(is_other);
        changed.map(|(name, _)| name.clone()).collect()
    }
}

impl Changes {
    /// What is different in `after`.
    pub fn between(before: (&Config, &Contents), after: (&Config, &Contents)) -> Self {
        let names = |config: &Config| -> Vec<String> {
            let streams = config.streams.iter();
            streams.map(|stream| stream.spec.name.to_string()).collect()
        };
        let (before_names, after_names) = (names(before.0), names(after.0));
        let lacking = |names: &[String], all: &[String]| -> Vec<String> {
            let lacking = names.iter().filter(|name| !all.contains(name));
            lacking.cloned().collect()
        };
        let added = lacking(&after_names, &before_names);
        let removed = lacking(&before_names, &after_names);
        let is_of_those = |key: &str| {
            added.iter().chain(&removed).any(|name| {
                let section = key_path("streams", name);
                key == section || key.starts_with(&format!("{section}."))
            })
        };
        let (old, new) = (&before.0.written.0, &after.0.written.0);
        let mut keys: Vec<String> = old
            .iter()
            .filter(|(key, digest)| new.get(*key) != Some(digest))
            .map(|(key, _)| key)
            .chain(new.keys().filter(|key| !old.contains_key(*key)))
            .filter(|key| !is_of_those(key))
            .cloned()
            .collect();
        keys.sort();
        Self {
            keys,
            contents: after.1.changed_since(before.1),
            added,
            removed,
        }
    }

    /// Whether nothing is different.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether the streams go on as they are.
    pub fn spare_the_streams(&self) -> bool {
        let is_beside = |key: &String| BESIDE_THE_STREAMS.iter().any(|one| key.starts_with(one));
        let Self {
            added,
            removed,
            keys,
            contents,
        } = self;
        added.is_empty() && removed.is_empty() && contents.is_empty() && keys.iter().all(is_beside)
    }
}

impl Config {
    /// The secrets it names.
    pub fn secrets(&self) -> Vec<&Secret> {
        let platform = self.platform.auth.iter().map(|auth| &auth.client_secret);
        let rules = self.streams.iter().filter_map(|one| one.privacy.as_ref());
        let hash_keys = rules.filter_map(|rules| rules.hash_key.as_ref());
        std::iter::once(self.zendesk.auth.secret())
            .chain(platform)
            .chain(hash_keys)
            .collect()
    }
}
