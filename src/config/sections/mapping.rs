//! `[mapping]`, and the mapping of each stream.

use std::sync::Arc;

use super::platform::Identity;
use super::privacy::privacy;
use crate::catalogue::StreamSpec;
use crate::config::fault::{Problem, Read};
use crate::config::section::Section;
use crate::config::values::{Given, choice, flag, identifier, list, text};
use crate::config::{
    ContactStyle, Envelope, IdentityMode, Mapped, Mapping, MappingFile, MappingSettings, NameSplit,
    PhoneTarget, Preset, WithoutPerson, Wrap, Zendesk,
};

/// `[mapping]`. `zendesk` is what its section holds: the instance is named by it, if by nothing else.
pub(super) fn settings(
    section: &mut Section<'_>,
    zendesk: &Read<Zendesk>,
) -> Read<Arc<MappingSettings>> {
    let instance = section.optional("instance", instance);
    let modes = [
        ("identity_map", IdentityMode::IdentityMap),
        ("fields", IdentityMode::Fields),
    ];
    let identity_mode = section.or("identity_mode", "identity_map", choice(&modes));
    let splits = [
        ("conservative", NameSplit::Conservative),
        ("never", NameSplit::Never),
        ("always", NameSplit::Always),
    ];
    let name_split = section.or("name_split", "conservative", choice(&splits));
    let styles = [
        ("personal", ContactStyle::Personal),
        ("work", ContactStyle::Work),
    ];
    let contact_style = section.or("contact_style", "personal", choice(&styles));
    let targets = [
        ("mobile", PhoneTarget::Mobile),
        ("home", PhoneTarget::Home),
        ("work", PhoneTarget::Work),
    ];
    let phone_target = section.optional("phone_target", choice(&targets));
    let reserved = section.or("accept_reserved_email_domains", false, flag);
    let without = [
        ("refuse", WithoutPerson::Refuse),
        ("send", WithoutPerson::Send),
    ];
    let events_without_person = section.or("events_without_person", "refuse", choice(&without));
    let none = || Vec::<String>::new();
    let user_roles = section.or("user_roles", none(), list);
    let test_tags = section.or("test_tags", none(), list);
    let test_email_domains = section.or("test_email_domains", none(), list);
    let privacy = section.optional_section("privacy", privacy);
    let namespaces = section.section("namespaces", |section| {
        let user = section.or("user", "ZendeskUserID", namespace);
        let external_id = section.optional("external_id", namespace);
        Ok((user?, external_id?))
    });
    let (contact_style, (user_namespace, external_id_namespace)) = (contact_style?, namespaces?);
    let phone_target = phone_target?.unwrap_or(match contact_style {
        ContactStyle::Personal => PhoneTarget::Mobile,
        ContactStyle::Work => PhoneTarget::Work,
    });
    let instance = match instance? {
        Some(instance) => instance,
        None => of_account(&zendesk.as_ref().map_err(|refused| *refused)?.account),
    };
    Ok(Arc::new(MappingSettings {
        instance,
        identity_mode: identity_mode?,
        user_namespace,
        external_id_namespace,
        name_split: name_split?,
        contact_style,
        phone_target,
        accept_reserved_email_domains: reserved?,
        events_without_person: events_without_person?,
        user_roles: user_roles?,
        test_tags: test_tags?,
        test_email_domains: test_email_domains?,
        privacy: privacy?,
    }))
}

/// `acme` of `acme.zendesk.com`; the whole host of an account under another address.
fn of_account(account: &str) -> String {
    let account = account.to_ascii_lowercase();
    match account.strip_suffix(".zendesk.com") {
        Some(subdomain) => subdomain.to_owned(),
        None => account,
    }
}

fn instance(given: &Given<'_>) -> Result<String, Problem> {
    let name = identifier(given)?;
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-._".contains(c);
    if name.chars().all(allowed) {
        Ok(name)
    } else {
        Err(Problem::new(
            format!("{} is not a name for an instance", given.quoted()),
            "write lower case letters, digits, hyphens, dots and underscores, like \"acme\"",
        ))
    }
}

fn namespace(given: &Given<'_>) -> Result<String, Problem> {
    let code = identifier(given)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    if code.chars().all(allowed) {
        Ok(code)
    } else {
        Err(Problem::new(
            format!("{} is not an identity symbol", given.quoted()),
            "write the namespace's identity symbol as the sandbox lists it, not its display name",
        ))
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Raw,
    AdobeSourceCompatible,
    Xdm,
}

const KINDS: [(&str, Kind); 3] = [
    ("raw", Kind::Raw),
    ("adobe-source-compatible", Kind::AdobeSourceCompatible),
    ("xdm", Kind::Xdm),
];

/// The presets that a stream's standard one can be exchanged for.
fn presets(stream: &str) -> &'static [(&'static str, Preset)] {
    match stream {
        "users" => &[("standard", Preset::Standard), ("b2b", Preset::B2b)],
        "tickets" => &[("event", Preset::Standard), ("record", Preset::Record)],
        "organizations" => &[("b2b", Preset::Standard), ("custom", Preset::Custom)],
        _ => &[("standard", Preset::Standard)],
    }
}

