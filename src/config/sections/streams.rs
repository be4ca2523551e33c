//! `[streams.NAME]`: which streams are kept in sync, and how.

use std::sync::Arc;
use std::time::Duration;

use super::MOMENT;
use super::cadence::cadence;
use super::mapping;
use super::platform::Identity;
use super::privacy::privacy;
use super::validate::validate;
use crate::catalogue::{CATALOGUE, StreamSpec};
use crate::config::fault::{Problem, Read};
use crate::config::section::Section;
use crate::config::values::quantity::duration;
use crate::config::values::{choice, moment};
use crate::config::{Cadence, Export, MappingSettings, Stream};

/// All streams the file names. `platform`, `schedule` and `mapping` are what their sections hold.
pub(super) fn streams(
    section: &mut Section<'_>,
    platform: &Identity,
    schedule: &Read<Cadence>,
    mapping: &Read<Arc<MappingSettings>>,
) -> Read<Vec<Stream>> {
    // A misspelt name is an unknown key, which is report enough.
    let none_named = section.names().is_empty();
    let streams: Vec<Read<Option<Stream>>> = CATALOGUE
        .iter()
        .map(|spec| {
            section.optional_section(spec.name, |section| {
                stream(section, spec, platform, schedule, mapping)
            })
        })
        .collect();
    if none_named {
        return Err(section.refuse_all(Problem::new(
            "no stream is named, so there is nothing to do",
            "write a section for one, like `[streams.users]`",
        )));
    }
    streams.into_iter().filter_map(Read::transpose).collect()
}

fn stream(
    section: &mut Section<'_>,
    spec: &'static StreamSpec,
    platform: &Identity,
    schedule: &Read<Cadence>,
    settings: &Read<Arc<MappingSettings>>,
) -> Read<Stream> {
    let export = export(section);
    let start = section.optional("start", moment);
    let (flow_id, mapping) = mapping::of_stream(section, spec, platform, settings);
    let privacy = match section.optional_section("privacy", privacy) {
        Ok(None) => match settings {
            Ok(settings) => Ok(settings.privacy.clone()),
            Err(refused) => Err(*refused),
        },
        given => given,
    };
    let validate = validate(section, &mapping, platform);
    let cadence = cadence(section);
    let overlap = section.or("overlap", "10m", duration(Duration::ZERO));
    let cadence = match cadence? {
        Some(cadence) => cadence,
        None => schedule.clone()?,
    };
    Ok(Stream {
        spec,
        export: export?,
        start: start?,
        mapping: mapping?,
        privacy: privacy?,
        validate: validate?,
        flow_id: flow_id?,
        cadence,
        overlap: overlap?,
    })
}

#[derive(Clone, Copy)]
enum ExportKind {
    Incremental,
    Search,
}

const EXPORTS: [(&str, ExportKind); 2] = [
    ("incremental", ExportKind::Incremental),
    ("search", ExportKind::Search),
];

fn export(section: &mut Section<'_>) -> Read<Export> {
    let kind = section.or("export", "incremental", choice(&EXPORTS));
    if let Ok(ExportKind::Incremental) = kind {
        section.let_override("export", &["settle"]);
        if section.value("settle").is_some() {
            let what = "this key belongs to the search export";
            let remedy = "leave it out, or write `export = \"search\"`";
            section.refuse("settle", Problem::new(what, remedy));
        }
    }
    let settle = section.or("settle", "5m", duration(MOMENT));
    match kind? {
        ExportKind::Incremental => Ok(Export::Incremental),
        ExportKind::Search => Ok(Export::Search { settle: settle? }),
    }
}
