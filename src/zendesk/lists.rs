//! Streams that are a list of their own under each parent: one request for each parent that
//! changed, and for each more page of a long list.
//!
//! A page of the parents' export becomes several: the parents first, then what is under them,
//! gathered until it is a page's worth. All but the last leave the export where it stood, so a
//! crash in between reads the parents again and loses nothing; those that were settled are
//! recognised further on. A few lists are asked for at a time, and come in the parents' order.
//!
//! A parent that is gone takes its children along: the list under it is empty from then on. One
//! that Zendesk does not find although its export says it lives has been deleted meanwhile; its
//! children wait for that news. An answer that says that there is no such list on the account at
//! all is an error like any stream's.
//!
//! What was asked before is remembered as long as the process lives and everything handed out was
//! settled: a parent that comes again unchanged (overlaps and time exports give some twice) costs
//! nothing, and of a list that only grows what comes after the newest child known is enough. Times
//! of the parents' export cannot tell that: a parent that keeps changing is passed by the export,
//! for as long as it does, and shows up with children of all ages.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesOrdered;
use jiff::Timestamp;

use super::Error;
use super::client::{Client, PageSize, Request, Sized};
use super::page::{Following as Rest, read_list_page};
use super::quota::Urgency;
use crate::catalogue::{Pagination, Reading, StreamSpec, Text};
use crate::http::Effort;
use crate::json;
use crate::limits;
use crate::record::{Children, Cursor, ListPage, Page, Position, Record, RecordId, Scope};

/// The lists under the records of one export.
#[derive(Debug)]
pub(super) struct Lists {
    client: Arc<Client>,
    members: Vec<Arc<Member>>,
    /// Whether the pages being read are for a member, or for one under it.
    wanted: Vec<bool>,
    /// What was asked, by the place of the member and the parent's id; at most
    /// [`limits::LISTS_REMEMBERED_MAX`].
    asked: HashMap<(usize, RecordId), Asked>,
    /// The page that is being followed by its children.
    following: Option<Following>,
}

#[derive(Debug)]
struct Member {
    name: Arc<str>,
    spec: Arc<StreamSpec>,
    parent: Text,
    path: Text,
    pagination: Pagination,
    append_only: bool,
    /// How many parents in a row Zendesk did not find.
    not_found: AtomicU32,
}

/// What is remembered of a list that was read.
#[derive(Clone, Copy, Debug)]
struct Asked {
    /// Of the parent's bytes.
    crc: u32,
    /// The newest child's version.
    newest: Option<Timestamp>,
}

/// A page of parents that was handed out, and what is left to ask.
#[derive(Debug)]
struct Following {
    tasks: VecDeque<Task>,
    /// Where the export stands until everything is handed out.
    stand: Position,
    next: Position,
    repeat_horizon: Option<Timestamp>,
    end_of_stream: bool,
}

/// One list to ask for.
#[derive(Clone, Debug)]
struct Task {
    member: usize,
    parent: Record,
}

/// One list as it was read.
#[derive(Debug)]
struct Read {
    records: Vec<Record>,
    /// All of it was read.
    whole: bool,
    requests: u32,
    bytes: usize,
}

