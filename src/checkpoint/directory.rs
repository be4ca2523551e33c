//! The files of a state directory, and how one replaces another.
//!
//! The directory is private to this user, and so is every file in it: the state names people's
//! ids. That is also why nothing here defends against others who write into it.

use std::fs::{self, File};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::format::{self, Fault};
use super::{Error, FORMAT_VERSION, State, generations};
use crate::{files, limits};

const STATE: &str = "state.json";
const TEMPORARY: &str = "state.json.tmp";
const LOCK: &str = "state.lock";
const HISTORY: &str = "history";

/// A state directory by its path.
#[derive(Clone, Debug)]
pub(super) struct Directory(PathBuf);

impl Directory {
    pub(super) fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Creates it, with a history, where it is missing.
    pub(super) fn create(&self) -> Result<(), Error> {
        let history = self.history();
        files::create_directory(&history).map_err(Error::io("create the directory", &history))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn state(&self) -> PathBuf {
        self.0.join(STATE)
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.0.join(LOCK)
    }

    pub(super) fn history(&self) -> PathBuf {
        self.0.join(HISTORY)
    }

    /// Where a state file that cannot be read is kept when another takes its place.
    pub(super) fn aside(&self, now: Timestamp) -> PathBuf {
        self.0.join(format!(
            "{STATE}.damaged-{}",
            now.strftime("%Y%m%dT%H%M%S.%fZ")
        ))
    }

    /// The present state; `None` if nothing was ever saved here.
    pub(super) fn read(&self) -> Result<Option<State>, Error> {
        match read_file(&self.state())? {
            Some(state) => Ok(Some(state)),
            None if generations::numbers(&self.history())?.is_empty() => Ok(None),
            // We replace it by a rename, at no instant is it missing: somebody took it away.
            None => Err(Error::Missing { path: self.state() }),
        }
    }

    /// Replaces the state file so that at any instant the old one or the new one is there, whole.
    /// The old one stays as `keep_as`, if given.
    pub(super) fn replace(&self, state: &State, keep_as: Option<&Path>) -> Result<(), Error> {
        let (path, draft) = (self.state(), self.0.join(TEMPORARY));
        let text = format::write(state).map_err(Error::io("write", &draft))?;
        files::write_new(&draft, &text).map_err(Error::io("write", &draft))?;
        if let Some(kept) = keep_as {
            self.keep(kept)
                .and_then(|()| generations::prune(&self.history()))
                .inspect_err(|_| {
                    // Half a save would hold the space that the next attempt needs.
                    let _ = fs::remove_file(&draft);
                })?;
        }
        files::replace(&path, &draft).map_err(Error::io("replace", &path))
    }

    /// Gives the state file a second name, which outlives its replacement.
    fn keep(&self, kept: &Path) -> Result<(), Error> {
        let action = "keep the replaced state as";
        // Somebody may have tidied the history away while we ran.
        self.create()?;
        // A crash between this and the rename left a link of the same name.
        files::remove_if_there(kept).map_err(Error::io(action, kept))?;
        match fs::hard_link(self.state(), kept) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            // Not every file system has hard links.
            Err(_) => fs::copy(self.state(), kept)
                .and_then(|_| files::take_after_parent(kept))
                .map_err(Error::io(action, kept)),
        }
    }
}

/// Reads one state file, of the present or of the history; `None` if there is none.
pub(super) fn read_file(path: &Path) -> Result<Option<State>, Error> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    let mut text = Vec::new();
    file.take(limits::FILE_BYTES_MAX + 1)
        .read_to_end(&mut text)
        .map_err(Error::io("read", path))?;
    let state = if text.len() as u64 > limits::FILE_BYTES_MAX {
        let limit = limits::FILE_BYTES_MAX;
        Err(Fault::Damaged(format!("it is larger than {limit} bytes")))
    } else {
        format::read(&text)
    };
    let path = path.to_owned();
    match state {
        Ok(state) => Ok(Some(state)),
        Err(Fault::Damaged(why)) => Err(Error::Damaged { path, why }),
        Err(Fault::TooNew(found)) => Err(Error::TooNew {
            path,
            found,
            known: FORMAT_VERSION,
        }),
    }
}
