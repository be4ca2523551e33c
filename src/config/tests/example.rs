//! The example file loads, shows every key, and does not lie about defaults.

use std::collections::BTreeSet;
use std::path::Path;

use super::{PATH, accepted, variables};
use crate::catalogue;
use crate::config::layers::key_path;
use crate::config::read;

const EXAMPLE: &str = include_str!("../../../config/zendesk-aep.toml");
const ENVIRONMENT: [(&str, &str); 1] = [("CREDENTIALS_DIRECTORY", "/run/credentials")];

/// Keys whose commented value is an example rather than the default, with no effect on the
/// others being right.
const WITHOUT_DEFAULT: [&str; 34] = [
    "base_url",
    "ca_file",
    "access_token",
    "email",
    "api_token",
    "sandbox_name",
    "tenant",
    "headers",
    "max_messages_per_second",
    "cron",
    "timezone",
    "start",
    "end",
    "settle",
    "reserve",
    "include",
    "support_type_scope",
    "exclude_deleted",
    "query",
    "brands",
    "keep",
    "listen",
    "org_id",
    "schema_file",
    "[mapping.privacy]",
    "drop",
    "hash",
    "hash_key",
    "mask",
    "allow",
    "privacy",
    "external_id",
    "mapping_file",
    "wrap",
];

/// The key or section that a line holds behind its `#`; prose has a space there.
fn commented(line: &str) -> Option<&str> {
    let line = line.strip_prefix('#')?;
    let is_key = line.starts_with(|c: char| c.is_ascii_lowercase() || c == '[');
    is_key.then(|| line.split(" = ").next().unwrap_or(line))
}

/// The example without the `#` before those lines whose key `choose` picks.
fn uncommented(choose: impl Fn(usize, &str) -> bool) -> String {
    let mut text = String::new();
    for (number, line) in EXAMPLE.lines().enumerate() {
        let chosen = commented(line).is_some_and(|key| choose(number, key));
        text += if chosen { &line[1..] } else { line };
        text += "\n";
    }
    text
}

/// All paths in a table, except those inside secrets and headers.
fn paths(table: &toml::Table, section: &str, found: &mut BTreeSet<String>) {
    for (key, value) in table {
        let path = key_path(section, key);
        if let toml::Value::Table(inner) = value {
            paths(inner, &path, found);
        }
        found.insert(path);
    }
}

fn is_inside_a_value(path: &str) -> bool {
    let values = [
        "client_secret.",
        "access_token.",
        "api_token.",
        "headers.",
        "hash_key.",
        "mask.",
        "users.privacy.",
        "parameters.",
    ];
    values.iter().any(|value| path.contains(value))
}

#[test]
fn loads_as_it_stands() {
    let config = accepted(EXAMPLE, &ENVIRONMENT);
    assert_eq!(config.zendesk.account, "acme.zendesk.com");
    assert_eq!(config.streams.len(), 1);
}

#[test]
fn shows_the_keys_that_are_read_and_no_others() {
    let text = uncommented(|_, _| true);
    let mut shown = BTreeSet::new();
    paths(&text.parse().unwrap(), "", &mut shown);
    let (_, reader) = read(Path::new(PATH), &text, &variables(&ENVIRONMENT)).unwrap();
    let mut read = reader.asked;
    shown.retain(|path| !is_inside_a_value(path));
    read.retain(|path| !is_inside_a_value(path));
    // The catalogue says which streams there are; the example shows some of them.
    read.retain(|path| {
        let stream = path.strip_prefix("streams.");
        shown.contains(path) || stream.is_none_or(|name| catalogue::find(name).is_none())
    });
    // A key that several kinds of streams have is shown with one of them.
    let of_any_stream = |paths: BTreeSet<String>| -> BTreeSet<String> {
        let mut any = BTreeSet::new();
        for path in paths {
            let key = path
                .strip_prefix("streams.")
                .and_then(|path| path.split_once('.'));
            any.insert(match key {
                Some((_, key)) => format!("streams.NAME.{key}"),
                None => path,
            });
        }
        any
    };
    assert_eq!(of_any_stream(shown), of_any_stream(read));
}

#[test]
fn shows_the_defaults_that_are_used() {
    // With `[platform.auth]`, so that its defaults are tried too.
    let base_keys = ["[platform.auth]", "client_id", "client_secret", "org_id"];
    let base = accepted(
        &uncommented(|_, key| base_keys.contains(&key)),
        &ENVIRONMENT,
    );
    // In a section that is commented out as a whole, other keys stand than in the one above it.
    let mut is_out = false;
    for (number, line) in EXAMPLE.lines().enumerate() {
        is_out = line.starts_with("#[streams.") || is_out && !line.starts_with('[');
        let Some(key) = commented(line).filter(|_| !is_out) else {
            continue;
        };
        if base_keys.contains(&key) || WITHOUT_DEFAULT.contains(&key) {
            continue;
        }
        let text = uncommented(|n, key| n == number || base_keys.contains(&key));
        let config = accepted(&text, &ENVIRONMENT);
        assert_eq!(format!("{config:?}"), format!("{base:?}"), "{line}");
    }
}
