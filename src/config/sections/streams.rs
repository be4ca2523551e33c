//! `[streams.NAME]`: which streams are kept in sync, and how.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::cadence::cadence;
use super::mapping;
use super::parameters::parameters;
use super::platform::Identity;
use super::privacy::privacy;
use super::validate::validate;
use crate::catalogue::{self, Reading, StreamSpec};
use crate::config::fault::{Problem, Read};
use crate::config::section::Section;
use crate::config::values::quantity::duration;
use crate::config::values::{flag, moment};
use crate::config::{
    Cadence, Export, Mapping, MappingSettings, Parameters, Privacy, Stream, Validate,
};

mod declared;
mod export;

/// All streams the file names. `platform`, `schedule` and `mapping` are what their sections hold.
pub(super) fn streams(
    section: &mut Section<'_>,
    platform: &Identity,
    schedule: &Read<Cadence>,
    mapping: &Read<Arc<MappingSettings>>,
) -> Read<Vec<Stream>> {
    // A misspelt name is an unknown key, which is report enough.
    let named = section.names();
    let mut streams: Vec<Read<Option<Stream>>> = catalogue::all()
        .iter()
        .map(|spec| {
            section.optional_section(&spec.name, |section| match spec.parent() {
                None => stream(section, spec.clone(), platform, schedule, mapping),
                Some(parent) => {
                    if !named.contains(parent) {
                        section.refuse_all(without_parent(parent));
                    }
                    member(section, spec, platform, schedule, mapping)
                }
            })
        })
        .collect();
    for name in &named {
        if catalogue::find(name).is_none() && declared::is_declared(section, name) {
            streams.push(section.optional_section(name, |section| {
                let (spec, good) = declared::row(section, name);
                let stream = stream(section, spec, platform, schedule, mapping);
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
    if let Some(stream) = inside_another_export(&streams) {
        return Err(section.refuse(&stream.spec.name, not_in_that_export()));
    }
    if let Some(stream) = read_for_nobody(&streams) {
        return Err(section.refuse(&stream.spec.name, for_nobody()));
    }
    Ok(streams)
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
            let by_other = matches!(stream.export, Export::Search { .. } | Export::List { .. })
                || stream.back_fill.as_ref().is_some_and(|other| other.always);
            stream.spec.name == name && by_other
        })
    };
    streams.iter().find(|stream| {
        let is_inside = matches!(stream.spec.reading, Reading::Inside { .. });
        is_inside && stream.spec.parent().is_some_and(searched)
    })
}

/// A stream that is not delivered and that no other one is read with.
fn read_for_nobody(streams: &[Stream]) -> Option<&Stream> {
    let has_members = |name: &str| {
        streams
            .iter()
            .any(|stream| stream.spec.parent() == Some(name))
    };
    streams
        .iter()
        .find(|stream| !stream.deliver && !has_members(&stream.spec.name))
}

fn for_nobody() -> Problem {
    Problem::new(
        "this stream is not delivered, and no other one is read with it",
        "leave this section out, or `deliver`",
    )
}

fn not_in_that_export() -> Problem {
    Problem::new(
        "this stream is part of the incremental export of its parent, which is read otherwise",
        "leave this section out, or `export` and `back_fill` in the parent's",
    )
}

/// A stream that is read with its parent, whose section says when and how.
fn member(
    section: &mut Section<'_>,
    spec: &StreamSpec,
    platform: &Identity,
    schedule: &Read<Cadence>,
    settings: &Read<Arc<MappingSettings>>,
) -> Read<Stream> {
    let leaving = leaving(section, spec, platform, settings);
    Ok(Stream {
        spec: Arc::new(spec.clone()),
        export: Export::WithParent,
        back_fill: None,
        parameters: Parameters::default(),
        start: None,
        end: None,
        deliver: true,
        mapping: leaving.mapping?,
        privacy: leaving.privacy?,
        validate: leaving.validate?,
        flow_id: leaving.flow_id?,
        cadence: schedule.clone()?,
        overlap: Duration::ZERO,
    })
}

fn stream(
    section: &mut Section<'_>,
    mut spec: StreamSpec,
    platform: &Identity,
    schedule: &Read<Cadence>,
    settings: &Read<Arc<MappingSettings>>,
) -> Read<Stream> {
    let object = declared::of_custom_object(section, &mut spec);
    let export = export::export(section, &spec);
    let parameters = parameters(section, &spec);
    let start = section.optional("start", moment);
    let end = section.optional("end", moment);
    let end = end_after(section, &start, end);
    let bounded = !matches!((&start, &end), (Ok(None), Ok(None)));
    let back_fill = match &export {
        Ok(export) => export::back_fill(section, &spec, export, bounded),
        Err(refused) => Err(*refused),
    };
    let deliver = section.or("deliver", true, flag);
    let leaving = match deliver {
        Ok(false) => Leaving::none(section),
        Ok(true) | Err(_) => leaving(section, &spec, platform, settings),
    };
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
        back_fill: back_fill?,
        parameters: parameters?,
        start: start?,
        end: end?,
        deliver: deliver?,
        mapping: leaving.mapping?,
        privacy: leaving.privacy?,
        validate: leaving.validate?,
        flow_id: leaving.flow_id?,
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

/// What a section says of the way out, which every stream has.
struct Leaving {
    flow_id: Read<Option<String>>,
    mapping: Read<Mapping>,
    privacy: Read<Option<Privacy>>,
    validate: Read<Validate>,
}

impl Leaving {
    /// Of a stream that is only read. What its section says of the way out may wait there.
    fn none(section: &mut Section<'_>) -> Self {
        section.pass_over(&[
            "mapping",
            "preset",
            "mapping_file",
            "dataset_id",
            "schema_id",
            "flow_id",
            "wrap",
            "privacy",
            "validate",
            "schema_file",
        ]);
        Self {
            flow_id: Ok(None),
            mapping: Ok(Mapping::Raw { wrap: None }),
            privacy: Ok(None),
            validate: Ok(Validate::Off),
        }
    }
}

fn leaving(
    section: &mut Section<'_>,
    spec: &StreamSpec,
    platform: &Identity,
    settings: &Read<Arc<MappingSettings>>,
) -> Leaving {
    let (flow_id, mapping) = mapping::of_stream(section, spec, platform, settings);
    let privacy = match section.optional_section("privacy", privacy) {
        Ok(None) => match settings {
            Ok(settings) => Ok(settings.privacy.clone()),
            Err(refused) => Err(*refused),
        },
        given => given,
    };
    let validate = validate(section, &mapping, platform);
    Leaving {
        flow_id,
        mapping,
        privacy,
        validate,
    }
}
