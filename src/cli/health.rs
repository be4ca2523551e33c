//! `health`: whether the running daemon is alive, for Docker's `HEALTHCHECK` and its like.
//!
//! The exit code is 0 or 1: Docker reserves the others. A stream that waits for a person is alive:
//! starting anew would not help it, and the other streams go on. `status` tells of it.

use std::net::SocketAddr;
use std::path::Path;

use serde::Serialize;

use super::{Output, exit, output};
use crate::config;
use crate::error::Chain;
use crate::status::ask;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Where the status server listens; without it, as the configuration says
    #[arg(long, value_name = "ADDRESS", env = "ZENDESK_AEP__STATUS__LISTEN")]
    listen: Option<SocketAddr>,
}

/// What could be learned.
#[derive(Debug, Serialize)]
struct Health {
    alive: bool,
    what: String,
}

pub(super) async fn run(path: &Path, arguments: &Arguments, output: Output) -> u8 {
    let health = match learn(path, arguments).await {
        Ok(health) => health,
        Err(what) => Health { alive: false, what },
    };
    match output {
        Output::Json => output::json(&health),
        Output::Human => output::line(&health.what),
    }
    if health.alive {
        exit::SUCCESS
    } else {
        exit::FAILED
    }
}

/// Asks the daemon; what is wrong if that is not possible.
async fn learn(path: &Path, arguments: &Arguments) -> Result<Health, String> {
    let listen = match arguments.listen {
        // The file is not read then: one that is wrong does not make a running daemon unwell.
        Some(listen) => listen,
        None => {
            let config = config::load(path).map_err(|error| Chain(&error).to_string())?;
            config.status.listen.ok_or(
                "there is no status server to ask: set `[status] listen`, or the environment variable ZENDESK_AEP__STATUS__LISTEN, to an address like 127.0.0.1:9464",
            )?
        }
    };
    if listen.port() == 0 {
        return Err(
            "the status server's port is not known: `listen` has port 0, which is any free one"
                .to_owned(),
        );
    }
    let answer = ask::get(listen, "/livez").await;
    let answer = answer.map_err(|error| Chain(&error).to_string())?;
    let text = String::from_utf8_lossy(&answer.body);
    Ok(Health {
        alive: answer.status.is_success(),
        what: text.trim_end().to_owned(),
    })
}
