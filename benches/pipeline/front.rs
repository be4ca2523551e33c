//! What stands before the simulators: answers that were given once are given again from memory, so
//! that making records and compressing them costs nothing while something is measured.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, DATE, HOST, HeaderMap,
    HeaderValue, TRANSFER_ENCODING,
};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use url::form_urlencoded;

use crate::world::Dress;

/// Sent by the floor program, whose bodies nobody can read: how many messages to say are in one.
pub const MESSAGES_HEADER: &str = "x-messages";

/// An answer that was given before.
#[derive(Clone)]
struct Given {
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

/// What passed in one run.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    /// Paths of the pages that were asked for, in order.
    pub pages: Vec<String>,
    /// Requests to the inlet.
    pub batches: usize,
    /// Messages in them.
    pub messages: usize,
    /// When the first request came.
    pub first: Option<Instant>,
}

/// A server before both simulators.
pub struct Front {
    /// Scheme, host and port.
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: String,
    client: reqwest::Client,
    dress: Dress,
    given: Mutex<HashMap<String, Given>>,
    traffic: Mutex<Traffic>,
}

/// In the paths of exports.
const EXPORTS: &str = "/incremental/";

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    users: &'a RawValue,
    #[serde(borrow)]
    after_cursor: &'a RawValue,
    end_of_stream: bool,
}

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    messages: Vec<&'a RawValue>,
}

impl Front {
    /// Stands before `upstream`, and speaks as `dress` says.
    pub async fn start(upstream: String, dress: Dress, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let client = reqwest::Client::builder().no_gzip().no_proxy();
        let shared = Arc::new(Shared {
            upstream,
            client: client.build().expect("a client"),
            dress,
            given: Mutex::default(),
            traffic: Mutex::default(),
        });
        tokio::spawn(accept(listener, tls, shared.clone()));
        Self {
            url: format!("{scheme}://localhost:{port}"),
            shared,
        }
    }

    /// What passed since the last call.
    pub fn take_traffic(&self) -> Traffic {
        std::mem::take(&mut self.shared.traffic.lock().expect("no panic"))
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let _ = stream.set_nodelay(true);
        let (tls, shared) = (tls.clone(), shared.clone());
        tokio::spawn(async move {
            match tls {
                None => converse(stream, shared).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        converse(stream, shared).await;
                    }
                }
            }
        });
    }
}

async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin, shared: Arc<Shared>) {
    let service = service_fn(move |request| {
        let shared = shared.clone();
        async move { Ok::<_, Infallible>(shared.answer(request).await) }
    });
    // An error means that the client went away.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

impl Shared {
    async fn answer(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        self.traffic
            .lock()
            .expect("no panic")
            .first
            .get_or_insert_with(Instant::now);
        if request.method() == Method::POST {
            return self.take(request).await;
        }
        let path = request.uri().path_and_query().expect("a path").to_string();
        if path.contains(EXPORTS) {
            let mut traffic = self.traffic.lock().expect("no panic");
            traffic.pages.push(path.clone());
        }
        let known = self.given.lock().expect("no panic").get(&path).cloned();
        let given = match known {
            Some(given) => given,
            None => {
                let given = match self.dress.one_page() && path.contains(EXPORTS) {
                    true => self.ask_for_all(&path, request.headers()).await,
                    false => self.ask(&path, request.headers().clone()).await,
                };
                let mut known = self.given.lock().expect("no panic");
                known.insert(path, given.clone());
                given
            }
        };
        let mut response = Response::new(Full::new(given.body));
        *response.status_mut() = given.status;
        *response.headers_mut() = given.headers;
        response
    }

    async fn ask(&self, path: &str, mut headers: HeaderMap) -> Given {
        headers.remove(HOST);
        if !self.dress.gzip() {
            headers.remove(ACCEPT_ENCODING);
        }
        let request = self.client.get(format!("{}{path}", self.upstream));
        let answer = request.headers(headers).send().await.expect("an answer");
        let (status, mut headers) = (answer.status(), answer.headers().clone());
        headers.remove(DATE);
        headers.remove(TRANSFER_ENCODING);
        Given {
            status,
            headers,
            body: answer.bytes().await.expect("a body"),
        }
    }

    /// The page at `path` and all behind it, as one.
    async fn ask_for_all(&self, path: &str, headers: &HeaderMap) -> Given {
        let plain = || {
            let mut headers = headers.clone();
            headers.remove(ACCEPT_ENCODING);
            headers
        };
        let mut all = String::from(r#"{"users":["#);
        let mut given = self.ask(path, plain()).await;
        let end = loop {
            let body = given.body.clone();
            let page: Page<'_> = serde_json::from_slice(&body).expect("a page of users");
            let users = page.users.get().trim_matches(['[', ']']);
            // The last page may be empty.
            if !users.is_empty() && !all.ends_with('[') {
                all.push(',');
            }
            all.push_str(users);
            let cursor = page.after_cursor.get();
            if page.end_of_stream {
                break format!(r#"],"after_cursor":{cursor},"end_of_stream":true}}"#);
            }
            let cursor: String = serde_json::from_str(cursor).expect("a cursor");
            let cursor: String = form_urlencoded::byte_serialize(cursor.as_bytes()).collect();
            let (path, _) = path.split_once('?').expect("a query");
            let next = format!("{path}?per_page=1000&cursor={cursor}");
            given = self.ask(&next, plain()).await;
        };
        all.push_str(&end);
        given.body = match self.dress.gzip() {
            false => all.into(),
            true => {
                given
                    .headers
                    .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
                gzip.write_all(all.as_bytes()).expect("memory");
                gzip.finish().expect("memory").into()
            }
        };
        given.headers.remove(CONTENT_LENGTH);
        given
    }

    /// Takes a batch as the inlet does, and keeps nothing of it.
    async fn take(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let told = request.headers().get(MESSAGES_HEADER);
        let told = told.map(|number| number.to_str().expect("text").parse().expect("a number"));
        let body = request.into_body().collect().await.expect("a body");
        let messages = told.unwrap_or_else(|| {
            let body = body.to_bytes();
            let batch: Batch<'_> = serde_json::from_slice(&body).expect("a batch");
            batch.messages.len()
        });
        let mut traffic = self.traffic.lock().expect("no panic");
        traffic.batches += 1;
        traffic.messages += messages;
        drop(traffic);
        let mut response = Response::new(Full::new(outcomes(messages)));
        *response.status_mut() = StatusCode::MULTI_STATUS;
        let json = "application/json".parse().expect("a header");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    }
}

/// All messages taken, in Adobe's words.
fn outcomes(messages: usize) -> Bytes {
    let batch = "1565628583792:1485:153";
    let responses: Vec<String> = (0..messages)
        .map(|index| format!(r#"{{"xactionId":"{batch}:{index}"}}"#))
        .collect();
    Bytes::from(format!(
        r#"{{"inletId":"inlet","batchId":"{batch}","receivedTimeMs":1565628583854,"responses":[{}]}}"#,
        responses.join(",")
    ))
}