impl Lists {
    /// Those of `streams` that are lists under others; `None` if there are none.
    pub(super) fn new<'s>(
        client: Arc<Client>,
        streams: impl IntoIterator<Item = &'s Arc<StreamSpec>>,
    ) -> Option<Self> {
        let member = |spec: &Arc<StreamSpec>| match &spec.reading {
            Reading::Children {
                parent,
                path,
                pagination,
                append_only,
            } => Some(Arc::new(Member {
                name: (&*spec.name).into(),
                spec: spec.clone(),
                parent: parent.clone(),
                path: path.clone(),
                pagination: *pagination,
                append_only: *append_only,
                not_found: AtomicU32::new(0),
            })),
            _ => None,
        };
        let members: Vec<Arc<Member>> = streams.into_iter().filter_map(member).collect();
        (!members.is_empty()).then(|| Self {
            client,
            wanted: vec![true; members.len()],
            members,
            asked: HashMap::new(),
            following: None,
        })
    }

    /// Begins a pass. What was handed out and may not have been settled is asked for again.
    pub(super) fn begin(&mut self, settled: bool) {
        self.following = None;
        if !settled {
            self.asked.clear();
        }
    }

    /// Whether the page after `position` is one of children.
    pub(super) fn follows(&self, position: &Position) -> bool {
        let following = self.following.as_ref();
        following.is_some_and(|following| following.stand == *position)
    }

    /// The page of parents as it may be handed out: its children follow.
    pub(super) fn follow(
        &mut self,
        root: &Arc<str>,
        stand: &Position,
        page: Page,
        streams: &[String],
    ) -> Page {
        self.want(streams);
        let mut tasks = VecDeque::new();
        let mut children = page.children;
        let lists = std::iter::once((root.clone(), page.records.clone())).chain(
            children
                .iter()
                .map(|list| (list.stream.clone(), list.records.clone())),
        );
        let mut gone = Vec::new();
        for (stream, parents) in lists.collect::<Vec<_>>() {
            let (under, without) = self.under(&stream, parents);
            tasks.extend(under);
            gone.extend(without);
        }
        children.extend(gone);
        if tasks.is_empty() {
            return Page { children, ..page };
        }
        self.following = Some(Following {
            tasks,
            stand: stand.clone(),
            next: page.next,
            repeat_horizon: page.repeat_horizon,
            end_of_stream: page.end_of_stream,
        });
        Page {
            records: page.records,
            children,
            next: stand.clone(),
            repeat_horizon: None,
            end_of_stream: false,
            ..page
        }
    }

    /// From now on reads the lists of `streams`, and those above them that lead there.
    fn want(&mut self, streams: &[String]) {
        self.wanted = vec![false; self.members.len()];
        for stream in streams {
            let mut name = stream.as_str();
            while let Some(place) = self.members.iter().position(|one| *one.name == *name) {
                self.wanted[place] = true;
                name = &self.members[place].parent;
            }
        }
    }

    /// The next page of children; `None` if the parents themselves are to be read further.
    ///
    /// # Errors
    /// When a list cannot be read within the configured attempts.
    pub(super) async fn next(&mut self, urgency: Urgency) -> Result<Option<Page>, Error> {
        let Some(mut following) = self.following.take() else {
            return Ok(None);
        };
        let mut children = Vec::new();
        let (mut count, mut bytes, mut requests) = (0, 0, 0);
        let mut on_the_way = FuturesOrdered::new();
        loop {
            let room = count < limits::CHILDREN_RECORDS && bytes < limits::CHILDREN_BYTES;
            while room && on_the_way.len() < limits::LISTS_AT_A_TIME {
                let Some(task) = following.tasks.pop_front() else {
                    break;
                };
                let (client, member) = (self.client.clone(), self.members[task.member].clone());
                on_the_way.push_back(async move {
                    let read = member.read(&client, &task.parent, urgency).await;
                    (task, read)
                });
            }
            let Some((task, read)) = on_the_way.next().await else {
                break;
            };
            let read = read?;
            requests += read.as_ref().map_or(1, |read| read.requests);
            let Some(read) = read else { continue };
            (count, bytes) = (count + read.records.len(), bytes + read.bytes);
            let (list, further, without) = self.take(&task, read);
            children.push(list);
            children.extend(without);
            for task in further.into_iter().rev() {
                following.tasks.push_front(task);
            }
        }
        let is_last = following.tasks.is_empty();
        let page = Page {
            records: Vec::new(),
            children,
            next: if is_last {
                &following.next
            } else {
                &following.stand
            }
            .clone(),
            repeat_horizon: following.repeat_horizon.filter(|_| is_last),
            end_of_stream: is_last && following.end_of_stream,
            bytes,
            requests,
            unreadable: None,
            is_rest: false,
            listed: None,
        };
        if !is_last {
            self.following = Some(following);
        }
        Ok(Some(page))
    }

    /// What a list that was read gives: itself, the lists under its records, and those that are
    /// empty because their parent is gone.
    fn take(&mut self, task: &Task, read: Read) -> (Children, Vec<Task>, Vec<Children>) {
        let member = self.members[task.member].clone();
        let key = task.parent.id.clone().map(|id| (task.member, id));
        let before = key.as_ref().and_then(|key| self.asked.get(key)).copied();
        let versions = read.records.iter().filter_map(|record| record.version);
        let newest = versions.max().or(before.and_then(|before| before.newest));
        let mut records = read.records;
        if let Some(known) = before.and_then(|before| before.newest)
            && member.append_only
        {
            // Of the same second there may be more.
            records.retain(|record| record.version.is_none_or(|version| version >= known));
        }
        if let Some(key) = key {
            if self.asked.len() >= limits::LISTS_REMEMBERED_MAX {
                self.asked.clear();
            }
            let crc = task.parent.crc;
            self.asked.insert(key, Asked { crc, newest });
        }
        let (further, gone) = self.under(&member.spec.name, records.clone());
        let list = Children {
            stream: member.name.clone(),
            records,
            scope: match read.whole {
                true => member.scope(&task.parent),
                false => None,
            },
        };
        (list, further, gone)
    }

    /// The lists to ask for under `parents`, records of `stream`, and those known to be empty.
    fn under(&self, stream: &str, parents: Vec<Record>) -> (Vec<Task>, Vec<Children>) {
        let (mut tasks, mut gone) = (Vec::new(), Vec::new());
        for parent in parents {
            let under = self.members.iter().enumerate();
            let wanted = |(place, member): &(usize, &Arc<Member>)| {
                self.wanted[*place] && member.parent == stream
            };
            for (place, member) in under.filter(wanted) {
                let is_known = |id: &RecordId| {
                    let asked = self.asked.get(&(place, id.clone()));
                    asked.is_some_and(|asked| asked.crc == parent.crc)
                };
                if parent.deletion.is_none() {
                    if !parent.id.as_ref().is_some_and(is_known) {
                        tasks.push(Task {
                            member: place,
                            parent: parent.clone(),
                        });
                    }
                } else if let Some(scope) = member.scope(&parent) {
                    gone.push(Children {
                        stream: member.name.clone(),
                        records: Vec::new(),
                        scope: Some(scope),
                    });
                }
            }
        }
        (tasks, gone)
    }
}

