//! Both ends of a stream, for pages that are made while they are sent: simulators keep what they
//! serve and take, which here is too much.
//!
//! Spoken is as much HTTP as the program needs, and of each export as much as tells its pages: they
//! begin where they are asked to, and have as many records as are asked for. The inlet takes every
//! message, and notes its id.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use url::Url;

/// By which protocol it comes down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    #[default]
    Cursor,
    Time,
    Search,
    /// A list by cursor.
    List,
    /// A list by page number.
    Numbers,
}

/// What comes down.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub protocol: Protocol,
    pub records: usize,
    /// Size of each, about.
    pub record_bytes: usize,
    /// Each user brings one, in a list behind the users.
    pub identities: bool,
    /// After so many bytes the first pages break off, one after the other.
    pub breaks: Vec<usize>,
    /// So many pages turn out to be none in the end.
    pub spoilt: usize,
    /// A page does not go on behind so many records before the inlet has taken some.
    pub waits_after: Option<usize>,
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
    taken: Arc<Notify>,
}

/// The account, in which nothing needs to be true.
const CALLER: &str = r#"{"user":{"id":1,"role":"admin"}}"#;

/// When the first record changed; each next one a second later.
const BEGIN: usize = 1_767_225_600;

impl Torrent {
    pub async fn start(plan: Plan) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let shared = Arc::new(Mutex::new(Shared {
            plan,
            pages: 0,
            batches: 0,
            delivered: Vec::new(),
            taken: Arc::default(),
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
        if head.starts_with("GET /api/v2/users/me.json") {
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{CALLER}",
                CALLER.len()
            );
            stream.write_all(answer.as_bytes()).await?;
        } else if head.starts_with("GET ") && head.contains("count.json") {
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
    shared.taken.notify_one();
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
    let number = |name: &str| query(name).map(|text| text.parse::<usize>().expect("a number"));
    let after = |name: &str| query(name).map(|cursor| cursor[1..].parse().expect("a cursor"));
    let (plan, breaks_at, is_spoilt, taken) = {
        let mut shared = shared.lock().expect("unpoisoned");
        let breaks_at = shared.plan.breaks.get(shared.pages).copied();
        let is_spoilt = shared.pages < shared.plan.spoilt;
        shared.pages += 1;
        let taken = shared.taken.clone();
        (shared.plan.clone(), breaks_at, is_spoilt, taken)
    };
    let size = number("per_page").or_else(|| number("page[size]"));
    let size = size.expect("a size");
    let from = match plan.protocol {
        Protocol::Cursor => after("cursor"),
        Protocol::Time => number("start_time").map(|second| second.saturating_sub(BEGIN)),
        Protocol::Search | Protocol::List => after("page[after]"),
        Protocol::Numbers => number("page").map(|page| (page - 1) * size),
    };
    let from = from.unwrap_or(0).min(plan.records);
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
    let end = match is_spoilt {
        true => "no page".to_owned(),
        false => plan.end(from, to),
    };
    let pieces = [plan.begin().to_owned()]
        .into_iter()
        .chain(users)
        .chain(["]".to_owned()])
        .chain(identities.into_iter().flatten())
        .chain([end]);
    let mut sent = 0;
    for (place, piece) in pieces.enumerate() {
        if plan.waits_after == Some(place) {
            stream.flush().await?;
            taken.notified().await;
        }
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

impl Plan {
    /// How a page begins.
    fn begin(&self) -> &'static str {
        match self.protocol {
            Protocol::Cursor => r#"{"users":["#,
            Protocol::Time => r#"{"organizations":["#,
            Protocol::Search => r#"{"results":["#,
            Protocol::List => r#"{"groups":["#,
            Protocol::Numbers => r#"{"ticket_forms":["#,
        }
    }

    /// How the page from `from` to `to` ends.
    fn end(&self, from: usize, to: usize) -> String {
        let is_last = to == self.records;
        match self.protocol {
            Protocol::Cursor => {
                let over = to == from;
                format!(r#","after_cursor":"o{to}","end_of_stream":{over}}}"#)
            }
            Protocol::Time => {
                let end = BEGIN + to.saturating_sub(1);
                format!(r#","end_time":{end},"end_of_stream":{is_last}}}"#)
            }
            Protocol::Search | Protocol::List => {
                let more = !is_last;
                format!(r#","meta":{{"has_more":{more},"after_cursor":"o{to}"}}}}"#)
            }
            Protocol::Numbers if is_last => r#","next_page":null}"#.to_owned(),
            Protocol::Numbers => r#","next_page":"another"}"#.to_owned(),
        }
    }
}

fn user(id: usize, bytes: usize, is_last: bool) -> String {
    let notes = "All of this is made up. ".repeat(bytes / 24);
    let (minute, second) = (id / 60 % 60, id % 60);
    let comma = if is_last { "" } else { "," };
    format!(
        r#"{{"id":{id},"kind":"user","updated_at":"2026-01-01T00:{minute:02}:{second:02}Z","notes":"{notes}"}}{comma}"#
    )
}
