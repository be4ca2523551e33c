//! The HTTP client of one end, set up so that nothing is left to chance.

use std::time::Duration;

use hyper::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{Certificate, NoProxy, RequestBuilder, redirect, retry};
use url::Url;

use super::Trouble;
use crate::config::{Network, Proxy, Timeouts};

/// Sent with every request, so that either side's support can find ours.
const USER_AGENT: &str = concat!("zendesk-aep/", env!("CARGO_PKG_VERSION"));

/// Idle connections are dropped before the usual load balancer (60–75 s) drops them: a schedule
/// that wakes every minute would otherwise often write into a connection that is just closing.
const POOL_IDLE: Duration = Duration::from_secs(15);

/// A client could not be built; in practice the system has no certificate store.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up the HTTP client")]
pub struct ClientError(#[source] reqwest::Error);

impl ClientError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        "install the `ca-certificates` package, or name a bundle of CA certificates as `[tls] ca_file` or `SSL_CERT_FILE`"
    }
}

/// A client that follows no redirect (credentials go to the configured host and no other),
/// repeats nothing by itself (attempts are counted by [`Attempts`](super::Attempts)) and reads
/// nothing from the environment ([`Network`] has the proxy).
#[derive(Debug)]
pub struct Client {
    inner: reqwest::Client,
    proxied: Option<Proxied>,
}

/// The hosts that a proxy is asked for, to tell whose fault it is that there is no connection.
#[derive(Debug)]
struct Proxied {
    matcher: Matcher,
    proxy: Proxy,
}

impl Client {
    /// Connects nothing yet.
    ///
    /// # Errors
    /// When the TLS set-up fails.
    pub fn new(timeouts: &Timeouts, network: &Network) -> Result<Self, ClientError> {
        // The builder would take a proxy from the environment by itself.
        let mut builder = reqwest::Client::builder().no_proxy();
        if let Some(proxy) = &network.proxy {
            // Plain `http` is configured for loopback only, and no proxy could reach that.
            let intercept = reqwest::Proxy::https(proxy.url()).map_err(ClientError)?;
            builder = builder.proxy(intercept.no_proxy(NoProxy::from_string(proxy.direct())));
        }
        let authorities: Result<Vec<Certificate>, reqwest::Error> = network
            .authorities
            .iter()
            .map(|certificate| Certificate::from_der(certificate))
            .collect();
        let inner = builder
            .tls_certs_merge(authorities.map_err(ClientError)?)
            .user_agent(USER_AGENT)
            .connect_timeout(timeouts.connect)
            .read_timeout(timeouts.idle)
            .timeout(timeouts.request)
            .pool_idle_timeout(POOL_IDLE)
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .build()
            .map_err(ClientError)?;
        let proxied = network.proxy.clone().map(|proxy| Proxied {
            matcher: Matcher::builder()
                .https(proxy.url())
                .no(proxy.direct())
                .build(),
            proxy,
        });
        Ok(Self { inner, proxied })
    }

    /// A `GET` request.
    pub fn get(&self, url: Url) -> RequestBuilder {
        self.inner.get(url)
    }

    /// A `POST` request.
    pub fn post(&self, url: Url) -> RequestBuilder {
        self.inner.post(url)
    }

    /// The proxy that is asked for `url`; it prints without credentials.
    pub fn proxy_to(&self, url: &Url) -> Option<&Proxy> {
        let uri: Uri = url.as_str().parse().ok()?;
        let proxied = self.proxied.as_ref()?;
        proxied.matcher.intercept(&uri).map(|_| &proxied.proxy)
    }

    /// Why a request of this client got no answer.
    pub fn trouble(&self, error: reqwest::Error) -> Trouble {
        let proxy = error.url().and_then(|url| self.proxy_to(url));
        let proxy = proxy.map(Proxy::to_string);
        Trouble::network(error, proxy)
    }
}
