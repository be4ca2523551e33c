//! `check`: what is right and what is wrong, with remedies, before anything is sent.

mod configuration;
mod finding;
mod platform;
mod state;
mod zendesk;

use std::path::Path;
use std::time::Duration;

use super::{Output, exit, output};
use crate::lifecycle;

pub(super) async fn run(path: &Path, output: Output) -> u8 {
    let mut config = match output::load(path) {
        Ok(config) => config,
        Err(code) => return code,
    };
    // A person is waiting: one repetition tells a passing fault from a lasting one.
    config.retry.attempts = config.retry.attempts.min(2);
    config.retry.rate_limit_delay = config.retry.rate_limit_delay.min(Duration::from_secs(10));
    let stop = match lifecycle::stop_on_signals() {
        Ok(stop) => stop,
        Err(error) => return output::fail(&error),
    };
    let mut findings = vec![finding::ok(
        "configuration",
        format!("{} is good", path.display()),
    )];
    findings.push(state::state(&config));
    findings.extend(configuration::mappings(&config));
    findings.extend(configuration::events_of_nobody(&config));
    findings.extend(configuration::hash_keys(&config));
    zendesk::zendesk(&config, &stop, &mut findings).await;
    platform::platform(&config, &stop, &mut findings).await;
    match output {
        Output::Json => output::json(&findings),
        Output::Human => finding::print(&findings),
    }
    findings
        .iter()
        .map(|finding| finding.code)
        .find(|code| *code != exit::SUCCESS)
        .unwrap_or(exit::SUCCESS)
}