impl Member {
    /// The list under `parent`, if records may leave it.
    fn scope(&self, parent: &Record) -> Option<Scope> {
        let parent = parent.id.clone().filter(|_| !self.append_only)?;
        Some(Scope {
            parent,
            id_field: self.spec.id_field.clone(),
        })
    }

    /// One list that is not there is nothing; if none is, somebody should know.
    fn miss(&self) {
        if self.not_found.fetch_add(1, Ordering::Relaxed) + 1 == limits::LISTS_NOT_FOUND_MAX {
            tracing::warn!(
                stream = &*self.spec.name,
                "zendesk has found none of the last {} parents although its export says they live: this stream gets nothing while that is so",
                limits::LISTS_NOT_FOUND_MAX
            );
        }
    }

    /// The list under `parent`; `None` if Zendesk does not find the parent.
    async fn read(
        &self,
        client: &Client,
        parent: &Record,
        urgency: Urgency,
    ) -> Result<Option<Read>, Error> {
        let what = format!("list {}", self.spec.name);
        let path = match filled(&self.path, &parent.bytes) {
            Ok(path) => path,
            Err(field) => {
                tracing::warn!(
                    stream = &*self.spec.name,
                    parent = parent.id.as_ref().map(tracing::field::display),
                    "what is under a record of {} cannot be asked for: it has no usable `{field}`",
                    self.parent
                );
                return Ok(None);
            }
        };
        let mut read = Read {
            records: Vec::new(),
            whole: false,
            requests: 0,
            bytes: 0,
        };
        let mut size = PageSize::new(self.spec.page_max);
        let mut next: Option<ListPage> = None;
        let mut begun_again = false;
        while read.records.len() < limits::CHILDREN_OF_ONE_PARENT_MAX {
            let mut query = self.spec.fixed_query();
            let parameter = match &next {
                Some(ListPage::After(cursor)) => {
                    query.push(("page[after]", cursor.as_str().to_owned()));
                    Some("page[size]")
                }
                Some(ListPage::Number(number, size)) => {
                    query.push(("page", number.to_string()));
                    query.push(("per_page", size.to_string()));
                    None
                }
                None => match self.pagination {
                    Pagination::Cursor => Some("page[size]"),
                    Pagination::Offset => Some("per_page"),
                    Pagination::Single => None,
                },
            };
            let request = Request {
                what: &what,
                path: &path,
                query,
                carries_cursor: matches!(next, Some(ListPage::After(_))),
                effort: Effort::Full,
                urgency,
            };
            let sized = parameter.map(|parameter| Sized {
                parameter,
                size: &mut size,
                may_change: true,
            });
            let spec = &self.spec;
            let fetched = client
                .fetch(&request, sized, |body| read_list_page(&body, spec))
                .await;
            let (page, requests) = match fetched {
                Ok(fetched) => (fetched.value, fetched.requests),
                Err(Error::NotFound { .. }) => {
                    self.miss();
                    return Ok(None);
                }
                // The list begins again, once: its parent may be gone.
                Err(Error::CursorLost(_)) if !begun_again => {
                    begun_again = true;
                    (read.records, next) = (Vec::new(), None);
                    read.requests += 1;
                    continue;
                }
                Err(error) => return Err(error),
            };
            self.not_found.store(0, Ordering::Relaxed);
            read.requests += requests;
            read.bytes += page.bytes;
            let count = u32::try_from(page.records.len()).unwrap_or(u32::MAX);
            read.records.extend(page.records);
            let following = match (page.following, &next) {
                (Rest::After(cursor), _) => ListPage::After(Cursor::new(cursor)),
                (Rest::NextPage, Some(ListPage::Number(number, size))) if count > 0 => {
                    ListPage::Number(number + 1, *size)
                }
                (Rest::NextPage, _) if count > 0 => ListPage::Number(2, count),
                (Rest::Nothing | Rest::NextPage, _) => {
                    read.whole = true;
                    return Ok(Some(read));
                }
                (Rest::CutOff, _) => break,
            };
            if next.as_ref() == Some(&following) {
                return Err(Error::NoProgress {
                    stream: self.spec.name.to_string(),
                });
            }
            next = Some(following);
        }
        tracing::warn!(
            stream = &*self.spec.name,
            parent = parent.id.as_ref().map(tracing::field::display),
            records = read.records.len(),
            "the list under this parent is longer than is ever read: its end is left out"
        );
        Ok(Some(read))
    }
}

