//! Priorities for the journal: each line of a service's standard error may begin with one, so that
//! `journalctl -p err` finds what calls for a person.

use std::io::{self, Stderr, Write};
use std::os::fd::AsFd as _;
use std::os::unix::fs::MetadataExt as _;

use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// Standard error, with a priority before each line if the journal reads it.
#[derive(Clone, Copy, Debug)]
pub(super) struct StandardError {
    is_journal: bool,
}

/// Writes one line.
#[derive(Debug)]
pub(super) struct Line {
    priority: Option<&'static str>,
    stderr: Stderr,
}

impl StandardError {
    /// Looks where standard error leads: what is started by a service inherits the variable, not
    /// always the stream.
    pub(super) fn new() -> Self {
        let named = std::env::var("JOURNAL_STREAM").ok();
        Self {
            is_journal: named.is_some() && named == identity().ok(),
        }
    }
}

/// Prints what ends the program before there is a log.
pub fn fatal(text: &str) {
    let is_journal = StandardError::new().is_journal;
    for line in text.lines() {
        eprintln!(
            "{}{line}",
            if is_journal {
                priority(Level::ERROR)
            } else {
                ""
            }
        );
    }
}

/// Device and inode of standard error, as systemd writes them.
fn identity() -> io::Result<String> {
    let stderr = io::stderr().as_fd().try_clone_to_owned()?;
    let metadata = std::fs::File::from(stderr).metadata()?;
    Ok(format!("{}:{}", metadata.dev(), metadata.ino()))
}

/// As in syslog(3): 3 is an error, 7 for debugging.
fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "<3>",
        Level::WARN => "<4>",
        Level::INFO => "<6>",
        Level::DEBUG | Level::TRACE => "<7>",
    }
}

impl<'w> MakeWriter<'w> for StandardError {
    type Writer = Line;

    fn make_writer(&'w self) -> Line {
        Line {
            priority: None,
            stderr: io::stderr(),
        }
    }

    fn make_writer_for(&'w self, line: &Metadata<'_>) -> Line {
        Line {
            priority: self.is_journal.then(|| priority(*line.level())),
            stderr: io::stderr(),
        }
    }
}

impl Write for Line {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        // A line comes whole. With its priority it goes whole too: lines of several threads must not
        // be woven into each other.
        if let Some(priority) = self.priority.take() {
            let line = [priority.as_bytes(), text].concat();
            self.stderr.write_all(&line)?;
            return Ok(text.len());
        }
        self.stderr.write(text)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stderr.flush()
    }
}
