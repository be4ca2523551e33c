//! `sandbox`: the two-minute demo.
//!
//! Both simulators on loopback, the real daemon between them, users changing all the while, and
//! the usual mishaps on purpose. In the end source and sink are compared to the byte.

mod configuration;
mod story;
mod verdict;

use std::path::PathBuf;
use std::time::Duration;

use jiff::SignedDuration;

use super::output::grouped;
use super::{Output, exit, output};
use crate::clock::Clock;
use crate::config;
use crate::error::Report;
use crate::lifecycle::{self, ServiceManager};
use crate::sandbox::{PlatformSimulator, Sink, ZendeskSimulator};
use crate::telemetry;
use verdict::Verdict;

/// After the last change, what is still under way gets this long to arrive.
const CATCH_UP: Duration = Duration::from_secs(30);

/// Time between two looks at the dead letters of a daemon that is not ours.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Options of the demo.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// How long to go on, like `20s` or `2m`; without it, until Ctrl-C
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    duration: Option<Duration>,

    /// Users the simulated account begins with
    #[arg(long, default_value_t = 5_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    users: u32,

    /// Users changed, created or deleted each second
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    changes_per_second: u32,

    /// Makes the same users, changes and refusals again
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// What the daemon logs of its own, like `info`
    #[arg(long, value_name = "LEVEL", default_value = "error")]
    log: String,

    /// How the daemon reads users
    #[arg(long, value_enum, default_value_t = Export::Incremental)]
    export: Export,

    /// Only serve the simulators, for a daemon that is run beside this: the configuration and the
    /// secrets for it are written into this directory, and its state is expected there
    #[arg(long, value_name = "DIRECTORY")]
    serve: Option<PathBuf>,
}

/// How the daemon reads users.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Export {
    /// By the incremental cursor export
    Incremental,
    /// By the search export, Adobe's own source's way; deletions do not show there
    Search,
}

/// The two ends of the demo.
struct Ends {
    zendesk: ZendeskSimulator,
    platform: PlatformSimulator,
}

fn duration(text: &str) -> Result<Duration, String> {
    text.parse::<SignedDuration>()
        .ok()
        .and_then(|duration| Duration::try_from(duration).ok())
        .filter(|duration| !duration.is_zero())
        .ok_or_else(|| "write a number with a unit, like `20s` or `2m`".to_owned())
}

pub(super) async fn run(arguments: &Arguments, output: Output) -> u8 {
    match demonstrate(arguments, output).await {
        Ok(verdict) => {
            match output {
                Output::Json => output::json(&verdict),
                Output::Human => output::line(&format!("\n{verdict}")),
            }
            if verdict.is_good() {
                exit::SUCCESS
            } else {
                exit::FAILED
            }
        }
        Err(code) => code,
    }
}

async fn demonstrate(arguments: &Arguments, output: Output) -> Result<Verdict, u8> {
    let failed = |error: &dyn std::fmt::Display| {
        eprintln!("error: cannot set up the sandbox: {error}");
        exit::FAILED
    };
    let scratch = tempfile::Builder::new()
        .prefix("zendesk-aep-sandbox-")
        .tempdir()
        .map_err(|error| failed(&error))?;
    let directory = arguments.serve.as_deref().unwrap_or(scratch.path());
    let ends = configuration::start(arguments)
        .await
        .map_err(|error| failed(&error))?;
    let path = configuration::write(directory, arguments, &ends).map_err(|error| failed(&error))?;
    let config = config::load_without_environment(&path).map_err(|error| failed(&error))?;
    telemetry::init(&config.log);
    let interrupted = lifecycle::stop_on_signals().map_err(|error| output::fail(&error))?;

    let say = |line: &str| {
        if output == Output::Human {
            output::line(line);
        }
    };
    say(&format!(
        "zendesk   {} with {} users",
        ends.zendesk.base_url(),
        grouped(arguments.users.into())
    ));
    say(&format!(
        "platform  {}… behind sign-in",
        &ends.platform.inlet_url()[..40]
    ));
    say(&match &arguments.serve {
        None => format!(
            "daemon    state and dead letters in {}\n",
            directory.display()
        ),
        Some(_) => format!("daemon    yours, with --config {}\n", path.display()),
    });

    // The daemon is stopped after the story, whoever ends that; an interrupt must not take it
    // down first, or what was changed last could not arrive.
    let stop = tokio_util::sync::CancellationToken::new();
    let clock = Clock::real();
    let nobody = ServiceManager::nobody();
    let daemon = async {
        match arguments.serve {
            None => lifecycle::run_until(&config, stop.clone(), &clock, &nobody).await,
            Some(_) => {
                stop.cancelled().await;
                Ok(())
            }
        }
    };
    let story = async {
        tokio::select! {
            () = story::tell(arguments, &ends, &say) => {}
            () = interrupted.cancelled() => say("\nstopping: no further changes"),
        }
        let arrived = caught_up(&ends, arguments.export).await;
        stop.cancel();
        arrived
    };
    let (ended, arrived) = tokio::join!(daemon, story);
    if let Err(error) = ended {
        eprintln!("{}", Report(&error));
        return Err(exit::FAILED);
    }
    if !arrived {
        say("some changes did not arrive in time");
    }
    let verdict = || Verdict::new(&ends, &config.state.directory, arguments.export);
    // Our own daemon has ended; another one may still be about to write its last dead letter.
    let patience = tokio::time::Instant::now() + CATCH_UP;
    loop {
        let found = verdict().map_err(|error| failed(&error))?;
        let is_final = arguments.serve.is_none() || tokio::time::Instant::now() >= patience;
        if is_final || found.is_good() {
            return Ok(found);
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Waits until the newest version of every user has reached the inlet.
async fn caught_up(ends: &Ends, export: Export) -> bool {
    let expected = verdict::expected(&ends.zendesk, export);
    let everything_there = |sink: &Sink| verdict::missing(&expected, sink) == 0;
    ends.platform.wait_until(everything_there, CATCH_UP).await
}
