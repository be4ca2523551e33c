//! `dead-letters` as people use it: the real binary against both simulators.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use zendesk_aep::sandbox::{
    DataType, Fault, PlatformOptions, PlatformSimulator, Quotas, Simulator as _, ZendeskOptions,
    ZendeskSimulator,
};

const FLOW_ID: &str = "11111111-2222-4333-8444-555555555555";
const REFUSAL: &str = "[someone@example.com] is not a valid e-mail address";

/// Both services, and a directory with a configuration that points at them.
struct World {
    zendesk: ZendeskSimulator,
    platform: PlatformSimulator,
    directory: TempDir,
}

/// How a run of the binary ended.
struct Run {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl World {
    /// An account of twenty users, and an inlet that refuses the first `refused` of them.
    async fn new(refused: usize) -> Self {
        let zendesk = ZendeskSimulator::start(ZendeskOptions {
            users: 20,
            withhold: Duration::ZERO,
            quotas: Quotas {
                incremental_exports_cursor: 10_000,
                account: 10_000,
                ..Quotas::default()
            },
            ..ZendeskOptions::default()
        });
        let platform = PlatformSimulator::start(PlatformOptions {
            data_type: DataType::Raw,
            ..PlatformOptions::default()
        });
        let world = Self {
            zendesk: zendesk.await.expect("zendesk starts"),
            platform: platform.await.expect("the platform starts"),
            directory: tempfile::tempdir().expect("a directory"),
        };
        world.refuse(&world.ids()[..refused]);
        world.configure();
        world
    }

    /// From now on the inlet refuses these users and no others.
    fn refuse(&self, ids: &[u64]) {
        let refused = ids.to_vec();
        self.platform.reject_when(move |message| {
            let user: Value = serde_json::from_slice(message).ok()?;
            let is_refused = refused.contains(&user["id"].as_u64()?);
            is_refused.then(|| REFUSAL.to_owned())
        });
    }

    fn configure(&self) {
        let text = format!(
            r#"[zendesk]
base_url = "{}"
[zendesk.auth]
method = "access_token"
access_token = {{ file = "token" }}
[platform]
inlet_url = "{}"
[retry]
attempts = 2
initial_delay = "10ms"
max_delay = "20ms"
[schedule]
every = "1s"
[state]
directory = "state"
[streams.users]
flow_id = "{FLOW_ID}"
overlap = "1s"
"#,
            self.zendesk.base_url(),
            self.platform.inlet_url(),
        );
        let token = ZendeskOptions::default().credentials.access_token;
        fs::write(self.path("token"), token).expect("writes");
        fs::write(self.path("config.toml"), text).expect("writes");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn segment(&self) -> PathBuf {
        self.path("state/dead-letters/0000000001.ndjson")
    }

    /// All users in the order of the export.
    fn ids(&self) -> Vec<u64> {
        self.zendesk.users().iter().map(|user| user.id).collect()
    }

    /// The binary, in nobody's environment.
    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("ZENDESK_AEP_CONFIG", self.path("config.toml"))
            .stdin(Stdio::null());
        command
    }

    async fn run(&self, arguments: &[&str]) -> Run {
        ended(self.command(env!("CARGO_BIN_EXE_zendesk-aep"), arguments)).await
    }

    /// Runs and demands an exit code.
    async fn expect(&self, code: i32, arguments: &[&str]) -> Run {
        let run = self.run(arguments).await;
        assert_eq!(
            run.code,
            Some(code),
            "{arguments:?}\nstdout: {}\nstderr: {}",
            run.stdout,
            run.stderr
        );
        run
    }

    async fn letters(&self) -> Vec<Value> {
        let run = self.expect(0, &["dead-letters", "list", "--output", "json"]);
        run.await.json()["letters"]
            .as_array()
            .expect("letters")
            .clone()
    }

    /// No letter, no half of one, and the checkpoint where it was.
    async fn expect_nothing_settled(&self) {
        let size = fs::metadata(self.segment()).expect("metadata").len();
        assert_eq!(size, 0, "of the segment");
        let state = self.expect(0, &["state", "show", "--output", "json"]).await;
        let position = &state.json()["streams"]["users"]["position"];
        assert!(position.is_null(), "{position}");
    }

    /// What the inlet has accepted of one user, in order: the second of each version.
    fn versions_of(&self, id: u64) -> Vec<String> {
        let accepted = self.platform.accepted();
        let users = accepted
            .iter()
            .map(|delivery| serde_json::from_slice::<Value>(&delivery.json).expect("JSON"));
        users
            .filter(|user| user["id"] == id)
            .map(|user| user["updated_at"].as_str().expect("a time").to_owned())
            .collect()
    }
}

impl Run {
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).expect(&self.stdout)
    }
}

