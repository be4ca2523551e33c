//! What is shared between projects, where it can be found: in the folder that `ZENDESK_AEP_SHARED`
//! names, or else in `../shared`. Read in place.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bumpalo::Bump;
use serde_json::Value;

use crate::catalogue::{self, StreamSpec};
use crate::config::{
    ContactStyle, Envelope, IdentityMode, Mapped, MappingFile, MappingSettings, NameSplit,
    PhoneTarget, Preset, WithoutPerson,
};
use crate::mapping::plan::Plan;
use crate::mapping::preset::plan;
use crate::mapping::validation::Standing;
use crate::mapping::{Account, Faults, Joined, MappingError, Notes, Outcome, Validation};
use crate::record::Record;
use crate::zendesk::page::Shape;

/// A folder of what is shared, if it is there.
pub(super) fn folder(name: &str) -> Option<PathBuf> {
    let root = match std::env::var_os("ZENDESK_AEP_SHARED") {
        Some(named) => PathBuf::from(named),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
    };
    let path = root.join(name);
    if path.is_dir() {
        return Some(path);
    }
    println!("skipped: there is no {}", path.display());
    None
}

pub(super) fn json(path: &Path) -> Value {
    let text = std::fs::read(path).expect("the file");
    serde_json::from_slice(&text).expect("JSON")
}

/// The settings behind the examples.
pub(super) fn settings() -> MappingSettings {
    MappingSettings {
        privacy: None,
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
    }
}

/// A stream of that name; only the name counts here.
pub(super) fn spec(name: &'static str) -> StreamSpec {
    StreamSpec {
        name: name.into(),
        ..catalogue::find("users").expect("a row").clone()
    }
}

pub(super) fn compiled(
    stream: &'static str,
    preset: Preset,
    settings: MappingSettings,
    file: Option<&str>,
) -> Result<Plan, Faults> {
    let mapped = Mapped {
        preset,
        file: file.map(|text| MappingFile {
            path: "mapping.toml".into(),
            text: text.into(),
        }),
        tenant: "_examplecorp".to_owned(),
        envelope: Envelope {
            org_id: "ABC@AdobeOrg".to_owned(),
            dataset_id: "5f".to_owned(),
            schema_id: "https://ns.adobe.com/acme/schemas/1".to_owned(),
            flow_id: None,
        },
        settings: Arc::new(settings),
    };
    plan(&spec(stream), &mapped)
}

/// What a plan makes of a record as an export gives it.
pub(super) fn mapped(
    plan: &Plan,
    record: impl Into<Vec<u8>>,
    joined: Joined<'_>,
    notes: &mut Notes,
) -> Result<Option<String>, MappingError> {
    mapped_for(plan, record, joined, &Account::default(), notes)
}

/// The same, with what is known of the account.
pub(super) fn mapped_for(
    plan: &Plan,
    record: impl Into<Vec<u8>>,
    joined: Joined<'_>,
    account: &Account,
    notes: &mut Notes,
) -> Result<Option<String>, MappingError> {
    let spec = catalogue::find(&plan.stream).expect("a stream of the catalogue");
    let record = Shape::exported(spec).read(record.into().into());
    mapped_record(plan, &record, joined, account, notes)
}

/// The same, of a record of which all is known that an export knows.
pub(super) fn mapped_record(
    plan: &Plan,
    record: &Record,
    joined: Joined<'_>,
    account: &Account,
    notes: &mut Notes,
) -> Result<Option<String>, MappingError> {
    let mut out = Vec::new();
    let (outcome, standing) = plan.write(record, joined, account, &Bump::new(), &mut out, notes)?;
    if standing == Standing::Sound {
        let judged = Validation::Fields.check(&out);
        let message = String::from_utf8_lossy(&out);
        assert_eq!(judged, Ok(()), "it should be sound: {message}");
    }
    match outcome {
        Outcome::Message => Ok(Some(String::from_utf8(out).expect("text"))),
        Outcome::Skipped(_) => Ok(None),
    }
}
