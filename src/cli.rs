//! The command line: one file for each command, and the exit codes.

mod check;
mod dead_letters;
pub mod exit;
mod health;
mod output;
mod preview;
mod privacy_check;
mod run;
mod sandbox;
mod state;
mod status;
mod streams;
mod sync;
mod test_mapping;
mod trial;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand, ValueEnum};

use crate::telemetry;

/// Keeps a company's Zendesk data flowing into Adobe Experience Platform
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
struct Arguments {
    /// The configuration file
    #[arg(
        long,
        global = true,
        value_name = "PATH",
        env = "ZENDESK_AEP_CONFIG",
        default_value = "/etc/zendesk-aep/config.toml"
    )]
    config: PathBuf,

    /// How results are printed on standard output
    #[arg(long, global = true, value_enum, default_value_t = Output::Human)]
    output: Output,

    #[command(subcommand)]
    command: Command,
}

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Output {
    /// For people
    Human,
    /// For programs
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the daemon until a signal stops it
    Run,
    /// Make one pass over the named streams, or over all configured ones
    Sync {
        /// Streams to sync
        streams: Vec<String>,
        /// Only show what it would take: rows, requests, minutes and megabytes
        #[arg(long)]
        plan: bool,
    },
    /// Look at all that a sync needs, from the network to the disk, and say what is wrong and what to do
    Check,
    /// Show which streams the account has
    Streams(streams::Arguments),
    /// Show what would be sent of some records, and send nothing
    Preview(preview::Arguments),
    /// Tell which fields leave, and fail if one would that is not on the list
    PrivacyCheck(privacy_check::Arguments),
    /// Map records of your own and compare with what you expect of them
    TestMapping(test_mapping::Arguments),
    /// Tell whether it is working, of the running daemon or, when it is down, of the state directory
    Status(status::Arguments),
    /// Tell whether the running daemon is alive, by the exit code 0 or 1: for health checks
    Health(health::Arguments),
    /// Look at the state file, or move its checkpoints
    State {
        #[command(subcommand)]
        command: state::Command,
    },
    /// Look at refused records, send them again or discard them
    DeadLetters {
        #[command(subcommand)]
        command: dead_letters::Command,
    },
    /// See it work: simulators of both services on loopback and the real daemon between them
    Sandbox(sandbox::Arguments),
}

/// The command line as it is defined: for manual pages and shells' completions.
pub fn definition() -> clap::Command {
    Arguments::command()
}

/// Runs the command that the process was called with.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let mut runtime = match arguments.command {
        // The simulators are to be no part of what is watched.
        Command::Sandbox(_) => tokio::runtime::Builder::new_multi_thread(),
        // One thread moves more records than any account may ask for; what waits for the disk has
        // threads of its own.
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = match runtime.enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start the runtime: {error}");
            return ExitCode::from(exit::FAILED);
        }
    };
    let (path, output) = (&arguments.config, arguments.output);
    let command = async {
        match arguments.command {
            Command::Run => run::run(path).await,
            Command::Sync { streams, plan } if plan => {
                sync::plan::run(path, &streams, output).await
            }
            Command::Sync { streams, .. } => sync::run(path, &streams, output).await,
            Command::Check => check::run(path, output).await,
            Command::Streams(arguments) => streams::run(path, &arguments, output).await,
            Command::Preview(arguments) => preview::run(path, &arguments, output).await,
            Command::PrivacyCheck(arguments) => privacy_check::run(path, &arguments, output).await,
            Command::TestMapping(arguments) => test_mapping::run(path, &arguments, output).await,
            Command::Status(arguments) => status::run(path, &arguments, output).await,
            Command::Health(arguments) => health::run(path, &arguments, output).await,
            Command::State { command } => state::run(path, &command, output),
            Command::DeadLetters { command } => dead_letters::run(path, command, output).await,
            Command::Sandbox(arguments) => sandbox::run(&arguments, output).await,
        }
    };
    let code = runtime.block_on(async {
        tokio::select! {
            code = command => code,
            never = telemetry::tell_repetitions() => match never {},
        }
    });
    telemetry::tell_last_repetitions();
    // What is left on the runtime (a connection being closed, a blocking read) must not hold the
    // process.
    runtime.shutdown_background();
    ExitCode::from(code)
}
