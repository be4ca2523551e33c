//! The message around the object, and what a failed mapping leaves behind.

use std::sync::Arc;

use serde_json::json;

use super::shared::{settings, spec};
use crate::config::{self, Preset};
use crate::mapping::{Mapping, MappingError, Notes, Outcome};
use crate::record::Record;

fn mapping() -> Mapping {
    let mapped = config::Mapped {
        preset: Preset::AdobeSourceCompatible,
        file: None,
        tenant: "_acme".to_owned(),
        envelope: config::Envelope {
            org_id: "ABC@AdobeOrg".to_owned(),
            dataset_id: "5f".to_owned(),
            schema_id: "https://ns.adobe.com/acme/schemas/1".to_owned(),
            flow_id: None,
        },
        settings: Arc::new(settings()),
    };
    Mapping::new(&spec("users"), &config::Mapping::Mapped(mapped)).expect("a mapping")
}

fn write(mapping: &Mapping, json: &'static str, out: &mut Vec<u8>) -> Result<(), MappingError> {
    let record = Record::new(bytes::Bytes::from_static(json.as_bytes()), None, None);
    let outcome = mapping.write(&record, out, &mut Notes::counting())?;
    assert_eq!(outcome, Outcome::Message);
    Ok(())
}

#[test]
fn the_message_is_adobes_envelope() {
    let mut message = Vec::new();
    write(&mapping(), r#"{"id":7}"#, &mut message).expect("a message");
    let message: serde_json::Value = serde_json::from_slice(&message).expect("JSON");
    let schema_ref = json!({
        "id": "https://ns.adobe.com/acme/schemas/1",
        "contentType": "application/vnd.adobe.xed-full+json;version=1",
    });
    assert_eq!(
        message,
        json!({
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
fn adobes_attributes_keep_their_spelling_and_its_order() {
    let mut message = Vec::new();
    let user = r#"{"name":"Zo\u00eb","id":  6106699702801,"verified":false,"role_type":0,
        "alias":"","details":"  ","notes":null,"tags":["a"],"user_fields":{"x":1},"phone":[],"url":{ }}"#;
    write(&mapping(), user, &mut message).expect("a message");
    let message = String::from_utf8(message).expect("text");
    let expected =
        r#"{"_acme":{"id":6106699702801,"role_type":0,"verified":false,"name":"Zo\u00eb"}}}}"#;
    assert!(message.ends_with(expected), "{message}");
}

#[test]
fn a_failed_mapping_leaves_nothing_behind() {
    for mapping in [Mapping::Raw, mapping()] {
        for record in ["7", "[1]"] {
            let mut out = b"kept".to_vec();
            let written = write(&mapping, record, &mut out);
            assert_eq!(written, Err(MappingError::NotAnObject));
            assert_eq!(out, b"kept");
        }
    }
    let mut out = b"kept".to_vec();
    let written = write(&mapping(), r#"{"photo":{}}"#, &mut out);
    assert_eq!(written, Err(MappingError::Empty));
    assert_eq!(out, b"kept");
}
