//! The mappings that come with the program: files like those that users write, kept in
//! `presets/`.

use std::path::Path;

use super::compile::{Placeholders, compile};
use super::expression::Fault;
use super::faults::Faults;
use super::file::Draft;
use super::plan::Plan;
use crate::catalogue::StreamSpec;
use crate::config::{ContactStyle, Mapped, PhoneTarget, Preset, alternatives};

/// The files, by the names that `extends` knows them by.
pub(super) const PRESETS: [(&str, &str); 12] = [
    ("users", include_str!("presets/users.toml")),
    ("users-b2b", include_str!("presets/users-b2b.toml")),
    ("tickets", include_str!("presets/tickets.toml")),
    (
        "tickets-record",
        include_str!("presets/tickets-record.toml"),
    ),
    ("ticket-audits", include_str!("presets/ticket-audits.toml")),
    (
        "ticket-metric-events",
        include_str!("presets/ticket-metric-events.toml"),
    ),
    (
        "satisfaction-ratings",
        include_str!("presets/satisfaction-ratings.toml"),
    ),
    ("organizations", include_str!("presets/organizations.toml")),
    (
        "organizations-custom",
        include_str!("presets/organizations-custom.toml"),
    ),
    (
        "organization-memberships",
        include_str!("presets/organization-memberships.toml"),
    ),
    ("reference", include_str!("presets/reference.toml")),
    (
        "adobe-source-compatible",
        include_str!("presets/adobe-source-compatible.toml"),
    ),
];

/// What a mapping file extends that begins with no row.
const NOTHING: &str = "nothing";

/// The file that `preset` stands for.
pub(super) fn file_of(stream: &str, preset: Preset) -> &'static str {
    match preset {
        Preset::AdobeSourceCompatible => "adobe-source-compatible",
        Preset::B2b => "users-b2b",
        Preset::Record => "tickets-record",
        Preset::Custom => "organizations-custom",
        Preset::Standard => match stream {
            "users" => "users",
            "tickets" => "tickets",
            "ticket_events" | "ticket_audits" => "ticket-audits",
            "ticket_metric_events" => "ticket-metric-events",
            "satisfaction_ratings" => "satisfaction-ratings",
            "organizations" => "organizations",
            "organization_memberships" => "organization-memberships",
            _ => "reference",
        },
    }
}

/// Compiles the mapping of a stream: its preset, and the user's file on it.
///
/// # Errors
/// All faults of the file.
pub(super) fn plan(spec: &StreamSpec, mapped: &Mapped) -> Result<Plan, Faults> {
    let mut faults = Faults::new();
    let standard = file_of(&spec.name, mapped.preset);
    let draft = match &mapped.file {
        None => draft_of(standard, &mut faults),
        Some(file) => {
            let over = Draft::read(&file.path, &file.text, &mut faults);
            let mut draft = under(&over, standard, &mut faults);
            draft.join(over);
            draft
        }
    };
    let placeholders = placeholders(spec, mapped);
    compile(&spec.name, draft, &placeholders, &mapped.settings, faults)
}

/// What `over` stands on.
fn under(over: &Draft, standard: &'static str, faults: &mut Faults) -> Draft {
    let Some(extends) = &over.extends else {
        return draft_of(standard, faults);
    };
    if extends.says == NOTHING {
        return Draft::default();
    }
    if let Some((name, _)) = PRESETS.iter().find(|(name, _)| *name == extends.says) {
        return draft_of(name, faults);
    }
    let names = PRESETS.iter().map(|(name, _)| *name);
    let names: Vec<&str> = names.chain([NOTHING]).collect();
    let what = format!("there is no preset `{}`", extends.says);
    let remedy = format!(
        "leave it out for the stream's own, or write {}",
        alternatives(&names, "or")
    );
    faults.add(&extends.place, Fault::new(what, remedy));
    Draft::default()
}

/// What a preset says, with those it stands on.
fn draft_of(name: &str, faults: &mut Faults) -> Draft {
    let text = PRESETS.iter().find(|(known, _)| *known == name);
    let text = text.map_or("", |(_, text)| text);
    let over = Draft::read(Path::new(name), text, faults);
    let Some(extends) = &over.extends else {
        return over;
    };
    let mut draft = draft_of(&extends.says, faults);
    draft.join(over);
    draft
}

/// What names in braces stand for in the paths and namespaces of this stream.
fn placeholders(spec: &StreamSpec, mapped: &Mapped) -> Placeholders {
    let settings = &mapped.settings;
    // Adobe's B2B set-up knows people by their work.
    let contact_style = match mapped.preset {
        Preset::B2b => ContactStyle::Work,
        _ => settings.contact_style,
    };
    let email = match contact_style {
        ContactStyle::Personal => "personalEmail",
        ContactStyle::Work => "workEmail",
    };
    let phone = match (mapped.preset, settings.phone_target) {
        (Preset::B2b, _) | (_, PhoneTarget::Work) => "workPhone",
        (_, PhoneTarget::Mobile) => "mobilePhone",
        (_, PhoneTarget::Home) => "homePhone",
    };
    let of = |value: &str| Some(value.to_owned());
    vec![
        // The tenant's name has the underscore already.
        ("_{TENANT}", of(&mapped.tenant)),
        ("_{TENANT_ID}", of(&mapped.tenant)),
        ("{EMAIL}", of(email)),
        ("{PHONE}", of(phone)),
        ("{OBJECT}", Some(object(&spec.name))),
        ("{USER}", of(&settings.user_namespace)),
        ("{EXTERNAL_ID}", settings.external_id_namespace.clone()),
    ]
}

/// What one record of a stream is called in paths: `slaPolicy` of `sla_policies`.
fn object(stream: &str) -> String {
    let singular = match stream.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => match stream.strip_suffix("uses") {
            Some(stem) => format!("{stem}us"),
            None => stream.strip_suffix('s').unwrap_or(stream).to_owned(),
        },
    };
    let mut words = singular.split('_');
    let mut name = words.next().unwrap_or_default().to_owned();
    for word in words {
        let (first, rest) = word.split_at(word.chars().next().map_or(0, char::len_utf8));
        name.push_str(&first.to_uppercase());
        name.push_str(rest);
    }
    name
}

#[cfg(test)]
mod tests {
    use super::object;

    #[test]
    fn streams_become_names_of_one_record() {
        for (stream, name) in [
            ("groups", "group"),
            ("ticket_fields", "ticketField"),
            ("sla_policies", "slaPolicy"),
            ("custom_statuses", "customStatus"),
            ("dynamic_content", "dynamicContent"),
        ] {
            assert_eq!(object(stream), name);
        }
    }
}
