//! Damage and full disks.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use super::world::{World, ended};

#[tokio::test]
async fn a_damaged_letter_is_reported_and_left_alone() {
    let world = World::new(6).await;
    world.expect(4, &["sync"]).await;
    let stored = fs::read_to_string(world.segment()).expect("reads");
    let damaged = stored.replacen("https", "httpz", 1);
    fs::write(world.segment(), &damaged).expect("writes");
    let place = "state/dead-letters/0000000001.ndjson:1: its checksum is ";
    let run = world.expect(0, &["dead-letters", "list"]).await;
    assert!(
        run.stdout.starts_with("users, rejected: 5\n"),
        "{}",
        run.stdout
    );
    assert!(run.stderr.contains(place), "{}", run.stderr);
    let run = world.expect(4, &["dead-letters", "export"]).await;
    assert_eq!(run.stdout.lines().count(), 5);
    world
        .expect(0, &["dead-letters", "discard", "--all", "--yes"])
        .await;
    let left = fs::read_to_string(world.segment()).expect("reads");
    assert_eq!(
        left.lines().collect::<Vec<_>>(),
        [damaged.lines().next().expect("a line")]
    );
}

/// A directory on a disk of its own, which is small.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None`, with the reason printed, where mounting is not allowed.
    fn mount(path: PathBuf) -> Option<Self> {
        fs::create_dir_all(&path).expect("creates");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=4k,mode=0700", "tmpfs"]);
        match mount.arg(&path).output() {
            Ok(output) if output.status.success() => Some(Self(path)),
            Ok(output) => {
                eprintln!("skipped: {}", String::from_utf8_lossy(&output.stderr));
                None
            }
            Err(error) => {
                eprintln!("skipped: there is no `mount`: {error}");
                None
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if let Err(error) = Command::new("umount").arg(&self.0).status() {
            eprintln!("{} stays mounted: {error}", self.0.display());
        }
    }
}

#[tokio::test]
async fn a_full_disk_stops_the_stream_before_the_refused_record() {
    let world = World::new(6).await;
    let Some(disk) = SmallDisk::mount(world.path("state/dead-letters")) else {
        return;
    };
    let run = world.expect(5, &["sync"]).await;
    assert!(run.stderr.contains("error[DEAD-LETTERS]"), "{}", run.stderr);
    assert!(run.stderr.contains("nothing is lost"), "{}", run.stderr);
    world.expect_nothing_settled().await;

    // Decisions need no room.
    world
        .expect(0, &["dead-letters", "discard", "--all", "--yes"])
        .await;
    drop(disk);
    world.expect(4, &["sync"]).await;
    assert_eq!(world.letters().await.len(), 6);
}

/// A file size limit ends a write in the middle, as a disk does that fills up.
#[tokio::test]
async fn a_write_that_ends_halfway_leaves_no_half_letter() {
    let world = World::new(6).await;
    // Blocks of 512 or 1,024 bytes, by shell: less than the six letters need either way.
    let script = "trap '' XFSZ; ulimit -f 3; exec \"$0\" sync";
    let mut limited = world.command("sh", &["-c", script, env!("CARGO_BIN_EXE_zendesk-aep")]);
    limited.env("PATH", "/usr/bin:/bin");
    let run = ended(limited).await;
    assert_eq!(run.code, Some(5), "{}", run.stderr);
    world.expect_nothing_settled().await;
    world.expect(4, &["sync"]).await;
    assert_eq!(world.letters().await.len(), 6);
}
