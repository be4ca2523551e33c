//! Judging a message by the stream's own XDM schema.
//!
//! The Schema Registry hands out schemas with all references resolved and in the names used on the
//! wire, but open: it is the platform's validator that refuses what no schema declares. So the
//! objects of a schema are closed before it is compiled.

use std::fmt;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::LocationSegment;
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::{Map, Value};

use super::Findings;
use super::forms;
use crate::limits;
use crate::mapping::path::Path;

/// A compiled schema.
pub struct Schema {
    validator: Validator,
}

/// Why a text is no schema to judge messages by.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// Not a JSON object.
    #[error("it is not a JSON object")]
    NotAnObject,
    /// There is nothing in it that a message could have.
    #[error("it declares no properties, so every message would be refused")]
    Empty,
    /// It refers to another schema.
    #[error("it refers to `{0}`; only schemas with all references resolved can be used")]
    Reference(String),
    /// The library does not take it.
    #[error("it is not a JSON schema: {0}")]
    NotASchema(String),
}

impl Schema {
    /// Compiles a schema as the Schema Registry gives it for `xed-full`.
    ///
    /// # Errors
    /// When it is no such schema.
    pub fn compile(text: &[u8]) -> Result<Self, SchemaError> {
        let Ok(mut schema) = serde_json::from_slice::<Value>(text) else {
            return Err(SchemaError::NotAnObject);
        };
        let object = schema.as_object_mut().ok_or(SchemaError::NotAnObject)?;
        // Some name no dialect, and none names another.
        object.remove("$schema");
        close(object)?;
        if !object.contains_key("properties") {
            return Err(SchemaError::Empty);
        }
        let validator = jsonschema::options()
            .with_draft(Draft::Draft6)
            .should_validate_formats(true)
            // The library's own takes addresses that the platform refuses.
            .with_format("email", forms::is_email)
            .build(&schema)
            .map_err(|error| SchemaError::NotASchema(error.to_string()))?;
        Ok(Self { validator })
    }

    /// Judges a mapped object that is known to be JSON.
    pub(super) fn check(&self, entity: &[u8], findings: &Findings) {
        let Ok(entity) = serde_json::from_slice::<Value>(entity) else {
            return;
        };
        for error in self.validator.iter_errors(&entity) {
            let segments: Vec<LocationSegment<'_>> = error.instance_path().iter().collect();
            at(&segments, Path::Message, &mut |path| {
                tell(&error, path, findings);
            });
        }
    }
}

impl fmt::Debug for Schema {
    /// Schemas are far too long to print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Schema").finish_non_exhaustive()
    }
}

/// Closes every object that declares its members and is no map, after merging what `allOf` adds:
/// closed parts would refuse one another's members.
fn close(schema: &mut Map<String, Value>) -> Result<(), SchemaError> {
    if let Some(Value::String(reference)) = schema.get("$ref") {
        return Err(SchemaError::Reference(reference.clone()));
    }
    if let Some(Value::Array(parts)) = schema.remove("allOf") {
        for part in parts {
            if let Value::Object(part) = part {
                if let Some(Value::String(reference)) = part.get("$ref") {
                    return Err(SchemaError::Reference(reference.clone()));
                }
                merge(schema, part);
            }
        }
        // A part may have parts of its own.
        return close(schema);
    }
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for property in properties.values_mut() {
            close_value(property)?;
        }
        let is_map = schema.get("meta:xdmType").is_some_and(|kind| kind == "map");
        let is_open = schema
            .get("additionalProperties")
            .is_none_or(|others| *others == Value::Bool(true));
        if is_open && !is_map {
            schema.insert("additionalProperties".to_owned(), Value::Bool(false));
        }
    }
    for key in ["items", "additionalProperties"] {
        if let Some(inner) = schema.get_mut(key) {
            close_value(inner)?;
        }
    }
    bound(schema);
    Ok(())
}

fn close_value(schema: &mut Value) -> Result<(), SchemaError> {
    match schema {
        Value::Object(schema) => close(schema),
        Value::Array(schemas) => schemas.iter_mut().try_for_each(close_value),
        _ => Ok(()),
    }
}

