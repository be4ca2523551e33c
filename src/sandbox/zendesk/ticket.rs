//! A ticket as Zendesk serves it: 39 keys in an export, in their recorded order; fewer in lists.

use serde::Serialize;
use serde_json::{Value, json};

use super::renderer::{Guise, Renderer, at_second};
use super::row::{Fate, Row};
use super::user::{ZENDESK_HOST, whole_seconds};

mod views;

pub(super) use views::{deleted, request};

const SUBJECTS: &[&str] = &[
    "Order has not arrived",
    "Не працює оплата",
    "請求書について",
    "Zwrot \"Q\" & wymiana",
    "Login ☎ failed",
    "طلب استرداد",
];
const FIRST_STATUSES: &[&str] = &["new", "open", "pending", "hold", "solved", "closed"];
const LATER_STATUSES: &[&str] = &["open", "pending", "hold", "solved"];
const PRIORITIES: &[Option<&str>] = &[
    None,
    Some("low"),
    Some("normal"),
    Some("high"),
    Some("urgent"),
];
const TYPES: &[Option<&str>] = &[
    None,
    Some("question"),
    Some("incident"),
    Some("problem"),
    Some("task"),
];
const CHANNELS: &[&str] = &["api", "web", "email", "any_channel"];
const TAGS: &[&str] = &["refund", "7", "важливо", "🎉", "vip"];

/// Custom fields of every ticket; most values are null.
const CUSTOM_FIELDS: u64 = 6;

#[derive(Serialize)]
struct Ticket {
    url: String,
    id: u64,
    external_id: Option<String>,
    via: Value,
    #[serde(serialize_with = "whole_seconds")]
    created_at: jiff::Timestamp,
    #[serde(serialize_with = "whole_seconds")]
    updated_at: jiff::Timestamp,
    r#type: Option<&'static str>,
    subject: String,
    raw_subject: String,
    description: String,
    priority: Option<&'static str>,
    status: &'static str,
    recipient: Option<&'static str>,
    requester_id: Option<u64>,
    submitter_id: Option<u64>,
    assignee_id: Option<u64>,
    organization_id: Option<u64>,
    group_id: Option<u64>,
    collaborator_ids: [u64; 0],
    follower_ids: [u64; 0],
    email_cc_ids: [u64; 0],
    forum_topic_id: Option<u64>,
    problem_id: Option<u64>,
    has_incidents: bool,
    is_public: bool,
    due_at: Option<()>,
    tags: Vec<&'static str>,
    custom_fields: Vec<Value>,
    satisfaction_rating: Option<Value>,
    sharing_agreement_ids: [u64; 0],
    custom_status_id: Option<u64>,
    /// The same as `custom_fields`; lists by cursor leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<Vec<Value>>,
    followup_ids: [u64; 0],
    ticket_form_id: Option<u64>,
    brand_id: Option<u64>,
    allow_channelback: bool,
    allow_attachments: bool,
    from_messaging_channel: bool,
    /// Exports only.
    #[serde(skip_serializing_if = "Option::is_none")]
    generated_timestamp: Option<i64>,
    /// Said of tickets that only a bot has handled; on which tickets the real service has the key
    /// is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    support_type: Option<&'static str>,
}

/// The ticket's JSON.
pub(super) fn json_of(renderer: &Renderer, row: &Row, guise: Guise) -> Vec<u8> {
    let ticket = ticket(renderer, row, guise);
    // Plain values under text keys: serde_json cannot fail on them.
    serde_json::to_vec(&ticket).unwrap_or_default()
}

