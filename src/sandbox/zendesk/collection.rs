//! The records of one kind: their present versions, their past, and their order.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::Bound;

use super::ids::Ids;
use super::row::{Fate, Row};
use crate::sandbox::dice::Dice;

/// Place of a version in an incremental export: its clock, then its id.
pub(super) type Place = (i64, u64);

/// Tries at random, for each record wanted, before all candidates are looked at.
const TRIES: usize = 20;

#[derive(Debug)]
pub(super) struct Collection {
    ids: Ids,
    /// Present versions by ascending id; those that are gone stay, so that a number is a place.
    rows: Vec<Row>,
    /// Earlier versions, oldest first.
    past: BTreeMap<u64, Vec<Row>>,
    /// The present version of every record that an export may show.
    order: BTreeSet<Place>,
    /// Parent and id of every record that has a parent.
    children: BTreeSet<(u64, u64)>,
    /// Records that no page can be made with.
    pub(super) unservable: HashSet<u64>,
    /// Records that no list shows, though they are counted.
    pub(super) unlisted: HashSet<u64>,
}

impl Collection {
    /// `rows` are those of the ids from the first on.
    pub(super) fn new(ids: Ids, rows: Vec<Row>) -> Self {
        let order = rows.iter().map(|row| (row.place, row.id)).collect();
        let parented = rows.iter().filter(|row| row.parent > 0);
        let children = parented.map(|row| (row.parent, row.id)).collect();
        Self {
            ids,
            rows,
            past: BTreeMap::new(),
            order,
            children,
            unservable: HashSet::new(),
            unlisted: HashSet::new(),
        }
    }

    /// The id of the record that is pushed next.
    pub(super) fn next_id(&self) -> u64 {
        self.ids.nth(self.rows.len() as u64)
    }

    /// Adds the record that has the next id.
    pub(super) fn push(&mut self, row: Row) {
        self.order.insert((row.place, row.id));
        if row.parent > 0 {
            self.children.insert((row.parent, row.id));
        }
        self.rows.push(row);
    }

    /// Makes `row` the present version of its record.
    pub(super) fn replace(&mut self, row: Row) {
        let number = self.ids.number(row.id);
        let Some(present) = self.rows.get_mut(number) else {
            return;
        };
        let before = std::mem::replace(present, row);
        self.past.entry(row.id).or_default().push(before);
        self.order.remove(&(before.place, before.id));
        if row.fate == Fate::Gone {
            self.children.remove(&(row.parent, row.id));
        } else {
            self.order.insert((row.place, row.id));
        }
    }

    /// The present version, also of a record that is gone.
    pub(super) fn get(&self, id: u64) -> Option<&Row> {
        let row = self.rows.get(self.ids.number(id))?;
        (row.id == id).then_some(row)
    }

    /// The record that has this id in text, wherever that is rendered.
    pub(super) fn find(&self, text: &str) -> Option<&Row> {
        match self.ids {
            Ids::Nice | Ids::Long(_) | Ids::Digits(_) => self.get(text.parse().ok()?),
            ids => self.rows.iter().find(|row| ids.text(row.id) == text),
        }
    }

    /// Present versions by ascending id, those that are gone included.
    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Those of [`Self::rows`] whose id is greater.
    pub(super) fn above(&self, id: u64) -> &[Row] {
        let from = self.rows.partition_point(|row| row.id <= id);
        &self.rows[from..]
    }

    /// Present versions after `place`, up to the clock's `horizon`, in the order of the export.
    pub(super) fn after(&self, place: Place, horizon: i64) -> impl Iterator<Item = &Row> {
        self.order
            .range((Bound::Excluded(place), Bound::Unbounded))
            .take_while(move |(clock, _)| *clock <= horizon)
            .filter_map(|(_, id)| self.get(*id))
    }

    /// All that belong to `parent`, by ascending id.
    pub(super) fn of_parent(&self, parent: u64) -> impl Iterator<Item = &Row> {
        let range = self.children.range((parent, 0)..=(parent, u64::MAX));
        range.filter_map(|(_, id)| self.get(*id))
    }

    /// All versions of a record, oldest first.
    pub(super) fn versions(&self, id: u64) -> impl DoubleEndedIterator<Item = &Row> {
        let past = self.past.get(&id).into_iter().flatten();
        past.chain(self.get(id))
    }

    /// Up to `count` different records that `suits`, at random.
    pub(super) fn draw(
        &self,
        dice: &mut Dice,
        count: usize,
        suits: impl Fn(&Row) -> bool,
    ) -> Vec<u64> {
        let mut drawn = BTreeSet::new();
        let mut ids = Vec::new();
        for _ in 0..count.saturating_mul(TRIES).min(self.rows.len()) {
            if ids.len() == count {
                return ids;
            }
            let row = dice.pick(&self.rows);
            if suits(row) && drawn.insert(row.id) {
                ids.push(row.id);
            }
        }
        let rest = self.rows.iter().filter(|row| suits(row));
        let mut rest: Vec<u64> = rest
            .map(|row| row.id)
            .filter(|id| !drawn.contains(id))
            .collect();
        dice.draw(&mut rest, count - ids.len());
        ids.extend(rest);
        ids
    }

    /// Forgets the deleted: their tombstones leave every export.
    pub(super) fn drop_tombstones(&mut self) {
        let deleted: Vec<Row> = self
            .rows
            .iter()
            .filter(|row| row.is_deleted())
            .copied()
            .collect();
        for row in deleted {
            self.replace(Row {
                fate: Fate::Gone,
                ..row
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: u64, place: i64) -> Row {
        Row {
            id: Ids::Nice.nth(number),
            parent: 7,
            created: place,
            updated: place,
            place,
            version: 0,
            fate: Fate::Live,
            marked: false,
        }
    }

    #[test]
    fn a_change_moves_a_record_to_the_end() {
        let mut collection = Collection::new(Ids::Nice, (0..3).map(|n| row(n, 10)).collect());
        let first = *collection.get(1).expect("a record");
        collection.replace(Row {
            place: 11,
            version: 1,
            ..first
        });
        let ids: Vec<u64> = collection
            .after((0, 0), i64::MAX)
            .map(|row| row.id)
            .collect();
        assert_eq!(ids, [2, 3, 1]);
        assert_eq!(collection.after((0, 0), 10).count(), 2);
        assert_eq!(collection.after((10, 2), 10).count(), 1);
        assert_eq!(collection.versions(1).count(), 2);
    }

    #[test]
    fn what_is_gone_leaves_everything_but_its_history() {
        let mut collection = Collection::new(Ids::Nice, (0..3).map(|n| row(n, 10)).collect());
        let second = *collection.get(2).expect("a record");
        collection.replace(Row {
            fate: Fate::Gone,
            ..second
        });
        assert_eq!(collection.after((0, 0), i64::MAX).count(), 2);
        assert_eq!(collection.of_parent(7).count(), 2);
        assert_eq!(collection.versions(2).count(), 2);
        assert_eq!(collection.next_id(), 4);
    }

    #[test]
    fn draws_all_that_suit_when_asked_for_too_many() {
        let collection = Collection::new(Ids::Nice, (0..50).map(|n| row(n, 10)).collect());
        let mut ids = collection.draw(&mut Dice::new(1), 99, |row| row.id > 10);
        ids.sort_unstable();
        assert_eq!(ids, (11..=50).collect::<Vec<u64>>());
    }
}
