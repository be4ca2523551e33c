//! Which letters a command is about.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::dead_letters::{Letter, LetterId, ReasonCode};

/// A look at some of the letters, or all.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Filter {
    /// Only letters of this stream
    #[arg(long)]
    stream: Option<String>,
    /// Only letters refused for this reason: rejected, unmappable, invalid, unreadable or too_large
    #[arg(long, value_name = "CODE")]
    reason: Option<ReasonCode>,
}

/// A decision about letters, which must be named.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Selection {
    /// These letters, as `list` names them
    #[arg(value_name = "ID", conflicts_with_all = ["stream", "reason", "all"])]
    ids: Vec<LetterId>,
    #[command(flatten)]
    filter: Filter,
    /// All letters
    #[arg(long, conflicts_with_all = ["stream", "reason"])]
    all: bool,
}

/// Picks the selected letters and remembers which of the named ones there are.
#[derive(Debug)]
pub(super) struct Picker<'s> {
    selection: &'s Selection,
    missing: RefCell<BTreeSet<LetterId>>,
}

impl Filter {
    pub(super) fn matches(&self, letter: &Letter) -> bool {
        let stream = self.stream.as_ref();
        stream.is_none_or(|stream| *stream == letter.stream)
            && self.reason.is_none_or(|code| code == letter.reason.code())
    }
}

impl Selection {
    /// Whether it says anything at all.
    pub(super) fn is_given(&self) -> bool {
        !self.ids.is_empty()
            || self.filter.stream.is_some()
            || self.filter.reason.is_some()
            || self.all
    }

    pub(super) fn picker(&self) -> Picker<'_> {
        Picker {
            selection: self,
            missing: RefCell::new(self.ids.iter().copied().collect()),
        }
    }
}

impl Picker<'_> {
    pub(super) fn picks(&self, letter: &Letter) -> bool {
        let Selection { ids, filter, .. } = self.selection;
        self.missing.borrow_mut().remove(&letter.id);
        (ids.is_empty() || ids.contains(&letter.id)) && filter.matches(letter)
    }

    /// The named letters that never came by.
    pub(super) fn missing(self) -> Vec<LetterId> {
        self.missing.into_inner().into_iter().collect()
    }
}
