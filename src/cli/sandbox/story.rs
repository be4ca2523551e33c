//! What happens during the demo: changes all the time, a mishap now and then, a line about both.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{Arguments, Ends};
use crate::cli::output::grouped;
use crate::sandbox::{Answer, Fault, Simulator as _};

const STEP: Duration = Duration::from_millis(250);
const LINE_EVERY: Duration = Duration::from_secs(4);
const MISHAP_EVERY: Duration = Duration::from_secs(4);

/// Changes users and breaks things until the time is over.
pub(super) async fn tell(arguments: &Arguments, ends: &Ends, say: &dyn Fn(&str)) {
    let begin = Instant::now();
    let mut steps = interval(STEP);
    steps.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (mut changed, mut lines, mut mishaps) = (0, 0, 0);
    loop {
        steps.tick().await;
        let elapsed = begin.elapsed();
        if arguments
            .duration
            .is_some_and(|duration| elapsed >= duration)
        {
            return;
        }
        let due = u64::from(arguments.changes_per_second) * millis(elapsed) / 1_000;
        while changed < due {
            change(ends, changed);
            changed += 1;
        }
        if elapsed >= MISHAP_EVERY * (mishaps + 1) - MISHAP_EVERY / 2 {
            say(&format!("{}  {}", clock(elapsed), mishap(ends, mishaps)));
            mishaps += 1;
        }
        if elapsed >= LINE_EVERY * (lines + 1) {
            lines += 1;
            say(&format!("{}  {}", clock(elapsed), standing(ends, changed)));
        }
    }
}

/// Of a hundred changes ten are new users and five are deletions.
fn change(ends: &Ends, number: u64) {
    let _ids = match number % 20 {
        3 | 11 => ends.zendesk.create(1),
        7 => ends.zendesk.delete(1),
        _ => ends.zendesk.change(1),
    };
}

fn mishap(ends: &Ends, number: u32) -> &'static str {
    const EXPORT: &str = "/api/v2/";
    const INLET: &str = "/collection/";
    match number % 5 {
        0 => {
            let answer = Answer::text(429, "Number of allowed API requests per minute exceeded")
                .header("Retry-After", "1");
            ends.zendesk.fault(EXPORT, Fault::Answer(answer), 1);
            "mishap: zendesk answers 429, Retry-After 1 s"
        }
        1 => {
            ends.platform.fault(INLET, Fault::CloseAfter, 1);
            "mishap: the inlet takes a batch, but its acknowledgement is lost"
        }
        2 => {
            ends.zendesk.fault(EXPORT, Fault::Truncate, 1);
            "mishap: a page of zendesk's is cut in the middle"
        }
        3 => {
            ends.platform
                .fault(INLET, Fault::Answer(Answer::empty(503)), 2);
            "mishap: the inlet is unavailable, twice"
        }
        _ => {
            ends.zendesk.revoke_tokens();
            "mishap: zendesk revokes our token"
        }
    }
}

fn standing(ends: &Ends, changed: u64) -> String {
    format!(
        "zendesk {} users, {} changes · inlet {} accepted, {} rejected",
        grouped(ends.zendesk.users().len() as u64),
        grouped(changed),
        grouped(ends.platform.accepted_count() as u64),
        grouped(ends.platform.rejected().len() as u64),
    )
}

fn clock(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    format!("{:02}:{:02}", seconds / 60, seconds % 60)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
