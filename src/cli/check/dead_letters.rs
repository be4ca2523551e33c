//! The dead letters: how many wait, why, and how full their store is.

use super::finding::Finding;
use crate::cli::dead_letters::{Group, Groups};
use crate::cli::output::grouped;
use crate::config::Config;
use crate::dead_letters::{Error, Segments};

const DEAD_LETTERS: &str = "dead letters";

/// Groups that are named; the others are counted.
const SHOWN: usize = 3;

/// Looks at all letters.
pub(super) fn look(config: &Config) -> Finding {
    let segments = Segments::of(&config.state.directory);
    let (mut groups, damaged) = match count(&segments) {
        Ok(counted) => counted,
        Err(error) => return Finding::failed(DEAD_LETTERS, &error),
    };
    let letters: u64 = groups.iter().map(Group::letters).sum();
    if letters == 0 && damaged == 0 {
        return Finding::ok(DEAD_LETTERS, "none".to_owned());
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.letters()));
    let mut reasons: Vec<String> = groups.iter().take(SHOWN).map(Group::to_string).collect();
    if groups.len() > SHOWN {
        reasons.push(format!("{} more reasons", groups.len() - SHOWN));
    }
    if damaged > 0 {
        reasons.push(format!("{damaged} damaged"));
    }
    let percent = segments.size().saturating_mul(100) / config.dead_letters.max_size.max(1);
    let what = format!(
        "{} wait for a decision ({}); {percent} % of `dead_letters.max_size` is used",
        grouped(letters),
        reasons.join("; ")
    );
    Finding::warning(
        DEAD_LETTERS,
        what,
        "`zendesk-aep dead-letters list` has each with its reason; `retry` or `discard` them once that is dealt with",
    )
}

/// The groups of letters, and how many lines are damaged.
fn count(segments: &Segments) -> Result<(Vec<Group>, u64), Error> {
    let mut groups = Groups::default();
    let mut damaged = 0;
    for number in segments.numbers()? {
        for line in segments.read(number)? {
            match line.letter {
                Ok(letter) => groups.count(&letter),
                Err(_) => damaged += 1,
            }
        }
    }
    Ok((groups.into_vec(), damaged))
}
