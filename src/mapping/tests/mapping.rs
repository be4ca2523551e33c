//! The message around the object, and what a failed mapping leaves behind.

use std::sync::Arc;

use serde_json::json;

use super::shared::{settings, spec};
use crate::config::{self, Preset};
use crate::mapping::{Account, Mapping, MappingError, Notes, Outcome, Raw};
use crate::record::Record;

fn of(stream: &'static str, preset: Preset, account: &Arc<Account>) -> Mapping {
    let mapped = config::Mapped {
        preset,
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
    Mapping::new(&spec(stream), &config::Mapping::Mapped(mapped), account).expect("a mapping")
}

fn mapping() -> Mapping {
    of("users", Preset::AdobeSourceCompatible, &Arc::default())
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
    for mapping in [Mapping::Raw(Raw::default()), mapping()] {
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

#[test]
fn audits_belong_to_whoever_asked_for_their_ticket() {
    let account = Arc::default();
    let tickets = of("tickets", Preset::Standard, &account);
    let audits = of("ticket_audits", Preset::Standard, &account);
    let audit = r#"{"id":1,"ticket_id":35,"created_at":"2026-03-02T10:15:30Z","events":[]}"#;
    let refused = write(&audits, audit, &mut Vec::new());
    assert_eq!(refused, Err(MappingError::NoRequester));
    let ticket = r#"{"id":35,"requester_id":7,"updated_at":"2026-03-02T10:15:30Z"}"#;
    write(&tickets, ticket, &mut Vec::new()).expect("a message");
    let mut message = Vec::new();
    write(&audits, audit, &mut message).expect("a message");
    let message: serde_json::Value = serde_json::from_slice(&message).expect("JSON");
    let entity = &message["body"]["xdmEntity"];
    assert_eq!(entity["identityMap"]["ZendeskUserID"][0]["id"], "7");
}
