//! `sandbox`: the two-minute demo.

use super::{Output, exit};

/// Options of the demo.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {}

pub(super) async fn run(_arguments: &Arguments, _output: Output) -> u8 {
    exit::SUCCESS
}
