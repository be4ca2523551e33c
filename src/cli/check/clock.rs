//! This machine's clock, by those of the servers that answered.

use jiff::SignedDuration;

use super::finding::Finding;
use crate::cli::exit;
use crate::cli::output::span;
use crate::limits;

const SUBJECT: &str = "clock";

const REMEDY: &str = "have this machine's clock kept by NTP (`timedatectl set-ntp true`); a container has its host's";

/// What goes by this machine's clock; exports go by Zendesk's.
const DEPENDS: &str =
    "schedules, quota hours, `dead_letters.keep` and the judgement of certificates go by it";

/// Judges how far each server is ahead of us; nothing to say if none told.
pub(super) fn judge(told: &[(&str, SignedDuration)]) -> Option<Finding> {
    let (_, first) = told.first()?;
    if told
        .iter()
        .all(|(_, ahead)| is_near(*ahead, SignedDuration::ZERO))
    {
        let servers: Vec<&str> = told.iter().map(|(server, _)| *server).collect();
        let what = format!("it agrees with the clock of {}", servers.join(" and "));
        return Some(Finding::ok(SUBJECT, what));
    }
    if !told.iter().all(|(_, ahead)| is_near(*ahead, *first)) {
        let servers: Vec<String> = told
            .iter()
            .map(|(server, ahead)| format!("{server} is {}", relation(*ahead)))
            .collect();
        let what = format!("by this machine's clock, {}", servers.join(" and "));
        return Some(Finding::warning(
            SUBJECT,
            what,
            "compare this machine's clock with a third one (`timedatectl`); if it is right, a proxy in between may have answered from its memory",
        ));
    }
    let what = format!("this machine's clock is {}: {DEPENDS}", relation(-*first));
    Some(match first.abs() > limits::CLOCK_DISAGREEMENT_MAX {
        true => Finding::bad(SUBJECT, exit::FAILED, what, Some(REMEDY)),
        false => Finding::warning(SUBJECT, what, REMEDY),
    })
}

fn is_near(one: SignedDuration, other: SignedDuration) -> bool {
    let apart = one.saturating_sub(other).abs();
    apart <= limits::CLOCK_DISAGREEMENT_NOTED
}

fn relation(ahead: SignedDuration) -> String {
    let apart = span(ahead.unsigned_abs());
    match ahead {
        near if is_near(near, SignedDuration::ZERO) => "right".to_owned(),
        ahead if ahead.is_positive() => format!("{apart} fast"),
        _ => format!("{apart} slow"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(told: &[(&str, i64)]) -> String {
        let told: Vec<(&str, SignedDuration)> = told
            .iter()
            .map(|(server, seconds)| (*server, SignedDuration::from_secs(*seconds)))
            .collect();
        judge(&told).map_or_else(String::new, |finding| finding.to_string())
    }

    #[test]
    fn clocks_that_agree_and_clocks_that_nobody_tells() {
        assert_eq!(verdict(&[]), "");
        insta::assert_snapshot!(verdict(&[("zendesk", 3), ("inlet", -2)]), @"ok       clock  it agrees with the clock of zendesk and inlet");
    }

    #[test]
    fn a_clock_that_all_servers_call_wrong_is_this_machines() {
        insta::assert_snapshot!(verdict(&[("zendesk", -42), ("inlet", -41)]), @"
        warning  clock  this machine's clock is 42 s fast: schedules, quota hours, `dead_letters.keep` and the judgement of certificates go by it
                   → have this machine's clock kept by NTP (`timedatectl set-ntp true`); a container has its host's
        ");
        insta::assert_snapshot!(verdict(&[("zendesk", 3_601), ("inlet", 3_600)]), @"
        FAILED   clock  this machine's clock is 1 h 0 min slow: schedules, quota hours, `dead_letters.keep` and the judgement of certificates go by it
                   → have this machine's clock kept by NTP (`timedatectl set-ntp true`); a container has its host's
        ");
    }

    #[test]
    fn a_clock_that_one_server_calls_wrong_may_be_the_servers() {
        insta::assert_snapshot!(verdict(&[("zendesk", 0), ("inlet", -90_000)]), @"
        warning  clock  by this machine's clock, zendesk is right and inlet is 1 d 1 h slow
                   → compare this machine's clock with a third one (`timedatectl`); if it is right, a proxy in between may have answered from its memory
        ");
    }
}
