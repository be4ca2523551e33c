//! Where a record stands: everything about it that is not made up when it is rendered.

/// One version of one record, in few bytes: an account may hold millions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) id: u64,
    /// Id of the record that this one belongs to; 0 without one.
    pub(super) parent: u64,
    /// Unix seconds.
    pub(super) created: i64,
    /// Unix seconds: `updated_at`.
    pub(super) updated: i64,
    /// When this version came to be, by the clock of its export: Unix seconds, or microseconds
    /// where the export counts those. Differs from `updated` for tickets.
    pub(super) place: i64,
    /// How many versions there were before; whatever changes when a record changes comes from it.
    pub(super) version: u32,
    pub(super) fate: Fate,
    /// Of a ticket's event: whether it came with a comment. Of an identity: whether it is a phone
    /// number.
    pub(super) marked: bool,
}

/// What became of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// It is there.
    Live,
    /// Joined with another record of its kind; only its marks are left.
    Merged,
    /// Deleted, in a way that can be taken back.
    Deleted,
    /// Deleted, and its content replaced.
    Scrubbed,
    /// Nowhere any more.
    Gone,
}

impl Row {
    /// Present, and not deleted in any way.
    pub(super) fn is_live(&self) -> bool {
        matches!(self.fate, Fate::Live | Fate::Merged)
    }

    /// Deleted, with a tombstone.
    pub(super) fn is_deleted(&self) -> bool {
        matches!(self.fate, Fate::Deleted | Fate::Scrubbed)
    }
}
