//! One owner of a state directory.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Write as _};

use super::Error;
use super::directory::Directory;
use crate::files;

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
        match file.try_lock() {
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

/// Whoever holds the lock wrote its process id: only a courtesy, so reading it may fail.
fn holder(file: &File) -> String {
    let mut text = String::new();
    let read = file.take(20).read_to_string(&mut text);
    match (read, text.trim().parse::<u32>()) {
        (Ok(_), Ok(process)) => format!(" by process {process}"),
        _ => String::new(),
    }
}
