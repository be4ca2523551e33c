//! Addresses. Messages show at most scheme and host of one: the rest can hold a password or
//! an inlet's id.

use url::{Host, Url};

use super::Given;
use crate::config::InletUrl;
use crate::config::fault::Problem;

/// The address of a server: scheme, host and port, nothing more.
pub(in crate::config) fn server(given: &Given<'_>) -> Result<Url, Problem> {
    let url = url(given)?;
    if url.path() == "/" {
        Ok(url)
    } else {
        Err(Problem::new(
            format!("{} is followed by a path", origin(&url)),
            format!("write \"{}\"", bare_origin(&url)),
        ))
    }
}

/// The address of an inlet for single messages.
pub(in crate::config) fn inlet(given: &Given<'_>) -> Result<InletUrl, Problem> {
    let url = url(given)?;
    let segments: Vec<&str> = url.path().split('/').skip(1).collect();
    match segments[..] {
        ["collection", "batch", _] => Err(Problem::new(
            format!("this is the batch address of the inlet at {}", origin(&url)),
            "write the one for single messages, `…/collection/{inlet id}`, without `batch/`; \
             the batch address is derived from it",
        )),
        ["collection", id] if !id.is_empty() && id != "batch" => Ok(InletUrl::new(url)),
        _ => Err(Problem::new(
            format!("{} is not followed by an inlet's path", origin(&url)),
            "write the streaming endpoint of the source connection, \
             `https://dcs.adobedc.net/collection/{inlet id}`",
        )),
    }
}

/// An address that credentials may be sent to.
fn url(given: &Given<'_>) -> Result<Url, Problem> {
    let url = Url::parse(given.text()?).map_err(|error| {
        Problem::new(
            format!("this is not an address: {error}"),
            r#"write an address with its scheme, like "https://example.com""#,
        )
    })?;
    if !matches!(url.scheme(), "https" | "http") {
        let what = format!("`{}:` is not a scheme this program speaks", url.scheme());
        return Err(Problem::new(
            what,
            "write an address that begins with `https://`",
        ));
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(Problem::new(
            format!("{} would receive credentials unencrypted", origin(&url)),
            "write `https://`; plain `http://` is for loopback addresses only",
        ));
    }
    for (part, present) in [
        (
            "a user name or password",
            !url.username().is_empty() || url.password().is_some(),
        ),
        ("a query", url.query().is_some()),
        ("a fragment", url.fragment().is_some()),
    ] {
        if present {
            let what = format!("the address at {} has {part} in it", origin(&url));
            return Err(Problem::new(what, "write it without"));
        }
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn origin(url: &Url) -> String {
    format!("`{}`", bare_origin(url))
}

fn bare_origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
