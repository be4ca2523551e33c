//! Which way a stream's history is to come, where there are two.

use super::deleted_row;
use crate::catalogue::StreamSpec;
use crate::config::BackFill;
use crate::limits;
use crate::record::Counted;
use crate::zendesk::quota::Governor;
use crate::zendesk::{Client, Error};

/// A choice between the lists and the export, with its grounds.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// From the lists.
    pub by_list: bool,
    /// What the lists have; `None` where Zendesk does not say, and then the export it is.
    pub counted: Option<ListsCounted>,
    /// What it takes either way.
    pub minutes: Minutes,
}

/// What the lists of a stream have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListsCounted {
    /// Those present.
    pub present: Counted,
    /// Those deleted, where they have a list.
    pub deleted: Option<Counted>,
}

impl ListsCounted {
    /// Records in all.
    pub fn records(&self) -> u64 {
        let deleted = self.deleted.map_or(0, |deleted| deleted.records);
        self.present.records.saturating_add(deleted)
    }
}

/// Minutes that history takes at our share of Zendesk's limits.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Minutes {
    /// By the export.
    pub export: f64,
    /// From the lists.
    pub list: f64,
}

impl Client {
    /// Counts the lists that `other` names, and decides between them and the export at `export`,
    /// which is asked for pages of `page_size`.
    ///
    /// # Errors
    /// When Zendesk gives no answer.
    pub async fn choose_history(
        &self,
        spec: &StreamSpec,
        other: &BackFill,
        export: &str,
        page_size: u32,
    ) -> Result<Choice, Error> {
        let counted = match (self.counted(spec).await?, other.deleted) {
            (Some(present), Some(row)) => {
                let deleted = self.counted(&deleted_row(spec, row)).await?;
                deleted.map(|deleted| ListsCounted {
                    present,
                    deleted: Some(deleted),
                })
            }
            (present, _) => present.map(|present| ListsCounted {
                present,
                deleted: None,
            }),
        };
        let records = counted.map_or(0, |counted| counted.records());
        let minutes = Minutes {
            export: minutes(self.governor(), export, records, page_size),
            list: minutes(
                self.governor(),
                &other.list,
                records,
                page_size.min(limits::LIST_PAGE_RECORDS_MAX),
            ),
        };
        let saves = minutes.export - minutes.list >= limits::BACK_FILL_MINUTES_SAVED_MIN;
        Ok(Choice {
            by_list: counted.is_some() && (other.always || saves),
            counted,
            minutes,
        })
    }
}

fn minutes(governor: &Governor, path: &str, records: u64, page_size: u32) -> f64 {
    let rates = governor.rates(path);
    let slowest = rates
        .iter()
        .map(|(_, rate)| *rate)
        .fold(f64::INFINITY, f64::min);
    records.div_ceil(u64::from(page_size.max(1))) as f64 / slowest
}
