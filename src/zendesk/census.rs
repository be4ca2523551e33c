//! How much there is to read, asked before anything is read: counts, and one page to learn the
//! size of a record from.

use bytes::Bytes;
use jiff::Timestamp;

use super::Error;
use super::client::{Client, Request};
use super::page::{Following, read_count, read_dated_count, read_list_page};
use super::quota::Urgency;
use super::search::second;
use crate::catalogue::{Pagination, Reading, StreamSpec};
use crate::http::Effort;
use crate::limits;
use crate::record::Counted;

/// One page of a stream's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// Records in it.
    pub records: u64,
    /// Bytes of them together.
    pub bytes: u64,
    /// There are more.
    pub more: bool,
}

impl Client {
    /// How many records a stream has that were changed since a moment, or at all; `None` where
    /// Zendesk cannot say. Deleted records are never counted, and archived ones only by search.
    ///
    /// # Errors
    /// When Zendesk gives no answer.
    pub async fn count(
        &self,
        spec: &StreamSpec,
        since: Option<Timestamp>,
    ) -> Result<Option<u64>, Error> {
        let listed = match (&spec.count_path, since) {
            (Some(path), None) => self.number(spec, path, Vec::new()).await?,
            _ => None,
        };
        let searched = match &spec.search_type {
            Some(search_type) => {
                let mut terms = format!("type:{search_type}");
                if let Some(since) = since {
                    terms = format!("{terms} updated>={}", second(since));
                }
                let query = vec![("query", terms)];
                self.number(spec, SEARCH_COUNT_PATH, query).await?
            }
            None => None,
        };
        Ok(listed.max(searched))
    }

    /// How many records the stream's list has, and when they were counted; `None` where Zendesk
    /// does not say, or gives a number that stands for one it is still working out.
    ///
    /// # Errors
    /// When Zendesk gives no answer.
    pub(super) async fn counted(&self, spec: &StreamSpec) -> Result<Option<Counted>, Error> {
        let Some(path) = &spec.count_path else {
            return Ok(None);
        };
        let counted = self.told(spec, path, Vec::new(), read_dated_count).await?;
        let counted = counted.flatten();
        Ok(counted.map(|(records, at)| Counted {
            records,
            at,
            found: 0,
        }))
    }

    /// One page of the stream's list of present records; `None` if it has none that may be asked.
    ///
    /// # Errors
    /// When Zendesk gives no answer.
    pub async fn sample(&self, spec: &StreamSpec) -> Result<Option<Sample>, Error> {
        // By offset, since that gives tickets with all the fields that exports give them.
        let per_page = ("per_page", limits::SAMPLE_RECORDS.to_string());
        let (path, sized) = match (&spec.list_path, &spec.reading) {
            (Some(path), _) => (path, Some(per_page)),
            (None, Reading::List { path, pagination }) => {
                let sized = match pagination {
                    Pagination::Cursor => Some(("page[size]", limits::SAMPLE_RECORDS.to_string())),
                    Pagination::Offset => Some(per_page),
                    Pagination::Single => None,
                };
                (path, sized)
            }
            _ => return Ok(None),
        };
        let query = sized.into_iter().chain(spec.fixed_query()).collect();
        self.told(spec, path, query, |body| sample_of(body, spec))
            .await
    }

    async fn number(
        &self,
        spec: &StreamSpec,
        path: &str,
        query: Vec<(&str, String)>,
    ) -> Result<Option<u64>, Error> {
        self.told(spec, path, query, read_count).await
    }

    /// The answer, unless Zendesk does not tell us.
    async fn told<T: Send>(
        &self,
        spec: &StreamSpec,
        path: &str,
        query: Vec<(&str, String)>,
        read: impl Fn(Bytes) -> Result<T, String> + Sync,
    ) -> Result<Option<T>, Error> {
        let what = format!("see how much there is of {}", spec.name);
        let request = Request {
            what: &what,
            path,
            query,
            carries_cursor: false,
            effort: Effort::Full,
            urgency: Urgency::Fresh,
        };
        match self.fetch(&request, None, read).await {
            Ok(fetched) => Ok(Some(fetched.value)),
            Err(
                Error::NotFound { trouble, .. }
                | Error::NotOffered { trouble, .. }
                | Error::Forbidden { trouble, .. }
                | Error::Refused { trouble, .. },
            ) => {
                tracing::debug!(stream = &*spec.name, "could not {what}: {trouble}");
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

fn sample_of(body: Bytes, spec: &StreamSpec) -> Result<Sample, String> {
    let page = read_list_page(&body, spec)?;
    let bytes = page.records.iter().map(|record| record.bytes.len() as u64);
    Ok(Sample {
        records: page.records.len() as u64,
        bytes: bytes.sum(),
        more: page.following != Following::Nothing,
    })
}

const SEARCH_COUNT_PATH: &str = "/api/v2/search/count.json";
