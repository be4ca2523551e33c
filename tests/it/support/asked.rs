//! Asking a status server.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::PATIENCE;

/// What it answered.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Status line and headers.
    pub head: String,
    pub status: u16,
    pub content_type: String,
    pub body: String,
}

impl Asked {
    /// The answer to a plain request for `path`.
    pub async fn get(server: SocketAddr, path: &str) -> Self {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n");
        Self::raw(server, &request).await
    }

    /// The answer to `path` that is such that `holds`.
    pub async fn until(server: SocketAddr, path: &str, holds: impl Fn(&Self) -> bool) -> Self {
        let asking = async {
            loop {
                let answer = Self::get(server, path).await;
                if holds(&answer) {
                    return answer;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let answer = timeout(PATIENCE, asking).await;
        answer.unwrap_or_else(|_| panic!("not in time: what is waited for of {path}"))
    }

    /// The answer to these bytes.
    pub async fn raw(server: SocketAddr, request: &str) -> Self {
        let talking = async {
            let mut stream = TcpStream::connect(server).await.expect("it listens");
            // A server that has seen enough closes before all is sent.
            let _ = stream.write_all(request.as_bytes()).await;
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            String::from_utf8(answer).expect("text")
        };
        let answer = timeout(PATIENCE, talking).await.expect("an answer in time");
        Self::read(&answer)
    }

    fn read(answer: &str) -> Self {
        let (head, body) = answer.split_once("\r\n\r\n").expect("a whole answer");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        let content_type = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-type")
                .then(|| value.to_owned())
        });
        Self {
            head: head.to_owned(),
            status: status.expect("a status"),
            content_type: content_type.unwrap_or_default(),
            body: body.to_owned(),
        }
    }
}
