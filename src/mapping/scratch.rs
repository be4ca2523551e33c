//! Where texts live that are made while a record is mapped: room that is there already, and used
//! again for the next record.

use std::sync::{Mutex, TryLockError};

use bumpalo::Bump;

use crate::limits;

/// The room of one stream.
#[derive(Debug, Default)]
pub(super) struct Scratch(Mutex<Bump>);

impl Scratch {
    /// Does some work with an arena that is empty. Nobody waits for it: whoever comes while it is
    /// taken gets one of his own.
    pub(super) fn with<T>(&self, work: impl FnOnce(&Bump) -> T) -> T {
        let mut arena = match self.0.try_lock() {
            Ok(arena) => arena,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return work(&Bump::new()),
        };
        let made = work(&arena);
        arena.reset();
        if arena.allocated_bytes() > limits::SCRATCH_KEPT_BYTES_MAX {
            *arena = Bump::new();
        }
        made
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_used_again_and_has_an_end() {
        let scratch = Scratch::default();
        let place = |text: &str| scratch.with(|arena| arena.alloc_str(text).as_ptr().addr());
        assert_eq!(place("one"), place("two"));
        place(&"x".repeat(2 * limits::SCRATCH_KEPT_BYTES_MAX));
        let kept = scratch.with(Bump::allocated_bytes);
        assert!(kept <= limits::SCRATCH_KEPT_BYTES_MAX, "{kept}");
        scratch.with(|_| scratch.with(|arena| arena.alloc_str("while it is taken").len()));
    }
}
