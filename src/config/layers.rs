//! The layers: what the file says, overridden by what the environment says.
//!
//! The crate `config` joins them. It forgets lines, variables' names and the difference
//! between a number and a string that looks like one, so each layer is built here and keeps
//! its [`Places`].

use std::collections::HashMap;

use ::config::{ConfigError, Map, Source, Value};

use super::LoadError;
use super::fault::Place;

pub(super) mod environment;
pub(super) mod file;

/// Keys and values of one section.
pub(super) type Table = Map<String, Value>;

/// Where each key was given, by its path.
pub(super) type Places = HashMap<String, Place>;

/// One layer.
#[derive(Clone, Debug, Default)]
pub(super) struct Layer {
    table: Table,
    places: Places,
}

/// `config` reads a source's top-level keys as expressions (`a.b`, `a[1]`) and takes nested
/// ones as they are. One key above all the others spares ours the reading.
const ROOT: &str = "configuration";

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Table, ConfigError> {
        let root = Value::new(None, self.table.clone());
        Ok(Map::from([(ROOT.to_owned(), root)]))
    }
}

/// Lays the environment over the file.
pub(super) fn join(file: Layer, environment: Layer) -> Result<(Table, Places), LoadError> {
    let mut places = file.places.clone();
    places.extend(environment.places.clone());
    let mut joined = ::config::Config::builder()
        .add_source(file)
        .add_source(environment)
        .build()?
        .collect()?;
    let table = joined.remove(ROOT).map(Value::into_table).transpose()?;
    Ok((table.unwrap_or_default(), places))
}

/// The path of a key, as TOML would write it: names with other than plain characters in quotes.
pub(super) fn key_path(section: &str, key: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let key = if !key.is_empty() && key.chars().all(plain) {
        key.to_owned()
    } else {
        format!("{key:?}")
    };
    if section.is_empty() {
        key
    } else {
        format!("{section}.{key}")
    }
}
