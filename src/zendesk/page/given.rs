//! Records that a person has in a file, in whatever shape they got hold of them.

use bytes::Bytes;
use serde_json::value::RawValue;

use super::{Shape, not_a_page, records_of};
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
        return records_of(&text, whole, Shape::exported(spec));
    }
    if !inner.starts_with('{') {
        return Err("this is neither a record nor a list of records".to_owned());
    }
    // Dots lead into objects.
    let mut list = Some(inner);
    for key in spec.records_key.split('.') {
        list = list.and_then(|object| member(object, key));
    }
    let (list, shape) = match list {
        Some(list) => (Some(list), Shape::exported(spec)),
        None => (member(inner, "results"), Shape::listed(spec)),
    };
    match list.filter(|list| list.starts_with('[')) {
        Some(list) => {
            let list = serde_json::from_str(list).map_err(|error| not_a_page(&error))?;
            records_of(&text, list, shape)
        }
        None => Ok(vec![
            Shape::exported(spec).read(text.slice_ref(whole.get().as_bytes())),
        ]),
    }
}

/// The text of a member of an object.
fn member<'t>(object: &'t str, key: &str) -> Option<&'t str> {
    let [value] = json::pick(object.as_bytes(), &[key]).ok()?;
    value.map(RawValue::get)
}

fn one_a_line(text: &Bytes, spec: &StreamSpec) -> Result<Vec<Record>, String> {
    let lines = text.split(|byte| *byte == b'\n').enumerate();
    let lines = lines.filter(|(_, line)| !line.trim_ascii().is_empty());
    lines
        .map(|(number, line)| {
            let record: Result<&RawValue, _> = serde_json::from_slice(line);
            match record {
                Ok(record) => {
                    let bytes = text.slice_ref(record.get().as_bytes());
                    Ok(Shape::exported(spec).read(bytes))
                }
                Err(_) => Err(format!("line {} is not a record in JSON", number + 1)),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::find;
    use proptest::prelude::*;

    fn read(text: &'static str) -> Result<Vec<String>, String> {
        let records = read_given_records(
            Bytes::from_static(text.as_bytes()),
            find("users").expect("a row"),
        )?;
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
            let _ = read_given_records(Bytes::from(text), find("users").expect("a row"));
        }
    }
}
