//! Privacy by declaration: which fields leave as they are, and which are left out, hashed or masked.
//!
//! Works on what the inlet gets: on the record itself for raw messages, on the mapped object for the
//! others. What is not touched keeps its bytes. Comes before everything that measures or judges a
//! message, so that a message that lost what it needs is found out.

mod leaf;
mod rules;
#[cfg(test)]
mod tests;
mod walk;

use secrecy::{ExposeSecret as _, SecretString};

use super::path::Path;
use super::{MappingError, Notes};
use crate::config;
use leaf::Hasher;
use rules::Rules;
use walk::Walk;

/// A stream's rules.
#[derive(Debug)]
pub struct Privacy {
    rules: Rules,
    hasher: Option<Hasher>,
}

/// Why rules cannot be applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PrivacyError {
    /// The key would not keep anyone from trying all e-mail addresses.
    #[error("the key of hashed fields has {0} characters; it needs {min} or more", min = Privacy::KEY_CHARS_MIN)]
    WeakKey(usize),
}

impl Privacy {
    /// Characters that a key must have: 128 bits, written in hexadecimal digits.
    pub const KEY_CHARS_MIN: usize = 32;

    /// Compiles what the configuration says; `key` is what it names as the key.
    ///
    /// # Errors
    /// When the key is too short to be one.
    pub fn new(config: &config::Privacy, key: Option<&SecretString>) -> Result<Self, PrivacyError> {
        let hasher = key.map(|key| {
            let key = key.expose_secret();
            match key.chars().count() {
                count if count < Self::KEY_CHARS_MIN => Err(PrivacyError::WeakKey(count)),
                _ => Ok(Hasher::new(key.as_bytes())),
            }
        });
        Ok(Self {
            rules: Rules::new(config),
            hasher: hasher.transpose()?,
        })
    }

    /// Whether there is a list of what may leave.
    pub fn has_list(&self) -> bool {
        self.rules.has_list()
    }

    /// Writes `object` as it may leave to the end of `out`.
    ///
    /// # Errors
    /// When nothing of it may leave, or it is no object; `out` is then of no use.
    pub(super) fn write(
        &self,
        object: &[u8],
        out: &mut Vec<u8>,
        notes: &mut Notes,
    ) -> Result<(), MappingError> {
        let text = std::str::from_utf8(object).map_err(|_| MappingError::NotAnObject)?;
        let mut walk = Walk {
            hasher: self.hasher.as_ref(),
            notes,
            out,
        };
        match walk.object(text, &self.rules.start(), Path::Message, 0) {
            Ok(true) => Ok(()),
            Ok(false) => Err(MappingError::Empty),
            Err(_) => Err(MappingError::NotAnObject),
        }
    }
}