/// The flow id and the mapping of a stream, which needs some of the ids.
pub(super) fn of_stream(
    section: &mut Section<'_>,
    spec: &StreamSpec,
    platform: &Identity,
    settings: &Read<Arc<MappingSettings>>,
) -> (Read<Option<String>>, Read<Mapping>) {
    let kind = section.or("mapping", "raw", choice(&KINDS));
    let presets = presets(&spec.name);
    let preset = section.or("preset", presets[0].0, choice(presets));
    let file = mapping_file(section);
    let wrap = section.optional("wrap", choice(&[("result", Wrap::Result)]));
    let dataset_id = section.optional("dataset_id", identifier);
    let schema_id = section.optional("schema_id", identifier);
    let flow_id = section.optional("flow_id", identifier);
    let (name, preset) = match kind {
        Err(refused) => return (flow_id, Err(refused)),
        Ok(Kind::Raw) => {
            if let Ok(Some(_)) = file {
                let what =
                    "the mapping `raw` sends records as they are, so no file can change them";
                let remedy = "leave it out, or write `mapping = \"xdm\"`";
                section.refuse("mapping_file", Problem::new(what, remedy));
            }
            if let Ok(Some(Wrap::Result)) = wrap
                && spec.search_type.is_none()
            {
                let what =
                    "records of this stream are no results of a search, which alone are wrapped so";
                section.refuse("wrap", Problem::new(what, "leave it out"));
            }
            let remedy = "write the dataflow's id: the mapping `raw` needs it";
            let demanded = section.demand("flow_id", flow_id.clone(), remedy);
            let mapping = demanded.and_then(|_| Ok(Mapping::Raw { wrap: wrap? }));
            return (flow_id, mapping);
        }
        Ok(Kind::AdobeSourceCompatible) => {
            if spec.name != "users" {
                let what = "Adobe's own Zendesk source reads users only";
                section.refuse("mapping", Problem::new(what, "write \"xdm\" or \"raw\""));
            }
            ("adobe-source-compatible", Ok(Preset::AdobeSourceCompatible))
        }
        Ok(Kind::Xdm) => ("xdm", preset),
    };
    if let Ok(Some(_)) = wrap {
        let what = "only records that are sent as they are can be wrapped";
        let remedy = "leave it out, or write `mapping = \"raw\"`";
        section.refuse("wrap", Problem::new(what, remedy));
    }
    let envelope = envelope(section, name, platform, dataset_id, schema_id, &flow_id);
    let mapping = (|| {
        let (tenant, envelope) = envelope?;
        Ok(Mapping::Mapped(Mapped {
            preset: preset?,
            file: file?,
            tenant,
            envelope,
            settings: settings.as_ref().map_err(|refused| *refused)?.clone(),
        }))
    })();
    (flow_id, mapping)
}

/// The tenant and the ids that the envelope of a mapping needs.
fn envelope(
    section: &mut Section<'_>,
    mapping: &str,
    platform: &Identity,
    dataset_id: Read<Option<String>>,
    schema_id: Read<Option<String>>,
    flow_id: &Read<Option<String>>,
) -> Read<(String, Envelope)> {
    let needed = |what: &str| format!("write {what}: the mapping `{mapping}` needs it");
    let dataset_id = section.demand("dataset_id", dataset_id, &needed("the dataset's id"));
    let schema_id = section.demand("schema_id", schema_id, &needed("the schema's `$id`"));
    let mut of_platform = |key, value: &Read<Option<String>>, what| match value.clone()? {
        Some(value) => Ok(value),
        None => Err(section.missing_in("platform", key, &needed(what))),
    };
    let org_id = of_platform("org_id", &platform.org_id, "the organization's id");
    let tenant = of_platform("tenant", &platform.tenant, "the tenant's namespace");
    Ok((
        tenant?,
        Envelope {
            org_id: org_id?,
            dataset_id: dataset_id?,
            schema_id: schema_id?,
            flow_id: flow_id.clone()?,
        },
    ))
}

/// Reads the file that `mapping_file` names; what it says is checked when it is compiled.
fn mapping_file(section: &mut Section<'_>) -> Read<Option<MappingFile>> {
    let Some(path) = section.optional("mapping_file", text)? else {
        return Ok(None);
    };
    let path = super::resolve(section, path);
    match MappingFile::read(&path) {
        Ok(file) => Ok(Some(file)),
        Err(why) => {
            let what = format!("`{}` {why}", path.display());
            let remedy = "name a mapping file; relative paths begin at the directory of this file";
            Err(section.refuse("mapping_file", Problem::new(what, remedy)))
        }
    }
}
