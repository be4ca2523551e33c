//! Sixty-four bytes at a time: which of them are what, as one bit each.
//!
//! The lowest bit stands for the first byte. The comparisons are vector instructions, the widest
//! that the machine has.

use std::sync::LazyLock;

use fearless_simd::prelude::*;
use fearless_simd::{Level, dispatch, u8x64};

/// Bytes in a block: as many as there are bits in a word.
pub(super) const BLOCK: usize = 64;

/// Turns `[` into `{` and `]` into `}`, and nothing else into either.
const FOLD: u8 = 0x20;

/// What the bytes of a block are, wherever they stand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Masks {
    pub(super) quote: u64,
    pub(super) backslash: u64,
    /// `{` and `[`.
    pub(super) open: u64,
    /// `}` and `]`.
    pub(super) close: u64,
    pub(super) comma: u64,
    pub(super) colon: u64,
    /// Up to and with the space.
    pub(super) blank: u64,
    /// Below the space.
    pub(super) control: u64,
    pub(super) not_ascii: u64,
}

/// What instructions this machine has. To be asked for once, and not for each block.
pub(super) fn level() -> Level {
    static LEVEL: LazyLock<Level> = LazyLock::new(Level::new);
    *LEVEL
}

impl Masks {
    /// Of one block, where what is around it is not compiled for each kind of machine.
    #[inline]
    pub(super) fn of_one(level: Level, block: &[u8; BLOCK]) -> Self {
        dispatch!(level, simd => Self::of(simd, block))
    }

    #[inline(always)]
    pub(super) fn of<S: Simd>(simd: S, block: &[u8; BLOCK]) -> Self {
        let bytes = u8x64::from_slice(simd, block);
        let folded = bytes | FOLD;
        Self {
            quote: bytes.simd_eq(b'"').to_bitmask(),
            backslash: bytes.simd_eq(b'\\').to_bitmask(),
            open: folded.simd_eq(b'{').to_bitmask(),
            close: folded.simd_eq(b'}').to_bitmask(),
            comma: bytes.simd_eq(b',').to_bitmask(),
            colon: bytes.simd_eq(b':').to_bitmask(),
            blank: bytes.simd_le(b' ').to_bitmask(),
            control: bytes.simd_lt(b' ').to_bitmask(),
            not_ascii: bytes.simd_ge(0x80).to_bitmask(),
        }
    }
}
