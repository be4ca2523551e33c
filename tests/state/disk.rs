//! Real disks that are full, too small or read-only.
//!
//! A mount name space of the program's own gives it such a disk, where the system lets us; it
//! ends with the program, whatever happens. Elsewhere the tests say that they were skipped.

use std::process::Command;

use serde_json::Value;

use crate::bench::{Bench, PROGRAM, Ran, ran};

const CHECK: [&str; 3] = ["check", "--output", "json"];
const SET: [&str; 6] = ["state", "set", "users", "--cursor", "c9", "--yes"];

/// Runs `script` in a shell of its own mount name space; `$0` is the state directory and `$@`
/// runs the program with `arguments`. `None` where that is not possible.
fn in_own_mounts(bench: &Bench, arguments: &[&str], script: &str) -> Option<Ran> {
    let shell = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-ec", script]);
        command
    };
    let probe = shell("mount -t tmpfs none /mnt").output();
    if !probe.is_ok_and(|output| output.status.success()) {
        println!("skipped: no mount name spaces here");
        return None;
    }
    let output = shell(script)
        .arg(bench.path("state"))
        .args([PROGRAM, "--config"])
        .arg(bench.path("config.toml"))
        .args(arguments)
        .output();
    Some(ran(output.expect("the shell runs")))
}

fn assert_refused(ran: &Ran, reasons: &[&str]) {
    assert_eq!(ran.code, Some(5), "{ran:?}");
    assert!(ran.stderr.contains("error[STATE]: cannot"), "{ran:?}");
    assert!(
        reasons.iter().any(|reason| ran.stderr.contains(reason)),
        "{ran:?}"
    );
    assert!(ran.stderr.contains("the last checkpoint stands"), "{ran:?}");
    assert_eq!(ran.stdout, "", "nothing is claimed");
}

#[test]
fn a_full_disk_changes_nothing() {
    let bench = Bench::with_generations(2);
    // The state is copied to a small disk, which is then filled to the last byte. What the
    // program leaves there is shown after it.
    let script = r#"
        d=$(mktemp -d); cp -R "$0/." $d
        mount -t tmpfs -o size=64k none "$0"
        cp -R $d/. "$0"; rm -r $d
        cat /dev/zero >"$0/filler" 2>/dev/null || :
        before=$(cat "$0/state.json")
        code=0; "$@" || code=$?
        test "$before" = "$(cat "$0/state.json")" || { echo changed; exit 99; }
        test ! -e "$0/state.json.tmp" || { echo left over; exit 98; }
        rm "$0/filler"; "$@" >&2 || { echo no relief; exit 97; }
        exit $code
    "#;
    let Some(ran) = in_own_mounts(&bench, &SET, script) else {
        return;
    };
    assert_refused(&ran, &["No space left on device"]);
    assert_eq!(
        bench.cursor(),
        "c2",
        "what is beneath the mount is untouched"
    );
}

#[test]
fn a_read_only_disk_changes_nothing() {
    let bench = Bench::with_generations(2);
    let script = r#"mount --bind "$0" "$0"; mount -o remount,bind,ro "$0"; exec "$@""#;
    let Some(ran) = in_own_mounts(&bench, &SET, script) else {
        return;
    };
    assert_refused(&ran, &["Read-only file system"]);
    assert_eq!(bench.cursor(), "c2");
}

#[test]
fn a_file_that_must_not_grow_changes_nothing() {
    let bench = Bench::with_generations(2);
    // A state of more than a kilobyte, and no file may exceed half of one: a write that fails
    // half-way, for every user.
    let file = bench.path("state/state.json");
    let text = std::fs::read_to_string(&file).expect("a state");
    let recent: Vec<String> = (0..100)
        .map(|n| format!("\"2026-01-01T01:00:00Z 0a1b2c3d {n}\""))
        .collect();
    let other = format!(
        "\"streams\": {{ \"tickets\": {{ \"recent\": [{}] }},",
        recent.join(",")
    );
    std::fs::write(&file, text.replace("\"streams\": {", &other)).expect("written");
    let before = bench.files();

    let output = Command::new("sh")
        .args([
            "-ec",
            r#"trap '' XFSZ; ulimit -f 1; exec "$@""#,
            "sh",
            PROGRAM,
            "--config",
        ])
        .arg(bench.path("config.toml"))
        .args(SET)
        .output();
    assert_refused(&ran(output.expect("the shell runs")), &["File too large"]);
    assert_eq!(bench.files(), before, "not even the temporary is left");
    assert_eq!(bench.run(&SET).code, Some(0));
}

/// What a check finds out about the directory and its disk.
fn checked(script: &str) -> Option<[Value; 2]> {
    let bench = Bench::with_generations(2);
    let ran = in_own_mounts(&bench, &CHECK, script)?;
    assert_eq!(ran.code, Some(5), "{ran:?}");
    let findings: Vec<Value> = serde_json::from_str(&ran.stdout).expect("JSON");
    let found = |subject: &str| {
        let mut findings = findings.iter();
        let found = findings.find(|finding| finding["subject"] == subject);
        found.cloned().unwrap_or_default()
    };
    Some([found("state directory"), found("disk")])
}

#[track_caller]
fn assert_failed(finding: &Value, what: &str, remedy: &str) {
    assert_eq!(finding["verdict"], "failed", "{finding}");
    for (key, expected) in [("what", what), ("remedy", remedy)] {
        let text = finding[key].as_str().unwrap_or_default();
        assert!(text.contains(expected), "`{expected}` in `{text}`");
    }
}

#[test]
fn a_check_tells_a_full_disk() {
    let script = r#"mount -t tmpfs -o size=64k none "$0"; cat /dev/zero >"$0/filler" 2>/dev/null || :; exec "$@""#;
    if let Some([directory, _]) = checked(script) {
        assert_failed(&directory, "No space left on device", "make room");
    }
}

#[test]
fn a_check_tells_a_disk_that_is_nearly_full() {
    let script = r#"mount -t tmpfs -o size=8m none "$0"; exec "$@""#;
    if let Some([directory, disk]) = checked(script) {
        assert_eq!(directory["verdict"], "ok", "{directory}");
        assert_failed(&disk, "8 MB are free: too little", "make room");
    }
}

#[test]
fn a_check_tells_a_disk_that_takes_few_more_files() {
    let script = r#"mount -t tmpfs -o size=100m,nr_inodes=8 none "$0"; exec "$@""#;
    if let Some([_, disk]) = checked(script) {
        assert_failed(&disk, "files can be created", "make room");
    }
}

#[test]
fn a_check_tells_a_read_only_disk() {
    let script = r#"mount --bind "$0" "$0"; mount -o remount,bind,ro "$0"; exec "$@""#;
    if let Some([directory, _]) = checked(script) {
        assert_failed(&directory, "Read-only file system", "mount it for writing");
    }
}
