//! How the daemon is, in the one line that `systemctl status` has room for.

use super::judge::has_failed;
use super::report::{Condition, Stream, Token};
use super::verdict;
use super::words::span;

/// Names that a line shows of each kind; the rest is counted. Page and command have all of them.
const NAMES_SHOWN: usize = 3;

/// How many streams there are, how far behind, and what is wrong with which of them.
pub(super) fn line(streams: &[Stream], tokens: &[Token]) -> String {
    let mut parts = vec![verdict::count(streams)];
    match verdict::furthest_behind(streams) {
        Some((lag, name)) => parts.push(format!("furthest behind: {name} ({})", span(lag))),
        None if streams.iter().all(|stream| stream.last_sync.is_none()) => {
            parts.push("the first sync is under way".to_owned());
        }
        None => {}
    }
    parts.extend(tokens.iter().filter_map(|token| match token.accepted {
        Some(true) => None,
        Some(false) => Some(format!("{}: sign-in refused", token.side)),
        None => Some(format!("{}: no sign-in yet", token.side)),
    }));
    let named = |condition: Condition| {
        let streams = streams.iter();
        let streams = streams.filter(|stream| {
            // What is read with another stream shares its fate.
            stream.condition == condition && stream.read_with.is_none()
        });
        some(streams.map(with_code).collect())
    };
    parts.extend(named(Condition::Paused).map(|names| format!("NEEDS ATTENTION: {names}")));
    parts.extend(named(Condition::Failing).map(|names| format!("failing, tried again: {names}")));
    parts.extend(named(Condition::Late).map(|names| format!("late: {names}")));
    parts.join("; ")
}

/// A stream with the code of what it waits for or failed with, if that is so.
fn with_code(stream: &Stream) -> String {
    let attention = stream.attention.as_ref().map(|attention| &attention.code);
    let failed = stream.last_sync.as_ref().filter(|sync| has_failed(sync));
    match attention.or(failed.map(|sync| &sync.outcome)) {
        Some(code) => format!("{} ({code})", stream.name),
        None => stream.name.clone(),
    }
}

/// The first few names; `None` of none.
fn some(mut names: Vec<String>) -> Option<String> {
    let further = names.len().saturating_sub(NAMES_SHOWN);
    names.truncate(NAMES_SHOWN);
    let shown = names.join(", ");
    match (names.len(), further) {
        (0, _) => None,
        (_, 0) => Some(shown),
        (_, further) => Some(format!("{shown} and {further} more")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::fixture;
    use crate::status::report::Report;

    #[test]
    fn the_line_says_what_one_wants_to_know_first() {
        let check = |report: Report, expected: &str| {
            assert_eq!(line(&report.streams, &report.tokens), expected);
        };
        check(
            fixture::healthy(),
            "4 streams; furthest behind: ticket_events (10 min)",
        );
        check(
            fixture::starting(),
            "4 streams; the first sync is under way; zendesk: no sign-in yet; adobe: no sign-in yet",
        );
        check(
            fixture::paused(),
            "4 streams; furthest behind: tickets (2 h 3 min); NEEDS ATTENTION: tickets (ZENDESK-FORBIDDEN)",
        );
        check(
            fixture::odd(),
            "4 streams; furthest behind: ticket_events (2 h 30 min); \
             failing, tried again: tickets (ZENDESK-UNAVAILABLE); late: ticket_events",
        );
        let mut refused = fixture::healthy();
        refused.tokens[1].accepted = Some(false);
        check(
            refused,
            "4 streams; furthest behind: ticket_events (10 min); adobe: sign-in refused",
        );
    }

    #[test]
    fn a_stream_that_has_come_to_its_end_is_not_behind() {
        let mut ended = fixture::stream("tickets");
        ended.condition = Condition::Finished;
        ended.lag_seconds = Some(1_000_000);
        assert_eq!(line(&[ended], &[]), "1 stream");
    }

    #[test]
    fn what_is_read_with_another_stream_is_not_told_twice() {
        let mut tickets = fixture::paused().streams.swap_remove(1);
        tickets.lag_seconds = Some(90);
        let mut comments = tickets.clone();
        comments.name = "ticket_comments".to_owned();
        comments.read_with = Some(tickets.name.clone());
        assert_eq!(
            line(&[comments, tickets], &[]),
            "2 streams; furthest behind: tickets (1 min); NEEDS ATTENTION: tickets (ZENDESK-FORBIDDEN)"
        );
    }

    #[test]
    fn of_many_troubles_the_first_few_are_named() {
        let paused = fixture::paused().streams.swap_remove(1);
        let streams = ["a", "b", "c", "d", "e"].map(|name| Stream {
            name: name.to_owned(),
            lag_seconds: None,
            ..paused.clone()
        });
        assert_eq!(
            line(&streams, &[]),
            "5 streams; NEEDS ATTENTION: a (ZENDESK-FORBIDDEN), b (ZENDESK-FORBIDDEN), c (ZENDESK-FORBIDDEN) and 2 more"
        );
    }

    /// What the documents show is what a daemon says.
    #[test]
    fn the_documented_line_is_one_of_ours() {
        let mut paused = fixture::paused().streams.swap_remove(1);
        paused.name = "users".to_owned();
        let [tickets, macros] = ["tickets", "macros"].map(fixture::stream);
        let line = line(&[paused, tickets, macros], &[]);
        let documents = include_str!("../../docs/operations.md");
        assert!(documents.contains(&format!("`{line}`")), "{line}");
    }
}
