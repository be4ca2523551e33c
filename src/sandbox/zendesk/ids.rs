//! Identifiers: what they look like in each service, made from a running number.
//!
//! An id is a function of its number and rises with it, so that a million records need no table
//! of theirs, and one record can name another before either has been rendered.

use crate::sandbox::dice::Dice;

/// Distance between the first possible values of two neighbouring ids.
const STRIDE: u64 = 1_000_000;

/// Numbers kept free behind each id, for what belongs to the record: the parts of an event.
const RESERVED: u64 = 100;

/// The kind of id that a stream's records have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ids {
    /// 1, 2, 3: tickets.
    Nice,
    /// 13 or 14 digits that begin at this number.
    Long(u64),
    /// A UUID, in text.
    Uuid(u64),
    /// 26 characters in Crockford's alphabet, in text.
    Ulid(u64),
    /// A long number, in text.
    Digits(u64),
    /// A word with a number behind it, in text: keys and tags.
    Word(&'static str),
}

impl Ids {
    /// The `number`th id, from 0.
    pub(super) fn nth(self, number: u64) -> u64 {
        match self {
            Self::Nice | Self::Word(_) => number + 1,
            Self::Long(base) | Self::Uuid(base) | Self::Ulid(base) | Self::Digits(base) => {
                let scatter = Dice::new(base ^ number).below(STRIDE - RESERVED);
                // The first one is the base itself, which makes it known beforehand.
                base + number * STRIDE + if number == 0 { 0 } else { scatter }
            }
        }
    }

    /// What `nth` was asked for to get this id; something past all records for any other number.
    pub(super) fn number(self, id: u64) -> usize {
        let number = match self {
            Self::Nice | Self::Word(_) => id.checked_sub(1),
            Self::Long(base) | Self::Uuid(base) | Self::Ulid(base) | Self::Digits(base) => {
                id.checked_sub(base).map(|distance| distance / STRIDE)
            }
        };
        number.map_or(usize::MAX, |number| number as usize)
    }

    /// The id as text: of a path, of the public interface.
    pub(super) fn text(self, id: u64) -> String {
        match self {
            Self::Nice | Self::Long(_) | Self::Digits(_) => id.to_string(),
            Self::Word(word) => format!("{word}_{id}"),
            Self::Uuid(_) => {
                let mut dice = Dice::new(id);
                let (high, low) = (dice.roll(), dice.roll());
                format!(
                    "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
                    high >> 32,
                    high >> 16 & 0xffff,
                    high & 0xfff,
                    low >> 48 & 0xfff,
                    low & 0xffff_ffff_ffff
                )
            }
            Self::Ulid(_) => {
                const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
                let mut dice = Dice::new(id);
                let body = (0..25).map(|_| char::from(ALPHABET[dice.below(32) as usize]));
                std::iter::once('0').chain(body).collect()
            }
        }
    }

    /// The id as JSON.
    pub(super) fn json(self, id: u64) -> String {
        match self {
            Self::Nice | Self::Long(_) => id.to_string(),
            _ => format!("\"{}\"", self.text(id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rise_with_their_numbers_and_give_them_back() {
        for ids in [Ids::Nice, Ids::Long(9_999_990_000_000), Ids::Word("tag")] {
            assert!((0..100).is_sorted_by(|one, next| ids.nth(*one) < ids.nth(*next)));
            assert_eq!(ids.number(ids.nth(77)), 77);
        }
        assert_eq!(Ids::Long(1_000).number(5), usize::MAX);
    }

    #[test]
    fn have_the_form_of_their_service() {
        let uuid = Ids::Uuid(1).text(5);
        let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12], "{uuid}");
        assert_eq!(Ids::Ulid(1).text(5).len(), 26);
        assert_eq!(Ids::Word("tag").json(5), "\"tag_5\"");
        assert_eq!(Ids::Digits(1).json(5), "\"5\"");
        assert_eq!(Ids::Nice.json(5), "5");
    }
}
