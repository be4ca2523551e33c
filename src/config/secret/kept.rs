//! A secret in the hands of somebody who needs it again and again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use secrecy::{ExposeSecret as _, SecretString};

use super::{Secret, SecretError};

/// A secret that is read anew each time it is needed. Who replaces a file may leave it missing or
/// empty for a moment: then the secret that was read last is used once more.
#[derive(Debug)]
pub struct KeptSecret {
    place: Secret,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// Somebody needed it.
    asked: bool,
    last: Option<SecretString>,
}

impl KeptSecret {
    /// Reads nothing yet.
    pub fn new(place: Secret) -> Self {
        Self {
            place,
            known: Mutex::default(),
        }
    }

    /// Reads the secret now.
    ///
    /// # Errors
    /// When it cannot be read, and never could.
    pub fn read(&self) -> Result<SecretString, SecretError> {
        let read = self.place.read();
        let mut known = self.known();
        known.asked = true;
        match read {
            Ok(secret) => {
                known.last = Some(secret.clone());
                Ok(secret)
            }
            Err(error) => {
                let Some(last) = known.last.clone() else {
                    return Err(error);
                };
                tracing::warn!("{error}: going on with the secret that was read last");
                Ok(last)
            }
        }
    }

    /// Whether it was needed, and another one can be read now than was then.
    pub fn is_new(&self) -> bool {
        self.place.read().is_ok_and(|now| {
            let known = self.known();
            let same = |last: &SecretString| last.expose_secret() == now.expose_secret();
            known.asked && !known.last.as_ref().is_some_and(same)
        })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_last_serves_while_the_file_is_being_replaced() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("secret");
        let secret = KeptSecret::new(Secret::File(path.clone()));
        std::fs::write(&path, "nobody asks").expect("written");
        assert!(!secret.is_new());
        std::fs::remove_file(&path).expect("removed");
        let read = || secret.read().map(|it| it.expose_secret().to_owned()).ok();
        assert_eq!(read(), None, "there is none yet");
        assert!(!secret.is_new());
        std::fs::write(&path, "one").expect("written");
        assert!(secret.is_new());
        assert_eq!(read().as_deref(), Some("one"));
        assert!(!secret.is_new());
        std::fs::write(&path, "").expect("written");
        assert!(!secret.is_new());
        assert_eq!(read().as_deref(), Some("one"));
        std::fs::write(&path, "two\n").expect("written");
        assert!(secret.is_new());
        assert_eq!(read().as_deref(), Some("two"));
        std::fs::remove_file(&path).expect("removed");
        assert_eq!(read().as_deref(), Some("two"));
    }
}
