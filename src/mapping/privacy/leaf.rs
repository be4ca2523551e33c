//! What becomes of single values.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::config::Mask;

/// What stands for characters that are not to be read. Always as many: the length tells too.
const HIDDEN: &str = "***";

/// Characters that [`Mask::Last4`] leaves, and how many more a text must have for that.
const LAST: usize = 4;

/// HMAC-SHA-256 under one key: without it, nobody can try out who is behind a hash.
pub(super) struct Hasher(Hmac<Sha256>);

impl Hasher {
    pub(super) fn new(key: &[u8]) -> Self {
        let mac = Hmac::new_from_slice(key);
        Self(mac.expect("HMAC takes keys of any length"))
    }

    /// The hash of a text in hexadecimal digits.
    pub(super) fn hash(&self, text: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(text.as_bytes());
        let mut digits = String::with_capacity(64);
        for byte in mac.finalize().into_bytes() {
            for nibble in [byte >> 4, byte & 0xf] {
                digits.push(char::from_digit(nibble.into(), 16).unwrap_or('0'));
            }
        }
        digits
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}

/// A text with part of it hidden.
pub(super) fn mask(text: &str, how: Mask) -> String {
    let kept = match how {
        Mask::Full => None,
        Mask::Domain => text.rsplit_once('@').map(|(_, domain)| ("", "@", domain)),
        Mask::Initial => {
            let initial = text.chars().next().map_or(0, char::len_utf8);
            Some((&text[..initial], "", ""))
        }
        Mask::Last4 => {
            let long = text.chars().nth(2 * LAST - 1).is_some();
            let from = text.char_indices().nth_back(LAST - 1).filter(|_| long);
            from.map(|(from, _)| ("", "", &text[from..]))
        }
    };
    let (before, between, after) = kept.unwrap_or_default();
    format!("{before}{HIDDEN}{between}{after}")
}
