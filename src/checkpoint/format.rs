//! The words of the state file: bytes to [`State`] and back.
//!
//! The version is read first and alone, and decides how the rest is read. When there is a version
//! 2, today's types move to `format/v1.rs` as they are, [`read`] gets one more arm that converts
//! what they hold, and the first save writes version 2. The version-1 file it replaces stays in
//! the history, so that the way back to an older release is `state rollback`. A version we do not
//! know is refused: guessing would move checkpoints.
//!
//! People edit this file at night. What cannot be meant is refused with its line and column: an
//! unknown key, a wrong type, a stream or a key given twice, anything after the end.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, Error as _, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Serialize as _};

use super::{FORMAT_VERSION, State, StreamState};
use crate::limits;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Why a text is not a state we can read.
#[derive(Debug)]
pub(super) enum Fault {
    /// It is not what any release writes; says what and where.
    Damaged(String),
    /// A later release wrote it, with this version.
    TooNew(u32),
}

/// Reads the content of a state file of any version up to ours.
pub(super) fn read(text: &[u8]) -> Result<State, Fault> {
    #[derive(Deserialize)]
    struct Versioned {
        version: u32,
    }

    if text.starts_with(BYTE_ORDER_MARK) {
        let why = "it begins with a byte order mark at line 1 column 1; save it without one";
        return Err(Fault::Damaged(why.to_owned()));
    }
    let damaged = |error: serde_json::Error| Fault::Damaged(error.to_string());
    let Versioned { version } = serde_json::from_slice(text).map_err(damaged)?;
    match version {
        FORMAT_VERSION => serde_json::from_slice(text).map_err(damaged),
        0 => Err(Fault::Damaged("there never was a version 0".to_owned())),
        newer => Err(Fault::TooNew(newer)),
    }
}

/// What is written for a state: indented, since people read it too.
pub(super) fn write(state: &State) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    state.serialize(&mut serde_json::Serializer::pretty(&mut text))?;
    text.push(b'\n');
    Ok(text)
}

/// Streams by name, none of them twice: of two checkpoints the wrong one might win.
pub(super) fn streams<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, StreamState>, D::Error> {
    struct Streams;

    impl<'de> Visitor<'de> for Streams {
        type Value = BTreeMap<String, StreamState>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("streams by name")
        }

        fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
            let mut streams = BTreeMap::new();
            while let Some(name) = map.next_key::<String>()? {
                if streams.contains_key(&name) {
                    return Err(M::Error::custom(format_args!("duplicate stream `{name}`")));
                }
                streams.insert(name, map.next_value()?);
            }
            Ok(streams)
        }
    }

    deserializer.deserialize_map(Streams)
}

/// A generation that can still be counted on from.
pub(super) fn generation<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let generation = u64::deserialize(deserializer)?;
    if generation > limits::GENERATION_MAX {
        return Err(D::Error::invalid_value(
            Unexpected::Unsigned(generation),
            &"a number of saves",
        ));
    }
    Ok(generation)
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
