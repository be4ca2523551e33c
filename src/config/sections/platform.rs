//! `[platform]` and `[platform.auth]`.

use std::sync::Arc;

use super::headers::headers;
use super::secret::{self, secret};
use super::timeouts;
use crate::config::fault::{Problem, Read, Refused};
use crate::config::section::Section;
use crate::config::values::quantity::size;
use crate::config::values::{Given, address, choice, identifier, integer, words};
use crate::config::{Endpoint, Network, Platform, PlatformAuth};
use crate::limits;

/// What the XDM envelope needs of `[platform]`. Streams see it even if the rest of the section is
/// faulty, so that they can say what they lack.
pub(super) struct Identity {
    pub(super) org_id: Read<Option<String>>,
    pub(super) tenant: Read<Option<String>>,
    /// Whether there is a credential; it may be faulty.
    pub(super) has_auth: bool,
}

impl Identity {
    /// Of a section that could not be read at all.
    pub(super) fn refused(refused: Refused) -> Self {
        Self {
            org_id: Err(refused),
            tenant: Err(refused),
            // Unknown, and one fault is enough.
            has_auth: true,
        }
    }
}

pub(super) fn platform(
    section: &mut Section<'_>,
    network: &Read<Arc<Network>>,
) -> (Read<Platform>, Identity) {
    let identity = Identity {
        org_id: section.optional("org_id", org_id),
        tenant: section.optional("tenant", tenant),
        has_auth: section.value("auth").is_some(),
    };
    (rest(section, &identity, network), identity)
}

fn rest(
    section: &mut Section<'_>,
    identity: &Identity,
    network: &Read<Arc<Network>>,
) -> Read<Platform> {
    let inlet_url = section.required(
        "inlet_url",
        "write the streaming endpoint of the source connection, \
         `https://dcs.adobedc.net/collection/{inlet id}`",
        address::inlet,
    );
    let api_url = section.or("api_url", "https://platform.adobe.io", address::server);
    let sandbox_name = section.optional("sandbox_name", sandbox_name);
    let endpoints = [("batch", Endpoint::Batch), ("single", Endpoint::Single)];
    let endpoint = section.or("endpoint", "batch", choice(&endpoints));
    let batch_bytes = section.or(
        "batch_bytes",
        format!("{}B", limits::BATCH_BYTES_DEFAULT),
        batch_bytes,
    );
    let in_flight = section.or("in_flight", 4_i128, integer(1..=64));
    let max_messages_per_second =
        section.optional("max_messages_per_second", integer(1..=1_000_000));
    let headers = section.optional_section("headers", headers);
    let timeouts = timeouts(section, "10s", "30s", "60s");
    let auth = section.optional_section("auth", auth);
    if let (Ok(Some(_)), Ok(None)) = (&auth, &identity.org_id) {
        section.missing(
            "org_id",
            "write `org_id = \"…@AdobeOrg\"`: `[platform.auth]` needs it",
        );
    }
    Ok(Platform {
        inlet_url: inlet_url?,
        api_url: api_url?,
        org_id: identity.org_id.clone()?,
        sandbox_name: sandbox_name?,
        tenant: identity.tenant.clone()?,
        endpoint: endpoint?,
        batch_bytes: batch_bytes?,
        in_flight: in_flight?,
        max_messages_per_second: max_messages_per_second?,
        headers: headers?.unwrap_or_default(),
        auth: auth?,
        network: network.clone()?,
        timeouts: timeouts?,
    })
}

fn org_id(given: &Given<'_>) -> Result<String, Problem> {
    let id = identifier(given)?;
    match id.strip_suffix("@AdobeOrg") {
        Some(name) if !name.is_empty() => Ok(id),
        _ => Err(Problem::new(
            format!("{} is not an organization's id", given.quoted()),
            "write it as Adobe's console shows it, with `@AdobeOrg` at its end",
        )),
    }
}

fn tenant(given: &Given<'_>) -> Result<String, Problem> {
    let tenant = identifier(given)?;
    match tenant.strip_prefix('_') {
        Some(name) if !name.is_empty() => Ok(tenant),
        Some(_) | None => Err(Problem::new(
            format!("{} is not a tenant's namespace", given.quoted()),
            format!("write \"_{}\"", tenant.trim_start_matches('_')),
        )),
    }
}

fn sandbox_name(given: &Given<'_>) -> Result<String, Problem> {
    let name = given.text()?;
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.is_empty() && name.chars().all(allowed) {
        Ok(name.to_owned())
    } else {
        Err(Problem::new(
            format!("{} is not a sandbox's name", given.quoted()),
            "write its name, not its title: lower case letters, digits and hyphens",
        ))
    }
}

fn batch_bytes(given: &Given<'_>) -> Result<usize, Problem> {
    let range = limits::BATCH_BYTES_MIN as u64..=limits::INLET_BODY_BYTES_MAX as u64;
    let bytes = size(range)(given)?;
    // The range ends far below what any `usize` holds.
    Ok(usize::try_from(bytes).unwrap_or(limits::INLET_BODY_BYTES_MAX))
}

/// The scopes of a credential for the streaming APIs.
const SCOPES: [&str; 5] = [
    "openid",
    "AdobeID",
    "read_organizations",
    "additional_info.projectedProductContext",
    "session",
];

fn auth(section: &mut Section<'_>) -> Read<PlatformAuth> {
    let ims_url = section.or("ims_url", "https://ims-na1.adobelogin.com", address::server);
    let client_id = section.required(
        "client_id",
        "write the client id of the OAuth server-to-server credential",
        identifier,
    );
    let client_secret = secret(section, "client_secret");
    let client_secret = section.demand("client_secret", client_secret, secret::WRITE);
    let scopes = section.or("scopes", SCOPES.to_vec(), words);
    Ok(PlatformAuth {
        ims_url: ims_url?,
        client_id: client_id?,
        client_secret: client_secret?,
        scopes: scopes?,
    })
}
