//! Both ends of a stream, for pages that are made while they are sent: simulators keep what they
//! serve and take, which here is too much.
//!
//! Spoken is as much HTTP as the program needs. Pages begin where their cursor says, and have as
//! many records as are asked for; the inlet takes every message, and notes its id.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use url::Url;

use crate::support::INCREMENTAL;

/// What comes down.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub records: usize,
    /// Size of each, about.
    pub record_bytes: usize,
    /// Each user brings one, in a list behind the users.
    pub identities: bool,
    /// After so many bytes the first pages break off, one after the other.
    pub breaks: Vec<usize>,
    /// After so many batches the inlet says nothing any more.
    pub silent_after: Option<usize>,
}

/// A server on loopback, open until it is dropped.
#[derive(Debug)]
pub struct Torrent {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    serving: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    plan: Plan,
    pages: usize,
    batches: usize,
    /// Kinds and ids.
    delivered: Vec<(String, u64)>,
}

impl Torrent {
    pub async fn start(plan: Plan) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Mutex::new(Shared {
            plan,
            pages: 0,
            batches: 0,
            delivered: Vec::new(),
        }));
        let serving = tokio::spawn({
            let shared = shared.clone();
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(converse(stream, shared.clone()));
                }
            }
        });
        Self {
            address,
            shared,
            serving,
        }
    }

    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many pages were asked for.
    pub fn pages(&self) -> usize {
        self.shared.lock().expect("unpoisoned").pages
    }

    /// The ids of the records of this kind that the inlet took, in order.
    pub fn delivered(&self, kind: &str) -> Vec<u64> {
        let shared = self.shared.lock().expect("unpoisoned");
        let of_kind = shared.delivered.iter().filter(|(of, _)| of == kind);
        of_kind.map(|(_, id)| *id).collect()
    }

    /// Ends the silence of the inlet.
    pub fn speak(&self) {
        self.shared.lock().expect("unpoisoned").plan.silent_after = None;
    }
}

impl Drop for Torrent {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Serves a connection until the other side closes it, or a page breaks off.
async fn converse(stream: TcpStream, shared: Arc<Mutex<Shared>>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if stream.read_until(b'\n', &mut head).await? == 0 {
                return Ok(());
            }
        }
        let head = String::from_utf8(head).expect("text");
        if head.starts_with("GET ") && !head[4..].starts_with(INCREMENTAL) {
            let nothing = "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
            stream.write_all(nothing.as_bytes()).await?;
        } else if head.starts_with("GET ") {
            if !send_page(stream.get_mut(), &head, &shared).await? {
                return Ok(());
            }
        } else {
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                let is_length = name.eq_ignore_ascii_case("content-length");
                is_length.then(|| value.trim().parse().expect("a number"))
            });
            let mut body = vec![0; length.expect("a length")];
            stream.read_exact(&mut body).await?;
            let Some(answer) = take(&body, &shared) else {
                std::future::pending::<()>().await;
                return Ok(());
            };
            let head = format!(
                "HTTP/1.1 207 Multi-Status\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
                answer.len()
            );
            stream.write_all((head + &answer).as_bytes()).await?;
        }
    }
}

#[derive(Deserialize)]
struct Batch {
    messages: Vec<Message>,
}

/// What tells a message; the rest of it is not looked at.
#[derive(Deserialize)]
struct Message {
    kind: String,
    id: u64,
}

/// Notes the messages of a batch, and answers, unless it is to be silent.
fn take(body: &[u8], shared: &Mutex<Shared>) -> Option<String> {
    let Batch { messages } = serde_json::from_slice(body).expect("a batch");
    let mut shared = shared.lock().expect("unpoisoned");
    shared.batches += 1;
    if (shared.plan.silent_after).is_some_and(|batches| shared.batches > batches) {
        return None;
    }
    let responses = vec![r#"{"xactionId":"1"}"#; messages.len()].join(",");
    let messages = messages.into_iter();
    shared
        .delivered
        .extend(messages.map(|Message { kind, id }| (kind, id)));
    Some(format!(r#"{{"responses":[{responses}]}}"#))
}

/// Sends a page, in chunks of one record; false if it broke off.
async fn send_page(stream: &mut TcpStream, head: &str, shared: &Mutex<Shared>) -> io::Result<bool> {
    let path = head.split(' ').nth(1).expect("a path");
    let url = Url::parse("http://torrent").and_then(|base| base.join(path));
    let url = url.expect("an address");
    let query = |name: &str| {
        let mut pairs = url.query_pairs();
        pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
    };
    let from = query("cursor").map_or(0, |cursor| cursor[1..].parse().expect("a cursor"));
    let size: usize = query("per_page")
        .expect("a size")
        .parse()
        .expect("a number");
    let (plan, breaks_at) = {
        let mut shared = shared.lock().expect("unpoisoned");
        let breaks_at = shared.plan.breaks.get(shared.pages).copied();
        shared.pages += 1;
        (shared.plan.clone(), breaks_at)
    };
    let to = plan.records.min(from + size);
    let head =
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    let users = (from..to).map(|id| user(id, plan.record_bytes, id + 1 == to));
    let identities = plan.identities.then(|| {
        let identities = (from..to).map(|id| {
            let comma = if id + 1 == to { "" } else { "," };
            format!(r#"{{"id":{id},"kind":"identity","updated_at":"2026-01-01T00:00:00Z"}}{comma}"#)
        });
        [r#","identities":["#.to_owned()]
            .into_iter()
            .chain(identities)
            .chain(["]".to_owned()])
    });
    let end = format!(
        r#","after_cursor":"o{to}","end_of_stream":{}}}"#,
        to == from
    );
    let pieces = [r#"{"users":["#.to_owned()]
        .into_iter()
        .chain(users)
        .chain(["]".to_owned()])
        .chain(identities.into_iter().flatten())
        .chain([end]);
    let mut sent = 0;
    for piece in pieces {
        if breaks_at.is_some_and(|bytes| sent + piece.len() > bytes) {
            stream.shutdown().await?;
            return Ok(false);
        }
        sent += piece.len();
        let chunk = format!("{:x}\r\n{piece}\r\n", piece.len());
        stream.write_all(chunk.as_bytes()).await?;
    }
    stream.write_all(b"0\r\n\r\n").await?;
    Ok(true)
}

fn user(id: usize, bytes: usize, is_last: bool) -> String {
    let notes = "All of this is made up. ".repeat(bytes / 24);
    let (minute, second) = (id / 60 % 60, id % 60);
    let comma = if is_last { "" } else { "," };
    format!(
        r#"{{"id":{id},"kind":"user","updated_at":"2026-01-01T00:{minute:02}:{second:02}Z","notes":"{notes}"}}{comma}"#
    )
}
