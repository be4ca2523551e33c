//! Records to try: from a file, from standard input, or from the account by the daemon's own
//! export, whose checkpoint stays where it is.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::cli::{exit, output};
use crate::clock::Clock;
use crate::config::{self, Config};
use crate::limits;
use crate::record::Record;
use crate::zendesk::page::read_given_records;
use crate::zendesk::{Client, Export, Urgency};

/// Which records.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Selection {
    /// Read them from this file instead of the account, or from `-` for standard input: a JSON
    /// array, a page of Zendesk's, or one record a line. Nothing is sent over the network
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) from: Option<PathBuf>,

    /// Only the records with this id; may be repeated. From the account, the export is read until
    /// all are found
    #[arg(long = "id", value_name = "ID")]
    ids: Vec<String>,

    /// Only records changed at or after this time
    #[arg(long, value_name = "TIME", conflicts_with = "from")]
    since: Option<Timestamp>,
}

impl Selection {
    /// The way to the account; `None` if nothing goes over the network. On failure prints why.
    pub(in crate::cli) fn client(
        &self,
        config: &Config,
        stop: &CancellationToken,
    ) -> Result<Option<Arc<Client>>, u8> {
        if self.from.is_some() {
            return Ok(None);
        }
        // A person is waiting: one repetition tells a passing fault from a lasting one.
        let retry = config::Retry {
            attempts: config.retry.attempts.min(2),
            rate_limit_delay: config.retry.rate_limit_delay.min(Duration::from_secs(10)),
            ..config.retry
        };
        let client = Client::new(&config.zendesk, &retry, stop, &Clock::real());
        client
            .map(|client| Some(Arc::new(client)))
            .map_err(|error| output::fail(&error))
    }

    /// The records, at most `max`. On failure prints why.
    pub(in crate::cli) async fn records(
        &self,
        config: &Config,
        stream: &config::Stream,
        max: usize,
        client: Option<&Arc<Client>>,
    ) -> Result<Vec<Record>, u8> {
        match (&self.from, client) {
            (None, Some(client)) => self.read_account(config, stream, max, client).await,
            (None, None) => Ok(Vec::new()),
            (Some(path), _) => {
                let records = read(path).and_then(|text| read_given_records(text, &stream.spec));
                let records = records.map_err(|why| {
                    eprintln!(
                        "error: cannot read records from `{}`: {why}\n\nhint: what is wanted is a JSON array, a page of Zendesk's, or one record a line",
                        path.display()
                    );
                    exit::FAILED
                })?;
                let wanted = records.into_iter().filter(|record| self.wants(record));
                Ok(wanted.take(max).collect())
            }
        }
    }

    fn wants(&self, record: &Record) -> bool {
        let is_named = |id: &str| self.ids.iter().any(|wanted| wanted == id);
        self.ids.is_empty() || record.id.as_ref().is_some_and(|id| is_named(id.as_str()))
    }

    async fn read_account(
        &self,
        config: &Config,
        stream: &config::Stream,
        max: usize,
        client: &Arc<Client>,
    ) -> Result<Vec<Record>, u8> {
        let name = &*stream.spec.name;
        // Records of some streams are found in the pages of others.
        let root = config.walk_of(name).map_or(stream, |walk| walk.root);
        let root = config::Stream {
            start: self.since.or(root.start),
            ..root.clone()
        };
        let page_size = match self.ids.is_empty() {
            true => u32::try_from(max).map_or(config.zendesk.page_size, |max| {
                max.clamp(1, config.zendesk.page_size)
            }),
            false => config.zendesk.page_size,
        };
        let members: &[&config::Stream] = if root.spec.name == stream.spec.name {
            &[]
        } else {
            &[stream]
        };
        let wanted = [name.to_owned()];
        let mut export = Export::new(client.clone(), &root, members, page_size);
        let mut position = export.position(None);
        let mut missing: BTreeSet<&str> = self.ids.iter().map(String::as_str).collect();
        let mut found = Vec::new();
        loop {
            let page = export.page(&position, Urgency::BackFill, &wanted).await;
            let page = page.map_err(|error| output::fail(&error))?;
            let records = if root.spec.name == stream.spec.name {
                page.records
            } else {
                let children = page.children.into_iter();
                let children = children.filter(|children| &*children.stream == name);
                children.flat_map(|children| children.records).collect()
            };
            for record in records.into_iter().filter(|record| self.wants(record)) {
                if let Some(id) = &record.id {
                    missing.remove(id.as_str());
                }
                found.push(record);
            }
            let all_found = !self.ids.is_empty() && missing.is_empty();
            if page.end_of_stream || all_found || found.len() >= max {
                found.truncate(max);
                return Ok(found);
            }
            position = page.next;
        }
    }
}

/// The whole of a file, or of standard input.
fn read(path: &Path) -> Result<Bytes, String> {
    let mut text = Vec::new();
    let max = limits::PAGE_BYTES_MAX as u64;
    let read = match path.to_str() {
        Some("-") => io::stdin().take(max + 1).read_to_end(&mut text),
        _ => File::open(path).and_then(|file| file.take(max + 1).read_to_end(&mut text)),
    };
    match read {
        Err(error) => Err(error.to_string()),
        Ok(bytes) if bytes as u64 > max => Err(format!("it is larger than {max} bytes")),
        Ok(_) => Ok(text.into()),
    }
}
