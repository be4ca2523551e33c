//! `streams`: what can be kept in sync.

mod available;
mod rows;

use std::path::Path;

use clap::Args;

use super::Output;

/// What to show.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Ask the account which of them it has, with one small request each
    #[arg(long)]
    available: bool,
}

pub(super) async fn run(path: &Path, arguments: &Arguments, output: Output) -> u8 {
    if arguments.available {
        available::run(path, output).await
    } else {
        rows::run(output)
    }
}
