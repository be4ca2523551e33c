//! Reading the inlet's word on each message of a batch.
//!
//! Adobe documents neither the order nor the count of `responses`, its own sample contradicts
//! itself, and its own Kafka connector does not trust the position. So a message counts as
//! accepted or rejected only where the answer can be tied to it beyond doubt; everything else is
//! unknown and will be sent again.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::http::excerpt;

/// What became of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The inlet has it.
    Accepted,
    /// The inlet will never take it.
    Rejected(Rejection),
    /// The answer does not tell, or says to try again.
    Unknown,
}

/// Why a message was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The status of the message, or of the request it was alone in.
    pub status: u16,
    /// What the inlet said. May quote the record, so it belongs in the dead letters, not in logs.
    pub message: String,
}

/// Items stay text until they are looked at, one at a time: as values they would take a hundred
/// times the memory of the answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'body> {
    #[serde(default)]
    batch_id: Option<String>,
    #[serde(borrow)]
    responses: Vec<&'body RawValue>,
}

/// What one item of an answer says, and of which message, if it tells.
struct Item {
    claim: Option<usize>,
    outcome: Outcome,
}

/// An item that says nothing but which message it is of.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Plain<'body> {
    #[serde(borrow)]
    xaction_id: Option<&'body str>,
    status: Option<IgnoredAny>,
    status_code: Option<IgnoredAny>,
}

impl Item {
    fn read(json: &str, batch_id: Option<&str>, sent: usize) -> Self {
        // Nearly all are of this kind, and need no value built.
        let plain = json
            .starts_with('{')
            .then(|| serde_json::from_str::<Plain>(json).ok());
        if let Some(Plain {
            xaction_id,
            status: None,
            status_code: None,
        }) = plain.flatten()
        {
            return Self {
                claim: xaction_id.and_then(|id| claimed_index(id, batch_id, sent)),
                outcome: Outcome::Accepted,
            };
        }
        let item: Value = serde_json::from_str(json).unwrap_or_default();
        let xaction_id = item.get("xactionId").and_then(Value::as_str);
        Self {
            claim: xaction_id.and_then(|id| claimed_index(id, batch_id, sent)),
            outcome: outcome_of(&item),
        }
    }
}

/// Decodes a batch's answer into one outcome per message sent.
///
/// The rules, in order: an item failed if its `status` or `statusCode` (a number, or text holding
/// one) is no success; it belongs to message n if its `xactionId` is `{batchId}:{n}` or ends in
/// `-{n}`, and no other item claims n; otherwise to the message at its own place, if there are
/// as many items as messages and no other item shows that the order is not that of the request.
pub fn decode(body: &[u8], sent: usize) -> Vec<Outcome> {
    let mut outcomes = vec![Outcome::Unknown; sent];
    let Ok(answer) = serde_json::from_slice::<Answer>(body) else {
        return outcomes;
    };
    let items: Vec<Item> = answer
        .responses
        .iter()
        .map(|item| Item::read(item.get(), answer.batch_id.as_deref(), sent))
        .collect();
    let mut claims = vec![0; sent];
    for claimed in items.iter().filter_map(|item| item.claim) {
        claims[claimed] += 1;
    }
    let in_order = items.len() == sent
        && items
            .iter()
            .enumerate()
            .all(|(place, item)| item.claim.is_none_or(|claimed| claimed == place));
    for (place, item) in items.into_iter().enumerate() {
        let index = match item.claim {
            Some(claimed) => (claims[claimed] == 1).then_some(claimed),
            None => in_order.then_some(place),
        };
        if let Some(outcome) = index.and_then(|index| outcomes.get_mut(index)) {
            *outcome = item.outcome;
        }
    }
    outcomes
}

/// Whether a single message's 200 comes from the inlet: a proxy's page of HTML is no acceptance.
pub(super) fn is_receipt(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|answer| {
        ["inletId", "xactionId"]
            .iter()
            .any(|key| answer.get(key).is_some())
    })
}

fn outcome_of(item: &Value) -> Outcome {
    if !item.is_object() {
        return Outcome::Unknown;
    }
    // Should the two contradict each other, the one that is no success counts.
    let failure = ["status", "statusCode"]
        .iter()
        .filter_map(|key| item.get(key))
        .filter(|status| !status.is_null())
        .map(code)
        .find(|code| !matches!(code, Some(200..=299)));
    match failure {
        None => Outcome::Accepted,
        Some(Some(status)) if super::answer::is_final_rejection(status) => {
            Outcome::Rejected(Rejection {
                status,
                message: excerpt(item.to_string().as_bytes()),
            })
        }
        Some(_) => Outcome::Unknown,
    }
}

/// A status as a number, or as text holding one.
fn code(status: &Value) -> Option<u16> {
    match status {
        Value::Number(number) => number.as_u64()?.try_into().ok(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

fn claimed_index(xaction_id: &str, batch_id: Option<&str>, sent: usize) -> Option<usize> {
    let index = match batch_id.and_then(|id| xaction_id.strip_prefix(id)?.strip_prefix(':')) {
        Some(index) => index,
        None => {
            let (uuid, index) = xaction_id.rsplit_once('-')?;
            is_uuid(uuid).then_some(index)?
        }
    };
    // "007" or "+7" are no indexes of anybody's making.
    let canonical = index == "0" || !index.starts_with(['0', '+']);
    index.parse().ok().filter(|n| canonical && *n < sent)
}

fn is_uuid(text: &str) -> bool {
    let groups = || text.split('-');
    groups().map(str::len).eq([8, 4, 4, 4, 12])
        && groups().all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
