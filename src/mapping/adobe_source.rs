//! What Adobe's own Zendesk source makes of a user: 34 attributes under the tenant object, each
//! with its name, type and text unchanged; attributes without a value left out.
//!
//! Source: Adobe's guide to its Zendesk source, which maps `result.X` to `_{tenant}.X` and names
//! `verified` twice.

use serde_json::value::RawValue;

use super::MappingError;
use crate::json;

/// In the order of Adobe's guide.
const ATTRIBUTES: [&str; 34] = [
    "id",
    "external_id",
    "role_type",
    "custom_role_id",
    "default_group_id",
    "phone",
    "shared_phone_number",
    "verified",
    "alias",
    "last_login_at",
    "signature",
    "details",
    "notes",
    "active",
    "created_at",
    "email",
    "iana_time_zone",
    "organization_id",
    "locale",
    "locale_id",
    "moderator",
    "name",
    "only_private_comments",
    "report_csv",
    "restricted_agent",
    "result_type",
    "role",
    "shared",
    "shared_agent",
    "time_zone",
    "two_factor_auth_enabled",
    "suspended",
    "updated_at",
    "url",
];

/// Writes `{tenant: {…}}`; `tenant` is quoted already.
pub(super) fn write(user: &[u8], tenant: &str, out: &mut Vec<u8>) -> Result<(), MappingError> {
    let values = json::pick(user, &ATTRIBUTES).map_err(|_| MappingError::NotAnObject)?;
    out.push(b'{');
    out.extend_from_slice(tenant.as_bytes());
    out.extend_from_slice(b":{");
    let mut written = 0;
    for (name, value) in ATTRIBUTES.iter().zip(values) {
        let Some(value) = value.filter(|value| !is_empty(value)) else {
            continue;
        };
        if written > 0 {
            out.push(b',');
        }
        out.push(b'"');
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        out.extend_from_slice(value.get().as_bytes());
        written += 1;
    }
    out.extend_from_slice(b"}}");
    if written == 0 {
        Err(MappingError::Empty)
    } else {
        Ok(())
    }
}

/// Adobe's platform takes neither null nor empty values; blank text counts as empty. Nulls do
/// not get here.
fn is_empty(value: &RawValue) -> bool {
    let inner = |open, close| Some(value.get().strip_prefix(open)?.strip_suffix(close)?.trim());
    [inner('"', '"'), inner('[', ']'), inner('{', '}')].contains(&Some(""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config;
    use crate::mapping::{Mapping, Notes};
    use crate::record::Record;

    fn check(user: &str, expected: Result<&str, MappingError>) {
        let mut out = Vec::new();
        let written = write(user.as_bytes(), r#""_acme""#, &mut out);
        let text = String::from_utf8(out).expect("text");
        assert_eq!(written.map(|()| text.as_str()), expected, "of {user}");
    }

    #[test]
    fn values_keep_their_spelling_and_the_guides_order() {
        check(
            r#"{"name":"Zo\u00eb","id":  6106699702801,"verified":false,"role_type":0}"#,
            Ok(
                r#"{"_acme":{"id":6106699702801,"role_type":0,"verified":false,"name":"Zo\u00eb"}}"#,
            ),
        );
    }

    #[test]
    fn nothing_empty_nothing_unknown() {
        check(
            r#"{"id":1,"alias":"","details":"  ","notes":null,"tags":["a"],"user_fields":{"x":1},"phone":[],"url":{ }}"#,
            Ok(r#"{"_acme":{"id":1}}"#),
        );
    }

    #[test]
    fn what_cannot_be_mapped_says_so() {
        check("[1]", Err(MappingError::NotAnObject));
        check("{", Err(MappingError::NotAnObject));
        check(r#"{"photo":{}}"#, Err(MappingError::Empty));
    }

    fn mapping() -> Mapping {
        Mapping::new(&config::Mapping::AdobeSourceCompatible {
            tenant: "_acme".to_owned(),
            envelope: config::Envelope {
                org_id: "ABC@AdobeOrg".to_owned(),
                dataset_id: "5f".to_owned(),
                schema_id: "https://ns.adobe.com/acme/schemas/1".to_owned(),
                flow_id: None,
            },
        })
    }

    fn record(json: &'static str) -> Record {
        Record::new(bytes::Bytes::from_static(json.as_bytes()), None, None)
    }

    #[test]
    fn the_message_is_adobes_envelope() {
        let mut message = Vec::new();
        mapping()
            .write(&record(r#"{"id":7}"#), &mut message, &mut Notes::counting())
            .expect("a message");
        let message: serde_json::Value = serde_json::from_slice(&message).expect("JSON");
        let schema_ref = serde_json::json!({
            "id": "https://ns.adobe.com/acme/schemas/1",
            "contentType": "application/vnd.adobe.xed-full+json;version=1",
        });
        assert_eq!(
            message,
            serde_json::json!({
                "header": {
                    "schemaRef": schema_ref,
                    "imsOrgId": "ABC@AdobeOrg",
                    "datasetId": "5f",
                    "source": {"name": "zendesk-aep"},
                },
                "body": {
                    "xdmMeta": {"schemaRef": schema_ref},
                    "xdmEntity": {"_acme": {"id": 7}},
                },
            })
        );
    }

    #[test]
    fn a_failed_mapping_leaves_nothing_behind() {
        for mapping in [Mapping::Raw, mapping()] {
            let mut out = b"kept".to_vec();
            assert_eq!(
                mapping.write(&record("7"), &mut out, &mut Notes::counting()),
                Err(MappingError::NotAnObject)
            );
            assert_eq!(out, b"kept");
        }
    }
}
