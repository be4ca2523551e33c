//! How both ends are reached: through which proxy, and whose certificates are believed.

use std::fmt;
use std::path::PathBuf;

use rustls::pki_types::CertificateDer;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::fault::{Faults, Place, Problem, Read};
use super::layers::environment::Variables;

/// What both ends share of the network.
#[derive(Clone, Debug, Default)]
pub struct Network {
    /// The proxy for `https`; `http` is for loopback only, where no proxy could reach.
    pub proxy: Option<Proxy>,
    /// `[tls] ca_file`
    pub ca_file: Option<PathBuf>,
    /// What is in it: believed besides the system's.
    pub authorities: Vec<CertificateDer<'static>>,
}

/// An HTTP proxy, which is asked for a tunnel to each host. Printing it shows no credentials.
#[derive(Clone)]
pub struct Proxy {
    /// With credentials, if it wants any.
    url: SecretString,
    /// Scheme, host and port.
    origin: String,
    /// Where not to ask it, as `NO_PROXY` has it.
    direct: String,
}

const WRITE: &str = "set it to an address like `http://proxy.example.com:3128`, or unset it";

impl Proxy {
    /// The one that the environment names, in the variables that curl reads too.
    pub(super) fn named_by(variables: &Variables, faults: &mut Faults) -> Read<Option<Self>> {
        let first = |names: [&'static str; 2]| {
            let set = names.into_iter().find(|name| variables.contains_key(*name));
            set.map(|name| (name, variables[name].to_str()))
                .filter(|(_, value)| *value != Some(""))
        };
        let proxy = first(["HTTPS_PROXY", "https_proxy"]);
        let Some((name, value)) = proxy.or_else(|| first(["ALL_PROXY", "all_proxy"])) else {
            return Ok(None);
        };
        let mut refuse = |name: &str, what: &str, remedy: &str| {
            let place = Place::Variable(name.to_owned());
            faults.record(place, "proxy", Problem::new(what, remedy))
        };
        let direct = match first(["NO_PROXY", "no_proxy"]) {
            None => "",
            Some((_, Some(value))) => value,
            Some((name, None)) => {
                return Err(refuse(
                    name,
                    "the value is not UTF-8 text",
                    "set it to host names, addresses and networks, with commas between them",
                ));
            }
        };
        match value.map(origin) {
            Some(Ok((url, origin))) => Ok(Some(Self {
                url: SecretString::from(url),
                origin,
                direct: direct.to_owned(),
            })),
            Some(Err(what)) => Err(refuse(name, what, WRITE)),
            None => Err(refuse(name, "the value is not UTF-8 text", WRITE)),
        }
    }

    /// Its address, with credentials if it wants any.
    pub fn url(&self) -> &str {
        self.url.expose_secret()
    }

    /// Hosts and networks for which it is not asked, as `NO_PROXY` has them.
    pub fn direct(&self) -> &str {
        &self.direct
    }
}

/// The whole address and what of it may be shown; or what is wrong, without the value, which can
/// hold a password.
fn origin(value: &str) -> Result<(String, String), &'static str> {
    const NONE: &str = "this is not the address of a proxy";
    let value = value.trim();
    // Without a scheme it is meant to be HTTP.
    let whole = if value.contains("://") {
        value.to_owned()
    } else {
        format!("http://{value}")
    };
    let url = Url::parse(&whole).map_err(|_| NONE)?;
    if url.scheme().starts_with("socks") {
        return Err("this proxy speaks SOCKS, which this program does not");
    }
    if !matches!(url.scheme(), "http" | "https") || url.path() != "/" || url.query().is_some() {
        return Err(NONE);
    }
    Ok((whole, url.origin().ascii_serialization()))
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proxy({self}, direct: {:?})", self.direct)
    }
}
