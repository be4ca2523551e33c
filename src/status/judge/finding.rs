//! What a person should know, in words.
//!
//! Streams with the same trouble are one finding: a wrong password is one thing to put right, not
//! eighty-five.

use jiff::Timestamp;

use super::{Daemon, NEARLY_FULL_PERCENT};
use crate::error::Code;
use crate::status::report::{Condition, DeadLetters, Failure, Finding, Severity, Stream, Token};
use crate::status::words::{self, grouped};

/// Streams named in a finding about several.
const NAMES: usize = 3;

/// A trouble of one stream.
struct Trouble<'a> {
    stream: &'a str,
    code: Option<&'a str>,
    what: String,
    remedy: &'a str,
    since: Option<Timestamp>,
}

pub(super) fn daemon(daemon: Daemon) -> Option<Finding> {
    let (severity, what, remedy) = match daemon {
        Daemon::Answers => return None,
        Daemon::Stopping => (
            Severity::Warning,
            "the daemon is stopping: what is in hand is finished, nothing further is read",
            "",
        ),
        Daemon::Silent => (
            Severity::Warning,
            "a daemon is running, but its status could not be asked for: this is what its state directory says",
            "set `status.listen` to be told all; if it is set, the daemon is stopping, stuck, or was started with another configuration",
        ),
        Daemon::Down => (
            Severity::Error,
            "the daemon is not running: nothing is read",
            "start it; if it does not stay, the end of its log says why",
        ),
    };
    Some(Finding {
        severity,
        stream: None,
        code: None,
        what: what.to_owned(),
        remedy: remedy.to_owned(),
        since: None,
    })
}

pub(super) fn token(token: &Token, streams: &[Stream]) -> Option<Finding> {
    let side = &token.side;
    let code = match &**side {
        "zendesk" => Code::ZendeskSignIn,
        _ => Code::PlatformSignIn,
    };
    let is_told_by = |stream: &Stream| {
        let attention = stream.attention.as_ref();
        attention.is_some_and(|attention| attention.code == code.as_str())
    };
    let (severity, what, remedy) = match token.accepted {
        Some(true) => return None,
        // The stream that met it knows why, and the remedy.
        Some(false) if streams.iter().any(is_told_by) => return None,
        Some(false) => (
            Severity::Error,
            format!("the last sign-in to {side} did not go well"),
            "`zendesk-aep check` says why and what to do",
        ),
        None => (
            Severity::Warning,
            format!("nobody has signed in to {side} yet"),
            "",
        ),
    };
    Some(Finding {
        severity,
        stream: None,
        code: None,
        what,
        remedy: remedy.to_owned(),
        since: None,
    })
}

pub(super) fn paused(streams: &[Stream]) -> Vec<Finding> {
    let paused = streams
        .iter()
        .filter_map(|stream| Some((&*stream.name, stream.attention.as_ref()?)));
    together(
        Severity::Error,
        paused.map(|(stream, attention)| Trouble {
            stream,
            code: Some(&attention.code),
            what: attention.what.clone(),
            remedy: &attention.remedy,
            since: Some(attention.since),
        }),
    )
}

pub(super) fn failing(streams: &[Stream], failures: &[Failure]) -> Vec<Finding> {
    let failing = |stream: &&Stream| stream.condition == Condition::Failing;
    together(
        Severity::Warning,
        streams.iter().filter(failing).map(|stream| {
            let sync = stream.last_sync.as_ref();
            let code = sync.map(|sync| &*sync.outcome);
            // A stream that is read with another one fails with it, which is remembered once.
            let root = stream.read_with.as_ref().unwrap_or(&stream.name);
            let told = failures.iter().find(|failure| {
                let of = failure.stream.as_ref();
                of.is_some_and(|name| name == root || *name == stream.name)
                    && Some(&*failure.code) == code
            });
            Trouble {
                stream: &stream.name,
                code,
                what: told.map_or_else(
                    || "the last sync failed; the next one tries again".to_owned(),
                    |failure| failure.what.clone(),
                ),
                remedy: told.map_or("the log says more", |failure| &failure.remedy),
                since: told
                    .map(|failure| failure.since)
                    .or(sync.map(|sync| sync.finished_at)),
            }
        }),
    )
}

