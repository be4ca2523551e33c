//! What unit tests of exports stand on.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::client::{Client, PageSize};
use super::inside::Inside;
use super::parameters::Parameters;
use super::quota::Urgency;
use super::source::Source;
use crate::catalogue::{self, StreamSpec};
use crate::clock::Clock;
use crate::config;

const CONFIGURATION: &str = r#"
[zendesk]
subdomain = "acme"
[zendesk.auth]
method = "access_token"
access_token = { env = "TOKEN" }
[platform]
inlet_url = "https://dcs.adobedc.net/collection/abc"
[streams.users]
flow_id = "flow"
"#;

/// A client that never connects; making one takes a while.
static CLIENT: LazyLock<Arc<Client>> = LazyLock::new(|| {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), CONFIGURATION).expect("written");
    let config = config::load_without_environment(file.path()).expect("a configuration");
    let stop = CancellationToken::new();
    let client = Client::new(&config.zendesk, &config.retry, &stop, &Clock::real());
    Arc::new(client.expect("a client"))
});

/// A stream of the catalogue on an account that nobody asks.
pub(super) fn source(stream: &str, page_max: u32, overlap: Duration) -> Source {
    let row = catalogue::find(stream).expect("a row").clone();
    Source {
        parameters: Parameters::default(),
        inside: Inside::default(),
        client: CLIENT.clone(),
        page_size: PageSize::new(page_max),
        spec: Arc::new(StreamSpec { page_max, ..row }),
        start: None,
        overlap,
        urgency: Urgency::Fresh,
    }
}
