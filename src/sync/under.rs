//! The part of lists under parents: each is read whole whenever its parent changes, and only what
//! changed in it is passed on, with the end of what is gone.
//!
//! What was delivered of each list is on disk, as for the lists that are streams of their own. One
//! reading is enough to tell that a record is gone: such a list is short, and read in one go.

use std::sync::Arc;

use super::{Delivery, Error, blocking};
use crate::record::{Record, Scope};
use crate::snapshots::{List, Noted, Whole};

/// A list under a parent, as a page brought it.
#[derive(Debug)]
pub(super) struct Under {
    pub(super) scope: Scope,
    pub(super) records: Vec<Record>,
}

/// What lists hold that is news, and what is to be noted of them once that is settled.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) records: Vec<Record>,
    /// Records read, and ends found.
    pub(super) received: u64,
    pub(super) unnoted: Vec<Whole>,
}

impl Delivery {
    /// Compares lists with what was delivered of them.
    pub(super) async fn news(&self, stream: &Arc<str>, lists: Vec<Under>) -> Result<News, Error> {
        let (snapshots, stream) = (self.snapshots.clone(), stream.clone());
        let work = move || {
            let mut news = News::default();
            for Under { scope, records } in lists {
                let list = List {
                    stream: &stream,
                    scope: scope.parent.as_str(),
                };
                let noted = records.iter();
                let noted: Vec<Noted> = noted
                    .map(|record| Noted::new(record, &scope.id_field))
                    .collect();
                let changed = snapshots.changed(list, &noted)?;
                let gone = snapshots.missing(list, &noted)?;
                let ends = gone.iter().filter_map(|gone| gone.end(&scope.id_field));
                let ends: Vec<Record> = ends.collect();
                news.received += (records.len() + ends.len()) as u64;
                let changed = records.into_iter().zip(changed);
                let changed = changed.filter(|(_, changed)| *changed);
                news.records.extend(changed.map(|(record, _)| record));
                news.records.extend(ends);
                news.unnoted.push(Whole {
                    scope: scope.parent.to_string(),
                    noted,
                    gone,
                });
            }
            Ok(news)
        };
        let news: Result<News, crate::snapshots::Error> = blocking(work).await;
        Ok(news?)
    }

    /// Notes lists that are settled.
    pub(super) async fn note_lists(
        &self,
        stream: &Arc<str>,
        lists: Vec<Whole>,
    ) -> Result<(), Error> {
        let (snapshots, stream) = (self.snapshots.clone(), stream.clone());
        Ok(blocking(move || snapshots.replace(&stream, &lists)).await?)
    }
}
