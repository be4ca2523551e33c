//! The store of refused records: each kept whole, with the reason, until a person decides.
//!
//! One file, `dead-letters.ndjson` in the state directory, one JSON object per line, appended
//! to and fsynced before the checkpoint passes the record. A line torn by a crash was not yet
//! settled: it is cut off at the next start and its record comes again. When the store is full
//! the streams stop; nothing is dropped.
//!
//! Records hold personal data: the file is readable by its owner only.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::error::{Code, Explain};
use crate::record::Record;

const FILE: &str = "dead-letters.ndjson";

/// Why a record was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Reason {
    /// The inlet rejected its message.
    Rejected {
        /// The status of the message.
        status: u16,
        /// What the inlet said.
        message: String,
    },
    /// It could not be mapped to a message.
    Unmappable {
        /// Why not.
        message: String,
    },
    /// Zendesk cannot give it; what stands for the record says where it must be.
    Unreadable {
        /// How reading it fails.
        message: String,
    },
    /// Its message is larger than the inlet takes.
    TooLarge {
        /// Size and limit.
        message: String,
    },
}

/// One refused record.
#[derive(Debug)]
pub struct DeadLetter {
    /// The record as Zendesk gave it.
    pub record: Record,
    /// Why it was refused.
    pub reason: Reason,
}

/// The store could not be opened or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file operation failed.
    #[error("cannot {action} the dead letters in `{}`", path.display())]
    Io {
        /// What was being done, as in "cannot … the dead letters".
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// The store has reached its size.
    #[error("the dead letters in `{}` would exceed {max} bytes", path.display())]
    Full {
        /// The file.
        path: PathBuf,
        /// `dead_letters.max_size`.
        max: u64,
    },
}

impl Explain for Error {
    fn code(&self) -> Code {
        Code::DeadLetters
    }

    fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Io { .. } => {
                "nothing is lost: the checkpoint stays before the refused record until it can be kept; look at permissions and free space"
            }
            Self::Full { .. } => {
                "nothing is lost: the stream stops until there is room; look at the reasons in the file, move it away, or raise `dead_letters.max_size`"
            }
        })
    }
}

/// The open store. One per state directory, whose lock its owner holds.
#[derive(Debug)]
pub struct DeadLetters {
    path: PathBuf,
    max_size: u64,
    file: Mutex<File>,
}

#[derive(Serialize)]
struct Line<'a> {
    at: Timestamp,
    stream: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<Timestamp>,
    reason: &'a Reason,
    record: &'a RawValue,
}

impl DeadLetters {
    /// Opens the store in `directory`, creating it if need be and cutting off a torn line.
    ///
    /// # Errors
    /// When the file cannot be created, read or repaired.
    pub fn open(directory: &Path, max_size: u64) -> Result<Self, Error> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let path = directory.join(FILE);
        let failed = |action| {
            let path = path.clone();
            move |source| Error::Io {
                action,
                path,
                source,
            }
        };
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&path)
            .map_err(failed("open"))?;
        let whole = whole_lines(&mut file).map_err(failed("read"))?;
        let size = file.metadata().map_err(failed("read"))?.len();
        if whole < size {
            tracing::warn!(
                bytes = size - whole,
                "cutting a torn line off the dead letters: its record was not settled and comes again"
            );
            file.set_len(whole)
                .and_then(|()| file.sync_all())
                .map_err(failed("repair"))?;
        }
        // The entry in the directory must be as durable as what is written later.
        File::open(directory)
            .and_then(|directory| directory.sync_all())
            .map_err(failed("open"))?;
        Ok(Self {
            path,
            max_size,
            file: Mutex::new(file),
        })
    }

    /// Appends `letters` of a stream, durably: all of them or none. Blocks for the disk.
    ///
    /// # Errors
    /// When the store is full or cannot be written.
    pub fn append(&self, stream: &str, letters: &[DeadLetter]) -> Result<(), Error> {
        if letters.is_empty() {
            return Ok(());
        }
        let failed = |action| {
            let path = self.path.clone();
            move |source| Error::Io {
                action,
                path,
                source,
            }
        };
        let mut lines = Vec::new();
        let at = Timestamp::now();
        for letter in letters {
            write_line(&mut lines, at, stream, letter).map_err(failed("write"))?;
        }
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let size = file.metadata().map_err(failed("read"))?.len();
        if size + lines.len() as u64 > self.max_size {
            return Err(Error::Full {
                path: self.path.clone(),
                max: self.max_size,
            });
        }
        let written = file.write_all(&lines).and_then(|()| file.sync_data());
        if let Err(source) = written {
            // Half a batch of lines would be told apart from whole ones only by the next start.
            if let Err(error) = file.set_len(size) {
                tracing::warn!(%error, "cannot take back a half-written dead letter");
            }
            return Err(failed("write")(source));
        }
        Ok(())
    }
}

fn write_line(
    lines: &mut Vec<u8>,
    at: Timestamp,
    stream: &str,
    letter: &DeadLetter,
) -> std::io::Result<()> {
    let text = std::str::from_utf8(&letter.record.bytes).map_err(std::io::Error::other)?;
    let line = Line {
        at,
        stream,
        id: letter.record.id.as_ref().map(|id| id.as_str()),
        version: letter.record.version,
        reason: &letter.reason,
        record: serde_json::from_str(text)?,
    };
    let start = lines.len();
    serde_json::to_writer(&mut *lines, &line)?;
    // Within JSON a line break can only be blank space between tokens: some of Zendesk's services
    // print their bodies prettily.
    for byte in &mut lines[start..] {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
    lines.push(b'\n');
    Ok(())
}

/// The length of the file up to and including its last line break.
fn whole_lines(file: &mut File) -> std::io::Result<u64> {
    const STEP: u64 = 64 * 1024;
    let mut end = file.metadata()?.len();
    let mut chunk = Vec::new();
    while end > 0 {
        let start = end.saturating_sub(STEP);
        file.seek(SeekFrom::Start(start))?;
        chunk.clear();
        file.take(end - start).read_to_end(&mut chunk)?;
        if let Some(at) = chunk.iter().rposition(|byte| *byte == b'\n') {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
