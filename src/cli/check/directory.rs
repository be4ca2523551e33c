//! The state directory: whether this user can write to it, and how long there is room.

use std::fs::{self, Metadata};
use std::io::{self, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{StatVfs, statvfs};
use rustix::process::geteuid;

use super::finding::Finding;
use crate::cli::exit;
use crate::cli::output::grouped;
use crate::config::Config;
use crate::dead_letters::Segments;
use crate::limits;

const DIRECTORY: &str = "state directory";
const DISK: &str = "disk";

/// As much as a file system gives out at a time: what is full refuses it.
const BLOCK: [u8; 4096] = [0; 4096];

/// Looks at the directory, or at the one it would be created in.
pub(super) fn look(config: &Config) -> Vec<Finding> {
    let directory = &config.state.directory;
    let place = directory
        .ancestors()
        .map(|place| match place {
            empty if empty == Path::new("") => Path::new("."),
            place => place,
        })
        .find(|place| place.exists())
        .unwrap_or(directory);
    let shown = directory.display();
    let remedy = format!(
        "`{shown}` must be a directory that the service's user may write to, or be creatable by it: `install -d -m 0700 -o USER {shown}`, or set `state.directory`"
    );
    let owner = match fs::metadata(place) {
        Ok(metadata) if !metadata.is_dir() => {
            let what = format!("`{}` is no directory", place.display());
            return vec![Finding::bad(DIRECTORY, exit::STATE, what, Some(&remedy))];
        }
        Ok(metadata) => metadata,
        Err(error) => {
            let what = format!("cannot look at `{}`: {error}", place.display());
            return vec![Finding::bad(DIRECTORY, exit::STATE, what, Some(&remedy))];
        }
    };
    let us = geteuid().as_raw();
    if let Err(error) = try_to_write(place) {
        let what = format!("user {us} cannot write to `{}`: {error}", place.display());
        let remedy = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on that disk",
            io::ErrorKind::ReadOnlyFilesystem => {
                "mount it for writing; under systemd, `StateDirectory=` or `ReadWritePaths=` must name it"
            }
            _ => &remedy,
        };
        return vec![Finding::bad(DIRECTORY, exit::STATE, what, Some(remedy))];
    }
    let mut findings = vec![writable(place == directory, &shown.to_string(), &owner, us)];
    if place == directory && owner.mode() & 0o077 != 0 {
        findings.push(Finding::warning(
            DIRECTORY,
            format!(
                "others may look into `{shown}` (mode {:o}), and dead letters are personal data",
                owner.mode() & 0o777
            ),
            &format!("`chmod 700 {shown}`"),
        ));
    }
    findings.push(match statvfs(place) {
        Ok(disk) => room(config, &disk),
        Err(error) => {
            let what = format!("cannot tell how much is free: {error}");
            Finding::warning(DISK, what, "look with `df`")
        }
    });
    findings
}

/// A file without a name, which leaves no trace whatever happens.
fn try_to_write(place: &Path) -> io::Result<()> {
    tempfile::tempfile_in(place)?.write_all(&BLOCK)
}

fn writable(is_there: bool, shown: &str, owner: &Metadata, us: u32) -> Finding {
    let what = match (is_there, owner.uid()) {
        (false, _) => format!("user {us} can create `{shown}`"),
        (true, uid) if uid == us => format!("user {us} can write to `{shown}`"),
        (true, uid) => format!(
            "user {us} can write to `{shown}`, which belongs to user {uid}: run as that user, this check would tell whether the service can"
        ),
    };
    Finding::ok(DIRECTORY, what)
}

/// Compares what is free with what may still come.
fn room(config: &Config, disk: &StatVfs) -> Finding {
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    let used = Segments::of(&config.state.directory).size();
    let letters = config.dead_letters.max_size.saturating_sub(used);
    let inodes = disk.f_favail;
    // Some file systems have no such number.
    let few_inodes = disk.f_files > 0 && inodes < limits::INODES_FREE_MIN;
    let shown = megabytes(free);
    if free < limits::DISK_FREE_MIN || few_inodes {
        let what = match few_inodes {
            true => {
                format!("no more than {inodes} files can be created: checkpoints cannot be saved")
            }
            false => {
                format!("{shown} are free: too little to save checkpoints and snapshots safely")
            }
        };
        let remedy = "make room on the disk of `state.directory`; nothing is lost meanwhile, the streams stop at their last checkpoint";
        return Finding::bad(DISK, exit::STATE, what, Some(remedy));
    }
    if free < letters.saturating_add(limits::DISK_FREE_MIN) {
        let what = format!(
            "{shown} are free, and dead letters alone may take {}",
            megabytes(letters)
        );
        return Finding::warning(
            DISK,
            what,
            "make room on the disk of `state.directory`, or lower `dead_letters.max_size`",
        );
    }
    let what = match disk.f_files {
        0 => format!("{shown} are free"),
        _ => format!("{shown} and {} inodes are free", grouped(inodes)),
    };
    Finding::ok(DISK, what)
}

fn megabytes(bytes: u64) -> String {
    format!("{} MB", grouped(bytes / 1_000_000))
}
