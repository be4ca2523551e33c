//! Appending whole lines to a file, and cutting off what a crash left of one.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use crate::files::open_or_create;

/// Appends `bytes` durably. On failure nothing of them is left.
pub(super) fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = open_or_create(path)?;
    let before = file.metadata()?.len();
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err()
        && let Err(error) = file.set_len(before)
    {
        tracing::warn!(
            path = %path.display(),
            %error,
            "cannot take back half-written dead letters: they are cut off at the next access"
        );
    }
    written
}

/// Cuts off what stands after the last line break; returns the number of bytes cut.
pub(super) fn cut_torn_line(path: &Path) -> io::Result<u64> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let size = file.metadata()?.len();
    let whole = whole_lines(&mut file, size)?;
    if whole < size {
        file.set_len(whole)?;
        file.sync_all()?;
    }
    Ok(size - whole)
}

/// The length of the file up to and including its last line break.
fn whole_lines(file: &mut File, size: u64) -> io::Result<u64> {
    const STEP: u64 = 64 * 1024;
    let mut end = size;
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
