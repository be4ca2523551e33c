//! What was delivered of the lists: of every record its id and a hash of its content.
//!
//! Zendesk's lists say neither what changed nor what is gone, so both are found by comparing. A
//! record is passed on if its content is not the one delivered last. One that is missing in two
//! complete walks in a row is gone: one walk is not enough, since the pages of a list shift while
//! they are read, and a record may slip through between two of them.
//!
//! The hashes are on disk, in `snapshots.redb` beside the state file, whose lock protects them: a
//! list may have a million memberships, which neither memory nor the state file should hold. A
//! page is noted after it is settled and before the checkpoint moves over it. So what a crash
//! leaves between the two is at most sent again.
//!
//! A file that cannot be read stops the start, like a damaged state file: without it, everything
//! on every list would be sent again, and what vanished meanwhile never be noticed.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use redb::{Database, ReadableDatabase as _, ReadableTable, TableDefinition};

use crate::{files, limits};

mod error;
mod noted;

pub use error::Error;
pub use noted::{Gone, Noted};

use noted::Spelling;

const FILE: &str = "snapshots.redb";

/// Version of the file's format.
const FORMAT_VERSION: u64 = 1;

const META: TableDefinition<'_, &str, u64> = TableDefinition::new("meta");

const RECORDS: TableDefinition<'_, Key, Value> = TableDefinition::new("records");

/// Stream, scope and id.
type Key = (&'static str, &'static str, &'static str);

/// The content, if any that counts was delivered; the walk that saw the record last; how its id is
/// spelled.
type Value = (Option<u128>, u64, u8);

/// The file of one state directory.
#[derive(Debug)]
pub struct Snapshots {
    database: OnceLock<Database>,
    opening: Mutex<()>,
    path: PathBuf,
}

/// One list: that of a stream, or of a stream's records under one parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List<'a> {
    /// The stream.
    pub stream: &'a str,
    /// The parent's id; empty for the stream's own list.
    pub scope: &'a str,
}

/// What a walk to the end of a list did not find, as counted by [`Snapshots::absent`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Absent {
    /// Records noted, found or not.
    pub known: u64,
    /// Those that this walk did not find.
    pub missing: u64,
}

/// The list under one parent, read whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Whole {
    /// The parent's id.
    pub scope: String,
    /// All that is in it.
    pub noted: Vec<Noted>,
    /// What was in it before.
    pub gone: Vec<Gone>,
}

impl Snapshots {
    /// The file of a state directory, whose lock the caller holds; opened when it is needed first.
    /// Where no list is read, none comes to be.
    pub fn new(directory: &Path) -> Self {
        Self {
            path: directory.join(FILE),
            database: OnceLock::new(),
            opening: Mutex::default(),
        }
    }

    /// Opens the file and checks it, rather than when it is needed first.
    ///
    /// # Errors
    /// When it cannot be read or created, is damaged, or was written by a later release.
    pub fn ready(&self) -> Result<(), Error> {
        self.database().map(|_| ())
    }

    fn database(&self) -> Result<&Database, Error> {
        // The store lets nobody open its file twice, not even us.
        let _guard = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(database) = self.database.get() {
            return Ok(database);
        }
        let path = &self.path;
        if !path.exists() {
            files::write_new(path, &[]).map_err(|source| Error::Io {
                path: path.clone(),
                source,
            })?;
        }
        let database = Database::builder()
            .set_cache_size(limits::SNAPSHOT_CACHE_BYTES)
            .set_check_integrity_on_open(true)
            .create(path)
            .map_err(|error| Error::new(path, error))?;
        match prepare(&database) {
            Ok(FORMAT_VERSION) => Ok(self.database.get_or_init(|| database)),
            Ok(found) => Err(Error::TooNew {
                path: path.clone(),
                found,
                known: FORMAT_VERSION,
            }),
            Err(error) => Err(Error::new(path, error)),
        }
    }

    /// Makes every record of a list one to be sent again. Which records there are stays known, so
    /// that one that vanishes meanwhile is noticed.
    ///
    /// # Errors
    /// When the file cannot be read or written.
    pub fn forget_contents(&self, list: List<'_>) -> Result<(), Error> {
        let mut begin = String::new();
        loop {
            let entries = self.read(|table| {
                let entries = entries(table, list, &begin)?;
                let some = entries.take(limits::SNAPSHOT_ENTRIES_AT_ONCE);
                Ok(some.collect::<Result<Vec<Entry>, _>>()?)
            })?;
            let Some(last) = entries.last() else {
                return Ok(());
            };
            begin = format!("{}\0", last.key);
            self.write(|table| {
                for entry in &entries {
                    let key = (list.stream, list.scope, entry.key.as_str());
                    table.insert(key, (None, 0, entry.spelling as u8))?;
                }
                Ok(())
            })?;
        }
    }

