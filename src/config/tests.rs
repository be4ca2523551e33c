//! What the configuration reader accepts, and what it says of the rest.

use std::path::Path;

use super::layers::environment::Variables;
use super::{Config, LoadError};

mod changes;
mod declared;
mod environment;
mod example;
mod files;
mod fuzz;
mod keys;
mod network;
mod platform;
mod secrets;
mod streams;
mod totality;
mod walks;
mod zendesk;

/// A file that is right, and as short as can be.
const MINIMAL: &str = r#"
[zendesk]
subdomain = "acme"
[zendesk.auth]
method = "access_token"
access_token = { env = "TOKEN" }
[platform]
inlet_url = "https://dcs.adobedc.net/collection/abc"
[streams.users]
flow_id = "flow"
"#;

const SUBDOMAIN: &str = "subdomain = \"acme\"\n";
const INLET: &str = "inlet_url = \"https://dcs.adobedc.net/collection/abc\"\n";

/// [`MINIMAL`] with one of its lines replaced by others.
fn minimal_with(line: &str, replacement: &str) -> String {
    assert!(MINIMAL.contains(line), "`{line}` is not in the file");
    MINIMAL.replace(line, replacement)
}

/// Where the files of these tests claim to be.
const PATH: &str = "/etc/zendesk-aep.toml";

fn variables(environment: &[(&str, &str)]) -> Variables {
    environment
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.into()))
        .collect()
}

/// What `text` and `environment` say, as [`super::load`] would return it.
fn resolve(text: &str, environment: &[(&str, &str)]) -> Result<Config, LoadError> {
    super::resolve(Path::new(PATH), text, &variables(environment))
}

/// The configuration, which must be right.
fn accepted(text: &str, environment: &[(&str, &str)]) -> Config {
    match resolve(text, environment) {
        Ok(config) => config,
        Err(error) => panic!("{error}"),
    }
}

/// The report, which there must be.
fn report(text: &str, environment: &[(&str, &str)]) -> String {
    match resolve(text, environment) {
        Ok(config) => panic!("accepted: {config:#?}"),
        Err(error) => error.to_string(),
    }
}

/// The faults of [`MINIMAL`] with one line replaced, without the report's heading.
fn faults_with(line: &str, replacement: &str) -> String {
    let report = report(&minimal_with(line, replacement), &[]);
    match report.split_once("\n\n") {
        Some((_, faults)) => faults.replace("/etc/zendesk-aep.toml:", "line "),
        None => report,
    }
}

/// The faults of a further line in `[zendesk]`.
fn zendesk(line: &str) -> String {
    faults_with(SUBDOMAIN, &format!("{SUBDOMAIN}{line}\n"))
}

/// The faults of a further line in `[platform]`.
fn platform(line: &str) -> String {
    faults_with(INLET, &format!("{INLET}{line}\n"))
}
