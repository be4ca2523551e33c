//! The layer of the file.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::ops::Range;
use std::path::Path;

use ::config::{Value, ValueKind};
use toml::de::{DeInteger, DeTable, DeValue};

use super::{Layer, Places, Table, key_path};
use crate::config::LoadError;
use crate::config::fault::Place;
use crate::limits;

/// Reads the file's text.
pub(in crate::config) fn read(path: &Path) -> Result<String, LoadError> {
    let failed = |source: std::io::Error| match source.kind() {
        ErrorKind::NotFound => LoadError::Missing(path.to_owned()),
        _ => LoadError::Unreadable {
            path: path.to_owned(),
            source,
        },
    };
    let mut bytes = Vec::new();
    File::open(path)
        .map_err(failed)?
        .take(limits::FILE_BYTES_MAX + 1)
        .read_to_end(&mut bytes)
        .map_err(failed)?;
    if bytes.len() as u64 > limits::FILE_BYTES_MAX {
        return Err(LoadError::TooLarge(path.to_owned()));
    }
    String::from_utf8(bytes).map_err(|_| LoadError::NotText(path.to_owned()))
}

/// The layer that `text`, the content of the file at `path`, stands for.
pub(in crate::config) fn layer(path: &Path, text: &str) -> Result<Layer, LoadError> {
    let lines = Lines::of(text);
    // The error's own `Display` shows the line it stumbled over, which may hold a secret.
    let document = DeTable::parse(text).map_err(|error| LoadError::Syntax {
        path: path.to_owned(),
        line: lines.number(error.span().unwrap_or_default()),
        message: error.message().to_owned(),
    })?;
    let mut places = Places::new();
    let table = table(document.into_inner(), "", &lines, &mut places);
    Ok(Layer { table, places })
}

fn table(table: DeTable<'_>, path: &str, lines: &Lines, places: &mut Places) -> Table {
    let mut values = Table::with_capacity(table.len());
    for (key, given) in table {
        let path = key_path(path, key.get_ref());
        let line = lines.number(key.span());
        let given = value(given.into_inner(), &path, lines, places);
        values.insert(key.into_inner().into_owned(), Value::new(None, given));
        places.insert(path, Place::Line(line));
    }
    values
}

fn value(value: DeValue<'_>, path: &str, lines: &Lines, places: &mut Places) -> ValueKind {
    match value {
        DeValue::String(text) => text.into_owned().into(),
        DeValue::Integer(integer) => integer_value(&integer).into(),
        // No key takes one, so it need not be exact.
        DeValue::Float(float) => float.as_str().parse().unwrap_or(f64::NAN).into(),
        DeValue::Boolean(boolean) => boolean.into(),
        // As `config` does it; the one key that takes a date-time takes its text as well.
        DeValue::Datetime(time) => time.to_string().into(),
        // Elements have no keys; a fault in one is reported at the list's.
        DeValue::Array(elements) => elements
            .into_iter()
            .map(|element| value_of_element(element.into_inner(), lines))
            .collect::<Vec<Value>>()
            .into(),
        DeValue::Table(inner) => table(inner, path, lines, places).into(),
    }
}

fn value_of_element(element: DeValue<'_>, lines: &Lines) -> Value {
    Value::new(None, value(element, "", lines, &mut Places::new()))
}

/// Saturates: a number of 39 digits is refused by every key, and the report shows it is huge.
fn integer_value(integer: &DeInteger<'_>) -> i128 {
    i128::from_str_radix(integer.as_str(), integer.radix()).unwrap_or(i128::MAX)
}

/// Where each line begins, so that a file of a million keys is not counted through for each.
struct Lines(Vec<usize>);

impl Lines {
    fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(end, _)| end + 1).collect())
    }

    /// The number, from 1, of the line in which `span` begins.
    fn number(&self, span: Range<usize>) -> usize {
        self.0.partition_point(|&begin| begin <= span.start) + 1
    }
}
