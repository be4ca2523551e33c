//! `docs/mapping.md` tells of everything there is, and its files are right.

use super::shared::{compiled, settings};
use crate::config::Preset;
use crate::mapping::expression::KNOWN;
use crate::mapping::functions::FUNCTIONS;
use crate::mapping::kind::KINDS;
use crate::mapping::preset::PRESETS;

const DOCUMENT: &str = include_str!("../../../docs/mapping.md");

#[test]
fn every_function_type_and_preset_is_documented() {
    let functions = FUNCTIONS.iter().copied().flatten();
    let names = functions
        .map(|function| format!("`{}`", function.usage))
        .chain(KINDS.iter().map(|(name, _)| format!("`{name}`")))
        .chain(KNOWN.iter().map(|(name, _)| format!("`${name}`")))
        .chain(
            PRESETS
                .iter()
                .map(|(name, _)| format!("presets/{name}.toml")),
        );
    let missing: Vec<String> = names.filter(|name| !DOCUMENT.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_file_shown_is_without_fault() {
    let mut files = 0;
    for block in DOCUMENT.split("```toml\n").skip(1) {
        let file = block.split("```").next().unwrap_or_default();
        // The configuration's own sections are shown too.
        if file.contains("[streams.") || file.contains("[mapping.") {
            continue;
        }
        if let Err(faults) = compiled("users", Preset::Standard, settings(), Some(file)) {
            panic!("{faults}\nin\n{file}");
        }
        files += 1;
    }
    assert!(files >= 4, "{files} files");
}

#[test]
fn every_preset_stands_without_fault() {
    for (name, _) in PRESETS {
        let file = format!("extends = \"{name}\"");
        if let Err(faults) = compiled("groups", Preset::Standard, settings(), Some(&file)) {
            panic!("{name}: {faults}");
        }
    }
}
