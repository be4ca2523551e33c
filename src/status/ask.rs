//! Asking the daemon's own status server, from the same machine and the same configuration.
//!
//! Plain HTTP to an address of our own: no proxy, no name to look up, no certificates.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::header::{CONNECTION, HOST};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::report::Report;
use crate::limits;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody listens there.
    #[error("nobody answers at {address}")]
    Unreachable {
        /// Where we asked.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Somebody does, and is silent.
    #[error("whoever listens at {0} did not answer within {wait} s", wait = limits::STATUS_ANSWER_WAIT.as_secs())]
    Silent(SocketAddr),
    /// What came is no answer of HTTP, or too much of one.
    #[error("whoever listens at {address} did not give a whole answer")]
    Broken {
        /// Where we asked.
        address: SocketAddr,
        /// What was wrong with it.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// What came is not the status of a daemon.
    #[error("what listens at {address} is no daemon of this program's release (HTTP {status})")]
    Foreign {
        /// Where we asked.
        address: SocketAddr,
        /// The status of the answer.
        status: StatusCode,
    },
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its body.
    pub body: Bytes,
}

/// Gets a path of the status server that listens at `listen`.
///
/// # Errors
/// When no whole answer comes in time.
pub async fn get(listen: SocketAddr, path: &'static str) -> Result<Answer, Error> {
    let address = callable(listen);
    let answer = tokio::time::timeout(limits::STATUS_ANSWER_WAIT, exchange(address, path));
    answer.await.unwrap_or(Err(Error::Silent(address)))
}

/// Asks the daemon whose status server listens at `listen` for all it knows.
///
/// # Errors
/// When no whole answer comes in time, or it is not a daemon's.
pub async fn report(listen: SocketAddr) -> Result<Report, Error> {
    let Answer { status, body } = get(listen, "/status.json").await?;
    serde_json::from_slice(&body).map_err(|_| Error::Foreign {
        address: callable(listen),
        status,
    })
}

/// The address to call for who listens at `listen`: whoever listens everywhere listens here too.
fn callable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

async fn exchange(address: SocketAddr, path: &'static str) -> Result<Answer, Error> {
    let stream = TcpStream::connect(address).await;
    let stream = stream.map_err(|source| Error::Unreachable { address, source })?;
    let broken = |source: hyper::Error| Error::Broken {
        address,
        source: source.into(),
    };
    let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
    let (mut sender, connection) = handshake.await.map_err(broken)?;
    let answer = async move {
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.uri_mut() = hyper::Uri::from_static(path);
        let host = address.to_string().parse();
        let headers = request.headers_mut();
        headers.extend(host.ok().map(|host| (HOST, host)));
        headers.insert(CONNECTION, hyper::header::HeaderValue::from_static("close"));
        let response = sender.send_request(request).await.map_err(broken)?;
        let status = response.status();
        let body = Limited::new(response.into_body(), limits::ANSWER_BYTES_MAX);
        let body = body.collect().await;
        let body = body.map_err(|source| Error::Broken { address, source })?;
        Ok(Answer {
            status,
            body: body.to_bytes(),
        })
    };
    // The connection does its work while the answer waits for it; what it has to say, that says.
    let (answer, _) = tokio::join!(answer, connection);
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    /// What is made of a server that gives this answer once.
    async fn asked(answer: &'static str) -> Result<Report, Error> {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let serving = async {
            let (mut stream, _) = listener.accept().await.expect("a caller");
            let mut request = [0; 1024];
            let read = stream.read(&mut request).await.expect("a request");
            let request = String::from_utf8_lossy(&request[..read]).into_owned();
            stream.write_all(answer.as_bytes()).await.expect("sent");
            request
        };
        let (report, request) = tokio::join!(report(address), serving);
        assert!(
            request.starts_with("GET /status.json HTTP/1.1\r\n"),
            "{request}"
        );
        assert!(
            request.contains(&format!("host: {address}\r\n")),
            "{request}"
        );
        report
    }

    #[tokio::test]
    async fn strangers_are_told_from_daemons() {
        let page = asked("HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno").await;
        assert!(
            matches!(&page, Err(Error::Foreign { status, .. }) if status.as_u16() == 404),
            "{page:?}"
        );
        let cut = asked("HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{").await;
        assert!(matches!(cut, Err(Error::Broken { .. })), "{cut:?}");
        let noise = asked("220 mail ready\r\n").await;
        assert!(matches!(noise, Err(Error::Broken { .. })), "{noise:?}");
    }

    #[tokio::test]
    async fn where_nobody_listens_nobody_answers() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        drop(listener);
        let nobody = report(address).await;
        assert!(
            matches!(nobody, Err(Error::Unreachable { .. })),
            "{nobody:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_is_silent_is_not_waited_for_for_ever() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let silent = report(address).await;
        assert!(matches!(silent, Err(Error::Silent(_))), "{silent:?}");
    }

    #[test]
    fn whoever_listens_everywhere_is_called_here() {
        for (listen, called) in [
            ("0.0.0.0:9464", "127.0.0.1:9464"),
            ("[::]:9464", "[::1]:9464"),
            ("10.0.0.7:80", "10.0.0.7:80"),
        ] {
            let listen = listen.parse().expect("an address");
            assert_eq!(callable(listen).to_string(), called);
        }
    }
}
