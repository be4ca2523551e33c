//! `[mapping.privacy]` and `[streams.NAME.privacy]`: fields that do not leave as they are.

use ::config::ValueKind;

use super::secret::{self, secret};
use crate::config::fault::{Problem, Read};
use crate::config::section::Section;
use crate::config::values::{Given, choice};
use crate::config::{FieldPath, Mask, NoPath, Privacy};

const MASKS: [(&str, Mask); 4] = [
    ("full", Mask::Full),
    ("domain", Mask::Domain),
    ("last4", Mask::Last4),
    ("initial", Mask::Initial),
];

pub(super) fn privacy(section: &mut Section<'_>) -> Read<Privacy> {
    let allow = section.optional("allow", paths);
    let drop = section.optional("drop", paths);
    let hash = section.optional("hash", paths);
    let mask = section.optional_section("mask", masks);
    let hash_key = secret(section, "hash_key");
    let hash_key = match &hash {
        Ok(Some(_)) => section
            .demand("hash_key", hash_key, secret::WRITE)
            .map(Some),
        Ok(None) | Err(_) => hash_key,
    };
    Ok(Privacy {
        allow: allow?,
        drop: drop?.unwrap_or_default(),
        hash: hash?.unwrap_or_default(),
        mask: mask?.unwrap_or_default(),
        hash_key: hash_key?,
    })
}

/// A list of paths; in the environment, paths with commas between them.
fn paths(given: &Given<'_>) -> Result<Vec<FieldPath>, Problem> {
    let texts: Vec<&str> = match given.kind {
        ValueKind::Array(elements) => elements
            .iter()
            .filter_map(|element| match &element.kind {
                ValueKind::String(text) => Some(text.as_str()),
                _ => None,
            })
            .collect(),
        ValueKind::String(text) if given.from_environment => {
            text.split(',').map(str::trim).collect()
        }
        _ => Vec::new(),
    };
    let all = match given.kind {
        ValueKind::Array(elements) => elements.len() == texts.len(),
        _ => true,
    };
    if texts.is_empty() || !all {
        let what = format!("{} is not a list of paths", given.described());
        let remedy = r#"write paths in quotes, like ["notes", "identityMap.Email.id"]"#;
        return Err(Problem::new(what, remedy));
    }
    texts.into_iter().map(path).collect()
}

fn path(text: &str) -> Result<FieldPath, Problem> {
    text.parse().map_err(|NoPath| {
        Problem::new(
            format!("`{}` is not a path", text.escape_debug()),
            "write names with dots between them, `*` for any name, without the indexes of lists; \
             a name with a dot in it in double quotes",
        )
    })
}

/// Paths, each with its mask.
fn masks(section: &mut Section<'_>) -> Read<Vec<(FieldPath, Mask)>> {
    let mut masks = Vec::new();
    let mut refused = None;
    for written in section.names() {
        let path = match path(&written) {
            Ok(path) => path,
            Err(problem) => {
                refused = Some(section.refuse(&written, problem));
                continue;
            }
        };
        match section.required(&written, "write a mask", choice(&MASKS)) {
            Ok(mask) => masks.push((path, mask)),
            Err(fault) => refused = Some(fault),
        }
    }
    match refused {
        Some(refused) => Err(refused),
        None => Ok(masks),
    }
}
