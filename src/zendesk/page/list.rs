//! A page of a list, of whichever kind of pagination it turns out to be.

use bytes::Bytes;
use serde_json::value::RawValue;

use super::{
    Layout, Part, Reader, Shape, Trailer, missing, not_a_page, optional_text, parse,
    parse_borrowed, records_of, required,
};
use crate::catalogue::StreamSpec;
use crate::json;
use crate::record::{Record, RecordId};

/// A page of a list.
#[derive(Debug)]
pub struct ListBody {
    /// In Zendesk's order.
    pub records: Vec<Record>,
    /// What follows it.
    pub following: Following,
    /// Size of the body.
    pub bytes: usize,
}

/// What an answer says about the rest of its list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Following {
    /// More, after this cursor.
    After(String),
    /// More, under the next page number.
    NextPage,
    /// Nothing.
    Nothing,
    /// More, which is refused.
    CutOff,
}

/// Pages of the list of `spec`. Its records are elements of a member of the page, unless the key of
/// the records leads into objects by its dots.
pub(in crate::zendesk) fn list_layout(spec: &StreamSpec) -> Layout<'_> {
    let (first, _) = path_of(spec);
    Layout::new(vec![(first, Shape::listed(spec))], &["meta", "next_page"]).or_else_value()
}

/// What follows a page of [`list_layout`], whose last part gets the records that were not among the
/// elements of a member: those of an array within objects, or one object, which is the only record.
///
/// # Errors
/// What is wrong with the page, without quoting it.
pub(in crate::zendesk) fn read_list_trailer(
    part: &mut Part,
    trailer: &Trailer,
    spec: &StreamSpec,
) -> Result<Following, String> {
    let [meta, next_page] = trailer.members();
    let following = match (meta, next_page) {
        (Some(meta), _) => after(meta)?,
        (None, Some(_)) => Following::NextPage,
        (None, None) => Following::Nothing,
    };
    let (_, rest) = path_of(spec);
    match (&trailer.instead, rest) {
        (None, None) => trailer.require_records(spec)?,
        (None, Some(_)) => return Err(missing(&spec.records_key)),
        (Some(value), rest) => {
            // Records are slices of what holds them.
            let value = Bytes::copy_from_slice(value);
            part.lists[0] = held_by(&value, rest, spec)?;
        }
    }
    Ok(following)
}

/// The member of a page that the records' key begins with, and the way within that.
fn path_of(spec: &StreamSpec) -> (&str, Option<&str>) {
    match spec.records_key.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (&spec.records_key, None),
    }
}

/// Reads a page of a list that is there as a whole.
///
/// # Errors
/// What is wrong with the body, without quoting it.
pub fn read_list_page(body: &Bytes, spec: &StreamSpec) -> Result<ListBody, String> {
    let (mut part, trailer) = Reader::whole(body, &list_layout(spec))?;
    let following = read_list_trailer(&mut part, &trailer, spec)?;
    Ok(ListBody {
        records: part.lists.swap_remove(0),
        following,
        bytes: body.len(),
    })
}

fn after(meta: &[u8]) -> Result<Following, String> {
    let [has_more, after_cursor] =
        json::pick(meta, &["has_more", "after_cursor"]).map_err(|error| not_a_page(&error))?;
    if !parse(required(has_more, "meta.has_more")?)? {
        return Ok(Following::Nothing);
    }
    let after_cursor = optional_text(after_cursor)?;
    after_cursor.map(Following::After).ok_or_else(|| {
        "the answer has more records to come and no cursor to ask for them with".to_owned()
    })
}

/// The records in `value`, at the end of the way `rest`, if there is one.
fn held_by(value: &Bytes, rest: Option<&str>, spec: &StreamSpec) -> Result<Vec<Record>, String> {
    let key = &spec.records_key;
    let mut holder: &RawValue = parse_borrowed(value)?;
    for part in rest.into_iter().flat_map(|rest| rest.split('.')) {
        let [inner] =
            json::pick(holder.get().as_bytes(), &[part]).map_err(|error| not_a_page(&error))?;
        holder = required(inner, key)?;
    }
    let shape = Shape::listed(spec);
    match holder.get().as_bytes().first() {
        Some(b'{') => Ok(vec![only(shape.read_in(value, holder), spec)]),
        _ => records_of(value, holder, shape),
    }
}

/// The only record there ever is needs no id to be told from others; the key it stands under
/// serves for one.
fn only(mut record: Record, spec: &StreamSpec) -> Record {
    let name = || RecordId::new(&*spec.records_key);
    record.id = record.id.or_else(|| Some(name()));
    record
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::{self, Text};

    fn read(key: &'static str, body: &'static str) -> Result<ListBody, String> {
        let spec = StreamSpec {
            records_key: Text::from(key),
            ..catalogue::find("groups").expect("a row").clone()
        };
        read_list_page(&Bytes::from_static(body.as_bytes()), &spec)
    }

    fn check(body: &'static str, records: usize, following: &Following) {
        let page = read("groups", body).expect(body);
        assert_eq!(page.records.len(), records, "{body}");
        assert_eq!(page.following, *following, "{body}");
    }

    #[test]
    fn every_kind_of_pagination_says_what_follows() {
        let after = Following::After("c==".to_owned());
        check(
            r#"{"groups":[{"id":1}],"meta":{"has_more":true,"after_cursor":"c=="},"links":{"next":"x"}}"#,
            1,
            &after,
        );
        // Classic endpoints fill the link of a page that does not exist.
        check(
            r#"{"groups":[{"id":1}],"meta":{"has_more":false,"after_cursor":"c=="},"links":{"next":"x"}}"#,
            1,
            &Following::Nothing,
        );
        check(
            r#"{"groups":[],"meta":{"has_more":false}}"#,
            0,
            &Following::Nothing,
        );
        check(
            r#"{"groups":[{"id":1},{"id":2}],"next_page":"https://x/?page=2","count":150}"#,
            2,
            &Following::NextPage,
        );
        check(
            r#"{"groups":[{"id":1}],"next_page":null,"previous_page":null,"count":1}"#,
            1,
            &Following::Nothing,
        );
        check(r#"{"groups":[{"id":1}]}"#, 1, &Following::Nothing);
    }

    #[test]
    fn keys_lead_into_objects_and_an_object_is_one_record() {
        let page = read("a.b", r#"{"a":{"b":[{"id":1}]}}"#).expect("a page");
        assert_eq!(page.records[0].id, Some(RecordId::new("1")));
        let page = read("definitions", r#"{"definitions":{"conditions_all":[]}}"#).expect("a page");
        assert_eq!(page.records.len(), 1);
        assert_eq!(page.records[0].id, Some(RecordId::new("definitions")));
    }

    #[test]
    fn what_has_no_records_is_no_empty_list() {
        for body in [
            "",
            "{}",
            "<html>",
            r#"{"groups":null}"#,
            r#"{"groups":3}"#,
            r#"{"meta":{"has_more":false}}"#,
            r#"{"groups":[],"meta":{}}"#,
            r#"{"groups":[],"meta":{"has_more":true}}"#,
        ] {
            assert!(read("groups", body).is_err(), "{body}");
        }
    }
}
