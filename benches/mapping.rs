//! What mapping costs: `cargo bench --bench mapping`.
//!
//! Each line is the fastest of many runs, what it costs with nobody in the way, over one page of
//! made-up records: about 900 bytes for a user and 1,400 for a ticket, as Zendesk's are. MB/s are of
//! the records that come in. Nothing is asserted here; the figures are for comparing two builds on one
//! machine.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use zendesk_aep::catalogue;
use zendesk_aep::config::{
    self, ContactStyle, Envelope, IdentityMode, Mapped, MappingFile, MappingSettings, NameSplit,
    PhoneTarget, Preset, WithoutPerson,
};
use zendesk_aep::mapping::{Account, Mapping, Notes, Raw};
use zendesk_aep::record::Record;

const RECORDS: usize = 1_000;
const RUNS: usize = 100;

/// What a company might lay on the preset.
const FILE: &str = r#"
[promote.user_fields]
loyalty_tier = { path = "_{TENANT}.loyalty.tier", type = "string" }
lifetime_value = { path = "_{TENANT}.loyalty.value", type = "number" }

[fields]
"_{TENANT}.emailHash" = "sha256($address)"
"_{TENANT}.isVip" = { source = "in('vip', tags)", type = "boolean" }
"_{TENANT}.greeting" = "concat('Dear ', coalesce(first_name($name), $name))"
"_{TENANT}.zendesk.user.notes" = true
"#;

fn main() {
    println!(
        "{:<34} {:>12} {:>10} {:>14} {:>12}",
        "", "µs/record", "MB/s", "records/s", "bytes out"
    );
    let (users, tickets) = (records(user), records(ticket));
    measure("users: raw", &Mapping::Raw(Raw::default()), &users);
    let of_users = |preset, file| mapping("users", preset, file);
    let adobe = of_users(Preset::AdobeSourceCompatible, None);
    measure("users: adobe-source-compatible", &adobe, &users);
    let standard = of_users(Preset::Standard, None);
    measure("users: preset", &standard, &users);
    let with_file = of_users(Preset::Standard, Some(FILE));
    measure("users: preset and mapping file", &with_file, &users);
    measure("tickets: raw", &Mapping::Raw(Raw::default()), &tickets);
    let events = mapping("tickets", Preset::Standard, None);
    measure("tickets: preset", &events, &tickets);
}

fn measure(name: &str, mapping: &Mapping, records: &[Record]) {
    let mut message = Vec::new();
    let mut written = 0;
    let fastest = (0..RUNS)
        .map(|_| {
            written = 0;
            let begin = Instant::now();
            for record in records {
                message.clear();
                mapping
                    .write(record, &mut message, &mut Notes::counting())
                    .expect("a message");
                written += black_box(&message).len();
            }
            begin.elapsed()
        })
        .min();
    let seconds = fastest.unwrap_or_default().as_secs_f64();
    let bytes: usize = records.iter().map(|record| record.bytes.len()).sum();
    let each = records.len() as f64;
    println!(
        "{name:<34} {:>12.2} {:>10.0} {:>14.0} {:>12}",
        seconds * 1e6 / each,
        bytes as f64 / seconds / 1e6,
        each / seconds,
        written / records.len()
    );
}

fn mapping(stream: &str, preset: Preset, file: Option<&str>) -> Mapping {
    let spec = catalogue::all()
        .iter()
        .find(|spec| spec.name == stream)
        .expect("a stream");
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

fn records(make: impl Fn(usize) -> String) -> Vec<Record> {
    (0..RECORDS)
        .map(|n| Record::new(make(n).into(), None, None))
        .collect()
}

fn user(n: usize) -> String {
    let id = 9_999_990_000_000 + n;
    format!(
        r#"{{"id":{id},"url":"https://acme.zendesk.com/api/v2/users/{id}.json","name":"Zoë Müller","email":"user{n}@example.com","created_at":"2022-05-13T08:04:22Z","updated_at":"2026-03-02T10:15:{second:02}Z","time_zone":"Mumbai","iana_time_zone":"Asia/Kolkata","phone":"+1 (415) 555-0123","shared_phone_number":false,"photo":null,"locale_id":1,"locale":"en-US","organization_id":57542,"role":"end-user","verified":true,"external_id":"CRM-{n}","tags":["vip","newsletter"],"alias":"","active":true,"shared":false,"shared_agent":false,"last_login_at":null,"two_factor_auth_enabled":null,"signature":null,"details":"","notes":"calls often","role_type":null,"custom_role_id":null,"moderator":false,"ticket_restriction":"requested","only_private_comments":false,"restricted_agent":true,"suspended":false,"default_group_id":null,"report_csv":false,"user_fields":{{"loyalty_tier":"gold","lifetime_value":123.45,"legacy_code":null}}}}"#,
        second = n % 60
    )
}

fn ticket(n: usize) -> String {
    let requester = 9_999_990_000_000 + n;
    format!(
        r#"{{"url":"https://acme.zendesk.com/api/v2/tickets/{n}.json","id":{id},"external_id":null,"via":{{"channel":"email","source":{{"from":{{"address":"user{n}@example.com","name":"Zoë Müller"}},"to":{{"address":"support@acme.zendesk.com","name":"Acme"}},"rel":null}}}},"created_at":"2026-03-01T18:20:00Z","updated_at":"2026-03-02T10:15:{second:02}Z","type":"incident","subject":"Login page shows an error","raw_subject":"Login page shows an error","description":"I cannot log in since this morning. The page says that my account is locked, which it was not yesterday.","priority":"high","status":"open","recipient":"support@acme.zendesk.com","requester_id":{requester},"submitter_id":{requester},"assignee_id":6106699700001,"organization_id":57542,"group_id":98738,"collaborator_ids":[],"follower_ids":[],"email_cc_ids":[],"forum_topic_id":null,"problem_id":null,"has_incidents":false,"is_public":true,"due_at":null,"tags":["login","enterprise"],"custom_fields":[{{"id":360012345678,"value":"web_app"}},{{"id":360012345679,"value":null}},{{"id":360012345680,"value":["eu","us"]}},{{"id":360012345681,"value":true}}],"satisfaction_rating":{{"score":"unoffered"}},"sharing_agreement_ids":[],"custom_status_id":1001,"followup_ids":[],"ticket_form_id":47,"brand_id":123,"allow_channelback":false,"allow_attachments":true,"from_messaging_channel":false,"generated_timestamp":1772446531}}"#,
        id = n + 1,
        second = n % 60
    )
}
