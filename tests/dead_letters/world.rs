//! Both services, the real binary, and a directory for them.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;
use zendesk_aep::sandbox::{
    DataType, PlatformOptions, PlatformSimulator, Quotas, ZendeskOptions, ZendeskSimulator,
};

const FLOW_ID: &str = "11111111-2222-4333-8444-555555555555";
/// What the inlet says; it quotes somebody's address.
const REFUSAL: &str = "[someone@example.com] is not a valid e-mail address";

/// Both services, and a directory with a configuration that points at them.
pub struct World {
    pub zendesk: ZendeskSimulator,
    pub platform: PlatformSimulator,
    directory: TempDir,
}

/// How a run of the binary ended.
pub struct Run {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl World {
    /// An account of twenty users, and an inlet that refuses the first `refused` of them.
    pub async fn new(refused: usize) -> Self {
        let zendesk = ZendeskSimulator::start(ZendeskOptions {
            users: 20,
            withhold: Duration::ZERO,
            quotas: Quotas::unlimited(),
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
    pub fn refuse(&self, ids: &[u64]) {
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

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn segment(&self) -> PathBuf {
        self.path("state/dead-letters/0000000001.ndjson")
    }

    /// All users in the order of the export.
    pub fn ids(&self) -> Vec<u64> {
        self.zendesk.users().iter().map(|user| user.id).collect()
    }

    /// The binary, in nobody's environment.
    pub fn command(&self, program: &str, arguments: &[&str]) -> Command {
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
    pub async fn expect(&self, code: i32, arguments: &[&str]) -> Run {
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

    pub async fn letters(&self) -> Vec<Value> {
        let run = self.expect(0, &["dead-letters", "list", "--output", "json"]);
        run.await.json()["letters"]
            .as_array()
            .expect("letters")
            .clone()
    }

    /// No letter, no half of one, and the checkpoint where it was.
    pub async fn expect_nothing_settled(&self) {
        let size = fs::metadata(self.segment()).expect("metadata").len();
        assert_eq!(size, 0, "of the segment");
        let state = self.expect(0, &["state", "show", "--output", "json"]).await;
        let position = &state.json()["streams"]["users"]["position"];
        assert!(position.is_null(), "{position}");
    }

    /// What the inlet has accepted of one user, in order: the second of each version.
    pub fn versions_of(&self, id: u64) -> Vec<String> {
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
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).expect(&self.stdout)
    }
}

/// A daemon that ends with its test.
pub struct Daemon(pub Child);

impl Drop for Daemon {
    fn drop(&mut self) {
        // Both fail only for a process that has ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Waits for the end of a run, while the simulators go on answering.
pub async fn ended(mut command: Command) -> Run {
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

pub fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("metadata").permissions().mode() & 0o777
}
