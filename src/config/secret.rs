//! Secrets: named by the configuration, read when needed, never printed.

use std::fmt;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::limits;

mod kept;

pub use kept::KeptSecret;

/// Where a secret is to be found. Printing one names the place, never the value.
#[derive(Clone, PartialEq, Eq)]
pub enum Secret {
    /// An environment variable.
    Env(String),
    /// A file; a trailing newline is not part of the secret.
    File(PathBuf),
    /// A name in the directory that the service manager provides (`$CREDENTIALS_DIRECTORY`).
    Credential {
        /// The credential's name.
        name: String,
        /// `$CREDENTIALS_DIRECTORY`, if it was set when the configuration was read. A command that
        /// needs no secret works without.
        directory: Option<PathBuf>,
    },
}

/// Why a secret could not be read. Says where it was looked for, never what was found.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The variable is not set.
    #[error("environment variable `{0}` is not set")]
    NotSet(String),
    /// The variable is not UTF-8.
    #[error("environment variable `{0}` is not valid UTF-8")]
    NotText(String),
    /// Nobody provides credentials.
    #[error(
        "there is no credential `{0}`: systemd sets `CREDENTIALS_DIRECTORY` for services with `LoadCredential=`; by hand, set it to the directory that holds the file"
    )]
    NoCredentials(String),
    /// Nothing in it.
    #[error("{0} is empty")]
    Empty(Secret),
    /// The file could not be read.
    #[error("cannot read {place}")]
    Unreadable {
        /// Where it was looked for.
        place: Secret,
        /// Why not.
        source: std::io::Error,
    },
    /// Too large or not text.
    #[error("{0} does not hold a secret: it must be UTF-8 text on one line, below 64 KiB")]
    Implausible(Secret),
}

impl Secret {
    /// Reads the secret now. Files are read anew each time, so that a rotated secret is found.
    ///
    /// # Errors
    /// When the place is missing, unreadable or empty.
    pub fn read(&self) -> Result<SecretString, SecretError> {
        let text = match self {
            Self::Env(name) => match std::env::var(name) {
                Ok(value) => value,
                Err(std::env::VarError::NotPresent) => {
                    return Err(SecretError::NotSet(name.clone()));
                }
                Err(std::env::VarError::NotUnicode(_)) => {
                    return Err(SecretError::NotText(name.clone()));
                }
            },
            Self::File(path) => self.read_file(path)?,
            Self::Credential { name, directory } => match directory {
                Some(directory) => self.read_file(&directory.join(name))?,
                None => return Err(SecretError::NoCredentials(name.clone())),
            },
        };
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.is_empty() {
            return Err(SecretError::Empty(self.clone()));
        }
        // A secret travels in a header or a form field, where a control character is either
        // refused or an injection.
        if secret.chars().any(char::is_control) {
            return Err(SecretError::Implausible(self.clone()));
        }
        Ok(SecretString::from(secret))
    }

    fn read_file(&self, path: &Path) -> Result<String, SecretError> {
        let unreadable = |source| SecretError::Unreadable {
            place: self.clone(),
            source,
        };
        let mut text = Vec::new();
        std::fs::File::open(path)
            .map_err(unreadable)?
            .take(limits::SECRET_BYTES_MAX as u64 + 1)
            .read_to_end(&mut text)
            .map_err(unreadable)?;
        if text.len() > limits::SECRET_BYTES_MAX {
            return Err(SecretError::Implausible(self.clone()));
        }
        String::from_utf8(text).map_err(|_| SecretError::Implausible(self.clone()))
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(f, "environment variable `{name}`"),
            Self::File(path) => write!(f, "secret file `{}`", path.display()),
            Self::Credential { name, .. } => write!(f, "credential `{name}`"),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secret({self})")
    }
}
