//! The floor: the same requests, and nothing else. Page bytes go into batch posts without being looked
//! at; no connector can cost less and still move them.

use std::sync::Arc;

use reqwest::Client;
use tokio::sync::Semaphore;
use zendesk_aep::limits;

use crate::front::MESSAGES_HEADER;

/// Requests to the inlet in flight at a time: the daemon's default.
const IN_FLIGHT: usize = 4;

/// What to move.
pub struct Load {
    /// Scheme, host and port of the source.
    pub source: String,
    /// Where batches go.
    pub inlet: String,
    /// Paths of the pages, in order.
    pub pages: Vec<String>,
    /// Messages to say are in each batch.
    pub messages: usize,
    /// Bytes of a batch.
    pub batch_bytes: usize,
}

impl Load {
    /// As [`Self::from_text`] reads it.
    pub fn to_text(&self) -> String {
        format!(
            "{}\n{}\n{}\n{}\n{}",
            self.source,
            self.inlet,
            self.messages,
            self.batch_bytes,
            self.pages.join("\n")
        )
    }

    fn from_text(text: &str) -> Self {
        let mut lines = text.lines();
        let mut line = || lines.next().expect("a line").to_owned();
        Self {
            source: line(),
            inlet: line(),
            messages: line().parse().expect("a number"),
            batch_bytes: line().parse().expect("a number"),
            pages: lines.map(str::to_owned).collect(),
        }
    }
}

/// The program: moves what the file at `path` names.
pub fn main(path: &str) {
    let load = Load::from_text(&std::fs::read_to_string(path).expect("the load"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(run(load));
}

async fn run(load: Load) {
    let client = Client::builder().no_proxy().build().expect("a client");
    let in_flight = Arc::new(Semaphore::new(IN_FLIGHT));
    let mut batch = begin(load.batch_bytes);
    for page in &load.pages {
        let request = client.get(format!("{}{page}", load.source));
        let request = request.bearer_auth("sandbox-access-token");
        let mut response = request.send().await.expect("a page");
        assert!(response.status().is_success(), "{}", response.status());
        while let Some(mut chunk) = response.chunk().await.expect("a chunk") {
            while !chunk.is_empty() {
                let room = (load.batch_bytes - batch.len()).min(chunk.len());
                batch.extend_from_slice(&chunk.split_to(room));
                if batch.len() == load.batch_bytes {
                    let full = std::mem::replace(&mut batch, begin(load.batch_bytes));
                    post(&client, &load, &in_flight, full).await;
                }
            }
        }
    }
    post(&client, &load, &in_flight, batch).await;
    let all = u32::try_from(IN_FLIGHT).expect("a few");
    let _all = in_flight.acquire_many(all).await.expect("open");
}

fn begin(size: usize) -> Vec<u8> {
    let mut batch = Vec::with_capacity(size + 2);
    batch.extend_from_slice(br#"{"messages":["#);
    batch
}

async fn post(client: &Client, load: &Load, in_flight: &Arc<Semaphore>, mut batch: Vec<u8>) {
    batch.extend_from_slice(b"]}");
    assert!(batch.len() <= limits::INLET_BODY_BYTES_MAX);
    let permit = in_flight.clone().acquire_owned().await.expect("open");
    let request = client.post(&load.inlet);
    let request = request
        .header("content-type", "application/json")
        .header(MESSAGES_HEADER, load.messages)
        .body(batch);
    tokio::spawn(async move {
        let response = request.send().await.expect("an answer");
        let _ = response.bytes().await.expect("a body");
        drop(permit);
    });
}
