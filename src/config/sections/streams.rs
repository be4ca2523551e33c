//! `[streams.NAME]`: which streams are kept in sync, and how.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::MOMENT;
use super::cadence::cadence;
use super::mapping;
use super::platform::Identity;
use super::privacy::privacy;
use super::validate::validate;
use crate::catalogue::{self, Reading, StreamSpec};
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
    let streams: Vec<Read<Option<Stream>>> = catalogue::all()
        .iter()
        .filter(|spec| matches!(spec.reading, Reading::Incremental { .. }))
        .map(|spec| {
            section.optional_section(&spec.name, |section| {
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
    spec: &StreamSpec,
    platform: &Identity,
    schedule: &Read<Cadence>,
    settings: &Read<Arc<MappingSettings>>,
) -> Read<Stream> {
    let export = export(section, spec);
    let start = section.optional("start", moment);
    let end = section.optional("end", moment);
    let end = end_after(section, &start, end);
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
        spec: Arc::new(spec.clone()),
        export: export?,
        start: start?,
        end: end?,
        mapping: mapping?,
        privacy: privacy?,
        validate: validate?,
        flow_id: flow_id?,
        cadence,
        overlap: overlap?,
    })
}

/// `end`, if it leaves something to be read.
fn end_after(
    section: &mut Section<'_>,
    start: &Read<Option<Timestamp>>,
    end: Read<Option<Timestamp>>,
) -> Read<Option<Timestamp>> {
    let end = end?;
    match (start, end) {
        (Ok(Some(start)), Some(end)) if end <= *start => {
            let what = format!("it is not after `start`, {start}, so there is nothing to read");
            let remedy = "write a later moment, or leave it out to read on for ever";
            Err(section.refuse("end", Problem::new(what, remedy)))
        }
        _ => Ok(end),
    }
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

fn export(section: &mut Section<'_>, spec: &StreamSpec) -> Read<Export> {
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
    match (kind?, &spec.reading, &spec.search_type) {
        (ExportKind::Incremental, Reading::Incremental { path }, _) => {
            Ok(Export::Incremental { path: path.clone() })
        }
        (ExportKind::Search, _, Some(search_type)) => Ok(Export::Search {
            search_type: search_type.clone(),
            settle: settle?,
        }),
        _ => Err(section.refuse(
            "export",
            Problem::new(
                "this stream cannot be read so",
                "leave the key out: the default is the best way there is",
            ),
        )),
    }
}
