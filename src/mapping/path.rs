//! Where a value is in a message.

use std::fmt;

/// A place, as a chain up to the message itself. Lives on the stack of the walk that leads there,
/// so that a message without findings costs no allocation.
#[derive(Clone, Copy, Debug)]
pub(super) enum Path<'p> {
    /// The message itself.
    Message,
    /// A member of an object.
    Member(&'p Path<'p>, &'p str),
    /// An element of a list, from 0.
    Element(&'p Path<'p>, usize),
}

impl fmt::Display for Path<'_> {
    /// As the documentation writes paths: `identityMap."Phone_E.164"[0].id`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message => Ok(()),
            Self::Element(list, index) => write!(f, "{list}[{index}]"),
            Self::Member(object, key) => {
                if !matches!(object, Self::Message) {
                    write!(f, "{object}.")?;
                }
                let plain = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
                if !key.is_empty() && key.chars().all(plain) {
                    f.write_str(key)
                } else {
                    write!(f, "{key:?}")
                }
            }
        }
    }
}