    /// Of each of `noted`, whether its content is not the one delivered last.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn changed(&self, list: List<'_>, noted: &[Noted]) -> Result<Vec<bool>, Error> {
        self.read(|table| {
            let mut changed = Vec::with_capacity(noted.len());
            for one in noted {
                let known = table.get((list.stream, list.scope, one.key.as_str()))?;
                let known = known.and_then(|known| known.value().0);
                changed.push(known != Some(one.content));
            }
            Ok(changed)
        })
    }

    /// Notes records that are settled, as found by this walk.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn note(&self, list: List<'_>, walk: u64, noted: &[Noted]) -> Result<(), Error> {
        if noted.is_empty() {
            return Ok(());
        }
        self.write(|table| {
            for one in noted {
                let key = (list.stream, list.scope, one.key.as_str());
                table.insert(key, (Some(one.content), walk, one.spelling as u8))?;
            }
            Ok(())
        })
    }

    /// What `walk`, which is complete, did not find.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn absent(&self, list: List<'_>, walk: u64) -> Result<Absent, Error> {
        self.read(|table| {
            let mut absent = Absent::default();
            for entry in entries(table, list, "")? {
                absent.known += 1;
                absent.missing += u64::from(entry?.walk < walk);
            }
            Ok(absent)
        })
    }

    /// Records that neither `walk`, which is complete, nor the one before it has found, up to
    /// `count` of them.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn gone(&self, list: List<'_>, walk: u64, count: usize) -> Result<Vec<Gone>, Error> {
        self.read(|table| {
            let mut gone = Vec::new();
            for entry in entries(table, list, "")? {
                let Entry {
                    key,
                    walk: found,
                    spelling,
                } = entry?;
                if found.saturating_add(2) <= walk {
                    gone.push(Gone { key, spelling });
                    if gone.len() == count {
                        break;
                    }
                }
            }
            Ok(gone)
        })
    }

    /// Records noted in a list that are not among `noted`, which is all of it now.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn missing(&self, list: List<'_>, noted: &[Noted]) -> Result<Vec<Gone>, Error> {
        let present: HashSet<&str> = noted.iter().map(|one| one.key.as_str()).collect();
        self.read(|table| {
            let mut missing = Vec::new();
            for entry in entries(table, list, "")? {
                let Entry { key, spelling, .. } = entry?;
                if !present.contains(key.as_str()) {
                    missing.push(Gone { key, spelling });
                }
            }
            Ok(missing)
        })
    }

    /// Notes lists of a stream that were read whole, once they are settled: all of them or none.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn replace(&self, stream: &str, lists: &[Whole]) -> Result<(), Error> {
        self.write(|table| {
            for list in lists {
                let key = |key| (stream, list.scope.as_str(), key);
                for one in &list.noted {
                    let value = (Some(one.content), 0, one.spelling as u8);
                    table.insert(key(one.key.as_str()), value)?;
                }
                for one in &list.gone {
                    table.remove(key(one.key.as_str()))?;
                }
            }
            Ok(())
        })
    }

    /// Forgets records whose end is settled.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn remove(&self, list: List<'_>, gone: &[Gone]) -> Result<(), Error> {
        self.write(|table| {
            for one in gone {
                table.remove((list.stream, list.scope, one.key.as_str()))?;
            }
            Ok(())
        })
    }

    fn read<T>(
        &self,
        work: impl FnOnce(&redb::ReadOnlyTable<Key, Value>) -> Result<T, redb::Error>,
    ) -> Result<T, Error> {
        let database = self.database()?;
        let read = || {
            let transaction = database.begin_read()?;
            work(&transaction.open_table(RECORDS)?)
        };
        read().map_err(|error| Error::new(&self.path, error))
    }

    fn write(
        &self,
        work: impl FnOnce(&mut redb::Table<'_, Key, Value>) -> Result<(), redb::Error>,
    ) -> Result<(), Error> {
        let database = self.database()?;
        let write = || {
            let transaction = database.begin_write()?;
            work(&mut transaction.open_table(RECORDS)?)?;
            transaction.commit()?;
            Ok(())
        };
        write().map_err(|error: redb::Error| Error::new(&self.path, error))
    }
}

/// Creates what is missing in a new file; gives the version of its format.
fn prepare(database: &Database) -> Result<u64, redb::Error> {
    let transaction = database.begin_write()?;
    let version = {
        let mut meta = transaction.open_table(META)?;
        let known = meta.get("version")?.map(|version| version.value());
        match known {
            Some(version) => version,
            None => {
                meta.insert("version", FORMAT_VERSION)?;
                transaction.open_table(RECORDS)?;
                FORMAT_VERSION
            }
        }
    };
    transaction.commit()?;
    Ok(version)
}

/// One row of the file.
struct Entry {
    key: String,
    walk: u64,
    spelling: Spelling,
}

/// The rows of one list, from the id `begin` on.
fn entries<'t>(
    table: &'t impl ReadableTable<Key, Value>,
    list: List<'t>,
    begin: &str,
) -> Result<impl Iterator<Item = Result<Entry, redb::StorageError>> + 't, redb::StorageError> {
    let rows = table.range((list.stream, list.scope, begin)..)?;
    let rows = rows.map(move |row| {
        let (key, value) = row?;
        let (stream, scope, id) = key.value();
        let (_, walk, spelling) = value.value();
        let is_of_list = (stream, scope) == (list.stream, list.scope);
        Ok(is_of_list.then(|| Entry {
            key: id.to_owned(),
            walk,
            spelling: Spelling::from_number(spelling),
        }))
    });
    Ok(rows.map_while(Result::transpose))
}

#[cfg(test)]
mod tests;
