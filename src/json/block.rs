//! Sixty-four bytes at a time: which of them are what, as one bit each.
//!
//! The lowest bit stands for the first byte. The comparisons are vector instructions on every
//! machine that has them, chosen by `wide`.

use wide::u8x16;

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

impl Masks {
    #[inline]
    pub(super) fn of(block: &[u8; BLOCK]) -> Self {
        let (lanes, []) = block.as_chunks::<16>() else {
            unreachable!("sixteen goes into sixty-four")
        };
        let lanes: [u8x16; 4] = std::array::from_fn(|lane| u8x16::new(lanes[lane]));
        let folded = lanes.map(|lane| lane | u8x16::splat(FOLD));
        let is = |lanes: &[u8x16; 4], byte: u8| {
            let byte = u8x16::splat(byte);
            bits(lanes.map(|lane| lane.simd_eq(byte)))
        };
        let up_to = |byte: u8| {
            let byte = u8x16::splat(byte);
            bits(lanes.map(|lane| lane.min(byte).simd_eq(lane)))
        };
        Self {
            quote: is(&lanes, b'"'),
            backslash: is(&lanes, b'\\'),
            open: is(&folded, b'{'),
            close: is(&folded, b'}'),
            comma: is(&lanes, b','),
            colon: is(&lanes, b':'),
            blank: up_to(b' '),
            control: up_to(b' ' - 1),
            not_ascii: bits(lanes),
        }
    }
}

/// The highest bit of each byte.
#[inline]
fn bits(lanes: [u8x16; 4]) -> u64 {
    let [a, b, c, d] = lanes.map(|lane| u64::from(lane.to_bitmask() as u16));
    a | b << 16 | c << 32 | d << 48
}
