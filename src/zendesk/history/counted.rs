//! Whether lists gave what was counted beforehand.
//!
//! A record counts as found only if it must have been among those that Zendesk counted, and only
//! once. In doubt it does not: then the sum falls short though nothing is missing, and the export
//! reads everything once more, which costs time and loses nothing.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::json;
use crate::record::{HistoryList, HistoryPosition, Record, RecordId};

/// What Zendesk calls users that were deleted for good.
const NO_NAME: &str = "Permanently Deleted User";

impl HistoryPosition {
    /// Takes note of a page, or of part of one.
    pub(super) fn count(&mut self, records: &[Record]) {
        for record in records {
            let id = record.id.as_ref().map(RecordId::as_str);
            let Some(id) = id.and_then(|id| id.parse().ok()) else {
                continue;
            };
            if self.last_id.is_some_and(|last| id <= last) {
                continue;
            }
            self.last_id = Some(id);
            self.count_one(record);
        }
    }

    fn count_one(&mut self, record: &Record) {
        let Fields { created_at, name } = Fields::of(record);
        let was_present = created_at.is_some_and(|time| time < self.present.at);
        match (self.list, &mut self.deleted) {
            (HistoryList::Present, _) => self.present.found += u64::from(was_present),
            (HistoryList::Deleted, Some(deleted)) => {
                let Some(version) = record.version else {
                    return;
                };
                deleted.found += u64::from(version < deleted.at);
                // It was present when those were counted. Of one that is deleted for good nobody
                // knows: it may have been deleted long before.
                let is_news = version > self.present.at && name.as_deref() != Some(NO_NAME);
                self.present.found += u64::from(was_present && is_news);
            }
            (HistoryList::Deleted, None) => {}
        }
    }

    /// How many were counted and not found.
    pub(super) fn missing(&self) -> u64 {
        let deleted = self.deleted.map_or(0, |deleted| deleted.missing());
        self.present.missing().saturating_add(deleted)
    }
}

struct Fields<'r> {
    created_at: Option<Timestamp>,
    name: Option<Cow<'r, str>>,
}

impl<'r> Fields<'r> {
    fn of(record: &'r Record) -> Self {
        let [created_at, name] =
            json::pick(&record.bytes, &["created_at", "name"]).unwrap_or_default();
        let created_at: Option<Cow<'_, str>> =
            created_at.and_then(|value| serde_json::from_str(value.get()).ok());
        Self {
            created_at: created_at.and_then(|time| time.parse().ok()),
            name: name.and_then(|value| serde_json::from_str(value.get()).ok()),
        }
    }
}
