//! Lines that are not what was written.

use std::fmt;
use std::path::PathBuf;

/// What is wrong with a line.
#[derive(Debug, thiserror::Error)]
pub enum Damage {
    /// It does not begin as every line does.
    #[error("it does not begin with its checksum")]
    NoChecksum,
    /// Something in it changed after it was written.
    #[error("its checksum is {found:08x} and should be {noted:08x}")]
    Checksum {
        /// Of the line as it is.
        found: u32,
        /// Of the line as it was written.
        noted: u32,
    },
    /// It is whole, but no letter that this release understands.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
}

/// A line that was found damaged. It is skipped, and never deleted.
#[derive(Debug)]
pub struct Damaged {
    /// The segment.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub damage: Damage,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, damage } = self;
        write!(f, "{}:{line}: {damage}", path.display())
    }
}
