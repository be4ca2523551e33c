//! A directory with a configuration and a state, and the program to run on them.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;
use zendesk_aep::checkpoint::Store;

/// The account of the configuration: nobody listens there.
pub const ACCOUNT: &str = "127.0.0.1:9";

/// The program under test.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_zendesk-aep");

pub struct Bench {
    directory: TempDir,
}

/// What a run of the program has come to.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Bench {
    /// `users` read by the incremental export.
    pub fn new() -> Self {
        Self::with_stream("overlap = \"10m\"")
    }

    /// `users` with these keys.
    pub fn with_stream(keys: &str) -> Self {
        Self::with_services(
            "http://127.0.0.1:9",
            "http://127.0.0.1:9/collection/abc",
            "flow",
            keys,
        )
    }

    /// The same, between these two services.
    pub fn with_services(zendesk: &str, inlet: &str, flow: &str, keys: &str) -> Self {
        let bench = Self {
            directory: tempfile::tempdir().expect("a directory"),
        };
        let config = format!(
            r#"
            [zendesk]
            base_url = "{zendesk}"
            [zendesk.auth]
            method = "access_token"
            access_token = {{ file = "token" }}
            [platform]
            inlet_url = "{inlet}"
            [retry]
            attempts = 1
            [state]
            directory = "state"
            [log]
            level = "warn"
            [streams.users]
            flow_id = "{flow}"
            {keys}
            "#
        );
        std::fs::write(bench.path("config.toml"), config).expect("written");
        std::fs::write(bench.path("token"), "sandbox-access-token").expect("written");
        bench
    }

    /// With the generations 1 to `count`: number `n` at the cursor `c{n}`, `n` hours into 2026.
    pub fn with_generations(count: u32) -> Self {
        let bench = Self::new();
        std::fs::create_dir_all(bench.path("state/history")).expect("created");
        for n in 1..=count {
            let text = generation(n);
            let file = match n {
                present if present == count => "state/state.json".to_owned(),
                kept => format!("state/history/state.{kept:010}.json"),
            };
            std::fs::write(bench.path(&file), text).expect("written");
        }
        bench
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Owns the state as a daemon does, until dropped. Only at the end of a test: a program
    /// that is just being started by another one shares the lock for a moment.
    pub fn daemon(&self) -> Store {
        Store::open(&self.path("state"), ACCOUNT).expect("the state opens")
    }

    /// What is known of the users.
    pub fn users(&self) -> Value {
        self.json(&["state", "show"])["streams"]["users"].clone()
    }

    /// The cursor that the users stand at.
    pub fn cursor(&self) -> Value {
        self.users()["position"]["cursor"].clone()
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .arg("--config")
            .arg(self.path("config.toml"))
            .args(arguments);
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        ran(self.command(arguments).output().expect("the program runs"))
    }

    /// Runs a command that succeeds; gives its JSON.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[arguments, &["--output", "json"]].concat());
        assert_eq!(ran.code, Some(0), "{ran:?}");
        serde_json::from_str(&ran.stdout).expect("JSON")
    }

    /// Every file of the state directory but the lock, to prove that nothing was touched.
    pub fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        for folder in ["state", "state/history"] {
            let Ok(entries) = std::fs::read_dir(self.path(folder)) else {
                continue;
            };
            for entry in entries {
                let path = entry.expect("an entry").path();
                if path.is_file() && !path.ends_with("state.lock") {
                    let content = std::fs::read(&path).expect("readable");
                    files.insert(path, content);
                }
            }
        }
        files
    }
}

/// What a run has come to, as text.
pub fn ran(output: Output) -> Ran {
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    Ran {
        code: output.status.code(),
        stdout: text(output.stdout),
        stderr: text(output.stderr),
    }
}

fn generation(n: u32) -> String {
    format!(
        r#"{{
  "version": 1,
  "account": "{ACCOUNT}",
  "generation": {n},
  "saved_at": "2026-01-02T00:00:00Z",
  "streams": {{
    "users": {{
      "position": {{
        "export": "incremental",
        "cursor": "c{n}",
        "recovery_time": "2026-01-01T{n:02}:00:00Z"
      }}
    }}
  }}
}}
"#
    )
}
