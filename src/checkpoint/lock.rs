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

/// Who has the lock, as in "in use…"; `None` if nobody has it. Others may look at the same time.
pub(super) fn find_holder(directory: &Directory) -> Result<Option<String>, Error> {
    let path = directory.lock();
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("open", &path)(error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => Ok(Some(holder(&file))),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_looks_sees_the_owner_and_is_in_nobodys_way() {
        let place = tempfile::tempdir().expect("a directory");
        let directory = Directory::new(place.path());
        let is_held = || find_holder(&directory).expect("looked").is_some();
        assert!(!is_held(), "there is no lock yet");
        let lock = Lock::take(&directory).expect("taken");
        assert!(is_held());
        drop(lock);
        assert!(!is_held());

        // Somebody looks just now, for far longer than that takes.
        let look = File::open(directory.lock()).expect("opened");
        look.try_lock_shared().expect("looked");
        let looking = thread::spawn(move || {
            thread::sleep(PAUSE / 2);
            drop(look);
        });
        Lock::take(&directory).expect("taken all the same");
        looking.join().expect("it ends");
    }
}
