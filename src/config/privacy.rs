//! What the configuration says of fields that do not leave as they are.

use std::fmt;
use std::str::FromStr;

use super::Secret;

/// `[mapping.privacy]`, or that of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Privacy {
    /// All that may leave; `None` for everything that no other rule is about.
    pub allow: Option<Vec<FieldPath>>,
    /// What is left out.
    pub drop: Vec<FieldPath>,
    /// What is replaced by its keyed hash.
    pub hash: Vec<FieldPath>,
    /// What is made unreadable in part.
    pub mask: Vec<(FieldPath, Mask)>,
    /// The key of the hashes; present if anything is hashed.
    pub hash_key: Option<Secret>,
}

/// What a mask leaves of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mask {
    /// Nothing: `***`.
    Full,
    /// The domain of an e-mail address: `***@example.com`.
    Domain,
    /// The last four characters, of texts of eight or more: `***0123`.
    Last4,
    /// The first character: `J***`.
    Initial,
}

/// Fields by their path: `identityMap.Email.id`. Lists are no step: a path that leads to a list
/// means each of its elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldPath(Vec<Step>);

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The member of this name.
    Name(String),
    /// `*`: any member.
    Any,
}

/// A text is no path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPath;

impl FromStr for FieldPath {
    type Err = NoPath;

    /// Reads a path as it is written: steps with dots between them, in double quotes where they
    /// have dots themselves.
    fn from_str(text: &str) -> Result<Self, NoPath> {
        Self::parse(text).ok_or(NoPath)
    }
}

impl FieldPath {
    fn parse(text: &str) -> Option<Self> {
        let mut steps = Vec::new();
        let mut rest = text;
        loop {
            let (step, after) = match rest.strip_prefix('"') {
                Some(quoted) => {
                    let (name, after) = quoted.split_once('"')?;
                    (Step::Name(name.to_owned()), after)
                }
                None => {
                    let end = rest.find('.').unwrap_or(rest.len());
                    let (name, after) = rest.split_at(end);
                    if name.contains(['"', '[', ']']) || name.trim() != name {
                        return None;
                    }
                    let step = match name {
                        "*" => Step::Any,
                        name => Step::Name(name.to_owned()),
                    };
                    (step, after)
                }
            };
            if matches!(&step, Step::Name(name) if name.is_empty()) {
                return None;
            }
            steps.push(step);
            if after.is_empty() {
                return Some(Self(steps));
            }
            rest = after.strip_prefix('.')?;
        }
    }

    /// Its steps, at least one.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(".")?;
            }
            match step {
                Step::Any => f.write_str("*")?,
                Step::Name(name) if name.contains('.') || name == "*" => write!(f, "\"{name}\"")?,
                Step::Name(name) => f.write_str(name)?,
            }
        }
        Ok(())
    }
}
