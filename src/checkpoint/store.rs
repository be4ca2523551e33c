//! Reading, locking and atomically replacing the state file.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::Deserialize;

use super::{Error, FORMAT_VERSION, State, StreamState};
use crate::limits;

const STATE: &str = "state.json";
const TEMPORARY: &str = "state.json.tmp";
const LOCK: &str = "state.lock";
const HISTORY: &str = "history";

/// The open state directory of one account. Dropping it releases the lock.
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
    state: Mutex<State>,
    // Held for its lock.
    _lock: File,
}

impl Store {
    /// Creates the directory if need be, locks it, and reads the state or begins with none.
    ///
    /// # Errors
    /// When another process owns the directory, or the file is damaged, foreign or too new.
    pub fn open(directory: &Path, account: &str) -> Result<Self, Error> {
        create_private_directory(&directory.join(HISTORY))?;
        let lock = lock(directory)?;
        let state = match read(directory)? {
            Some(state) if state.account != account => {
                return Err(Error::Foreign {
                    path: directory.join(STATE),
                    found: state.account,
                    configured: account.to_owned(),
                });
            }
            Some(state) => state,
            None => State {
                version: FORMAT_VERSION,
                account: account.to_owned(),
                generation: 0,
                saved_at: Timestamp::UNIX_EPOCH,
                streams: std::collections::BTreeMap::new(),
            },
        };
        Ok(Self {
            directory: directory.to_owned(),
            state: Mutex::new(state),
            _lock: lock,
        })
    }

    /// What is known of a stream.
    pub fn stream(&self, name: &str) -> StreamState {
        self.lock_state()
            .streams
            .get(name)
            .cloned()
            .unwrap_or_default()
    }

    /// Replaces what is known of a stream, durably. Blocks for the disk.
    ///
    /// # Errors
    /// When the file could not be replaced; file and memory are then as they were.
    pub fn save(&self, name: &str, stream: StreamState) -> Result<(), Error> {
        let mut state = self.lock_state();
        let mut next = state.clone();
        let moved = next
            .streams
            .get(name)
            .and_then(|stream| stream.position.as_ref())
            != stream.position.as_ref();
        next.streams.insert(name.to_owned(), stream);
        next.saved_at = Timestamp::now();
        next.generation += u64::from(moved);
        self.replace(&next, moved.then_some(state.generation))?;
        *state = next;
        Ok(())
    }

    /// `keep` is the generation on disk, if it should stay in the history.
    fn replace(&self, state: &State, keep: Option<u64>) -> Result<(), Error> {
        let temporary = self.directory.join(TEMPORARY);
        let path = self.directory.join(STATE);
        let mut text = serde_json::to_vec_pretty(state).map_err(|error| Error::Io {
            action: "write",
            path: path.clone(),
            source: error.into(),
        })?;
        text.push(b'\n');
        let failed = |action, path: &Path| {
            let path = path.to_owned();
            move |source| Error::Io {
                action,
                path,
                source,
            }
        };
        let mut file = private_file(&temporary).map_err(failed("create", &temporary))?;
        file.write_all(&text).map_err(failed("write", &temporary))?;
        file.sync_all().map_err(failed("write", &temporary))?;
        if let Some(generation) = keep {
            self.keep_generation(generation)?;
        }
        fs::rename(&temporary, &path).map_err(failed("replace", &path))?;
        sync_directory(&self.directory)
    }

    /// Keeps the file on disk as a generation of the history and drops the oldest ones.
    fn keep_generation(&self, generation: u64) -> Result<(), Error> {
        let path = self.directory.join(STATE);
        if !path.exists() {
            return Ok(());
        }
        let history = self.directory.join(HISTORY);
        let kept = history.join(format!("state.{generation:010}.json"));
        let failed = |source| Error::Io {
            action: "keep an earlier generation as",
            path: kept.clone(),
            source,
        };
        // A crash after this step and before the rename leaves a link of the same number.
        match fs::remove_file(&kept) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed(error));
            }
            _ => {}
        }
        // Not every file system has hard links.
        if fs::hard_link(&path, &kept).is_err() {
            fs::copy(&path, &kept).map_err(failed)?;
        }
        let mut generations: Vec<PathBuf> = fs::read_dir(&history)
            .map_err(failed)?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "json")
            })
            .collect();
        generations.sort();
        let excess = generations.len().saturating_sub(limits::STATE_GENERATIONS);
        for oldest in &generations[..excess] {
            fs::remove_file(oldest).map_err(failed)?;
        }
        Ok(())
    }

    fn lock_state(&self) -> MutexGuard<'_, State> {
        // A save either replaces the state as a whole or leaves it: no panic can tear it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads the state file of a directory, without locking it. `None` if there is none.
///
/// # Errors
/// When the file is damaged or too new.
pub fn read(directory: &Path) -> Result<Option<State>, Error> {
    let path = directory.join(STATE);
    let unreadable = |source| Error::Io {
        action: "read",
        path: path.clone(),
        source,
    };
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let mut text = Vec::new();
    file.take(limits::FILE_BYTES_MAX + 1)
        .read_to_end(&mut text)
        .map_err(unreadable)?;
    parse(&text, &path).map(Some)
}

/// The state that `text` from the file at `path` stands for.
fn parse(text: &[u8], path: &Path) -> Result<State, Error> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }

    let damaged = |why: String| Error::Damaged {
        path: path.to_owned(),
        why,
    };
    if text.len() as u64 > limits::FILE_BYTES_MAX {
        return Err(damaged(format!(
            "it is larger than {} bytes",
            limits::FILE_BYTES_MAX
        )));
    }
    let Versioned { version } =
        serde_json::from_slice(text).map_err(|error| damaged(error.to_string()))?;
    if version > FORMAT_VERSION {
        return Err(Error::TooNew {
            path: path.to_owned(),
            found: version,
            known: FORMAT_VERSION,
        });
    }
    serde_json::from_slice(text).map_err(|error| damaged(error.to_string()))
}

fn lock(directory: &Path) -> Result<File, Error> {
    let path = directory.join(LOCK);
    let failed = |source| Error::Io {
        action: "lock",
        path: path.clone(),
        source,
    };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // Only a courtesy: whoever holds the lock wrote its process id.
            let read = (&file).take(20).read_to_string(&mut holder);
            let known = read.is_ok() && holder.trim().parse::<u32>().is_ok();
            return Err(Error::Locked {
                directory: directory.to_owned(),
                holder: if known {
                    format!(" by process {}", holder.trim())
                } else {
                    String::new()
                },
            });
        }
        Err(TryLockError::Error(error)) => return Err(failed(error)),
    }
    file.set_len(0).map_err(failed)?;
    file.write_all(std::process::id().to_string().as_bytes())
        .map_err(failed)?;
    Ok(file)
}

/// The state names people's ids: nobody else's business.
fn create_private_directory(path: &Path) -> Result<(), Error> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| Error::Io {
            action: "create the directory",
            path: path.to_owned(),
            source,
        })
}

fn private_file(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
}

/// Makes a rename durable.
fn sync_directory(directory: &Path) -> Result<(), Error> {
    File::open(directory)
        .and_then(|directory| directory.sync_all())
        .map_err(|source| Error::Io {
            action: "sync the directory",
            path: directory.to_owned(),
            source,
        })
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
