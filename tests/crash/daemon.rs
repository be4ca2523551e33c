//! The real binary, as a process.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// A running daemon; killed when dropped, so that a failed test leaves no process behind.
pub struct Daemon(Child);

impl Daemon {
    /// Starts it on `config.toml` in `directory`. What it logs goes to `daemon.log` there.
    pub fn start(directory: &Path) -> io::Result<Self> {
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(directory.join("daemon.log"))?;
        Command::new(env!("CARGO_BIN_EXE_zendesk-aep"))
            .arg("run")
            .arg("--config")
            .arg(directory.join("config.toml"))
            .env_remove("RUST_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map(Self)
    }

    /// `kill -9`. An error if there was nothing left to kill: it must not end by itself.
    pub fn kill(mut self) -> Result<(), String> {
        if let Some(status) = self.0.try_wait().map_err(|error| error.to_string())? {
            return Err(format!("the daemon ended by itself: {status}"));
        }
        self.end().map_err(|error| error.to_string())
    }

    /// SIGTERM, and its exit status; an error if it does not end within `limit`.
    pub fn terminate(mut self, limit: Duration) -> io::Result<ExitStatus> {
        let sent = Command::new("kill")
            .args(["-s", "TERM", &self.0.id().to_string()])
            .status()?;
        assert!(sent.success(), "the signal was sent");
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.0.try_wait()? {
                return Ok(status);
            }
            if Instant::now() > deadline {
                return Err(io::ErrorKind::TimedOut.into());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn end(&mut self) -> io::Result<()> {
        self.0.kill()?;
        self.0.wait().map(drop)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Fails only if it has ended already.
        let _ = self.end();
    }
}