fn ticket(renderer: &Renderer, row: &Row, guise: Guise) -> Ticket {
    let mut stable = renderer.stable(row);
    let mut changing = renderer.changing(row);
    let scrubbed = row.fate == Fate::Scrubbed;
    let subject = match scrubbed {
        true => "SCRUBBED".to_owned(),
        false => format!("{} #{}", stable.pick(SUBJECTS), row.id),
    };
    let description = match scrubbed {
        true => "X".to_owned(),
        false => format!(
            "Dear team,\n\n{subject}.\n\nRegards · {}",
            stable.below(1_000)
        ),
    };
    let custom_fields = match scrubbed {
        true => Vec::new(),
        false => (0..CUSTOM_FIELDS)
            .map(|number| custom_field(renderer, row, number))
            .collect(),
    };
    let mut tags = Vec::new();
    if !scrubbed {
        tags = TAGS.to_vec();
        let count = changing.below(3) as usize;
        changing.draw(&mut tags, count);
    }
    if row.fate == Fate::Merged {
        tags.push("closed_by_merge");
    }
    let requester_id = renderer.some_id("users", &mut stable);
    let assigned = stable.percent(60);
    Ticket {
        url: format!("https://{ZENDESK_HOST}/api/v2/tickets/{}.json", row.id),
        id: row.id,
        external_id: stable.percent(20).then(|| format!("ERP-{}", row.id)),
        via: via(renderer, row),
        created_at: at_second(row.created),
        updated_at: at_second(row.updated),
        r#type: stable.pick(TYPES).to_owned(),
        raw_subject: subject.clone(),
        subject,
        description,
        priority: changing.pick(PRIORITIES).to_owned(),
        status: status(renderer, row),
        recipient: stable.percent(20).then_some("support@example.com"),
        requester_id,
        submitter_id: requester_id,
        assignee_id: renderer.some_id("users", &mut stable).filter(|_| assigned),
        organization_id: renderer.some_id("organizations", &mut stable),
        group_id: renderer.some_id("groups", &mut stable).filter(|_| assigned),
        collaborator_ids: [],
        follower_ids: [],
        email_cc_ids: [],
        forum_topic_id: None,
        problem_id: None,
        has_incidents: false,
        is_public: true,
        due_at: None,
        tags,
        fields: (guise != Guise::CursorList).then(|| custom_fields.clone()),
        custom_fields,
        satisfaction_rating: changing.percent(30).then(|| json!({"score": "offered"})),
        sharing_agreement_ids: [],
        custom_status_id: renderer.some_id("custom_statuses", &mut stable),
        followup_ids: [],
        ticket_form_id: renderer.some_id("ticket_forms", &mut stable),
        brand_id: renderer.some_id("brands", &mut stable),
        allow_channelback: false,
        allow_attachments: true,
        from_messaging_channel: is_bots(renderer, row),
        generated_timestamp: (guise == Guise::Export).then_some(row.place),
        support_type: is_bots(renderer, row).then_some("ai_agent"),
    }
}

/// All types that were recorded: null, text, a checkbox, a number in text, several choices.
fn custom_field(renderer: &Renderer, row: &Row, number: u64) -> Value {
    let mut dice = renderer.dice(row.id, u64::from(row.version) + 1_000 + number);
    let value = match number {
        0 => json!(format!("revision {}", row.version)),
        1 => json!(dice.percent(50)),
        2 => json!(dice.below(10_000).to_string()),
        3 if dice.percent(30) => json!(["one", "два"]),
        4 if dice.percent(30) => json!("2024-02-29"),
        _ => Value::Null,
    };
    let field = super::streams::ticket_field_id(number);
    json!({"id": field, "value": value})
}

/// How it came: mostly an object, whose channel is a number now and then.
pub(super) fn via(renderer: &Renderer, row: &Row) -> Value {
    let mut dice = renderer.dice(row.id, u64::MAX);
    let channel = match dice.below(20) {
        0 => json!(33),
        _ => json!(dice.pick(CHANNELS)),
    };
    json!({"channel": channel, "source": {"from": {}, "to": {}, "rel": null}})
}

/// The status of this version.
pub(super) fn status(renderer: &Renderer, row: &Row) -> &'static str {
    match row.fate {
        Fate::Deleted | Fate::Scrubbed | Fate::Gone => "deleted",
        Fate::Merged => "closed",
        Fate::Live => status_at(renderer, row.id, row.version),
    }
}

/// The status of that version, as long as the ticket was there.
pub(super) fn status_at(renderer: &Renderer, id: u64, version: u32) -> &'static str {
    let statuses: &[&'static str] = match version {
        0 => FIRST_STATUSES,
        _ => LATER_STATUSES,
    };
    let mut dice = renderer.dice(id, u64::from(version) + 500);
    dice.pick::<&'static str>(statuses)
}

/// Whether only a bot has handled it.
pub(super) fn is_bots(renderer: &Renderer, row: &Row) -> bool {
    renderer.dice(row.id, 77).percent(renderer.bot_tickets)
}

/// Whether it can still be changed.
pub(super) fn is_open(renderer: &Renderer, row: &Row) -> bool {
    row.is_live() && status(renderer, row) != "closed"
}

/// Whether it lies in the archive, which only exports and search look into.
pub(super) fn is_archived(renderer: &Renderer, row: &Row) -> bool {
    row.fate == Fate::Live && row.id.is_multiple_of(2) && status(renderer, row) == "closed"
}
