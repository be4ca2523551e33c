//! `status`: whether it is working, asked of the running daemon or, when it is down, of the state
//! directory.

mod watch;

use std::io::{self, IsTerminal as _};
use std::path::Path;

use jiff::Timestamp;

use super::{Output, exit, output};
use crate::config::Config;
use crate::error::Chain;
use crate::status::ask;
use crate::status::from_state::{self, Error};
use crate::status::judge::Daemon;
use crate::status::report::Report;
use crate::status::terminal::{Terminal, render};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Go on showing it every two seconds until Ctrl-C; with `--output json`, one object a line
    #[arg(long)]
    watch: bool,
}

pub(super) async fn run(path: &Path, arguments: &Arguments, output: Output) -> u8 {
    let config = match output::load(path) {
        Ok(config) => config,
        Err(code) => return code,
    };
    if arguments.watch {
        return watch::run(&config, output).await;
    }
    let told = match tell(&config).await {
        Ok(told) => told,
        Err(error) => return output::fail(&error),
    };
    match output {
        Output::Json => output::json(&told.report),
        Output::Human => {
            let terminal = Terminal {
                colours: has_colours(),
                rows: None,
            };
            output::line(render(&told.report, terminal).trim_end());
        }
    }
    told.exit_code()
}

/// What could be learned.
struct Told {
    report: Report,
    daemon: Daemon,
}

impl Told {
    fn exit_code(&self) -> u8 {
        match self.daemon {
            Daemon::Down => exit::NOT_RUNNING,
            Daemon::Answers | Daemon::Stopping | Daemon::Silent if self.report.health.ready => {
                exit::SUCCESS
            }
            Daemon::Answers | Daemon::Stopping | Daemon::Silent => exit::NOT_READY,
        }
    }
}

/// Asks the daemon, and then the state directory.
async fn tell(config: &Config) -> Result<Told, Error> {
    // Port 0 is a free one that only the daemon's log tells.
    let listen = config.status.listen.filter(|listen| listen.port() != 0);
    if let Some(listen) = listen {
        match ask::report(listen).await {
            Ok(report) if report.account == config.zendesk.account => {
                return Ok(Told {
                    daemon: Daemon::Answers,
                    report,
                });
            }
            Ok(report) => tracing::warn!(
                account = report.account,
                "the daemon at {listen} is another account's"
            ),
            // That nobody listens is the usual case of a daemon that is down; the rest is odd.
            Err(error @ ask::Error::Unreachable { .. }) => {
                tracing::debug!(error = %Chain(&error), "no answer");
            }
            Err(error) => tracing::warn!(error = %Chain(&error), "no answer"),
        }
    }
    let daemon = from_state::daemon(config)?;
    let report = from_state::report(config, daemon, Timestamp::now())?;
    Ok(Told { report, daemon })
}

/// Whether standard output takes colours, and its user wants them (no-color.org).
fn has_colours() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    io::stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb
}
