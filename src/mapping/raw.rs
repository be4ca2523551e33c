//! Raw messages: the record's own bytes, bare or as Adobe's own source wraps them.

use std::ops::Range;

use super::MappingError;
use crate::catalogue::StreamSpec;
use crate::config::Wrap;
use crate::json;

const BEFORE: &[u8] = br#"{"result":"#;
const AFTER: &[u8] = b"}";

/// What raw messages of a stream look like. By default they are nothing but the record.
#[derive(Debug, Default)]
pub struct Raw {
    wrapper: Option<Wrapper>,
}

#[derive(Debug)]
struct Wrapper {
    /// The member that only search results have: `"result_type":"user"`.
    result_type: Vec<u8>,
}

impl Raw {
    /// What the configuration says of the raw messages of `spec`.
    pub(super) fn new(spec: &StreamSpec, wrap: Option<Wrap>) -> Self {
        let Some(Wrap::Result) = wrap else {
            return Self::default();
        };
        let object = spec.search_type.as_deref().unwrap_or_default();
        let object = serde_json::Value::from(object);
        let result_type = format!(r#""result_type":{object}"#).into_bytes();
        Self {
            wrapper: Some(Wrapper { result_type }),
        }
    }

    /// Where the record is in a message of so many bytes.
    pub(super) fn content(&self, bytes: usize) -> Range<usize> {
        match self.wrapper {
            None => 0..bytes,
            Some(_) => BEFORE.len()..bytes - AFTER.len(),
        }
    }

    /// Writes the message for `record` to the end of `out`.
    ///
    /// # Errors
    /// When the record is no object; nothing was written then.
    pub(super) fn write(&self, record: &[u8], out: &mut Vec<u8>) -> Result<(), MappingError> {
        // The inlet takes objects only; anything else would cost the whole request.
        let members = record
            .strip_prefix(b"{")
            .and_then(|rest| rest.strip_suffix(b"}"));
        let Some(members) = members else {
            return Err(MappingError::NotAnObject);
        };
        let Some(wrapper) = &self.wrapper else {
            out.extend_from_slice(record);
            return Ok(());
        };
        let [own] = json::pick(record, &["result_type"]).map_err(|_| MappingError::NotAnObject)?;
        out.extend_from_slice(BEFORE);
        if own.is_some() {
            out.extend_from_slice(record);
        } else {
            out.push(b'{');
            out.extend_from_slice(members);
            if !members.trim_ascii().is_empty() {
                out.push(b',');
            }
            out.extend_from_slice(&wrapper.result_type);
            out.push(b'}');
        }
        out.extend_from_slice(AFTER);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::find;

    fn written(wrap: Option<Wrap>, record: &str) -> Option<(String, String)> {
        let raw = Raw::new(find("users").expect("a row"), wrap);
        let mut out = Vec::new();
        raw.write(record.as_bytes(), &mut out).ok()?;
        let content = out[raw.content(out.len())].to_vec();
        let text = |bytes| String::from_utf8(bytes).expect("text");
        Some((text(out), text(content)))
    }

    #[test]
    fn a_wrapped_record_keeps_its_bytes_and_says_what_it_is() {
        for (record, inside) in [
            (
                r#"{"id":7, "n":1.0}"#,
                r#"{"id":7, "n":1.0,"result_type":"user"}"#,
            ),
            ("{}", r#"{"result_type":"user"}"#),
            ("{ }", r#"{ "result_type":"user"}"#),
            (
                r#"{"id":7,"result_type":"user"}"#,
                r#"{"id":7,"result_type":"user"}"#,
            ),
            (
                r#"{"a":{"result_type":"x"}}"#,
                r#"{"a":{"result_type":"x"},"result_type":"user"}"#,
            ),
        ] {
            let message = format!(r#"{{"result":{inside}}}"#);
            let expected = Some((message, inside.to_owned()));
            assert_eq!(written(Some(Wrap::Result), record), expected);
            let bare = (record.to_owned(), record.to_owned());
            assert_eq!(written(None, record), Some(bare));
        }
        for no_object in ["7", "[]", ""] {
            assert_eq!(written(Some(Wrap::Result), no_object), None);
            assert_eq!(written(None, no_object), None);
        }
    }
}