/// Adds what `part` says to `schema`; where both say something, objects are merged, lists joined,
/// and of other values the first stays.
fn merge(schema: &mut Map<String, Value>, part: Map<String, Value>) {
    for (key, value) in part {
        match (schema.get_mut(&key), value) {
            (None, value) => {
                schema.insert(key, value);
            }
            (Some(Value::Object(ours)), Value::Object(theirs)) => merge(ours, theirs),
            // A list of types or of allowed values would not get wider by another's.
            (Some(Value::Array(ours)), Value::Array(theirs))
                if ["required", "allOf"].contains(&key.as_str()) =>
            {
                ours.extend(theirs);
            }
            (Some(_), _) => {}
        }
    }
}

/// Writes down the bounds of whole numbers that a schema leaves to their XDM types.
fn bound(schema: &mut Map<String, Value>) {
    if schema.get("type").is_none_or(|kind| kind != "integer") {
        return;
    }
    let long = i64::try_from(limits::INTEGER_MAX).unwrap_or(i64::MAX);
    let (min, max) = match schema.get("meta:xdmType").and_then(Value::as_str) {
        Some("byte") => (i8::MIN.into(), i8::MAX.into()),
        Some("short") => (i16::MIN.into(), i16::MAX.into()),
        Some("int") => (i32::MIN.into(), i32::MAX.into()),
        _ => (-long, long),
    };
    for (key, limit) in [("minimum", min), ("maximum", max)] {
        schema.entry(key).or_insert_with(|| Value::from(limit));
    }
}

/// Leads from the outermost segment to the innermost, and calls `then` with the path.
fn at(segments: &[LocationSegment<'_>], path: Path<'_>, then: &mut dyn FnMut(Path<'_>)) {
    match segments {
        [] => then(path),
        [LocationSegment::Property(key), rest @ ..] => at(rest, Path::Member(&path, key), then),
        [LocationSegment::Index(index), rest @ ..] => at(rest, Path::Element(&path, *index), then),
    }
}

/// Says in words what is wrong at `path`. What the schema says may be quoted, the message not.
fn tell(error: &ValidationError<'_>, path: Path<'_>, findings: &Findings) {
    let problem = match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            for key in unexpected {
                findings.add_new(Path::Member(&path, key), "is not in the schema");
            }
            return;
        }
        ValidationErrorKind::Required { property } => {
            let key = property.as_str().unwrap_or_default();
            findings.add_new(Path::Member(&path, key), "is missing, and required");
            return;
        }
        ValidationErrorKind::Type { kind } => match kind {
            TypeKind::Single(kind) => format!("is not of the type {kind}"),
            TypeKind::Multiple(_) => "is of none of the types it may have".to_owned(),
        },
        ValidationErrorKind::Format { format } => format!("does not have the format {format}"),
        ValidationErrorKind::Pattern { pattern } => {
            format!("does not match the pattern {}", shortened(pattern))
        }
        ValidationErrorKind::Enum { options } => {
            format!("is none of {}", shortened(&options.to_string()))
        }
        ValidationErrorKind::Minimum { limit }
        | ValidationErrorKind::ExclusiveMinimum { limit } => format!("is below {limit}"),
        ValidationErrorKind::Maximum { limit }
        | ValidationErrorKind::ExclusiveMaximum { limit } => format!("is above {limit}"),
        ValidationErrorKind::MinLength { limit } => {
            format!("is shorter than {limit} characters")
        }
        ValidationErrorKind::MaxLength { limit } => format!("is longer than {limit} characters"),
        ValidationErrorKind::MinItems { limit } => format!("has fewer than {limit} elements"),
        ValidationErrorKind::MaxItems { limit } => format!("has more than {limit} elements"),
        other => format!("breaks the schema's rule `{}`", other.keyword()),
    };
    findings.add_new(path, problem);
}

fn shortened(text: &str) -> String {
    const CHARS_MAX: usize = 100;
    match text.char_indices().nth(CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
