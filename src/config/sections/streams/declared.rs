//! Streams that the catalogue does not have: rows made of the configuration, with the keys of the
//! catalogue's own rows. One with `like` begins as a copy of such a row, under another name.

use crate::catalogue::{
    self, Area, DeletionSign, Leaving, Pagination, Reading, StreamEnd, StreamSpec, Text, TimeUnit,
};
use crate::config::fault::{Problem, Read};
use crate::config::section::Section;
use crate::config::values::{Given, choice, integer, nearest, text};
use crate::limits;

/// The keys that declare a stream; one of them is needed.
const DECLARING: [&str; 2] = ["like", "path"];

/// The name of the object stands here in a path.
const CUSTOM_OBJECT: &str = "{custom_object}";

/// Whether the section `name` declares a stream.
pub(super) fn is_declared(section: &Section<'_>, name: &str) -> bool {
    let keys = section.names_in(name);
    DECLARING.iter().any(|key| keys.contains(*key))
}

/// The row that a section declares. There is always one, so that the section's other keys can be
/// read by it; it is of use only without a fault.
pub(super) fn row(section: &mut Section<'_>, name: &str) -> (StreamSpec, Read<()>) {
    let mut good = is_a_name(section, name);
    let like = section.optional("like", text);
    let base = like.and_then(|like| match like {
        None => Ok(None),
        Some(like) => copied(section, &like).map(Some),
    });
    let mut spec = match &base {
        Ok(Some(row)) => row.clone(),
        Ok(None) => {
            let (spec, read) = new_row(section, name);
            good = good.and(read);
            spec
        }
        Err(_) => blank(name, list_of("/".into(), Pagination::Cursor)),
    };
    good = good.and(base.map(|_| ()));
    spec.name = name.to_owned().into();
    spec.area = Area::Declared;
    good = good.and(fields(section, &mut spec));
    (spec, good)
}

/// The row with the name of the custom object in its path, where that has a place for it.
pub(super) fn of_custom_object(section: &mut Section<'_>, spec: &mut StreamSpec) -> Read<()> {
    let (Reading::Incremental { path } | Reading::Time { path, .. } | Reading::List { path, .. }) =
        &mut spec.reading
    else {
        return Ok(());
    };
    if !path.contains(CUSTOM_OBJECT) {
        return Ok(());
    }
    let remedy = "write the key of the custom object, like `custom_object = \"apple\"`";
    let object = section.required("custom_object", remedy, object_key)?;
    *path = path.replace(CUSTOM_OBJECT, &object).into();
    Ok(())
}

fn is_a_name(section: &mut Section<'_>, name: &str) -> Read<()> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.chars().all(fits) {
        return Ok(());
    }
    Err(section.refuse_all(Problem::new(
        "this is not a name for a stream",
        "write lower case letters, digits and underscores",
    )))
}

/// A copy of the catalogue's row `like`.
fn copied(section: &mut Section<'_>, like: &str) -> Read<StreamSpec> {
    let by_itself = || catalogue::all().iter().filter(|row| row.parent().is_none());
    if let Some(row) = by_itself().find(|row| row.name == like) {
        return Ok(row.clone());
    }
    let (what, remedy) = match catalogue::find(like) {
        Some(_) => (
            format!("`{like}` is read with another stream and cannot be copied"),
            "copy a stream that is read by itself; `zendesk-aep streams` tells them apart"
                .to_owned(),
        ),
        None => {
            let names: Vec<&str> = by_itself().map(|row| &*row.name).collect();
            let remedy = match nearest(like, &names) {
                Some(name) => format!("write `{name}`"),
                None => "write one of the names that `zendesk-aep streams` prints".to_owned(),
            };
            (format!("`{like}` is not in the catalogue"), remedy)
        }
    };
    Err(section.refuse("like", Problem::new(what, remedy)))
}

#[derive(Clone, Copy)]
enum Kind {
    Incremental,
    Time,
    List,
}

const KINDS: [(&str, Kind); 3] = [
    ("list", Kind::List),
    ("time", Kind::Time),
    ("incremental", Kind::Incremental),
];

/// A row of nothing but the section's own keys.
fn new_row(section: &mut Section<'_>, name: &str) -> (StreamSpec, Read<()>) {
    let kind = section.or("export", "list", choice(&KINDS));
    let path = section.required("path", "write the path of its list or export", path);
    let mut good = kind
        .map(|_| ())
        .and(path.as_ref().map(|_| ()).map_err(|refused| *refused));
    let path: Text = path.unwrap_or_else(|_| "/".to_owned()).into();
    let reading = match kind {
        Ok(Kind::Incremental) => Reading::Incremental { path },
        Ok(Kind::Time) => Reading::Time {
            path,
            unit: TimeUnit::Seconds,
            end: StreamEnd::EndOfStream,
            size: None,
        },
        Ok(Kind::List) | Err(_) => list_of(path, Pagination::Cursor),
    };
    let mut spec = blank(name, reading);
    good = good.and(how(section, &mut spec.reading));
    (spec, good)
}

