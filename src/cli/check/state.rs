//! The state directory.

use super::finding::{Finding, failed, ok};
use crate::checkpoint;
use crate::config::Config;

/// Reads the state without taking the lock: a running daemon may own it.
pub(super) fn state(config: &Config) -> Finding {
    let directory = &config.state.directory;
    match checkpoint::read_of(directory, &config.zendesk.account) {
        Err(error) => failed("state", &error),
        Ok(Some(state)) => ok(
            "state",
            format!("{}, saved {}", directory.display(), state.saved_at),
        ),
        Ok(None) => ok(
            "state",
            format!("{}, nothing delivered yet", directory.display()),
        ),
    }
}
