//! Whatever the file holds: a configuration or a report, and neither shows a secret.

use proptest::prelude::*;
use toml::Value;
use url::Url;

use super::resolve;
use crate::fuzzing::{Input, deep, fuzz, mutated};

/// Written where a secret, the inlet's id or a gateway's key belongs.
const SECRET: &str = "hush0hush1hush2";

/// As a person might write it before reading the manual: secrets in place of where they are.
const CARELESS: &[u8] = br#"
[zendesk]
subdomain = "acme"
page_size = 500
[zendesk.auth]
method = "client_credentials"
client_id = "zendesk_aep"
client_secret = "hush0hush1hush2"
access_token = { value = "hush0hush1hush2" }
api_token = ["hush0hush1hush2"]
[platform]
inlet_url = "https://dcs.adobedc.net/collection/hush0hush1hush2"
headers = { x-key = "hush0hush1hush2" }
[platform.auth]
client_id = "0123456789abcdef"
client_secret = "hush0hush1hush2"
[streams.users]
flow_id = "flow"
"#;

const RIGHT: &[u8] = br#"
shutdown_grace = "30s"
[zendesk]
base_url = "https://support.example.com"
idle_timeout = "1m 30s"
[zendesk.auth]
method = "api_token"
email = "integration@example.com"
api_token = { env = "ZENDESK_API_TOKEN" }
[platform]
inlet_url = "https://dcs.adobedc.net/collection/hush0hush1hush2"
headers = { x-key = "hush0hush1hush2" }
org_id = "ABC@AdobeOrg"
tenant = "_acme"
batch_bytes = "900kB"
[platform.auth]
client_id = "c"
client_secret = { file = "secret" }
scopes = ["openid"]
[schedule]
cron = "0 */15 * * * *"
timezone = "Europe/Berlin"
[streams.users]
export = "search"
mapping = "adobe-source-compatible"
dataset_id = "5f"
schema_id = "https://ns.adobe.com/acme/schemas/1"
start = 2025-01-31T00:00:00Z
settle = "5m"
"#;

const CORPUS: &[&[u8]] = &[
    CARELESS,
    RIGHT,
    include_bytes!("../../../config/zendesk-aep.toml"),
];

/// Whether the secret stands where things are shown: a mutation may have moved it to `client_id`.
fn may_be_shown(key: &str, value: &Value) -> bool {
    let holds = |text: &str| text.contains(SECRET);
    let names_hold = || {
        value
            .as_table()
            .is_some_and(|table| table.keys().any(|key| holds(key)))
    };
    match key {
        _ if holds(key) => true,
        "headers" => names_hold(),
        // A secret's place is shown, the secret is not.
        "client_secret" | "access_token" | "api_token" => {
            let place = |key| {
                value
                    .get(key)
                    .is_some_and(|place| holds(&place.to_string()))
            };
            names_hold() || ["file", "env", "credential"].into_iter().any(place)
        }
        // Of an address, scheme and host are.
        "inlet_url" => {
            let url = value.as_str().and_then(|text| Url::parse(text).ok());
            names_hold()
                || url.is_some_and(|url| holds(url.scheme()) || url.host_str().is_some_and(holds))
        }
        _ => match value {
            Value::Table(table) => table.iter().any(|(key, value)| may_be_shown(key, value)),
            _ => holds(&value.to_string()),
        },
    }
}

fn check(text: &str) {
    let shown = match resolve(text, &[]) {
        Ok(config) => format!("{config:?}"),
        Err(report) => {
            let report = report.to_string();
            assert!(!report.is_empty());
            report
        }
    };
    // Of a file that is not TOML nothing is quoted at all.
    let file = toml::from_str::<toml::Table>(text).unwrap_or_default();
    if !may_be_shown("", &Value::Table(file)) {
        assert!(!shown.contains(SECRET), "{shown}");
    }
}

#[test]
fn any_file() {
    fuzz("configurations", &mutated(CORPUS), |Input(text)| {
        check(&String::from_utf8_lossy(&text));
    });
}

#[test]
fn any_variable() {
    let name = "(ZENDESK|PLATFORM|STREAMS|LOG|AUTH|__|USERS|EVERY|[A-Z_]){1,8}";
    fuzz("variables", &(name, any::<String>()), |(name, value)| {
        let _ = resolve(super::MINIMAL, &[(&format!("ZENDESK_AEP__{name}"), &value)]);
    });
}

#[test]
fn a_deep_file() {
    for nest in deep() {
        let nest = String::from_utf8(nest).expect("text");
        check(&nest);
        check(&format!("a = {nest}"));
    }
}
