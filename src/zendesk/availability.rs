//! What an account has: one small request for each stream.
//!
//! Features that are not part of the account's plan answer 403 or 404, and so does what the
//! caller's role may not see; only who asks can tell the two apart, and not always.

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;

use super::client::{Client, Request};
use super::lists::filled;
use super::page::{read_answer, read_list_page};
use super::quota::Urgency;
use super::{Caller, Error};
use crate::catalogue::{self, Pagination, Reading, StreamSpec, TimeUnit};
use crate::http::{Effort, Trouble};
use crate::limits;

/// Whether a stream can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Availability {
    /// It can.
    Available,
    /// The account does not have it: 403 or 404 to somebody who may see everything.
    NotOnPlan {
        /// What Zendesk says.
        answer: String,
    },
    /// The caller may not: the stream needs another role or another scope than ours.
    NotPermitted {
        /// What Zendesk says.
        answer: String,
    },
    /// It could not be asked for.
    Unknown {
        /// Why.
        why: String,
    },
}

impl Availability {
    /// What the answer to `caller` means for a stream.
    ///
    /// # Errors
    /// `asked` itself, if it says nothing about the stream.
    pub fn told_by(asked: Result<(), Error>, caller: &Caller) -> Result<Self, Error> {
        match asked {
            Ok(()) => Ok(Self::Available),
            // Asked of somebody who may see all, "no" is about the plan.
            Err(Error::Forbidden { trouble, .. })
                if !caller.is_admin() || is_about_scopes(&trouble) =>
            {
                Ok(Self::NotPermitted {
                    answer: trouble.to_string(),
                })
            }
            Err(
                Error::Forbidden { trouble, .. }
                | Error::NotFound { trouble, .. }
                | Error::NotOffered { trouble, .. },
            ) => Ok(Self::NotOnPlan {
                answer: trouble.to_string(),
            }),
            Err(error) => Err(error),
        }
    }
}

/// Where one record of a stream may be asked for.
struct Probe {
    path: String,
    query: Vec<(&'static str, String)>,
}

impl Client {
    /// Asks whether `spec` can be read, as `caller`.
    ///
    /// # Errors
    /// When Zendesk gives no answer, or one that says nothing about the stream.
    pub async fn availability(
        &self,
        spec: &StreamSpec,
        caller: &Caller,
    ) -> Result<Availability, Error> {
        let asked = match &spec.reading {
            // It comes with its parent or not at all.
            Reading::Inside { parent, .. } => match catalogue::find(parent) {
                Some(parent) => self.ask(parent, self.probe(parent)).await,
                None => return Ok(unknown(format!("there is no stream `{parent}`"))),
            },
            Reading::Children { .. } => match self.under_some_parent(spec).await {
                Ok(Some(probe)) => self.ask(spec, probe).await,
                Ok(None) => {
                    return Ok(unknown("there is no parent to look under".to_owned()));
                }
                Err(error) => Err(error),
            },
            _ if spec.path().is_some_and(|path| path.contains('{')) => {
                return Ok(unknown("its path depends on the configuration".to_owned()));
            }
            _ => self.ask(spec, self.probe(spec)).await,
        };
        Availability::told_by(asked, caller)
    }

    /// The smallest request that an export or a list allows.
    fn probe(&self, spec: &StreamSpec) -> Probe {
        let now = self.clock().now();
        let recent = now
            .saturating_sub(2 * limits::START_TIME_AGE_MIN)
            .unwrap_or(Timestamp::UNIX_EPOCH);
        let mut query = Vec::new();
        match &spec.reading {
            Reading::Incremental { .. } => {
                query.push(("start_time", recent.as_second().to_string()));
                query.push(("per_page", "1".to_owned()));
            }
            Reading::Time { unit, .. } => {
                let time = match unit {
                    TimeUnit::Seconds => recent.as_second(),
                    TimeUnit::Microseconds => recent.as_microsecond(),
                };
                query.push(("start_time", time.to_string()));
            }
            Reading::List { pagination, .. } | Reading::Children { pagination, .. } => {
                query.extend(one_record(*pagination));
            }
            Reading::Inside { .. } => {}
        }
        Probe {
            path: spec.path().unwrap_or_default().to_owned(),
            query,
        }
    }

    async fn ask(&self, spec: &StreamSpec, probe: Probe) -> Result<(), Error> {
        let what = format!("look for {}", spec.name);
        let request = Request {
            what: &what,
            path: &probe.path,
            query: probe.query.into_iter().chain(spec.fixed_query()).collect(),
            carries_cursor: false,
            effort: Effort::Full,
            urgency: Urgency::Fresh,
        };
        match self.fetch(&request, None, read_answer).await {
            // It is there, and has nothing yet.
            Ok(_) | Err(Error::TooRecent(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Where the list of a stream is under the first parent that is found.
    async fn under_some_parent(&self, spec: &StreamSpec) -> Result<Option<Probe>, Error> {
        let Reading::Children {
            parent,
            path,
            pagination,
            ..
        } = &spec.reading
        else {
            return Ok(None);
        };
        let Some(parent) = catalogue::find(parent) else {
            return Ok(None);
        };
        let probe = match (&parent.list_path, &parent.reading) {
            (Some(list), _) => Some(Probe {
                path: list.to_string(),
                query: one_record(Pagination::Cursor).into_iter().collect(),
            }),
            (None, Reading::Children { .. }) => Box::pin(self.under_some_parent(parent)).await?,
            (None, _) => Some(self.probe(parent)),
        };
        let Some(probe) = probe else {
            return Ok(None);
        };
        let what = format!("look for a record of {}", parent.name);
        let request = Request {
            what: &what,
            path: &probe.path,
            query: probe.query,
            carries_cursor: false,
            effort: Effort::Full,
            urgency: Urgency::Fresh,
        };
        let read = |body: Bytes| Ok(read_list_page(&body, parent)?.records.into_iter().next());
        let found = self.fetch(&request, None, read).await?.value;
        let filled = found.and_then(|record| filled(path, &record.bytes).ok());
        Ok(filled.map(|path| Probe {
            path,
            query: one_record(*pagination).into_iter().collect(),
        }))
    }
}

/// Asks a list for one record.
fn one_record(pagination: Pagination) -> Option<(&'static str, String)> {
    match pagination {
        Pagination::Cursor => Some(("page[size]", "1".to_owned())),
        Pagination::Offset => Some(("per_page", "1".to_owned())),
        Pagination::Single => None,
    }
}

fn unknown(why: String) -> Availability {
    Availability::Unknown { why }
}

fn is_about_scopes(trouble: &Trouble) -> bool {
    trouble.to_string().contains("required scopes")
}