pub(super) fn late(streams: &[Stream]) -> Vec<Finding> {
    let late = streams
        .iter()
        .filter(|stream| stream.condition == Condition::Late);
    let oldest = late.clone().filter_map(|stream| stream.lag_seconds).max();
    let what = match oldest {
        Some(lag) => format!("the newest data is {} old", words::span(lag)),
        None => "a sync that was due did not come".to_owned(),
    };
    together(
        Severity::Warning,
        late.map(|stream| Trouble {
            stream: &stream.name,
            code: None,
            what: what.clone(),
            remedy: "if that does not get less by itself, look at the quota and at the log",
            since: None,
        }),
    )
}

pub(super) fn odd(streams: &[Stream]) -> Vec<Finding> {
    let notices = streams
        .iter()
        .filter_map(|stream| Some((&*stream.name, stream.notice.as_ref()?)));
    together(
        Severity::Warning,
        notices.map(|(stream, notice)| Trouble {
            stream,
            code: None,
            what: notice.clone(),
            remedy: "",
            since: None,
        }),
    )
}

pub(super) fn dead_letters(store: &DeadLetters) -> Option<Finding> {
    let DeadLetters {
        letters,
        bytes,
        bytes_max,
        ..
    } = *store;
    if letters == 0 {
        return None;
    }
    let finding = |severity, code: Option<&str>, what| {
        Finding {
        severity,
        stream: None,
        code: code.map(str::to_owned),
        what,
        remedy: "look at them with `zendesk-aep dead-letters list`, put right what refused them, then `dead-letters retry` or `discard`".to_owned(),
        since: None,
    }
    };
    let is_at = |percent: u64| bytes_max > 0 && bytes >= bytes_max / 100 * percent;
    Some(if is_at(100) {
        let what = "the dead letters are full: streams with further refused records stop";
        finding(Severity::Error, Some("DEAD-LETTERS"), what.to_owned())
    } else if is_at(NEARLY_FULL_PERCENT) {
        let what = format!(
            "the dead letters have used {} % of their room; when it is full, streams stop",
            u128::from(bytes) * 100 / u128::from(bytes_max)
        );
        finding(Severity::Warning, None, what)
    } else {
        let what = match letters {
            1 => "1 record was refused and is in the dead letters".to_owned(),
            n => format!(
                "{} records were refused and are in the dead letters",
                grouped(n)
            ),
        };
        finding(Severity::Warning, None, what)
    })
}

/// One finding for all streams with the same trouble, in the order of the first of each.
fn together<'a>(severity: Severity, troubles: impl Iterator<Item = Trouble<'a>>) -> Vec<Finding> {
    let mut groups: Vec<Vec<Trouble<'a>>> = Vec::new();
    for trouble in troubles {
        let same = |group: &&mut Vec<Trouble<'a>>| {
            group.first().is_some_and(|first| {
                first.code == trouble.code
                    && first.remedy == trouble.remedy
                    && (first.code.is_some() || first.what == trouble.what)
            })
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(trouble),
            None => groups.push(vec![trouble]),
        }
    }
    groups
        .into_iter()
        .filter_map(|group| finding(severity, &group))
        .collect()
}

fn finding(severity: Severity, group: &[Trouble<'_>]) -> Option<Finding> {
    let first = group.first()?;
    let what = match group.len() {
        1 => first.what.clone(),
        n => {
            let names: Vec<&str> = group.iter().take(NAMES).map(|one| one.stream).collect();
            let rest = match n - names.len() {
                0 => String::new(),
                rest => format!(" and {rest} more"),
            };
            format!("{n} streams ({}{rest}): {}", names.join(", "), first.what)
        }
    };
    Some(Finding {
        severity,
        stream: (group.len() == 1).then(|| first.stream.to_owned()),
        code: first.code.map(str::to_owned),
        what,
        remedy: first.remedy.to_owned(),
        since: group.iter().filter_map(|one| one.since).min(),
    })
}
