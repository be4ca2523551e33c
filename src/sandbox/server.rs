//! The HTTP server beneath both simulators: a port, connections, and answers as planned.
//!
//! hyper is used bare, since a framework would not let us close a connection without an answer
//! or cut a body.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::answer::Pieces;
use super::fault::{Fault, Faults};
use super::request::RequestLog;
use super::{Answer, Request, SeenRequest, lock};

#[cfg(test)]
mod tests;

/// Largest request body read at all, in bytes. Far above what either service takes, so that
/// they refuse too large a body themselves; beyond it the connection is closed.
const REQUEST_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What a simulator does with a request. Not async: a request is processed whole or not at all.
pub(super) trait Service: Send + Sync + 'static {
    /// Processes the request.
    fn answer(&self, request: &Request) -> Answer;
}

/// An HTTP server on loopback, open until it is stopped or dropped.
pub struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    running: Mutex<Option<Running>>,
}

struct Running {
    tasks: TaskTracker,
    /// Ends all tasks when dropped.
    cancel: DropGuard,
}

struct Shared {
    service: Arc<dyn Service>,
    faults: Faults,
    log: Mutex<RequestLog>,
    started: Instant,
    /// Rings whenever a request has come, was processed, or is answered.
    bell: Notify,
}

impl Server {
    /// Binds 127.0.0.1; port 0 lets the system choose.
    pub(super) async fn start(port: u16, service: Arc<dyn Service>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            service,
            faults: Faults::default(),
            log: Mutex::default(),
            started: Instant::now(),
            bell: Notify::new(),
        });
        let running = Mutex::new(Some(Running::over(listener, Arc::clone(&shared))));
        Ok(Self {
            address,
            shared,
            running,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Scheme, host and port, without a slash at the end.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Closes the port and all connections, and waits until they are closed.
    pub async fn stop(&self) {
        let running = lock(&self.running).take();
        if let Some(Running { tasks, cancel }) = running {
            drop(cancel);
            tasks.wait().await;
        }
    }

    /// Opens the same port again; does nothing while it is open.
    pub async fn resume(&self) -> io::Result<()> {
        if lock(&self.running).is_some() {
            return Ok(());
        }
        let listener = TcpListener::bind(self.address).await?;
        *lock(&self.running) = Some(Running::over(listener, Arc::clone(&self.shared)));
        Ok(())
    }

    /// The last 10,000 requests, oldest first.
    pub fn requests(&self) -> Vec<SeenRequest> {
        lock(&self.shared.log).to_vec()
    }

    /// Waits until `holds`; false if it does not within `limit`. Asks now and at every step of
    /// every request.
    pub(super) async fn wait_until(&self, holds: impl Fn() -> bool, limit: Duration) -> bool {
        let waiting = async {
            loop {
                let mut bell = std::pin::pin!(self.shared.bell.notified());
                // Listen first, then look: what happens in between is not missed.
                bell.as_mut().enable();
                if holds() {
                    return;
                }
                bell.await;
            }
        };
        timeout(limit, waiting).await.is_ok()
    }

    /// How many of the last 10,000 requests have a path that begins with `path_prefix`.
    pub(super) fn request_count(&self, path_prefix: &str) -> usize {
        lock(&self.shared.log).count(path_prefix)
    }

    pub(super) fn faults(&self) -> &Faults {
        &self.shared.faults
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Running {
    fn over(listener: TcpListener, shared: Arc<Shared>) -> Self {
        let tasks = TaskTracker::new();
        let cancel = CancellationToken::new();
        tasks.spawn(accept(listener, shared, tasks.clone(), cancel.clone()));
        tasks.close();
        Self {
            tasks,
            cancel: cancel.drop_guard(),
        }
    }
}

async fn accept(
    listener: TcpListener,
    shared: Arc<Shared>,
    tasks: TaskTracker,
    cancel: CancellationToken,
) {
    loop {
        // Losing either side is harmless: an accepted connection is handed on at once.
        let accepted = tokio::select! {
            () = cancel.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                tasks.spawn(converse(stream, Arc::clone(&shared), cancel.clone()));
            }
            // Out of file descriptors, most likely: others must close before this can succeed.
            Err(_) => sleep(Duration::from_millis(20)).await,
        }
    }
}

async fn converse(stream: TcpStream, shared: Arc<Shared>, cancel: CancellationToken) {
    // Answers are written in one go; holding them back for more would only slow tests down.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |incoming| {
        let shared = Arc::clone(&shared);
        async move { shared.serve(incoming).await }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    // Both ends are the same to us: an error means that a client went away or a fault was played.
    tokio::select! {
        () = cancel.cancelled() => {}
        _ = connection => {}
    }
}

impl Shared {
    /// An error makes hyper close the connection without an answer.
    async fn serve(
        &self,
        incoming: hyper::Request<Incoming>,
    ) -> Result<hyper::Response<Pieces>, Closed> {
        let request = self.receive(incoming).await?;
        let fault = self.faults.take(&request);
        let response = self.respond(&request, fault).await?;
        lock(&self.log).answered(request.head.number, response.status().as_u16());
        self.bell.notify_waiters();
        Ok(response)
    }

    async fn receive(&self, incoming: hyper::Request<Incoming>) -> Result<Request, Closed> {
        let (parts, body) = incoming.into_parts();
        let body = Limited::new(body, REQUEST_BYTES_MAX).collect().await;
        let body = body.map_err(|_| Closed)?.to_bytes();
        let request = lock(&self.log).admit(self.started.elapsed(), parts, body);
        self.bell.notify_waiters();
        Ok(request)
    }

    async fn respond(
        &self,
        request: &Request,
        fault: Option<Fault>,
    ) -> Result<hyper::Response<Pieces>, Closed> {
        let process = || {
            let answer = self.service.answer(request);
            self.bell.notify_waiters();
            answer
        };
        let response = match fault {
            None => process().whole(),
            Some(Fault::Answer(answer)) => answer.whole(),
            Some(Fault::Close) => return Err(Closed),
            Some(Fault::CloseAfter) => {
                process();
                return Err(Closed);
            }
            Some(Fault::Truncate) => process().cut(),
            Some(Fault::Stall(pause)) => {
                let answer = process();
                sleep(pause).await;
                answer.whole()
            }
            Some(Fault::SlowBody(pause)) => process().slow(pause),
            Some(Fault::Html) => {
                Answer::html(200, "<!DOCTYPE html><html><body>Back soon</body></html>").whole()
            }
            Some(Fault::NotJson) => Answer::json(200, "{\"users\":[{\"id\":").whole(),
            Some(Fault::Replace(body)) => process().replaced(body).whole(),
        };
        Ok(response)
    }
}

/// The connection ends here, by a fault or because the request could not be read.
#[derive(Debug, thiserror::Error)]
#[error("the connection is closed without an answer")]
struct Closed;
