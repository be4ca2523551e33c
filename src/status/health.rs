//! Whether data flows, and what stands in its way.

use super::report::{Condition, DeadLetters, Finding, Health, Severity, Stream, Token};

/// Judges from what is known.
pub(super) fn judge(
    streams: &[Stream],
    tokens: &[Token],
    _dead_letters: &DeadLetters,
    is_stopping: bool,
) -> Health {
    let mut findings = Vec::new();
    if is_stopping {
        findings.push(error("the daemon is stopping".to_owned(), String::new()));
    }
    for token in tokens {
        match token.accepted {
            Some(true) => {}
            Some(false) => findings.push(error(
                format!("{} does not accept our sign-in", token.side),
                "`zendesk-aep check` says why".to_owned(),
            )),
            None => findings.push(error(
                format!("there was no sign-in to {} yet", token.side),
                String::new(),
            )),
        }
    }
    for stream in streams.iter().filter(|one| one.condition == Condition::Paused) {
        if let Some(attention) = &stream.attention {
            findings.push(Finding {
                severity: Severity::Error,
                stream: Some(stream.name.clone()),
                code: Some(attention.code.clone()),
                what: attention.what.clone(),
                remedy: attention.remedy.clone(),
                since: Some(attention.since),
            });
        }
    }
    Health {
        ready: findings.is_empty(),
        findings,
    }
}

fn error(what: String, remedy: String) -> Finding {
    Finding {
        severity: Severity::Error,
        stream: None,
        code: None,
        what,
        remedy,
        since: None,
    }
}