/// A daemon that ends with its test.
struct Daemon(Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        // Both fail only for a process that has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits for the end of a run, while the simulators go on answering.
async fn ended(mut command: Command) -> Run {
    let output: Output = tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("no panic")
        .expect("runs");
    Run {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("metadata").permissions().mode() & 0o777
}

#[tokio::test]
async fn before_there_is_a_store_there_is_nothing_to_do() {
    let world = World::new(0).await;
    let run = world.expect(0, &["dead-letters", "list"]).await;
    assert_eq!(run.stdout, "no dead letters\n");
    world.expect(0, &["dead-letters", "retry", "--all"]).await;
    world.expect(0, &["dead-letters", "export"]).await;
    let unknown = ["dead-letters", "show", "0123456789abcdef"];
    world.expect(1, &unknown).await;
    assert!(!world.path("state").exists(), "looking creates nothing");
}

#[tokio::test]
async fn letters_are_counted_listed_and_shown_without_personal_data() {
    let world = World::new(2).await;
    world.expect(4, &["sync"]).await;

    let run = world.expect(0, &["dead-letters", "list"]).await;
    let mut lines = run.stdout.lines();
    assert_eq!(lines.next(), Some("users, rejected: 2"));
    assert_eq!(run.stdout.lines().count(), 5, "{}", run.stdout);
    assert!(!run.stdout.contains("someone"), "{}", run.stdout);

    let letters = world.letters().await;
    let id = letters[0]["id"].as_str().expect("an id");
    assert!(run.stdout.contains(id));
    let shown = world.expect(0, &["dead-letters", "show", id]).await;
    let record = &shown.json()["record"];
    assert_eq!(record["locale"], "«5 characters»");
    assert_eq!(record["id"].to_string(), letters[0]["record_id"]);
    assert!(
        record["updated_at"]
            .as_str()
            .expect("a time")
            .ends_with('Z')
    );
    for personal in ["someone", "sandbox-account"] {
        assert!(!shown.stdout.contains(personal), "{}", shown.stdout);
    }
    let revealed = world
        .expect(0, &["dead-letters", "show", id, "--reveal"])
        .await;
    assert!(revealed.stdout.contains("someone@example.com"));
    assert!(
        revealed.json()["record"]["url"]
            .as_str()
            .expect("text")
            .starts_with("https://")
    );

    let none = ["dead-letters", "list", "--reason", "too_large"];
    assert_eq!(world.expect(0, &none).await.stdout, "no dead letters\n");
    let other = ["dead-letters", "list", "--stream", "tickets"];
    assert_eq!(world.expect(0, &other).await.stdout, "no dead letters\n");
    world
        .expect(2, &["dead-letters", "list", "--reason", "odd"])
        .await;
}

#[tokio::test]
async fn a_retry_removes_what_is_accepted_and_keeps_the_rest_with_its_new_reason() {
    let world = World::new(6).await;
    world.expect(4, &["sync"]).await;
    let before = world.letters().await;
    assert_eq!(before.len(), 6);

    world.refuse(&world.ids()[..2]);
    let run = world
        .expect(
            4,
            &[
                "dead-letters",
                "retry",
                "--stream",
                "users",
                "--output",
                "json",
            ],
        )
        .await;
    assert_eq!(run.json()["accepted"], 4);
    assert_eq!(run.json()["refused"], 2);
    assert_eq!(world.letters().await.len(), 2);

    world.platform.reject_nothing();
    let id = before[0]["id"].as_str().expect("an id");
    world.expect(0, &["dead-letters", "retry", id]).await;
    world.expect(1, &["dead-letters", "retry", id]).await;
    let run = world.expect(0, &["dead-letters", "retry", "--all"]).await;
    assert_eq!(run.stdout, "1 accepted and removed\n");
    assert!(!world.segment().exists());
    assert_eq!(world.platform.latest_by_id().len(), 20);
    for user in world.zendesk.users() {
        assert_eq!(
            world.platform.latest_by_id()[&user.id.to_string()],
            user.json
        );
    }
    world.expect(2, &["dead-letters", "retry"]).await;
}

#[tokio::test]
async fn an_inlet_that_does_not_answer_removes_nothing() {
    let world = World::new(6).await;
    world.expect(4, &["sync"]).await;
    world.platform.reject_nothing();
    world.platform.fault("/collection", Fault::Truncate, 1_000);
    let run = world.expect(1, &["dead-letters", "retry", "--all"]).await;
    assert!(
        run.stderr.contains("error[PLATFORM-UNAVAILABLE]"),
        "{}",
        run.stderr
    );
    assert_eq!(world.letters().await.len(), 6);
}

#[tokio::test]
async fn an_old_version_never_overtakes_a_new_one() {
    let world = World::new(2).await;
    world.expect(4, &["sync"]).await;
    world.platform.reject_nothing();
    let refused = world.ids()[0];
    assert!(world.zendesk.change_user(refused));
    // A second shows in the export when it is over.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    world.expect(0, &["sync"]).await;

    let run = world.expect(0, &["dead-letters", "list"]).await;
    assert!(
        run.stdout
            .starts_with("users, rejected: 2, 1 of them superseded\n"),
        "{}",
        run.stdout
    );
    let run = world.expect(0, &["dead-letters", "retry", "--all"]).await;
    assert!(
        run.stdout
            .starts_with("1 accepted and removed\n1 skipped, superseded"),
        "{}",
        run.stdout
    );
    assert_eq!(
        world.versions_of(refused).len(),
        1,
        "the old version stays at home"
    );

    let superseded = ["dead-letters", "discard", "--superseded"];
    world.expect(2, &superseded).await;
    assert_eq!(world.letters().await.len(), 1);
    world
        .expect(0, &[&superseded[..], &["--yes"]].concat())
        .await;
    assert_eq!(world.letters().await, Vec::<Value>::new());
}

#[tokio::test]
async fn everything_works_beside_a_running_daemon() {
    let world = World::new(2).await;
    let mut daemon = world.command(env!("CARGO_BIN_EXE_zendesk-aep"), &["run"]);
    let daemon = daemon.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let _daemon = Daemon(daemon.expect("starts"));
    let delivered = |sink: &zendesk_aep::sandbox::Sink| sink.accepted.len() == 18;
    assert!(
        world
            .platform
            .wait_until(delivered, Duration::from_secs(20))
            .await
    );
    while world.letters().await.len() < 2 {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    world.platform.reject_nothing();
    world.expect(0, &["dead-letters", "retry", "--all"]).await;
    // The daemon goes on appending to what the command has emptied.
    let changed = world.ids()[4];
    world.refuse(&[changed]);
    assert!(world.zendesk.change_user(changed));
    let mut letters = Vec::new();
    for _ in 0..400 {
        letters = world.letters().await;
        if !letters.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0]["record_id"], changed.to_string());
}

#[tokio::test]
async fn an_export_holds_whole_letters_and_overwrites_nothing() {
    let world = World::new(6).await;
    world.expect(4, &["sync"]).await;
    let stored = fs::read_to_string(world.segment()).expect("reads");
    let run = world.expect(0, &["dead-letters", "export"]).await;
    assert_eq!(run.stdout, stored);

    let file = world.path("letters.ndjson");
    let arguments = [
        "dead-letters",
        "export",
        "--output-file",
        file.to_str().expect("text"),
    ];
    world.expect(0, &arguments).await;
    assert_eq!(fs::read_to_string(&file).expect("reads"), stored);
    assert_eq!(mode(&file), 0o600);
    fs::write(&file, "mine").expect("writes");
    world.expect(1, &arguments).await;
    assert_eq!(fs::read_to_string(&file).expect("reads"), "mine");
}

#[tokio::test]
async fn a_discard_needs_a_clear_word() {
    let world = World::new(6).await;
    world.expect(4, &["sync"]).await;
    world.expect(2, &["dead-letters", "discard", "--yes"]).await;
    let run = world.expect(2, &["dead-letters", "discard", "--all"]).await;
    assert!(
        run.stdout.contains("6 would be removed for good"),
        "{}",
        run.stdout
    );
    let letters = world.letters().await;
    assert_eq!(letters.len(), 6);

    let id = letters[2]["id"].as_str().expect("an id");
    world
        .expect(0, &["dead-letters", "discard", id, "--yes"])
        .await;
    assert_eq!(world.letters().await.len(), 5);
    world
        .expect(2, &["dead-letters", "discard", id, "--all", "--yes"])
        .await;
    let run = world
        .expect(
            0,
            &["dead-letters", "discard", "--reason", "rejected", "--yes"],
        )
        .await;
    assert_eq!(run.stdout, "users, rejected: 5\nremoved 5\n");
    assert_eq!(world.letters().await.len(), 0);
}

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
