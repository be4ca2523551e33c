//! The status server: a few pages over HTTP/1.1, off unless `status.listen` is set.
//!
//! There is no sign-in, so it is meant for loopback or a network of one's own. On loopback it
//! answers only to those who call it by address or as `localhost`: a web page that has its own
//! name point to 127.0.0.1 must not read along. Everything about a connection is bounded: how many
//! there are, how long each may take, how much it may send.

mod answer;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::Watched;
use super::report::Report;
use crate::limits;
use crate::meter::Meter;

/// Writes the metrics, and says of what content type they are.
pub type Exposition = fn(Report, &Meter) -> (String, &'static str);

/// The server cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("the status server cannot listen at {address} (`status.listen`)")]
pub struct BindError {
    /// Where it was to.
    pub address: SocketAddr,
    #[source]
    source: std::io::Error,
}

/// A server that has its port and does not answer yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

/// What requests are answered from.
#[derive(Debug)]
struct Shared {
    watched: Arc<Watched>,
    exposition: Exposition,
    on_loopback: bool,
}

impl Server {
    /// Takes the port. Whoever calls meanwhile waits.
    ///
    /// # Errors
    /// When the address is not this machine's, or somebody else has the port.
    pub async fn bind(address: SocketAddr) -> Result<Self, BindError> {
        let failed = |source| BindError { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }

    /// Where it listens, with the port that was found.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop`, and finishes what was begun by then. Takes the points of the plots
    /// besides.
    pub async fn serve(
        self,
        watched: Arc<Watched>,
        exposition: Exposition,
        stop: CancellationToken,
    ) {
        let shared = Arc::new(Shared {
            watched,
            exposition,
            on_loopback: self.address.ip().is_loopback(),
        });
        let mut connections = FuturesUnordered::new();
        let mut sampling = tokio::time::interval(limits::SAMPLE_EVERY);
        loop {
            let has_room = connections.len() < limits::STATUS_CONNECTIONS_MAX;
            tokio::select! {
                () = stop.cancelled() => break,
                _ = sampling.tick() => shared.watched.sample(),
                Some(()) = connections.next() => {}
                accepted = self.listener.accept(), if has_room => match accepted {
                    Ok((stream, _)) => connections.push(converse(stream, shared.clone(), stop.clone())),
                    // Out of file descriptors, most likely: others must close before this can succeed.
                    Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                },
            }
        }
        drop(self.listener);
        while connections.next().await.is_some() {}
    }
}

/// Answers on one connection until it closes, has been there for long, or `stop` comes.
async fn converse(stream: TcpStream, shared: Arc<Shared>, stop: CancellationToken) {
    let service = service_fn(|request| {
        let shared = shared.clone();
        async move { Ok::<_, Infallible>(shared.answer(&request).await) }
    });
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(limits::STATUS_HEADER_WAIT)
        .max_headers(limits::STATUS_HEADERS_MAX)
        .max_buf_size(limits::STATUS_HEADER_BYTES_MAX);
    let connection = builder.serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // How it ends is the caller's affair.
    let over = async {
        tokio::select! {
            _ = connection.as_mut() => return,
            () = stop.cancelled() => {}
        }
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    };
    let _ = tokio::time::timeout(limits::STATUS_CONNECTION_AGE_MAX, over).await;
}
