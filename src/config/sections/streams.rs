//! `[streams.NAME]`: which streams are kept in sync, and how.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::cadence::cadence;
use super::parameters::parameters;
use super::platform::Identity;
use crate::catalogue::{self, Reading, StreamSpec};
use crate::config::fault::{Problem, Read};
use crate::config::section::Section;
use crate::config::values::quantity::duration;
use crate::config::values::{choice, identifier, moment};
use crate::config::{Cadence, Envelope, Export, Mapping, Parameters, Stream};

mod declared;
mod export;

/// All streams the file names. `platform` and `schedule` are what their sections hold.
pub(super) fn streams(
    section: &mut Section<'_>,
    platform: &Identity,
    schedule: &Read<Cadence>,
) -> Read<Vec<Stream>> {
    // A misspelt name is an unknown key, which is report enough.
    let named = section.names();
    let streams: Vec<Read<Option<Stream>>> = catalogue::all()
        .iter()
        .map(|spec| {
            section.optional_section(&spec.name, |section| match spec.parent() {
                None => stream(section, spec.clone(), platform, schedule),
                Some(parent) => {
                    if !named.contains(parent) {
                        section.refuse_all(without_parent(parent));
                    }
                    member(section, spec, platform, schedule)
                }
            })
        })
        .collect();
    let mut streams = streams;
    for name in &named {
        if catalogue::find(name).is_none() && declared::is_declared(section, name) {
            streams.push(section.optional_section(name, |section| {
                let (spec, good) = declared::row(section, name);
                let stream = stream(section, spec, platform, schedule);
                good.and(stream)
            }));
        }
    }
    if named.is_empty() {
        return Err(section.refuse_all(Problem::new(
            "no stream is named, so there is nothing to do",
            "write a section for one, like `[streams.users]`",
        )));
    }
    let streams: Vec<Stream> = streams
        .into_iter()
        .filter_map(Read::transpose)
        .collect::<Read<_>>()?;
    match inside_another_export(&streams) {
        Some(stream) => Err(section.refuse(&stream.spec.name, not_in_that_export())),
        None => Ok(streams),
    }
}

fn without_parent(parent: &str) -> Problem {
    Problem::new(
        format!("this stream is read with `{parent}`, which is not configured"),
        format!("write a section `[streams.{parent}]` too"),
    )
}

/// A stream inside the export of one that is read by search or as a list, where it is not.
fn inside_another_export(streams: &[Stream]) -> Option<&Stream> {
    let searched = |name: &str| {
        streams.iter().any(|stream| {
            let by_other = matches!(stream.export, Export::Search { .. } | Export::List { .. });
            stream.spec.name == name && by_other
        })
    };
    streams.iter().find(|stream| {
        let is_inside = matches!(stream.spec.reading, Reading::Inside { .. });
        is_inside && stream.spec.parent().is_some_and(searched)
    })
}

fn not_in_that_export() -> Problem {
    Problem::new(
        "this stream is part of the incremental export of its parent, which is read otherwise",
        "leave this section out, or `export` in the parent's",
    )
}

/// A stream that is read with its parent, whose section says when and how.
fn member(
    section: &mut Section<'_>,
    spec: &StreamSpec,
    platform: &Identity,
    schedule: &Read<Cadence>,
) -> Read<Stream> {
    let (flow_id, mapping) = mapping(section, platform);
    Ok(Stream {
        spec: Arc::new(spec.clone()),
        export: Export::WithParent,
        parameters: Parameters::default(),
        start: None,
        end: None,
        mapping: mapping?,
        flow_id: flow_id?,
        cadence: schedule.clone()?,
        overlap: Duration::ZERO,
    })
}

fn stream(
    section: &mut Section<'_>,
    mut spec: StreamSpec,
    platform: &Identity,
    schedule: &Read<Cadence>,
) -> Read<Stream> {
    let object = declared::of_custom_object(section, &mut spec);
    let export = export::export(section, &spec);
    let parameters = parameters(section, &spec);
    let start = section.optional("start", moment);
    let end = section.optional("end", moment);
    let end = end_after(section, &start, end);
    let (flow_id, mapping) = mapping(section, platform);
    let cadence = cadence(section);
    let overlap = section.or("overlap", "10m", duration(Duration::ZERO));
    let cadence = match cadence? {
        Some(cadence) => cadence,
        None => schedule.clone()?,
    };
    object?;
    Ok(Stream {
        spec: Arc::new(spec),
        export: export?,
        parameters: parameters?,
        start: start?,
        end: end?,
        mapping: mapping?,
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
enum MappingKind {
    Raw,
    AdobeSourceCompatible,
}

const MAPPINGS: [(&str, MappingKind); 2] = [
    ("raw", MappingKind::Raw),
    (
        "adobe-source-compatible",
        MappingKind::AdobeSourceCompatible,
    ),
];

/// The flow id and the mapping, which needs some of the ids.
fn mapping(
    section: &mut Section<'_>,
    platform: &Identity,
) -> (Read<Option<String>>, Read<Mapping>) {
    let kind = section.or("mapping", "raw", choice(&MAPPINGS));
    let dataset_id = section.optional("dataset_id", identifier);
    let schema_id = section.optional("schema_id", identifier);
    let flow_id = section.optional("flow_id", identifier);
    let mapping = match kind {
        Err(refused) => Err(refused),
        Ok(MappingKind::Raw) => {
            let remedy = "write the dataflow's id: the mapping `raw` needs it";
            section
                .demand("flow_id", flow_id.clone(), remedy)
                .map(|_| Mapping::Raw)
        }
        Ok(MappingKind::AdobeSourceCompatible) => {
            let flow_id = flow_id.clone();
            adobe_source_compatible(section, platform, dataset_id, schema_id, flow_id)
        }
    };
    (flow_id, mapping)
}

fn adobe_source_compatible(
    section: &mut Section<'_>,
    platform: &Identity,
    dataset_id: Read<Option<String>>,
    schema_id: Read<Option<String>>,
    flow_id: Read<Option<String>>,
) -> Read<Mapping> {
    let needed =
        |what: &str| format!("write {what}: the mapping `adobe-source-compatible` needs it");
    let dataset_id = section.demand("dataset_id", dataset_id, &needed("the dataset's id"));
    let schema_id = section.demand("schema_id", schema_id, &needed("the schema's `$id`"));
    let mut of_platform = |key, value: &Read<Option<String>>, what| match value.clone()? {
        Some(value) => Ok(value),
        None => Err(section.missing_in("platform", key, &needed(what))),
    };
    let org_id = of_platform("org_id", &platform.org_id, "the organization's id");
    let tenant = of_platform("tenant", &platform.tenant, "the tenant's namespace");
    Ok(Mapping::AdobeSourceCompatible {
        tenant: tenant?,
        envelope: Envelope {
            org_id: org_id?,
            dataset_id: dataset_id?,
            schema_id: schema_id?,
            flow_id: flow_id?,
        },
    })
}
