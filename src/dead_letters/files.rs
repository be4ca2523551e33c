//! File operations that survive a crash, for eyes of the owner only.
//!
//! The command is often run by root in the directory of a service that is not: whatever is
//! created takes the owner of the directory it is created in.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, chown, fchown};
use std::path::Path;

/// Creates a directory unless it is there.
pub(super) fn create_directory(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(()),
        created => created?,
    }
    let parent = parent(path);
    let (ours, wanted) = (fs::metadata(path)?, fs::metadata(parent)?);
    if (ours.uid(), ours.gid()) != (wanted.uid(), wanted.gid()) {
        chown(path, Some(wanted.uid()), Some(wanted.gid()))?;
    }
    sync_directory(parent)
}

/// Opens a file for appending and reading, creating it if need be.
pub(super) fn open_or_create(path: &Path) -> io::Result<File> {
    let mut existing = OpenOptions::new();
    existing.read(true).append(true);
    match existing.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => return opened,
    }
    let file = existing.create(true).mode(0o600).open(path)?;
    let (ours, wanted) = (file.metadata()?, fs::metadata(parent(path))?);
    if (ours.uid(), ours.gid()) != (wanted.uid(), wanted.gid()) {
        fchown(&file, Some(wanted.uid()), Some(wanted.gid()))?;
    }
    sync_directory(parent(path))?;
    Ok(file)
}

/// Appends `bytes` durably. On failure nothing of them is left.
pub(super) fn append(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = open_or_create(path)?;
    let before = file.metadata()?.len();
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if written.is_err()
        && let Err(error) = file.set_len(before)
    {
        tracing::warn!(
            %error,
            "cannot take back half-written dead letters: they are cut off at the next access"
        );
    }
    written
}

/// Replaces the content of a file: after a crash at any instant it is the old or the new one.
pub(super) fn replace(path: &Path, temporary: &Path, bytes: &[u8]) -> io::Result<()> {
    let written = append(temporary, bytes).and_then(|()| fs::rename(temporary, path));
    if written.is_err() {
        // Personal data must not lie about; what cannot be removed now is at the next access.
        let _ = fs::remove_file(temporary);
    }
    written?;
    sync_directory(parent(path))
}

/// Removes a file for good.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    sync_directory(parent(path))
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

/// Makes what changed in a directory durable.
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}
