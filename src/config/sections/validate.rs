//! `validate` and `schema_file`: how far a stream's messages are judged before they are sent.

use super::platform::Identity;
use super::resolve;
use crate::config::fault::{Problem, Read};
use crate::config::section::Section;
use crate::config::values::{choice, text};
use crate::config::{Mapping, SchemaPlace, Validate};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Level {
    Off,
    Fields,
    Schema,
}

const LEVELS: [(&str, Level); 3] = [
    ("off", Level::Off),
    ("fields", Level::Fields),
    ("schema", Level::Schema),
];

/// The level, with the place of the schema that it needs; `mapping` is the stream's.
pub(super) fn validate(
    section: &mut Section<'_>,
    mapping: &Read<Mapping>,
    platform: &Identity,
) -> Read<Validate> {
    let level = section.or("validate", "fields", choice(&LEVELS));
    if let Ok(Level::Off | Level::Fields) = level {
        section.let_override("validate", &["schema_file"]);
        if section.value("schema_file").is_some() {
            let what = "this key belongs to `validate = \"schema\"`";
            let remedy = "leave it out, or write `validate = \"schema\"`";
            section.refuse("schema_file", Problem::new(what, remedy));
        }
    }
    let file = section.optional("schema_file", text);
    match level? {
        Level::Off => Ok(Validate::Off),
        Level::Fields => Ok(Validate::Fields),
        Level::Schema => {
            let file = file?.map(|path| resolve(section, path));
            schema(section, mapping, platform, file)
        }
    }
}

fn schema(
    section: &mut Section<'_>,
    mapping: &Read<Mapping>,
    platform: &Identity,
    file: Option<std::path::PathBuf>,
) -> Read<Validate> {
    let schema_id = match mapping {
        Ok(Mapping::Raw { .. }) => {
            let what = "raw messages are mapped by the platform: no schema is theirs";
            let remedy = "leave it out, or write another `mapping`";
            return Err(section.refuse("validate", Problem::new(what, remedy)));
        }
        Ok(Mapping::Mapped(mapped)) => &mapped.envelope.schema_id,
        Err(refused) => return Err(*refused),
    };
    if let Some(file) = file {
        return Ok(Validate::Schema(SchemaPlace::File(file)));
    }
    if !platform.has_auth {
        let remedy = "write the credential that may read the Schema Registry, or a `schema_file` \
                      for the stream";
        return Err(section.missing_in("platform", "auth", remedy));
    }
    Ok(Validate::Schema(SchemaPlace::Registry(schema_id.clone())))
}
