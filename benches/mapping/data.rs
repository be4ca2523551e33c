//! What is measured with: made-up records, and mappings as a company would configure them.

use std::sync::Arc;

use zendesk_aep::catalogue;
use zendesk_aep::config::{
    self, ContactStyle, Envelope, IdentityMode, Mapped, MappingFile, MappingSettings, NameSplit,
    PhoneTarget, Preset, WithoutPerson,
};
use zendesk_aep::mapping::{Account, Mapping};
use zendesk_aep::record::Record;

/// Records in a page.
pub const RECORDS: usize = 1_000;

/// The mapping of a stream by a preset, with a mapping file or without.
pub fn mapping(stream: &str, preset: Preset, file: Option<&str>) -> Mapping {
    let spec = catalogue::find(stream).expect("a stream");
    let mapped = Mapped {
        preset,
        file: file.map(|text| MappingFile {
            path: "mapping.toml".into(),
            text: text.into(),
        }),
        tenant: "_acme".to_owned(),
        envelope: Envelope {
            org_id: "0123456789ABCDEF01234567@AdobeOrg".to_owned(),
            dataset_id: "5f3c3cedb2805c194ff0b69a".to_owned(),
            schema_id: "https://ns.adobe.com/acme/schemas/fbc52b243d04b5d4".to_owned(),
            flow_id: None,
        },
        settings: Arc::new(MappingSettings {
            instance: "acme".to_owned(),
            identity_mode: IdentityMode::IdentityMap,
            user_namespace: "ZendeskUserID".to_owned(),
            external_id_namespace: None,
            name_split: NameSplit::Conservative,
            contact_style: ContactStyle::Personal,
            phone_target: PhoneTarget::Mobile,
            accept_reserved_email_domains: false,
            events_without_person: WithoutPerson::Refuse,
            user_roles: Vec::new(),
            test_tags: Vec::new(),
            test_email_domains: Vec::new(),
            privacy: None,
        }),
    };
    let mapping = config::Mapping::Mapped(mapped);
    match Mapping::new(spec, &mapping, &Arc::<Account>::default()) {
        Ok(mapping) => mapping,
        Err(faults) => panic!("{faults}"),
    }
}

/// A page of records.
pub fn records(make: impl Fn(usize) -> String) -> Vec<Record> {
    (0..RECORDS)
        .map(|n| Record::new(make(n).into(), None, None))
        .collect()
}

/// A user as Zendesk has them, about 900 bytes.
pub fn user(n: usize) -> String {
    let id = 9_999_990_000_000 + n;
    format!(
        r#"{{"id":{id},"url":"https://acme.zendesk.com/api/v2/users/{id}.json","name":"Zoë Müller","email":"user{n}@example.com","created_at":"2022-05-13T08:04:22Z","updated_at":"2026-03-02T10:15:{second:02}Z","time_zone":"Mumbai","iana_time_zone":"Asia/Kolkata","phone":"+1 (415) 555-0123","shared_phone_number":false,"photo":null,"locale_id":1,"locale":"en-US","organization_id":57542,"role":"end-user","verified":true,"external_id":"CRM-{n}","tags":["vip","newsletter"],"alias":"","active":true,"shared":false,"shared_agent":false,"last_login_at":null,"two_factor_auth_enabled":null,"signature":null,"details":"","notes":"calls often","role_type":null,"custom_role_id":null,"moderator":false,"ticket_restriction":"requested","only_private_comments":false,"restricted_agent":true,"suspended":false,"default_group_id":null,"report_csv":false,"user_fields":{{"loyalty_tier":"gold","lifetime_value":123.45,"legacy_code":null}}}}"#,
        second = n % 60
    )
}

/// A ticket, about 1,400 bytes.
pub fn ticket(n: usize) -> String {
    let requester = 9_999_990_000_000 + n;
    format!(
        r#"{{"url":"https://acme.zendesk.com/api/v2/tickets/{n}.json","id":{id},"external_id":null,"via":{{"channel":"email","source":{{"from":{{"address":"user{n}@example.com","name":"Zoë Müller"}},"to":{{"address":"support@acme.zendesk.com","name":"Acme"}},"rel":null}}}},"created_at":"2026-03-01T18:20:00Z","updated_at":"2026-03-02T10:15:{second:02}Z","type":"incident","subject":"Login page shows an error","raw_subject":"Login page shows an error","description":"I cannot log in since this morning. The page says that my account is locked, which it was not yesterday.","priority":"high","status":"open","recipient":"support@acme.zendesk.com","requester_id":{requester},"submitter_id":{requester},"assignee_id":6106699700001,"organization_id":57542,"group_id":98738,"collaborator_ids":[],"follower_ids":[],"email_cc_ids":[],"forum_topic_id":null,"problem_id":null,"has_incidents":false,"is_public":true,"due_at":null,"tags":["login","enterprise"],"custom_fields":[{{"id":360012345678,"value":"web_app"}},{{"id":360012345679,"value":null}},{{"id":360012345680,"value":["eu","us"]}},{{"id":360012345681,"value":true}}],"satisfaction_rating":{{"score":"unoffered"}},"sharing_agreement_ids":[],"custom_status_id":1001,"followup_ids":[],"ticket_form_id":47,"brand_id":123,"allow_channelback":false,"allow_attachments":true,"from_messaging_channel":false,"generated_timestamp":1772446531}}"#,
        id = n + 1,
        second = n % 60
    )
}
