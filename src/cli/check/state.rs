//! The state file: whether it can be used, who uses it, and what it says of each stream.

use super::finding::Finding;
use crate::checkpoint::{self, State};
use crate::config::Config;

const STATE: &str = "state";

/// Reads the state without taking the lock: a running daemon may own it.
pub(super) fn look(config: &Config) -> Vec<Finding> {
    let directory = &config.state.directory;
    let shown = directory.display();
    let state = match checkpoint::read_of(directory, &config.zendesk.account) {
        Ok(state) => state,
        Err(error) => return vec![Finding::failed(STATE, &error)],
    };
    let used = match checkpoint::holder(directory) {
        Ok(Some(holder)) => format!("; in use{holder}"),
        Ok(None) => String::new(),
        Err(error) => return vec![Finding::failed(STATE, &error)],
    };
    let Some(state) = state else {
        let what = format!("{shown}, nothing delivered yet{used}");
        return vec![Finding::ok(STATE, what)];
    };
    let what = format!("{shown}, saved {:.0}{used}", state.saved_at);
    let mut findings = vec![Finding::ok(STATE, what)];
    findings.extend(attention(config, &state));
    findings
}

/// What the daemon noted of the configured streams. That it is over shows with their next sync.
fn attention(config: &Config, state: &State) -> Vec<Finding> {
    let mut findings = Vec::new();
    for stream in &config.streams {
        let name = &*stream.spec.name;
        let Some(known) = state.streams.get(name) else {
            continue;
        };
        if let Some(attention) = &known.attention {
            let what = format!(
                "paused since {:.0}: {} [{}]",
                attention.since, attention.what, attention.code
            );
            let subject = format!("attention {name}");
            findings.push(Finding::warning(&subject, what, &attention.remedy));
        }
        if let Some(notice) = &known.notice {
            let what = format!("since {:.0}: {}", notice.since, notice.oddity.explanation());
            let subject = format!("notice {name}");
            findings.push(Finding::warning(
                &subject,
                what,
                "nothing, unless it stays: `zendesk-aep state show` has the stream's last sync",
            ));
        }
    }
    findings
}
