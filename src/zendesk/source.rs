//! What both export protocols are built from.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::client::{Client, PageSize};
use super::quota::Urgency;
use crate::catalogue::StreamSpec;
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
}

/// The newest version among `page`'s records and `known`.
pub(super) fn newest(records: &[Record], known: Option<Timestamp>) -> Option<Timestamp> {
    records
        .iter()
        .filter_map(|record| record.version)
        .chain(known)
        .max()
}
