//! `platform.headers`: further headers of requests to the inlet.

use std::collections::BTreeMap;

use reqwest::header::{HeaderName, HeaderValue};
use secrecy::SecretString;

use crate::config::fault::{Problem, Read};
use crate::config::section::Section;
use crate::config::values::Given;

/// Headers that are the program's own, with the key that sets each, if there is one.
const OWN: [(&str, Option<&str>); 6] = [
    ("authorization", Some("platform.auth")),
    ("content-type", None),
    ("content-length", None),
    ("host", None),
    ("x-adobe-flow-id", Some("streams.NAME.flow_id")),
    ("x-sandbox-name", Some("platform.sandbox_name")),
];

pub(super) fn headers(section: &mut Section<'_>) -> Read<Vec<(String, SecretString)>> {
    // A header is as good a place for an API key as any.
    section.hide();
    let mut headers = BTreeMap::new();
    let mut refused = None;
    for written in section.names() {
        match header(section, &written) {
            Ok((name, value)) if !headers.contains_key(&name) => {
                headers.insert(name, value);
            }
            Ok((name, _)) => {
                let what = format!("the header `{name}` is given twice: its case does not matter");
                let problem = Problem::new(what, "keep one of the two");
                refused = Some(section.refuse(&written, problem));
            }
            Err(fault) => refused = Some(fault),
        }
    }
    match refused {
        Some(refused) => Err(refused),
        None => Ok(headers.into_iter().collect()),
    }
}

fn header(section: &mut Section<'_>, written: &str) -> Read<(String, SecretString)> {
    let Ok(name) = HeaderName::from_bytes(written.as_bytes()) else {
        return Err(section.refuse(
            written,
            Problem::new(
                "this is not a header's name",
                "write letters, digits and hyphens",
            ),
        ));
    };
    // Lower case, whatever was written.
    let name = name.as_str();
    if let Some((_, key)) = OWN.iter().find(|(own, _)| *own == name) {
        let remedy = match key {
            Some(key) => format!("leave it out; `{key}` sets it"),
            None => "leave it out".to_owned(),
        };
        let problem = Problem::new("this header is set by the program itself", remedy);
        return Err(section.refuse(written, problem));
    }
    let value = section.required(written, "write its value", header_value)?;
    Ok((name.to_owned(), value))
}

fn header_value(given: &Given<'_>) -> Result<SecretString, Problem> {
    let text = given.text()?;
    match HeaderValue::from_str(text) {
        Ok(value) if value.to_str().is_ok() => Ok(text.into()),
        Ok(_) | Err(_) => Err(Problem::new(
            "the value cannot travel in a header",
            "write visible ASCII characters only",
        )),
    }
}
