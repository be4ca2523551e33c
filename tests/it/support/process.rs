//! The program as a child process: started, watched, signalled, waited for.

use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::PATIENCE;

/// What a run printed so far. The world keeps one of each run, for when the test fails.
#[derive(Debug, Default)]
pub struct Transcript {
    command: String,
    stdout: Mutex<String>,
    stderr: Mutex<String>,
    end: Mutex<Option<String>>,
    bell: Notify,
}

/// A running program; killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    pub pid: u32,
    transcript: Arc<Transcript>,
    readers: [JoinHandle<()>; 2],
}

/// A run that is over.
#[derive(Clone, Debug)]
pub struct Finished {
    /// The exit code; `None` if a signal ended it.
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Process {
    /// Starts `command` with both streams captured.
    pub(super) fn start(mut command: Command) -> (Self, Arc<Transcript>) {
        let transcript = Arc::new(Transcript {
            command: format!("{:?}", command.as_std()),
            ..Transcript::default()
        });
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let stdout = child.stdout.take().expect("a pipe");
        let stderr = child.stderr.take().expect("a pipe");
        let readers = [
            tokio::spawn(read(stdout, transcript.clone(), |it| &it.stdout)),
            tokio::spawn(read(stderr, transcript.clone(), |it| &it.stderr)),
        ];
        let process = Self {
            pid: child.id().expect("it was not waited for yet"),
            child,
            transcript: transcript.clone(),
            readers,
        };
        (process, transcript)
    }

    /// Waits for a log line that `is_it`.
    pub async fn wait_for_log(&self, what: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        let found = self.wait_for_logs(what, 1, is_it).await;
        found.into_iter().next().expect("one at least")
    }

    /// Waits until `count` log lines are such that `is_it`; gives all of them.
    pub async fn wait_for_logs(
        &self,
        what: &str,
        count: usize,
        is_it: impl Fn(&Value) -> bool,
    ) -> Vec<Value> {
        let waiting = async {
            loop {
                let mut bell = std::pin::pin!(self.transcript.bell.notified());
                bell.as_mut().enable();
                let mut lines = logs(&self.transcript.stderr.lock().expect("unpoisoned"));
                lines.retain(|line| is_it(line));
                if lines.len() >= count {
                    return lines;
                }
                bell.await;
            }
        };
        let found = timeout(PATIENCE, waiting).await;
        found.unwrap_or_else(|_| panic!("not logged in time: {count} × {what}"))
    }

    /// Waits for the end of `count` syncs that were complete.
    pub async fn wait_for_complete_syncs(&self, count: usize) {
        self.wait_for_logs("sync complete", count, |line| {
            line["message"] == "sync complete"
        })
        .await;
    }

    /// Where the status server listens.
    pub async fn status_address(&self) -> SocketAddr {
        let line = self
            .wait_for_log("the status server listens", |line| {
                line["message"] == "the status server listens"
            })
            .await;
        let address = line["address"].as_str().and_then(|text| text.parse().ok());
        address.expect("an address")
    }

    /// Sends SIGTERM.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Sends SIGHUP.
    pub fn hang_up(&self) {
        self.signal("-HUP");
    }

    /// Sends SIGINT, as Ctrl-C does.
    pub fn interrupt(&self) {
        self.signal("-INT");
    }

    fn signal(&self, signal: &str) {
        // The child is ours and not yet waited for, so the number is still its own.
        let status = std::process::Command::new("kill")
            .args([signal, &self.pid.to_string()])
            .status();
        assert!(status.expect("`kill` runs").success(), "kill {signal}");
    }

    /// Kills it as a power cut would, and waits until it is gone.
    pub async fn kill(mut self) -> Finished {
        self.child.start_kill().expect("it runs");
        self.wait().await
    }

    /// Waits until it ends by itself.
    pub async fn wait(mut self) -> Finished {
        let status = timeout(PATIENCE, self.child.wait()).await;
        let status = status
            .expect("it ends in time")
            .expect("it can be waited for");
        *self.transcript.end.lock().expect("unpoisoned") = Some(status.to_string());
        for reader in self.readers {
            reader.await.expect("the reader ends with its pipe");
        }
        Finished {
            code: status.code(),
            stdout: self.transcript.stdout.lock().expect("unpoisoned").clone(),
            stderr: self.transcript.stderr.lock().expect("unpoisoned").clone(),
        }
    }

    /// Stops a daemon that should have nothing left to say.
    pub async fn stop(self) -> Finished {
        self.terminate();
        let finished = self.wait().await;
        finished.assert_code(0);
        finished
    }
}

impl Finished {
    #[track_caller]
    pub fn assert_code(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "the exit code");
        self
    }

    /// Standard output, which is JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).expect("JSON on standard output")
    }

    /// What `sync --output json` says of its one stream.
    #[track_caller]
    pub fn report(&self) -> Value {
        self.json()[0].take()
    }

    /// Asserts that a sync failed with this code, and that report and log both say what to do.
    #[track_caller]
    pub fn assert_failed(&self, code: &str, hint: &str) {
        let report = self.report();
        assert_eq!(report["outcome"], code);
        let errors = self.logs_of("ERROR");
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0]["code"], code);
        for place in [&report, &errors[0]] {
            let text = place["hint"].as_str().unwrap_or_default();
            assert!(text.contains(hint), "`{hint}` in `{text}`");
        }
    }

    /// The log lines in order.
    pub fn logs(&self) -> Vec<Value> {
        logs(&self.stderr)
    }

    /// The log lines of that level.
    pub fn logs_of(&self, level: &str) -> Vec<Value> {
        let mut lines = self.logs();
        lines.retain(|line| line["level"] == level);
        lines
    }

    /// The waits that were announced, in milliseconds.
    pub fn waits(&self) -> Vec<u64> {
        self.logs()
            .iter()
            .filter_map(|line| line["wait_ms"].as_u64())
            .collect()
    }
}

impl std::fmt::Display for Transcript {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let end = self.end.lock().expect("unpoisoned");
        writeln!(f, "$ {}", self.command)?;
        writeln!(f, "ended: {}", end.as_deref().unwrap_or("not yet"))?;
        for (name, stream) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            writeln!(f, "--- {name}\n{}", stream.lock().expect("unpoisoned"))?;
        }
        Ok(())
    }
}

/// Keeps every line of `pipe`, and rings for each.
async fn read(
    pipe: impl AsyncRead + Unpin,
    transcript: Arc<Transcript>,
    place: fn(&Transcript) -> &Mutex<String>,
) {
    let mut pipe = BufReader::new(pipe);
    let mut line = Vec::new();
    while pipe
        .read_until(b'\n', &mut line)
        .await
        .is_ok_and(|read| read > 0)
    {
        let text = String::from_utf8_lossy(&line);
        place(&transcript)
            .lock()
            .expect("unpoisoned")
            .push_str(&text);
        transcript.bell.notify_waiters();
        line.clear();
    }
}

/// The whole lines of JSON; a person's report between them is none.
fn logs(text: &str) -> Vec<Value> {
    text.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect()
}
