//! What `include` brings along: further members of each record, or further arrays beside them.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::data::Data;
use super::super::refusals;
use super::super::renderer::{Guise, joined};
use super::super::row::Row;
use super::super::stream::Stream;
use super::super::{audit, metric};
use super::Call;
use crate::sandbox::answer::Answer;

/// The sideloads of one request; unknown ones are ignored.
#[derive(Debug)]
pub(in super::super) struct Sideloads(BTreeSet<String>);

impl Sideloads {
    /// Exports refuse the last audits.
    pub(in super::super) fn of(call: &Call<'_>) -> Result<Self, Answer> {
        let text = call.head.query("include").unwrap_or_default();
        let names: BTreeSet<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
        if names.contains("last_audits") {
            return Err(refusals::invalid_attribute(
                "last_audits cannot be included in an export",
            ));
        }
        Ok(Self(names))
    }

    fn asks(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// The records of an export, with their further members.
    pub(in super::super) fn render(
        &self,
        call: &Call<'_>,
        rows: &[&Row],
    ) -> Result<Vec<Vec<u8>>, Answer> {
        let data = call.data;
        if call.stream.name == "ticket_events" && self.asks("comment_events") {
            call.servable(rows)?;
            let renderer = &data.renderer;
            return Ok(rows
                .iter()
                .map(|row| audit::event_with(renderer, row, true))
                .collect());
        }
        let mut records = call.render(rows, Guise::Export)?;
        if call.stream.name == "tickets" {
            for (record, row) in records.iter_mut().zip(rows) {
                if self.asks("metric_sets") {
                    let metric = match row.is_live() {
                        true => metric::metric(&data.renderer, row, Guise::Export),
                        false => b"null".to_vec(),
                    };
                    append(record, "metric_set", &metric);
                }
                if self.asks("comment_count") {
                    let count = comments(data, row.id);
                    append(record, "comment_count", count.to_string().as_bytes());
                }
            }
        }
        Ok(records)
    }

    /// The arrays beside the records, each after a comma.
    pub(in super::super) fn extra(&self, call: &Call<'_>, rows: &[&Row]) -> String {
        let mut extra = String::new();
        if call.stream.name == "users" && self.asks("identities") {
            let identities = Stream::find("user_identities");
            let children = identities.into_iter().flat_map(|stream| {
                let of = |row: &&Row| {
                    call.data
                        .of(stream)
                        .of_parent(row.id)
                        .copied()
                        .collect::<Vec<_>>()
                };
                rows.iter()
                    .flat_map(of)
                    .map(|row| call.data.json(stream, &row, Guise::List))
                    .collect::<Vec<_>>()
            });
            extra += &member("identities", &children.collect::<Vec<_>>());
        }
        let links: &[(&str, &[&str])] = match call.stream.name {
            "tickets" => &[
                ("users", &["requester_id", "assignee_id"]),
                ("groups", &["group_id"]),
                ("organizations", &["organization_id"]),
            ],
            "users" => &[("organizations", &["organization_id"])],
            _ => &[],
        };
        for (name, keys) in links.iter().filter(|(name, _)| self.asks(name)) {
            extra += &member(name, &linked(call, rows, name, keys));
        }
        extra
    }
}

/// The records of the stream `name` that the rows name under `keys`.
fn linked(call: &Call<'_>, rows: &[&Row], name: &str, keys: &[&str]) -> Vec<Vec<u8>> {
    let mut ids = BTreeSet::new();
    for row in rows {
        let json = call.data.json(call.stream, row, Guise::List);
        let value: Value = serde_json::from_slice(&json).unwrap_or_default();
        ids.extend(keys.iter().filter_map(|key| value[key].as_u64()));
    }
    let Some(stream) = Stream::find(name) else {
        return Vec::new();
    };
    let rows = ids
        .into_iter()
        .filter_map(|id| call.data.of(stream).get(id));
    rows.filter(|row| row.is_live())
        .map(|row| call.data.json(stream, row, Guise::List))
        .collect()
}

fn comments(data: &Data, ticket: u64) -> usize {
    let events = Stream::find("ticket_events");
    let events = events
        .into_iter()
        .flat_map(|stream| data.of(stream).of_parent(ticket));
    events.filter(|row| row.marked).count()
}

fn member(name: &str, records: &[Vec<u8>]) -> String {
    let all = joined(records.iter().map(Vec::as_slice));
    format!(",\"{name}\":[{}]", String::from_utf8_lossy(&all))
}

/// Adds a member at the end of an object.
fn append(record: &mut Vec<u8>, key: &str, value: &[u8]) {
    record.pop();
    record.extend_from_slice(format!(",\"{key}\":").as_bytes());
    record.extend_from_slice(value);
    record.push(b'}');
}
