//! What all export protocols are built from.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::client::{Client, PageSize};
use super::inside::Inside;
use super::parameters::Parameters;
use super::quota::Urgency;
use crate::catalogue::StreamSpec;
use crate::limits;
use crate::record::Record;

/// A stream on an account, as configured.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) client: Arc<Client>,
    pub(super) spec: Arc<StreamSpec>,
    pub(super) start: Option<Timestamp>,
    pub(super) overlap: Duration,
    pub(super) page_size: PageSize,
    /// Of the next request.
    pub(super) urgency: Urgency,
    pub(super) parameters: Parameters,
    pub(super) inside: Inside,
}

impl Source {
    /// The stream's name.
    pub(super) fn stream(&self) -> &str {
        &self.spec.name
    }

    /// `time` less the overlap, but not before the configured start.
    pub(super) fn overlapped(&self, time: Timestamp) -> Timestamp {
        let begin = time
            .saturating_sub(self.overlap)
            .unwrap_or(Timestamp::UNIX_EPOCH);
        self.start.map_or(begin, |start| begin.max(start))
    }

    /// `time`, but not within the stretch that Zendesk still withholds.
    pub(super) fn past(&self, time: Timestamp) -> Timestamp {
        let now = self.client.clock().now();
        let latest = now
            .saturating_sub(limits::START_TIME_AGE_MIN)
            .unwrap_or(Timestamp::UNIX_EPOCH);
        time.min(latest).max(Timestamp::UNIX_EPOCH)
    }
}

impl StreamSpec {
    /// The query parameters that every request carries.
    pub(super) fn fixed_query(&self) -> Vec<(&str, String)> {
        let pairs = self.query.iter();
        pairs
            .map(|(name, value)| (&**name, value.to_string()))
            .collect()
    }
}

/// The newest version among `page`'s records and `known`.
pub(super) fn newest(records: &[Record], known: Option<Timestamp>) -> Option<Timestamp> {
    records
        .iter()
        .filter_map(|record| record.version)
        .chain(known)
        .max()
}
