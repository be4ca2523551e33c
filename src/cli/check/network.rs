//! The way to each end: the name, the proxy, the connection, in this order, so that what is told
//! first is the cause of what would fail after it.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::lookup_host;
use tokio::time::timeout;
use url::{Host, Url};

use super::finding::Finding;
use crate::config::Proxy;
use crate::error::Code;
use crate::http::{Cause, Reached, Trouble};

/// One of the hosts that we talk to.
pub(super) struct End<'a> {
    /// As findings begin.
    pub(super) name: &'a str,
    /// Scheme, host and port; what else is in it is not shown.
    pub(super) address: &'a Url,
    /// Through which it is asked.
    pub(super) proxy: Option<&'a Proxy>,
    /// Of a failure on the way.
    pub(super) code: Code,
    /// For the connection.
    pub(super) timeout: Duration,
}

impl End<'_> {
    /// Looks at each part of the way; `None` if it ends somewhere.
    pub(super) async fn reach(
        &self,
        connect: impl Future<Output = Result<Reached, Trouble>>,
        findings: &mut Vec<Finding>,
    ) -> Option<Reached> {
        let proxy = self
            .proxy
            .and_then(|proxy| Url::parse(&proxy.to_string()).ok());
        let to = proxy.as_ref().unwrap_or(self.address);
        let origin = self.address.origin().ascii_serialization();
        if let Some(proxy) = self.proxy {
            let what = format!(
                "{origin} is asked for through {}, by the environment; the proxy resolves its name",
                proxy
            );
            findings.push(Finding::ok(&self.subject("proxy"), what));
        }
        if let Some(Host::Domain(name)) = to.host() {
            let port = to.port_or_known_default().unwrap_or_default();
            let found = self.look_up(name, port).await;
            let subject = self.subject("name");
            match found {
                Ok(addresses) => {
                    findings.push(Finding::ok(&subject, format!("{name} is {addresses}")))
                }
                Err(why) => {
                    let whose = self.proxy.map_or("", |_| "the proxy ");
                    let what = format!("cannot resolve {whose}{name}: {why}");
                    let remedy = Some(Cause::Name.remedy());
                    findings.push(Finding::failure(&subject, self.code, &what, remedy));
                    return None;
                }
            }
        }
        let subject = self.subject("connection");
        match connect.await {
            Ok(reached) => {
                let way = match self.address.scheme() {
                    "https" => " over TLS",
                    _ => "",
                };
                let what = format!(
                    "{origin} answers{way} after {} ms (HTTP {}); nothing was sent",
                    reached.took.as_millis(),
                    reached.status
                );
                findings.push(Finding::ok(&subject, what));
                Some(reached)
            }
            Err(trouble) => {
                let what = format!("cannot reach {origin}: {trouble}");
                let remedy = trouble.hint().or(trouble.cause().map(Cause::remedy));
                let remedy =
                    remedy.unwrap_or("look at the network between this machine and that host");
                findings.push(Finding::failure(&subject, self.code, &what, Some(remedy)));
                None
            }
        }
    }

    fn subject(&self, of: &str) -> String {
        format!("{} {of}", self.name)
    }

    /// The addresses of a name, as our own connections would find them.
    async fn look_up(&self, name: &str, port: u16) -> Result<String, String> {
        let found = timeout(self.timeout, lookup_host((name, port))).await;
        let found = found.map_err(|_| "the resolver does not answer in time".to_owned())?;
        let addresses: Vec<String> = found
            .map_err(|error| error.to_string())?
            .map(|address: SocketAddr| address.ip().to_string())
            .collect();
        if addresses.is_empty() {
            return Err("the name has no address".to_owned());
        }
        Ok(addresses.join(", "))
    }
}
