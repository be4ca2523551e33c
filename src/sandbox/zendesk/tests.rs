//! The account as a client meets it.

use std::time::Duration;

use reqwest::{Client, Response};
use serde_json::{Value, json};

use super::stream::{Flavour, Paging};
use super::*;

mod access;
mod incremental;
mod lists;
mod people;
mod search;
mod tables;
mod tickets;
mod time;
mod walk;

const INCREMENTAL: &str = "/api/v2/incremental/users/cursor.json";
const SEARCH: &str = "/api/v2/search/export.json";
const ALL_TIME: &str = "updated>=2000-01-01T00:00:00Z updated<2100-01-01T00:00:00Z";

/// An account without any waiting.
fn options() -> ZendeskOptions {
    ZendeskOptions {
        users: 25,
        withhold: Duration::ZERO,
        index_delay: Duration::ZERO,
        ..ZendeskOptions::default()
    }
}

async fn get(zendesk: &ZendeskSimulator, path: &str, query: &[(&str, &str)]) -> Response {
    let url = zendesk.base_url() + path;
    let request = Client::new()
        .get(url)
        .query(query)
        .bearer_auth("sandbox-access-token");
    request.send().await.expect("an answer")
}

async fn value(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.expect("a body")).expect("JSON")
}
