//! `dead-letters discard`: removing letters for good, on a clear word only.

use serde::Serialize;

use super::groups::{self, Group, Groups};
use super::selection::{Picker, Selection};
use super::{Output, exit, not_found, output, warn};
use crate::cli::output::grouped;
use crate::dead_letters::{Change, Error, Letter, Segments};

/// What is to be removed.
#[derive(Debug)]
pub(super) struct Doomed {
    pub(super) selection: Selection,
    pub(super) superseded: bool,
}

#[derive(Debug, Serialize)]
struct Discarded {
    /// Nothing was removed.
    dry_run: bool,
    groups: Vec<Group>,
}

pub(super) fn run(segments: &Segments, doomed: &Doomed, yes: bool, output: Output) -> u8 {
    if !doomed.selection.is_given() && !doomed.superseded {
        eprintln!(
            "error: nothing is named\n\nhint: name letters by their ID, or write `--stream`, `--reason`, `--superseded` or `--all`"
        );
        return exit::CONFIGURATION;
    }
    let picker = doomed.selection.picker();
    let mut groups = Groups::default();
    let gone = go_through(segments, yes, |letter| {
        let picked = doomed.picks(&picker, letter);
        if picked {
            groups.count(letter);
        }
        picked
    });
    if let Err(error) = gone {
        return output::fail(&error);
    }
    let missing = picker.missing();
    if !missing.is_empty() {
        not_found(&missing);
    }
    let discarded = Discarded {
        dry_run: !yes,
        groups: groups.into_vec(),
    };
    match output {
        Output::Json => output::json(&discarded),
        Output::Human => discarded.print(),
    }
    if missing.is_empty() {
        exit::SUCCESS
    } else {
        exit::FAILED
    }
}

impl Doomed {
    fn picks(&self, picker: &Picker<'_>, letter: &Letter) -> bool {
        picker.picks(letter) && (letter.superseded || !self.superseded)
    }
}

/// Removes the letters that `picks` names, or only asks for each.
fn go_through(
    segments: &Segments,
    remove: bool,
    mut picks: impl FnMut(&Letter) -> bool,
) -> Result<(), Error> {
    for number in segments.numbers()? {
        let locked = segments.lock()?;
        for line in locked.read(number)? {
            if let Err(damaged) = line.letter {
                warn(&damaged);
            }
        }
        locked.rewrite(number, |letter| {
            if picks(&letter) && remove {
                Change::Remove
            } else {
                Change::Keep
            }
        })?;
    }
    Ok(())
}

impl Discarded {
    fn print(&self) {
        if self.groups.is_empty() {
            output::line("no such dead letters");
            return;
        }
        groups::print(&self.groups);
        let letters = grouped(self.groups.iter().map(Group::letters).sum());
        output::line(&match self.dry_run {
            true => format!(
                "{letters} would be removed for good; this was a dry run; to do it, add `--yes`"
            ),
            false => format!("removed {letters}"),
        });
    }
}
