//! One owner of a state directory.

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read as _, Write as _};
use std::thread;
use std::time::Duration;

use super::Error;
use super::directory::Directory;
use crate::files;

/// How often the lock is tried, and the pause between: whoever only looks whether it is held has a
/// part of it for microseconds, and must not keep a daemon from starting.
const ATTEMPTS: u32 = 5;

/// See [`ATTEMPTS`].
const PAUSE: Duration = Duration::from_millis(20);

/// The lock of a state directory; dropping it gives the directory free.
#[derive(Debug)]
pub(super) struct Lock {
    // Held for its lock, which ends with it, however the process ends.
    _file: File,
}

impl Lock {
    /// Takes the lock, or says who has it.
    pub(super) fn take(directory: &Directory) -> Result<Self, Error> {
        let path = directory.lock();
        let mut file = files::open_or_create(&path).map_err(Error::io("lock", &path))?;
        let mut locked = file.try_lock();
        for _ in 1..ATTEMPTS {
            if !matches!(locked, Err(TryLockError::WouldBlock)) {
                break;
            }
            thread::sleep(PAUSE);
            locked = file.try_lock();
        }
        match locked {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Error::Locked {
                    directory: directory.path().to_owned(),
                    holder: holder(&file),
                });
            }
            Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path)(error)),
        }
        file.set_len(0)
            .and_then(|()| file.write_all(std::process::id().to_string().as_bytes()))
            .map_err(Error::io("lock", &path))?;
        Ok(Self { _file: file })
    }
}

/// Whether somebody has the lock. Others may look at the same time.
pub(super) fn is_held(directory: &Directory) -> Result<bool, Error> {
    let path = directory.lock();
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(Error::io("open", &path)(error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(Error::io("look at the lock of", &path)(error)),
    }
}

/// Whoever holds the lock wrote its process id: only a courtesy, so reading it may fail.
fn holder(file: &File) -> String {
    let mut text = String::new();
    let read = file.take(20).read_to_string(&mut text);
    match (read, text.trim().parse::<u32>()) {
        (Ok(_), Ok(process)) => format!(" by process {process}"),
        _ => String::new(),
    }
}
