//! Files that survive a crash, for the eyes of their owner only.
//!
//! The commands are often run by root in the directory of a service that is not: whatever is
//! created takes the owner of the directory it is created in, or the service could not read what
//! root has repaired.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, chown};
use std::path::Path;

/// Creates a directory unless it is there, and those above it.
pub fn create_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(above) = path.parent().filter(|above| *above != Path::new("")) {
        create_directory(above)?;
    }
    match DirBuilder::new().mode(0o700).create(path) {
        // Somebody else was quicker; if it is no directory, what comes next says so.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        Err(error) => Err(error),
        Ok(()) => {
            take_after_parent(path)?;
            sync_directory(parent(path))
        }
    }
}

/// Opens a file for appending and reading, creating it if need be.
pub fn open_or_create(path: &Path) -> io::Result<File> {
    let mut existing = OpenOptions::new();
    existing.read(true).append(true);
    match existing.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        opened => return opened,
    }
    let file = existing.create(true).mode(0o600).open(path)?;
    take_after_parent(path)?;
    sync_directory(parent(path))?;
    Ok(file)
}

/// Writes a file that was not there before, and on to the disk. Whatever a crash left in its place
/// goes; a link there is removed and not written through. On failure nothing is left.
pub fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    remove_if_there(path)?;
    let mut new = OpenOptions::new();
    let mut file = new.write(true).create_new(true).mode(0o600).open(path)?;
    let written = take_after_parent(path)
        .and_then(|()| file.write_all(bytes))
        .and_then(|()| file.sync_all());
    if written.is_err() {
        // On a full disk half a file would hold the space that the next attempt needs.
        let _ = fs::remove_file(path);
    }
    written
}

/// Replaces a file by one written by [`write_new`]: after a crash at any instant it is the old one
/// or the new one.
pub fn replace(path: &Path, by: &Path) -> io::Result<()> {
    if let Err(error) = fs::rename(by, path) {
        // Personal data must not lie about.
        let _ = fs::remove_file(by);
        return Err(error);
    }
    sync_directory(parent(path))
}

/// Removes a file for good.
pub fn remove(path: &Path) -> io::Result<()> {
    fs::remove_file(path)?;
    sync_directory(parent(path))
}

/// Removes a file that may not be there.
pub fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

/// Gives what was just created to the owner of the directory it is in.
pub fn take_after_parent(path: &Path) -> io::Result<()> {
    let (ours, wanted) = (fs::metadata(path)?, fs::metadata(parent(path))?);
    if (ours.uid(), ours.gid()) == (wanted.uid(), wanted.gid()) {
        return Ok(());
    }
    chown(path, Some(wanted.uid()), Some(wanted.gid()))
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o777
    }

    #[test]
    fn what_is_created_is_the_owners_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let inner = directory.path().join("a/b");
        create_directory(&inner).expect("created");
        create_directory(&inner).expect("it is there");
        assert_eq!(
            (mode(&inner), mode(&directory.path().join("a"))),
            (0o700, 0o700)
        );
        open_or_create(&inner.join("log")).expect("created");
        write_new(&inner.join("new"), b"x").expect("written");
        assert_eq!(
            (mode(&inner.join("log")), mode(&inner.join("new"))),
            (0o600, 0o600)
        );
        assert!(
            create_directory(&inner.join("log")).is_err(),
            "a file is no directory"
        );
    }

    #[test]
    fn what_root_creates_belongs_to_the_directorys_owner() {
        let directory = tempfile::tempdir().expect("a directory");
        if chown(directory.path(), Some(12_345), Some(12_345)).is_err() {
            println!("skipped: only root can give a directory away");
            return;
        }
        let inner = directory.path().join("inner");
        create_directory(&inner).expect("created");
        let (log, new) = (inner.join("log"), inner.join("new"));
        open_or_create(&log).expect("created");
        write_new(&new, b"x").expect("written");
        for path in [&inner, &log, &new] {
            let metadata = fs::metadata(path).expect("it is there");
            assert_eq!(
                (metadata.uid(), metadata.gid()),
                (12_345, 12_345),
                "{}",
                path.display()
            );
        }
    }

    #[test]
    fn a_link_in_the_way_is_not_written_through() {
        let directory = tempfile::tempdir().expect("a directory");
        let (target, new) = (
            directory.path().join("target"),
            directory.path().join("new"),
        );
        fs::write(&target, "kept").expect("written");
        std::os::unix::fs::symlink(&target, &new).expect("linked");
        write_new(&new, b"x").expect("written");
        assert_eq!(fs::read_to_string(&target).expect("read"), "kept");
        assert_eq!(fs::read_to_string(&new).expect("read"), "x");
    }

    #[test]
    fn a_replacement_is_there_whole_and_its_draft_is_gone() {
        let directory = tempfile::tempdir().expect("a directory");
        let (path, draft) = (
            directory.path().join("file"),
            directory.path().join("draft"),
        );
        fs::write(&path, "old").expect("written");
        write_new(&draft, b"new").expect("written");
        replace(&path, &draft).expect("replaced");
        assert_eq!(fs::read_to_string(&path).expect("read"), "new");
        assert!(!draft.exists());
        write_new(&draft, b"newer").expect("written");
        assert!(replace(&directory.path().join("missing/file"), &draft).is_err());
        assert!(!draft.exists(), "nothing lies about");
    }
}