/// The keys that say how pages are asked for and how they end.
fn how(section: &mut Section<'_>, reading: &mut Reading) -> Read<()> {
    match reading {
        Reading::Time {
            unit, end, size, ..
        } => {
            let units = [
                ("seconds", TimeUnit::Seconds),
                ("microseconds", TimeUnit::Microseconds),
            ];
            let ends = [
                ("end_of_stream", StreamEnd::EndOfStream),
                ("short_page", StreamEnd::ShortPage),
            ];
            let read_unit = section.or("unit", "seconds", choice(&units));
            let read_end = section.or("stream_end", "end_of_stream", choice(&ends));
            let read_size = section.optional("size", text);
            (*unit, *end) = (read_unit?, read_end?);
            *size = read_size?.map(Text::from);
        }
        Reading::List { pagination, .. } => {
            let kinds = [
                ("cursor", Pagination::Cursor),
                ("offset", Pagination::Offset),
                ("single", Pagination::Single),
            ];
            *pagination = section.or("pagination", "cursor", choice(&kinds))?;
        }
        Reading::Incremental { .. } | Reading::Inside { .. } | Reading::Children { .. } => {}
    }
    Ok(())
}

/// The keys about what is in an answer, of new rows and of copies.
fn fields(section: &mut Section<'_>, spec: &mut StreamSpec) -> Read<()> {
    let records_key = section.optional("records_key", text);
    let id_field = section.optional("id_field", text);
    let version_field = section.optional("version_field", version_field);
    let page_max = section.optional("page_max", integer(1..=limits::PAGE_RECORDS_MAX));
    let deletion = section.optional("deletion", choice(&DELETIONS));
    let leaving = section.optional("leaving", choice(&LEAVINGS));
    let parameters = section.optional_section("parameters", parameters);
    let copied_path = match &mut spec.reading {
        Reading::Incremental { path: of_row }
        | Reading::Time { path: of_row, .. }
        | Reading::List { path: of_row, .. } => section
            .optional("path", path)
            .map(|path| path.map(|path| *of_row = path.into())),
        Reading::Inside { .. } | Reading::Children { .. } => Ok(None),
    };
    if let Some(key) = records_key? {
        spec.records_key = key.into();
    }
    if let Some(field) = id_field? {
        spec.id_field = field.into();
    }
    if let Some(field) = version_field? {
        spec.version_field = field.map(Text::from);
        spec.listed_version_field = None;
    }
    spec.page_max = page_max?.unwrap_or(spec.page_max);
    spec.deletion = deletion?.unwrap_or(spec.deletion);
    spec.leaving = leaving?.unwrap_or(spec.leaving);
    spec.query.extend(parameters?.unwrap_or_default());
    copied_path?;
    if let (Reading::Time { .. }, None) = (&spec.reading, &spec.version_field) {
        return Err(section.refuse(
            "version_field",
            Problem::new(
                "records of a time export come again, and are told from changed ones by their version",
                "write the field that holds it",
            ),
        ));
    }
    Ok(())
}

const DELETIONS: [(&str, DeletionSign); 7] = [
    ("none", DeletionSign::None),
    ("inactive", DeletionSign::Inactive),
    ("status", DeletionSign::Status),
    ("deleted_at", DeletionSign::DeletedAt),
    ("flag", DeletionSign::Flag),
    ("is_deleted", DeletionSign::IsDeleted),
    ("always", DeletionSign::Always),
];

const LEAVINGS: [(&str, Leaving); 2] =
    [("deletion", Leaving::Deletion), ("expiry", Leaving::Expiry)];

/// The field of the version; empty where records have none.
fn version_field(given: &Given<'_>) -> Result<Option<String>, Problem> {
    match given.text()? {
        "" => Ok(None),
        _ => text(given).map(Some),
    }
}

/// A path below the account's address.
fn path(given: &Given<'_>) -> Result<String, Problem> {
    let path = text(given)?;
    let plain = path.replace(CUSTOM_OBJECT, "x");
    let fits = |c: char| c.is_ascii_graphic() && !"?#{}\\".contains(c);
    if plain.starts_with('/') && plain.chars().all(fits) {
        return Ok(path);
    }
    Err(Problem::new(
        format!("{} is not a path", given.quoted()),
        "write it from its first slash, like \"/api/v2/gadgets.json\"; what would follow a `?` belongs into `parameters`",
    ))
}

fn object_key(given: &Given<'_>) -> Result<String, Problem> {
    let key = text(given)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if key.chars().all(fits) {
        return Ok(key);
    }
    Err(Problem::new(
        format!("{} is not the key of a custom object", given.quoted()),
        "write it as the Admin Center shows it: letters, digits, underscores and hyphens",
    ))
}

/// Query parameters by name.
fn parameters(section: &mut Section<'_>) -> Read<Vec<(Text, Text)>> {
    let mut parameters = Vec::new();
    for name in section.names() {
        let own = ["page", "per_page", "cursor", "start_time", "limit"];
        if own.contains(&name.as_str()) || name.starts_with("page[") {
            let what = "this parameter is set by the program itself";
            let problem = Problem::new(what, "leave it out");
            return Err(section.refuse(&name, problem));
        }
        let value = section.required(&name, "write its value", text)?;
        parameters.push((Text::from(name), Text::from(value)));
    }
    Ok(parameters)
}

fn list_of(path: Text, pagination: Pagination) -> Reading {
    Reading::List { path, pagination }
}

/// A row with nothing said but how it is read.
fn blank(name: &str, reading: Reading) -> StreamSpec {
    let page_max = match reading {
        Reading::List { .. } => limits::LIST_PAGE_RECORDS_MAX,
        _ => limits::PAGE_RECORDS_MAX,
    };
    StreamSpec::new(name.to_owned(), reading, page_max)
}
