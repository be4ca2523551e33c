//! What is wanted of a page, and how its keys are told.

use std::borrow::Cow;

use super::FIELDS;

/// What is wanted of a page.
#[derive(Debug, Default)]
pub struct Outline {
    members: Vec<Member>,
}

#[derive(Debug)]
struct Member {
    key: Box<str>,
    /// Of its elements, if it is a list.
    fields: Option<[Key; FIELDS]>,
}

/// A key that is looked for in every element: by its last bytes first.
#[derive(Debug)]
struct Key {
    name: Box<str>,
    mask: u64,
    tail: u64,
}

impl Outline {
    /// Wants the value of `key`.
    #[must_use]
    pub fn value(mut self, key: &str) -> Self {
        self.members.push(Member {
            key: key.into(),
            fields: None,
        });
        self
    }

    /// Wants the elements of the list `key`, with those of their `fields` that have a name.
    #[must_use]
    pub fn list(mut self, key: &str, fields: [&str; FIELDS]) -> Self {
        self.members.push(Member {
            key: key.into(),
            fields: Some(fields.map(Key::new)),
        });
        self
    }

    /// The member of a quoted key.
    pub(super) fn member(&self, quoted: &[u8]) -> Option<usize> {
        let key: Cow<'_, str> = match quoted {
            [b'"', plain @ .., b'"'] if !plain.contains(&b'\\') => {
                Cow::Borrowed(std::str::from_utf8(plain).ok()?)
            }
            _ => Cow::Owned(serde_json::from_slice(quoted).ok()?),
        };
        self.members.iter().position(|member| *member.key == key)
    }

    /// Whether the member of this place is wanted as a list.
    pub(super) fn is_list(&self, member: usize) -> bool {
        self.members[member].fields.is_some()
    }

    /// The field of a list's elements whose key ends where `before` does.
    #[inline(always)]
    pub(super) fn field(&self, list: usize, before: &[u8]) -> Option<usize> {
        let keys = self.members[list].fields.as_ref()?;
        if let Some(tail) = before.last_chunk::<8>() {
            let tail = u64::from_le_bytes(*tail);
            let [a, b, c, d] = keys;
            if !(a.may_be(tail) | b.may_be(tail) | c.may_be(tail) | d.may_be(tail)) {
                return None;
            }
        }
        keys.iter().position(|key| key.ends(before))
    }
}

impl Key {
    fn new(name: &str) -> Self {
        let quoted: Vec<u8> = [b"\"", name.as_bytes()].concat();
        let mut tail = [0; 8];
        let bytes = quoted.len().min(8);
        tail[8 - bytes..].copy_from_slice(&quoted[quoted.len() - bytes..]);
        Self {
            name: name.into(),
            // No name is no key: a zero is in no string.
            mask: if name.is_empty() {
                u64::MAX
            } else {
                u64::MAX << (64 - 8 * bytes)
            },
            tail: if name.is_empty() {
                0
            } else {
                u64::from_le_bytes(tail)
            },
        }
    }

    /// Whether a key that ends so may be this one.
    fn may_be(&self, tail: u64) -> bool {
        (tail ^ self.tail) & self.mask == 0
    }

    /// Whether `before`, which ends where a key does, ends with this key, spelled plainly.
    fn ends(&self, before: &[u8]) -> bool {
        !self.name.is_empty()
            && before
                .strip_suffix(self.name.as_bytes())
                .and_then(|rest| rest.strip_suffix(b"\""))
                .is_some_and(|rest| rest.last() != Some(&b'\\'))
    }
}
