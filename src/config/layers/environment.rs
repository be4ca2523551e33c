//! The layer of the environment: `ZENDESK_AEP__SECTION__KEY=value`.

use std::collections::BTreeMap;
use std::ffi::OsString;

use ::config::{Value, ValueKind};

use super::{Layer, Table, key_path};
use crate::config::fault::{Faults, Place, Problem};

/// What the environment holds, by name.
pub(in crate::config) type Variables = BTreeMap<String, OsString>;

const PREFIX: &str = "ZENDESK_AEP__";
const SEPARATOR: &str = "__";

/// The variable that Rust programs share for what they log; `ZENDESK_AEP__LOG__LEVEL` wins.
const SHARED_LOG_LEVEL: &str = "RUST_LOG";
const LOG_LEVEL: &str = "ZENDESK_AEP__LOG__LEVEL";

/// Sections are nested at most this deep. Joining recurses, so a name must not choose the depth.
const DEPTH_MAX: usize = 8;

/// The process's own environment. A name that is not UTF-8 cannot be one of ours and becomes an
/// unknown key, if it claims to be.
pub(in crate::config) fn of_process() -> Variables {
    std::env::vars_os()
        .map(|(name, value)| (name.to_string_lossy().into_owned(), value))
        .collect()
}

/// The layer that `variables` stand for.
pub(in crate::config) fn layer(variables: &Variables, faults: &mut Faults) -> Layer {
    let mut layer = Layer::default();
    for (name, value) in variables {
        let shared_level =
            name == SHARED_LOG_LEVEL && !value.is_empty() && !variables.contains_key(LOG_LEVEL);
        let claimed = if shared_level { LOG_LEVEL } else { name };
        let Some(key) = claimed.strip_prefix(PREFIX) else {
            continue;
        };
        let keys: Vec<String> = key.split(SEPARATOR).map(str::to_lowercase).collect();
        if let Err((path, problem)) = layer.insert(&keys, name, value) {
            faults.record(Place::Variable(name.clone()), path, problem);
        }
    }
    layer
}

impl Layer {
    fn insert(
        &mut self,
        keys: &[String],
        name: &str,
        value: &OsString,
    ) -> Result<(), (String, Problem)> {
        let path = keys
            .iter()
            .fold(String::new(), |path, key| key_path(&path, key));
        if keys.len() > DEPTH_MAX {
            let problem = Problem::new("unknown key", "no section is nested so deep: unset it");
            return Err((path, problem));
        }
        let Some(value) = value.to_str() else {
            let problem = Problem::new("the value is not UTF-8 text", "set it to UTF-8 text");
            return Err((path, problem));
        };
        let Some(slot) = slot(&mut self.table, keys) else {
            let problem = Problem::new(
                "another variable gives this key, or a section of it, as well",
                "unset one of the two",
            );
            return Err((path, problem));
        };
        *slot = Value::new(None, value);
        self.places.insert(path, Place::Variable(name.to_owned()));
        Ok(())
    }
}

/// The free place of a key, its sections made on the way.
fn slot<'t>(table: &'t mut Table, keys: &[String]) -> Option<&'t mut Value> {
    let (key, sections) = keys.split_last()?;
    let mut table = table;
    for section in sections {
        let inner = table
            .entry(section.clone())
            .or_insert_with(|| Value::new(None, Table::new()));
        let ValueKind::Table(inner) = &mut inner.kind else {
            return None;
        };
        table = inner;
    }
    let slot = table.entry(key.clone()).or_default();
    (slot.kind == ValueKind::Nil).then_some(slot)
}
