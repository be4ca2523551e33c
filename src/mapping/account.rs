//! What mappings know of the account besides the record at hand: how its custom fields are defined,
//! and who asked for which ticket. Shared by all streams; filled by whoever reads it.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use serde_json::value::RawValue;

use super::definitions::{Definitions, FieldsOf};
use super::functions::id;
use super::value::Value;
use crate::json;
use crate::limits;

/// What is known of the account.
#[derive(Debug, Default)]
pub struct Account {
    definitions: RwLock<Arc<Definitions>>,
    wanted: Mutex<Vec<FieldsOf>>,
    /// Custom fields that mappings name.
    named: Mutex<BTreeSet<(FieldsOf, Box<str>)>>,
    met_unknown: AtomicBool,
    requesters_are_asked_for: AtomicBool,
    requesters: Arc<Mutex<Requesters>>,
}

impl Account {
    /// The same account for other mappings: what is known of it stays, what is wanted does not.
    pub fn heir(&self) -> Self {
        Self {
            definitions: RwLock::new(self.definitions()),
            requesters: self.requesters.clone(),
            ..Self::default()
        }
    }

    /// How custom fields are defined, as far as is known.
    pub fn definitions(&self) -> Arc<Definitions> {
        let definitions = self.definitions.read();
        definitions.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Exchanges the definitions; messages that are being written keep the old ones to their end.
    pub fn set_definitions(&self, definitions: Definitions) {
        let current = self.definitions.write();
        *current.unwrap_or_else(PoisonError::into_inner) = Arc::new(definitions);
    }

    /// Whose definitions some mapping needs.
    pub fn wanted(&self) -> Vec<FieldsOf> {
        let wanted = self.wanted.lock();
        wanted.unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn want(&self, of: FieldsOf) {
        let wanted = self.wanted.lock();
        let mut wanted = wanted.unwrap_or_else(PoisonError::into_inner);
        if !wanted.contains(&of) {
            wanted.push(of);
        }
    }

    /// Notes that a mapping names this custom field.
    pub(super) fn name(&self, of: FieldsOf, key: &str) {
        self.want(of);
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        named.insert((of, key.into()));
    }

    /// The custom fields that mappings name and `read`, all definitions of `of`, does not have; each
    /// is told once.
    pub fn undefined(&self, of: FieldsOf, read: &Definitions) -> Vec<Box<str>> {
        let mut named = self.named.lock().unwrap_or_else(PoisonError::into_inner);
        let is_missing =
            |(whose, key): &(FieldsOf, Box<str>)| *whose == of && read.get(of, key).is_none();
        let missing = named.extract_if(.., is_missing);
        missing.map(|(_, key)| key).collect()
    }

    /// Whether a custom field without a definition was met since this was last asked.
    pub fn met_unknown(&self) -> bool {
        self.met_unknown.swap(false, Ordering::Relaxed)
    }

    pub(super) fn note_unknown(&self) {
        self.met_unknown.store(true, Ordering::Relaxed);
    }

    /// From now on requesters are remembered: some stream will ask for them.
    pub(super) fn want_requesters(&self) {
        self.requesters_are_asked_for.store(true, Ordering::Relaxed);
    }

    /// Remembers who asked for `ticket`, if anyone wants to know.
    pub(super) fn learn(&self, ticket: &[u8]) {
        if !self.requesters_are_asked_for.load(Ordering::Relaxed) {
            return;
        }
        let Some((ticket, requester)) = two_ids(ticket, &["id", "requester_id"]) else {
            return;
        };
        self.requesters().insert(ticket, requester);
    }

    /// Who asked for the ticket that `record` belongs to.
    pub(super) fn requester(&self, record: &[u8]) -> Option<u64> {
        let [ticket] = json::pick(record, &["ticket_id"]).ok()?.map(value_of);
        let ticket = id(&ticket).ok()??;
        self.requesters().get(ticket)
    }

    fn requesters(&self) -> std::sync::MutexGuard<'_, Requesters> {
        self.requesters
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn value_of(value: Option<&RawValue>) -> Value<'_> {
    Value::of(value.map(RawValue::get))
}

fn two_ids(record: &[u8], keys: &[&str; 2]) -> Option<(u64, u64)> {
    let [one, other] = json::pick(record, keys).ok()?.map(value_of);
    Some((id(&one).ok()??, id(&other).ok()??))
}

/// Who asked for which ticket. Forgets the older half when it is full.
#[derive(Debug, Default)]
struct Requesters {
    newer: HashMap<u64, u64>,
    older: HashMap<u64, u64>,
}

impl Requesters {
    fn insert(&mut self, ticket: u64, requester: u64) {
        if self.newer.len() >= limits::REQUESTERS_REMEMBERED_MAX / 2 {
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.insert(ticket, requester);
    }

    fn get(&self, ticket: u64) -> Option<u64> {
        let found = self.newer.get(&ticket).or_else(|| self.older.get(&ticket));
        found.copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_requester_counts_and_the_memory_has_an_end() {
        let account = Account::default();
        account.want_requesters();
        account.learn(br#"{"id":1,"requester_id":7}"#);
        account.learn(br#"{"id":1,"requester_id":8}"#);
        account.learn(br#"{"id":2,"requester_id":-1}"#);
        assert_eq!(account.requester(br#"{"ticket_id":1}"#), Some(8));
        assert_eq!(account.requester(br#"{"ticket_id":2}"#), None);
        assert_eq!(account.requester(b"[]"), None);
        let mut requesters = Requesters::default();
        let most = limits::REQUESTERS_REMEMBERED_MAX as u64;
        for ticket in 0..2 * most {
            requesters.insert(ticket, ticket);
        }
        assert!(
            requesters.newer.len() + requesters.older.len() <= limits::REQUESTERS_REMEMBERED_MAX
        );
        assert_eq!(requesters.get(2 * most - 1), Some(2 * most - 1));
        assert_eq!(requesters.get(0), None);
    }
}
