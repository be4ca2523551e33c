//! `dead-letters export`: whole letters, line by line as they are kept.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::selection::Filter;
use super::{exit, output, warn};
use crate::dead_letters::{Error, Segments};

/// What ended an export.
enum Failure {
    Store(Error),
    Output(io::Error),
}

pub(super) fn run(segments: &Segments, filter: &Filter, path: &Path) -> u8 {
    let exported = if path == Path::new("-") {
        export(segments, filter, &mut io::stdout().lock())
    } else {
        to_file(segments, filter, path)
    };
    match exported {
        Ok(0) => exit::SUCCESS,
        Ok(_damaged) => exit::PARTIAL,
        Err(Failure::Store(error)) => output::fail(&error),
        // Whoever read has seen enough.
        Err(Failure::Output(error)) if error.kind() == ErrorKind::BrokenPipe => exit::SUCCESS,
        Err(Failure::Output(error)) => {
            eprintln!("error: cannot write to `{}`: {error}", path.display());
            exit::FAILED
        }
    }
}

fn to_file(segments: &Segments, filter: &Filter, path: &Path) -> Result<u64, Failure> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(Failure::Output)?;
    let damaged = export(segments, filter, &mut file)?;
    file.sync_all().map_err(Failure::Output)?;
    Ok(damaged)
}

/// Returns the number of damaged lines, which are left out.
fn export(segments: &Segments, filter: &Filter, sink: &mut impl Write) -> Result<u64, Failure> {
    let mut damaged = 0;
    for number in segments.numbers().map_err(Failure::Store)? {
        let mut lines = Vec::new();
        for line in segments.read(number).map_err(Failure::Store)? {
            match line.letter {
                Err(why) => {
                    warn(&why);
                    damaged += 1;
                }
                Ok(letter) if !filter.matches(&letter) => {}
                Ok(_) => {
                    lines.extend_from_slice(&line.bytes);
                    lines.push(b'\n');
                }
            }
        }
        sink.write_all(&lines).map_err(Failure::Output)?;
    }
    sink.flush().map_err(Failure::Output)?;
    Ok(damaged)
}
