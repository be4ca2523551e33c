//! What both ends need of HTTP and neither should write twice: clients with every timeout set,
//! bodies read against a limit, `Retry-After` in all its forms, delays between attempts, and a
//! token cache with a single renewal in flight.
//!
//! What an answer *means* is not decided here: each end has one table for that
//! (`zendesk/answer.rs`, `platform/answer.rs`).

mod attempts;
mod retry_after;
mod token;
mod trouble;

pub use attempts::{Attempts, Effort, GaveUp, Wait};
pub use retry_after::retry_after;
pub use token::{Granted, Token, TokenCache};
pub use trouble::{Trouble, excerpt};

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::{Client, Response, redirect, retry};
use url::Url;

use crate::config::Timeouts;

/// Sent with every request, so that either side's support can find ours.
pub const USER_AGENT: &str = concat!("zendesk-aep/", env!("CARGO_PKG_VERSION"));

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
        "install the `ca-certificates` package, or point SSL_CERT_FILE at a bundle of CA certificates"
    }
}

/// A client that follows no redirect (credentials go to the configured host and no other) and
/// repeats nothing by itself (attempts are counted by [`Attempts`]).
///
/// The environment's proxies are honoured, but for `peers` that are all on loopback: plain `http` is
/// configured for those only, and no proxy could reach them.
///
/// # Errors
/// When the TLS set-up fails.
pub fn client(timeouts: &Timeouts, peers: &[&Url]) -> Result<Client, ClientError> {
    let mut builder = Client::builder();
    if peers.iter().all(|peer| peer.scheme() == "http") {
        builder = builder.no_proxy();
    }
    builder
        .user_agent(USER_AGENT)
        .connect_timeout(timeouts.connect)
        .read_timeout(timeouts.idle)
        .timeout(timeouts.request)
        .pool_idle_timeout(POOL_IDLE)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .build()
        .map_err(ClientError)
}

/// Reads a body of at most `limit` bytes, counted after decompression.
///
/// # Errors
/// When the connection breaks, the body is cut short or it is larger than `limit`.
pub async fn read_body(mut response: Response, limit: usize) -> Result<Bytes, Trouble> {
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(Trouble::network)? {
        if body.len() + chunk.len() > limit {
            return Err(Trouble::TooLarge { limit });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// The beginning of an error answer's body, for a message; an unreadable one is empty.
pub async fn read_error_body(mut response: Response) -> Bytes {
    let mut body = BytesMut::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = crate::limits::ERROR_BODY_BYTES_MAX - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() >= room {
            break;
        }
    }
    body.freeze()
}
