//! `[zendesk]` and `[zendesk.auth]`; `[zendesk.quota]` is beside this.

use std::sync::Arc;

use url::Url;

use super::quota::quota;
use super::secret::{self, secret};
use super::timeouts;
use crate::config::fault::{Problem, Read};
use crate::config::section::Section;
use crate::config::values::address::server;
use crate::config::values::{Given, choice, integer, text};
use crate::config::{Network, Zendesk, ZendeskAuth};
use crate::limits;

pub(super) fn zendesk(section: &mut Section<'_>, network: &Read<Arc<Network>>) -> Read<Zendesk> {
    let base_url = base_url(section);
    let page_size = section.or(
        "page_size",
        i128::from(limits::PAGE_RECORDS_MAX),
        integer(1..=limits::PAGE_RECORDS_MAX),
    );
    let timeouts = timeouts(section, "10s", "60s", "5m");
    let auth = section.section("auth", auth);
    let quota = section.section("quota", quota);
    let base_url = base_url?;
    Ok(Zendesk {
        account: account(&base_url),
        base_url,
        auth: auth?,
        quota: quota?,
        network: network.clone()?,
        page_size: page_size?,
        timeouts: timeouts?,
    })
}

fn base_url(section: &mut Section<'_>) -> Read<Url> {
    section.let_override("subdomain", &["base_url"]);
    section.let_override("base_url", &["subdomain"]);
    let both = section.value("subdomain").is_some() && section.value("base_url").is_some();
    let subdomain = section.optional("subdomain", subdomain);
    let base_url = section.optional("base_url", server);
    if both {
        return Err(section.refuse(
            "base_url",
            Problem::new(
                "this contradicts `subdomain`, which names an address as well",
                "keep one of the two",
            ),
        ));
    }
    match subdomain?.or(base_url?) {
        Some(url) => Ok(url),
        None => Err(section.missing(
            "subdomain",
            "write `subdomain = \"acme\"` for https://acme.zendesk.com, or `base_url`",
        )),
    }
}

/// The address of the account with this subdomain.
fn subdomain(given: &Given<'_>) -> Result<Url, Problem> {
    let text = given.text()?;
    match is_label(text).then(|| Url::parse(&format!("https://{text}.zendesk.com"))) {
        Some(Ok(url)) => Ok(url),
        Some(Err(_)) | None => Err(Problem::new(
            format!("{} is not a subdomain", given.quoted()),
            match label_within(text) {
                Some(label) => format!("write `{label}`"),
                None => "write the `acme` of https://acme.zendesk.com: \
                         lower case letters, digits and hyphens"
                    .to_owned(),
            },
        )),
    }
}

fn is_label(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    (1..=63).contains(&text.len()) && !text.starts_with('-') && text.chars().all(inner)
}

/// The subdomain that a whole address, or one in capitals, was meant to be.
fn label_within(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let host = text
        .split_once("://")
        .map_or(text.as_str(), |(_, rest)| rest);
    let host = host.split(['/', ':']).next()?;
    let label = host.strip_suffix(".zendesk.com").unwrap_or(host);
    is_label(label).then(|| label.to_owned())
}

fn account(base_url: &Url) -> String {
    let host = base_url.host_str().unwrap_or_default();
    match base_url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Method {
    ClientCredentials,
    AccessToken,
    ApiToken,
}

impl Method {
    /// As the file spells it.
    const fn word(self) -> &'static str {
        match self {
            Self::ClientCredentials => "client_credentials",
            Self::AccessToken => "access_token",
            Self::ApiToken => "api_token",
        }
    }
}

const METHODS: [Method; 3] = [
    Method::ClientCredentials,
    Method::AccessToken,
    Method::ApiToken,
];

/// Which method each key belongs to.
const OWNERS: [(&str, Method); 6] = [
    ("client_id", Method::ClientCredentials),
    ("client_secret", Method::ClientCredentials),
    ("scope", Method::ClientCredentials),
    ("access_token", Method::AccessToken),
    ("email", Method::ApiToken),
    ("api_token", Method::ApiToken),
];

fn auth(section: &mut Section<'_>) -> Read<ZendeskAuth> {
    let method = section.required(
        "method",
        "write `method = \"client_credentials\"`, `\"access_token\"` or `\"api_token\"`",
        choice(&METHODS.map(|method| (method.word(), method))),
    );
    if let Ok(method) = method {
        refuse_foreign_keys(section, method);
    }
    // Each key is read whatever the method, so that its own faults show.
    let client_id = section.optional("client_id", text);
    let client_secret = secret(section, "client_secret");
    let scope = section.or("scope", "read", text);
    let access_token = secret(section, "access_token");
    let email = section.optional("email", text);
    let api_token = secret(section, "api_token");
    match method? {
        Method::ClientCredentials => {
            let client_id = section.demand("client_id", client_id, CLIENT_ID);
            let client_secret = section.demand("client_secret", client_secret, secret::WRITE);
            Ok(ZendeskAuth::ClientCredentials {
                client_id: client_id?,
                client_secret: client_secret?,
                scope: scope?,
            })
        }
        Method::AccessToken => {
            let access_token = section.demand("access_token", access_token, secret::WRITE);
            Ok(ZendeskAuth::AccessToken {
                access_token: access_token?,
            })
        }
        Method::ApiToken => {
            let email = section.demand("email", email, EMAIL);
            let api_token = section.demand("api_token", api_token, secret::WRITE);
            Ok(ZendeskAuth::ApiToken {
                email: email?,
                api_token: api_token?,
            })
        }
    }
}

const CLIENT_ID: &str = "write the unique identifier of the OAuth client, from the Admin Center";
const EMAIL: &str = "write the address of a verified user of the account";

fn refuse_foreign_keys(section: &mut Section<'_>, method: Method) {
    for (key, owner) in OWNERS.into_iter().filter(|(_, owner)| *owner != method) {
        section.let_override("method", &[key]);
        if section.value(key).is_some() {
            let owner = owner.word();
            section.refuse(
                key,
                Problem::new(
                    format!("this key belongs to the method `{owner}`"),
                    format!("leave it out, or write `method = \"{owner}\"`"),
                ),
            );
        }
    }
}
