//! A Zendesk account, an inlet, a directory, and the program between them.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use tempfile::TempDir;
use zendesk_aep::sandbox::{
    Credentials, DataType, Fault, PlatformOptions, PlatformSimulator, Quotas, SeenRequest,
    Simulator, ZendeskOptions, ZendeskSimulator,
};

use super::process::{Finished, Process, Transcript};
use super::settings::Settings;
use super::{INCREMENTAL, INLET, PATIENCE, SEARCH, eventually, nth};

/// What children inherit: where certificates are, and where a coverage run writes.
const INHERITED: [&str; 3] = ["SSL_CERT_FILE", "SSL_CERT_DIR", "LLVM_PROFILE_FILE"];

/// What both ends are to be like.
#[derive(Debug)]
pub struct Plan {
    pub zendesk: ZendeskOptions,
    pub platform: PlatformOptions,
}

impl Default for Plan {
    /// 200 users, changes that show at once, no limits in the way; an open inlet for raw messages.
    fn default() -> Self {
        let zendesk = ZendeskOptions {
            withhold: Duration::ZERO,
            index_delay: Duration::ZERO,
            quotas: Quotas::unlimited(),
            ..ZendeskOptions::default()
        };
        let platform = PlatformOptions {
            data_type: DataType::Raw,
            ..PlatformOptions::default()
        };
        Self { zendesk, platform }
    }
}

/// One test's surroundings.
#[derive(Debug)]
pub struct World {
    pub zendesk: ZendeskSimulator,
    pub platform: PlatformSimulator,
    /// Written to the configuration file whenever a process starts.
    pub settings: Settings,
    environment: Vec<(OsString, OsString)>,
    directory: TempDir,
    runs: Mutex<Vec<Arc<Transcript>>>,
}

impl World {
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A world that is not quite the usual one.
    pub async fn with(change: impl FnOnce(&mut Plan)) -> Self {
        let mut plan = Plan::default();
        change(&mut plan);
        let platform_options = plan.platform.clone();
        let zendesk = ZendeskSimulator::start(plan.zendesk).await.expect("a port");
        let platform = PlatformSimulator::start(plan.platform)
            .await
            .expect("a port");
        let settings = Settings::new(
            &zendesk.base_url(),
            &platform.inlet_url(),
            &platform_options,
        );
        let world = Self {
            zendesk,
            platform,
            settings,
            environment: Vec::new(),
            directory: tempfile::tempdir().expect("a directory"),
            runs: Mutex::default(),
        };
        let credentials = Credentials::default();
        world.write("zendesk-client-secret", &credentials.client_secret);
        world.write("zendesk-access-token", &credentials.access_token);
        world.write("zendesk-api-token", &credentials.api_token);
        world.write("adobe-client-secret", &platform_options.client_secret);
        world
    }

    /// Writes a file of the directory.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("the file can be written");
        path
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Sets a variable for the processes started from now on.
    pub fn set_env(&mut self, name: &str, value: &str) {
        self.environment.push((name.into(), value.into()));
    }

    /// Starts the program with these arguments.
    pub fn start(&self, arguments: &[&str]) -> Process {
        let (process, transcript) = Process::start(self.command(arguments).into());
        self.runs.lock().expect("unpoisoned").push(transcript);
        process
    }

