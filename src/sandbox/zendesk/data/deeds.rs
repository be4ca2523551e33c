//! What people do in the account, and all that follows from it.

use super::super::row::{Fate, Row};
use super::super::stream::Stream;
use super::super::{streams, ticket};
use super::Data;
use super::beginning::{fresh, lag, place_of};

impl Data {
    /// Creates records; returns the ids of the stream's new ones. For what cannot be created as
    /// such, the deed that brings it about: a ticket's event comes from a change of a ticket, an
    /// entry among the deleted from a deletion.
    pub(in super::super) fn create(&mut self, stream: &Stream, count: usize, now: i64) -> Vec<u64> {
        match stream.name {
            "ticket_events" | "ticket_audits" => self.happen(count, false, now),
            "ticket_comments" => self.happen(count, true, now),
            "ticket_metric_events" => {
                let before = self.of(stream).next_id();
                self.happen(count, false, now);
                self.of(stream)
                    .above(before.saturating_sub(1))
                    .iter()
                    .map(|row| row.id)
                    .collect()
            }
            "deleted_users" | "deleted_tickets" => {
                let mut ids = self.draw(stream, count);
                ids.retain(|id| self.delete(stream.keeper(), *id, now));
                ids
            }
            _ if stream.is_single() => {
                let mut ids = self.draw(stream, count);
                ids.retain(|id| self.change(stream, *id, now));
                ids
            }
            _ => (0..count)
                .map(|_| self.create_one(stream.keeper(), now))
                .collect(),
        }
    }

    fn create_one(&mut self, stream: &'static Stream, now: i64) -> u64 {
        let parent = stream.parent.and_then(Stream::find).map_or(0, |parents| {
            let drawn = self.draw(parents, 1);
            drawn.first().copied().unwrap_or(0)
        });
        let mut row = fresh(self.of(stream).next_id(), parent, now);
        row.place = place_of(stream, now, &mut self.dice);
        if stream.name == "tickets" {
            let last = self.of(stream).rows().last().map_or(0, |last| last.created);
            row.created = (now - lag(&mut self.dice)).max(last).min(now);
            row.updated = row.created;
        }
        self.named(stream.name).push(row);
        match stream.name {
            "tickets" => {
                self.tell(row.id, 0, Fate::Live, true, now);
                self.measure(row.id, 0, now);
                self.measure(row.id, 1, now);
            }
            "users" => self.add_identities(row.id, now),
            _ => self.touch_parent(stream, parent, now),
        }
        row.id
    }

    /// Changes of tickets, drawn one by one; returns the events' ids.
    fn happen(&mut self, count: usize, comment: bool, now: i64) -> Vec<u64> {
        let Some(tickets) = Stream::find("tickets") else {
            return Vec::new();
        };
        (0..count)
            .map(|_| {
                let drawn = self.draw(tickets, 1);
                let id = match drawn.first() {
                    Some(id) => *id,
                    None => self.create_one(tickets, now),
                };
                self.change_ticket(id, comment.then_some(true), now)
            })
            .collect()
    }

    /// Changes one record; false if there is no such one that can be changed.
    pub(in super::super) fn change(&mut self, stream: &Stream, id: u64, now: i64) -> bool {
        let stream = stream.keeper();
        let Some(row) = self.of(stream).get(id).copied().filter(Row::is_live) else {
            return false;
        };
        match stream.name {
            // What happened stays as it was.
            "ticket_events" | "ticket_metric_events" | "side_conversation_events" => return false,
            "tickets" if !ticket::is_open(&self.renderer, &row) => return false,
            "tickets" => {
                self.change_ticket(id, None, now);
                return true;
            }
            "users" if row.fate == Fate::Merged => return false,
            _ => {}
        }
        let place = place_of(stream, now, &mut self.dice);
        self.named(stream.name).replace(Row {
            updated: now,
            place,
            version: row.version + 1,
            ..row
        });
        self.touch_parent(stream, row.parent, now);
        true
    }

