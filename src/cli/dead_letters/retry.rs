//! `dead-letters retry`: sending letters again, as the daemon would send them now.

use std::time::Duration;

use super::selection::Selection;
use super::{Output, exit, not_found, output, warn};
use crate::cli::output::grouped;
use crate::config::Config;
use crate::dead_letters::Segments;
use crate::error::{Chain, Code, Explain as _};
use crate::lifecycle;
use crate::sync::{self, Retried};

pub(super) async fn run(
    mut config: Config,
    segments: &Segments,
    selection: &Selection,
    output: Output,
) -> u8 {
    if !selection.is_given() {
        eprintln!(
            "error: nothing is named\n\nhint: name letters by their ID, or write `--stream`, `--reason` or `--all`"
        );
        return exit::CONFIGURATION;
    }
    // A person is waiting, and perhaps the daemon for the store.
    config.retry.attempts = config.retry.attempts.min(3);
    config.retry.rate_limit_delay = config.retry.rate_limit_delay.min(Duration::from_secs(10));
    let stop = match lifecycle::stop_on_signals() {
        Ok(stop) => stop,
        Err(error) => return output::fail(&error),
    };
    let outlets = match lifecycle::outlets(&config, &stop) {
        Ok(outlets) => outlets,
        Err(error) => return output::fail(&error),
    };
    let picker = selection.picker();
    let mut retried = Retried::default();
    let ended = sync::retry(
        segments,
        &outlets,
        |letter| picker.picks(letter),
        &mut retried,
    )
    .await;
    retried.damaged.iter().for_each(warn);
    match output {
        Output::Json => output::json(&retried),
        Output::Human => print(&retried),
    }
    if let Err(error) = ended {
        return match error.code() {
            // Its own hint is about syncs, which come again by themselves.
            code @ Code::PlatformUnavailable => {
                eprintln!(
                    "error[{code}]: {}\n\nhint: what was not accepted is all there still: `retry` again when the inlet answers",
                    Chain(&error)
                );
                exit::code(code)
            }
            _ => output::fail(&error),
        };
    }
    let missing = picker.missing();
    if !missing.is_empty() {
        return not_found(&missing);
    }
    if retried.refused + retried.unreadable + retried.not_configured > 0 {
        exit::PARTIAL
    } else {
        exit::SUCCESS
    }
}

fn print(retried: &Retried) {
    output::line(&format!(
        "{} accepted and removed",
        grouped(retried.accepted)
    ));
    let rest = [
        (
            retried.refused,
            "refused again: they stay, with the new reason",
        ),
        (
            retried.left_out,
            "skipped, left out by the mapping as it is configured now",
        ),
        (
            retried.superseded,
            "skipped, superseded by a later version: `discard --superseded` removes them",
        ),
        (
            retried.unreadable,
            "skipped, stand-ins for records that Zendesk cannot give",
        ),
        (
            retried.not_configured,
            "skipped, of a stream that is not configured",
        ),
    ];
    for (letters, what) in rest {
        if letters > 0 {
            output::line(&format!("{} {what}", grouped(letters)));
        }
    }
}
