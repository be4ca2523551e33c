//! `check`: what is right and what is wrong, with remedies, before anything is sent.
//!
//! Everything is looked at in the order in which it is needed, so that the first failure is the cause;
//! what cannot be looked at because of it is said once, and not as failures of its own.

mod clock;
mod configuration;
mod dead_letters;
mod directory;
mod finding;
mod network;
mod permission;
mod platform;
mod state;
mod streams;
mod zendesk;

use std::path::Path;
use std::time::Duration;

use super::{Output, output};
use crate::lifecycle;
use finding::Finding;

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
    let good = format!("{} is good", path.display());
    let mut findings = vec![Finding::ok("configuration", good)];
    findings.extend(directory::look(&config));
    findings.extend(state::look(&config));
    findings.push(dead_letters::look(&config));
    findings.extend(configuration::mappings(&config));
    findings.extend(configuration::events_of_nobody(&config));
    findings.extend(configuration::hash_keys(&config));
    let zendesk = zendesk::look(&config, &stop, &mut findings).await;
    let inlet = platform::look(&config, &stop, &mut findings).await;
    let told = [("zendesk", zendesk), ("the inlet", inlet)];
    let told: Vec<_> = told
        .into_iter()
        .filter_map(|(server, ahead)| Some((server, ahead?)))
        .collect();
    findings.extend(clock::judge(&told));
    match output {
        Output::Json => output::json(&findings),
        Output::Human => finding::print(&findings),
    }
    finding::exit_code(&findings)
}