    /// The event's id. Without a word about a comment, there is one in half of the cases.
    fn change_ticket(&mut self, id: u64, comment: Option<bool>, now: i64) -> u64 {
        let comment = comment.unwrap_or_else(|| self.dice.percent(50));
        let lag = lag(&mut self.dice);
        let tickets = self.named("tickets");
        let Some(row) = tickets.get(id).copied() else {
            return 0;
        };
        let version = row.version + 1;
        tickets.replace(Row {
            updated: (now - lag).max(row.updated).min(now),
            place: now,
            version,
            ..row
        });
        self.measure(id, version + 1, now);
        self.tell(id, version, Fate::Live, comment, now)
    }

    /// A change that is Zendesk's own: a ticket's `generated_timestamp` moves, nothing else.
    pub(in super::super) fn update_by_system(&mut self, id: u64, now: i64) -> bool {
        self.befall("tickets", id, |row| {
            row.is_live().then_some(Row { place: now, ..row })
        })
    }

    /// What happens to a deleted ticket after thirty days: its content goes, `updated_at` stays.
    pub(in super::super) fn scrub(&mut self, id: u64, now: i64) -> bool {
        self.befall("tickets", id, |row| {
            (row.fate == Fate::Deleted).then_some(Row {
                place: now,
                fate: Fate::Scrubbed,
                ..row
            })
        })
    }

    /// Joins a ticket or user with another one, of which nothing is said.
    pub(in super::super) fn merge(&mut self, stream: &Stream, id: u64, now: i64) -> bool {
        let merged = |row: Row| {
            (row.fate == Fate::Live).then_some(Row {
                updated: now,
                place: now,
                fate: Fate::Merged,
                ..row
            })
        };
        let done =
            matches!(stream.name, "tickets" | "users") && self.befall(stream.name, id, merged);
        if done && stream.name == "tickets" {
            let version = self.of(stream).get(id).map_or(0, |row| row.version);
            self.tell(id, version, Fate::Merged, true, now);
        }
        done
    }

    fn befall(&mut self, stream: &str, id: u64, after: impl FnOnce(Row) -> Option<Row>) -> bool {
        let collection = self.named(stream);
        let row = collection.get(id).copied().and_then(after);
        let Some(row) = row else {
            return false;
        };
        collection.replace(row);
        true
    }

    /// Deletes one record; false if there is no such one, and for the owner of the credentials.
    pub(in super::super) fn delete(&mut self, stream: &Stream, id: u64, now: i64) -> bool {
        let stream = stream.keeper();
        let Some(row) = self.of(stream).get(id).copied().filter(Row::is_live) else {
            return false;
        };
        let stays = match stream.name {
            "ticket_events" | "ticket_metric_events" => true,
            "users" => row.fate == Fate::Merged || self.renderer.is_owner(id),
            _ => stream.is_single(),
        };
        if stays {
            return false;
        }
        let fate = if stream.tombstones {
            Fate::Deleted
        } else {
            Fate::Gone
        };
        let place = place_of(stream, now, &mut self.dice);
        self.named(stream.name).replace(Row {
            updated: now,
            place,
            fate,
            ..row
        });
        if stream.name == "tickets" {
            self.tell(id, row.version, Fate::Deleted, false, now);
        }
        self.delete_children(stream, id, now);
        self.touch_parent(stream, row.parent, now);
        true
    }

    /// A ticket's events outlive it; all else goes with its parent.
    fn delete_children(&mut self, parents: &Stream, id: u64, now: i64) {
        for stream in streams::all().filter(|stream| stream.keeps()) {
            let lost = stream.parent == Some(parents.name)
                && !matches!(stream.name, "ticket_events" | "ticket_metric_events");
            if lost {
                let children: Vec<u64> = self.of(stream).of_parent(id).map(|row| row.id).collect();
                for child in children {
                    self.delete(stream, child, now);
                    // Without its parent, there is no place for a tombstone.
                    if !parents.tombstones {
                        self.befall(stream.name, child, |row| {
                            row.is_deleted().then_some(Row {
                                fate: Fate::Gone,
                                ..row
                            })
                        });
                    }
                }
            }
        }
    }

    /// What belongs to a record and has no export of its own is found by its parent's change.
    fn touch_parent(&mut self, stream: &Stream, parent: u64, now: i64) {
        let own = matches!(stream.parent, None | Some("tickets" | "custom_objects"));
        if let Some(parents) = stream.parent.filter(|_| !own).and_then(Stream::find) {
            self.change(parents, parent, now);
        }
    }
}