/// The path with the parent's values in its placeholders, or the field that has none.
pub(super) fn filled(path: &str, parent: &Bytes) -> Result<String, String> {
    let mut filled = String::with_capacity(path.len() + 16);
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((field, behind)) = after.split_once('}') else {
            break;
        };
        filled.push_str(before);
        let [value] = json::pick(parent, &[field]).unwrap_or_default();
        let value = value.and_then(|value| match serde_json::from_str(value.get()) {
            // Of dots alone, a segment leads elsewhere.
            Ok(serde_json::Value::String(text)) if text.bytes().any(|byte| byte != b'.') => {
                Some(text)
            }
            Ok(serde_json::Value::Number(number)) => Some(number.to_string()),
            _ => None,
        });
        push_segment(&value.ok_or_else(|| field.to_owned())?, &mut filled);
        rest = behind;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Appends a path segment, percent-encoded.
fn push_segment(segment: &str, path: &mut String) {
    for byte in segment.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                path.push(byte.into());
            }
            _ => path.push_str(&format!("%{byte:02X}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_filled_from_the_parent_and_encoded() {
        let parent = Bytes::from_static(br#"{"id":7,"key":"a b/c","up":"..","none":null}"#);
        let fill = |path| filled(path, &parent);
        assert_eq!(
            fill("/api/v2/tickets/{id}/audits.json").as_deref(),
            Ok("/api/v2/tickets/7/audits.json")
        );
        assert_eq!(
            fill("/x/{key}/y/{id}.json").as_deref(),
            Ok("/x/a%20b%2Fc/y/7.json")
        );
        assert_eq!(fill("/x/{up}.json"), Err("up".to_owned()));
        assert_eq!(fill("/x/{none}.json"), Err("none".to_owned()));
        assert_eq!(fill("/x/{id}/{absent}.json"), Err("absent".to_owned()));
    }
}