    /// The program with these arguments, ready to be started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let config = self.write_settings();
        let inherited = INHERITED
            .iter()
            .filter_map(|name| Some((OsString::from(name), std::env::var_os(name)?)));
        let mut command = Command::new(env!("CARGO_BIN_EXE_zendesk-aep"));
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env_clear()
            .envs(inherited)
            .env("TMPDIR", self.directory.path())
            .env("ZENDESK_AEP_CONFIG", config)
            .envs(self.environment.iter().cloned());
        command
    }

    /// Writes the settings to the configuration file.
    pub fn write_settings(&self) -> PathBuf {
        self.write("config.toml", self.settings.to_string())
    }

    /// Starts the daemon.
    pub fn daemon(&self) -> Process {
        self.start(&["run"])
    }

    /// Runs the program with these arguments to its end.
    pub async fn run(&self, arguments: &[&str]) -> Finished {
        self.start(arguments).wait().await
    }

    /// Makes one pass over all streams.
    pub async fn sync(&self) -> Finished {
        self.run(&["sync", "--output", "json"]).await
    }

    /// Starts a sync and holds its first page in the inlet until the second one is read.
    pub async fn sync_held_with_two_pages_read(&self) -> Process {
        let held = Fault::Stall(Duration::from_millis(700));
        self.platform.fault_when(nth(2, INLET), held, 1);
        let sync = self.start(&["sync", "--output", "json"]);
        let holds = self.platform.wait_for_requests(INLET, 3, PATIENCE);
        assert!(holds.await, "the inlet holds a request");
        eventually("the second page is read", || {
            let pages = [self.page_requests(), self.zendesk.requests_to(SEARCH)].concat();
            pages.iter().filter(|page| page.status == Some(200)).count() == 2
        })
        .await;
        sync
    }

    /// What was printed, without what differs from run to run.
    pub fn readable(&self, text: &str) -> String {
        let address = |url: String| url.replace("http://", "");
        text.replace(&self.directory.path().display().to_string(), "DIR")
            .replace(&address(self.zendesk.base_url()), "ZENDESK")
            .replace(&address(self.platform.ims_url()), "PLATFORM")
    }

    pub fn state_file(&self) -> PathBuf {
        self.path("state/state.json")
    }

    /// The state file; null if there is none yet.
    pub fn state(&self) -> Value {
        match std::fs::read(self.state_file()) {
            Ok(text) => serde_json::from_slice(&text).expect("the state file is JSON"),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Value::Null,
            Err(error) => panic!("cannot read the state file: {error}"),
        }
    }

    /// What the state file says of the users.
    pub fn users_state(&self) -> Value {
        self.state()["streams"]["users"].take()
    }

    /// Waits until the state file says of the users what `holds`.
    pub async fn state_eventually(&self, what: &str, holds: impl Fn(&Value) -> bool) {
        eventually(what, || holds(&self.users_state())).await;
    }

    /// The one segment that the few dead letters of a test fit into.
    pub fn dead_letters_path(&self) -> PathBuf {
        self.path("state/dead-letters/0000000001.ndjson")
    }

    /// The dead letters in order.
    pub fn dead_letters(&self) -> Vec<Value> {
        // There is no segment before there is a letter.
        let text = std::fs::read_to_string(self.dead_letters_path());
        let text = text.unwrap_or_default();
        text.lines()
            .map(|line| serde_json::from_str(line).expect("a line of JSON"))
            .collect()
    }

    /// The requests for pages of the incremental export so far.
    pub fn page_requests(&self) -> Vec<SeenRequest> {
        self.zendesk.requests_to(INCREMENTAL)
    }

    /// The cursor of the incremental export behind the first `count` users.
    pub fn cursor_after(&self, count: usize) -> String {
        let last = &self.zendesk.users()[count - 1];
        BASE64_STANDARD.encode(format!("{}.0||{}|", last.updated_at.as_second(), last.id))
    }

    /// How many requests the inlet has seen.
    pub fn inlet_requests(&self) -> usize {
        self.platform.requests_to(INLET).len()
    }

    /// Waits until every change made so far shows in the incremental export.
    pub async fn changes_show(&self) {
        eventually("the changes show in the export", || {
            self.zendesk.users_visible() == self.zendesk.users()
        })
        .await;
    }

    /// Everything there is to know about a failure.
    fn describe(&self) -> String {
        let mut text = String::new();
        for run in self.runs.lock().expect("unpoisoned").iter() {
            let _ = writeln!(text, "{run}");
        }
        let _ = writeln!(text, "--- configuration\n{}", self.settings);
        let _ = writeln!(text, "--- directory");
        list(self.directory.path(), "", &mut text);
        let state = std::fs::read_to_string(self.state_file());
        let _ = writeln!(text, "--- state\n{}", state.unwrap_or_default());
        let ends: [(&str, &dyn Fn() -> Vec<SeenRequest>); 2] = [
            ("zendesk", &|| self.zendesk.requests()),
            ("platform", &|| self.platform.requests()),
        ];
        for (name, requests) in ends {
            let _ = writeln!(text, "--- requests to {name}");
            for SeenRequest {
                head,
                body_bytes,
                status,
            } in requests()
            {
                let _ = writeln!(
                    text,
                    "{:>8.3} {} {} {:?} {body_bytes} B → {status:?}",
                    head.at.as_secs_f64(),
                    head.method,
                    head.path,
                    head.query,
                );
            }
        }
        text
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.describe());
        }
    }
}

fn list(directory: &Path, indent: &str, text: &mut String) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let size = entry.metadata().map_or(0, |metadata| metadata.len());
        let name = entry.file_name();
        let _ = writeln!(text, "{indent}{} {size} B", name.display());
        if entry.path().is_dir() {
            list(&entry.path(), &format!("{indent}  "), text);
        }
    }
}
