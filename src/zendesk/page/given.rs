//! Records that a person has in a file, in whatever shape they got hold of them.

use bytes::Bytes;
use serde_json::value::RawValue;

use super::{not_a_page, read_record, records_of};
use crate::catalogue::StreamSpec;
use crate::json;
use crate::record::Record;

/// Reads records from a JSON array, from a page of either export, from one record, or from records
/// one a line.
///
/// # Errors
/// What is wrong with the text, without quoting it.
pub fn read_given_records(text: Bytes, spec: &StreamSpec) -> Result<Vec<Record>, String> {
    let whole: Result<&RawValue, _> = serde_json::from_slice(&text);
    let Ok(whole) = whole else {
        return one_a_line(&text, spec);
    };
    let inner = whole.get();
    if inner.starts_with('[') {
        return records_of(&text, whole, spec);
    }
    if !inner.starts_with('{') {
        return Err("this is neither a record nor a list of records".to_owned());
    }
    let [records, results] = json::pick(inner.as_bytes(), &[spec.records_key, "results"])
        .map_err(|error| not_a_page(&error))?;
    match records
        .or(results)
        .filter(|list| list.get().starts_with('['))
    {
        Some(list) => records_of(&text, list, spec),
        None => Ok(vec![read_record(&text, whole, spec)]),
    }
}

fn one_a_line(text: &Bytes, spec: &StreamSpec) -> Result<Vec<Record>, String> {
    let lines = text.split(|byte| *byte == b'\n').enumerate();
    let lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    lines
        .map(|(number, line)| {
            let record: Result<&RawValue, _> = serde_json::from_slice(line);
            match record {
                Ok(record) => Ok(read_record(text, record, spec)),
                Err(_) => Err(format!("line {} is not a record in JSON", number + 1)),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::CATALOGUE;
    use proptest::prelude::*;

    fn read(text: &'static str) -> Result<Vec<String>, String> {
        let records = read_given_records(Bytes::from_static(text.as_bytes()), &CATALOGUE[0])?;
        let ids = records.iter().map(|record| match &record.id {
            Some(id) => id.to_string(),
            None => "?".to_owned(),
        });
        Ok(ids.collect())
    }

    #[test]
    fn every_shape_is_read() {
        for text in [
            r#" [{"id":1},{"id":2}] "#,
            r#"{"users":[{"id":1},{"id":2}],"end_of_stream":true}"#,
            r#"{"results":[{"id":1},{"id":2}],"meta":{}}"#,
            "{\"id\":1}\n\n {\"id\":2}\r\n",
            "{\"id\":1}\n{\"id\":2}",
        ] {
            assert_eq!(read(text).expect(text), ["1", "2"], "{text}");
        }
        assert_eq!(read("{\n  \"id\": 1\n}\n").expect("one record"), ["1"]);
        assert_eq!(
            read(r#"{"users":7,"name":"x"}"#).expect("one record"),
            ["?"]
        );
        assert_eq!(read("").expect("nothing"), Vec::<String>::new());
    }

    #[test]
    fn what_is_no_record_is_told_without_quoting() {
        assert_eq!(
            read("{\"id\":1}\nSECRET"),
            Err("line 2 is not a record in JSON".to_owned())
        );
        assert!(read("7").is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics(text in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_given_records(Bytes::from(text), &CATALOGUE[0]);
        }
    }
}
