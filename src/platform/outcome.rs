//! Reading the inlet's word on each message of a batch.
//!
//! Adobe documents neither the order nor the count of `responses`, its own sample contradicts
//! itself, and its own Kafka connector does not trust the position. So a message counts as
//! accepted or rejected only where the answer can be tied to it beyond doubt; everything else is
//! unknown and will be sent again.

use serde::Deserialize;
use serde_json::Value;

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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    #[serde(default)]
    batch_id: Option<String>,
    responses: Vec<Value>,
}

/// Decodes a batch's answer into one outcome per message sent.
///
/// The rules, in order: an item failed if its `status` or `statusCode` (a number, or text holding
/// one) is 400 or more; it belongs to message n if its `xactionId` is `{batchId}:{n}` or ends in
/// `-{n}`, and no other item claims n; otherwise to the message at its own place, if there are
/// as many items as messages and no other item shows that the order is not that of the request.
pub fn decode(body: &[u8], sent: usize) -> Vec<Outcome> {
    let mut outcomes = vec![Outcome::Unknown; sent];
    let Ok(answer) = serde_json::from_slice::<Answer>(body) else {
        return outcomes;
    };
    let claims: Vec<Option<usize>> = answer
        .responses
        .iter()
        .map(|item| claimed_index(item, answer.batch_id.as_deref(), sent))
        .collect();
    let in_order = answer.responses.len() == sent
        && claims
            .iter()
            .enumerate()
            .all(|(place, claim)| claim.is_none_or(|n| n == place));
    for (place, (item, claim)) in answer.responses.iter().zip(&claims).enumerate() {
        let index = match claim {
            Some(n) if claims.iter().filter(|other| *other == claim).count() == 1 => Some(*n),
            Some(_) => None,
            None => in_order.then_some(place),
        };
        if let Some(outcome) = index.and_then(|index| outcomes.get_mut(index)) {
            *outcome = outcome_of(item);
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
    let Some(status) = ["status", "statusCode"]
        .iter()
        .find_map(|key| item.get(key))
    else {
        return Outcome::Accepted;
    };
    let code = match status {
        Value::Null => return Outcome::Accepted,
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    match code.and_then(|code| u16::try_from(code).ok()) {
        Some(200..=299) => Outcome::Accepted,
        Some(status) if super::answer::is_final_rejection(status) => Outcome::Rejected(Rejection {
            status,
            message: excerpt(item.to_string().as_bytes()),
        }),
        _ => Outcome::Unknown,
    }
}

fn claimed_index(item: &Value, batch_id: Option<&str>, sent: usize) -> Option<usize> {
    let xaction_id = item.get("xactionId")?.as_str()?;
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
    let groups: Vec<&str> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups
            .iter()
            .all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// One letter per message: accepted, rejected, unknown.
    fn check(sent: usize, body: &str, expected: &str) {
        let letters: String = decode(body.as_bytes(), sent)
            .iter()
            .map(|outcome| match outcome {
                Outcome::Accepted => 'a',
                Outcome::Rejected(_) => 'r',
                Outcome::Unknown => '?',
            })
            .collect();
        assert_eq!(letters, expected, "of {body}");
    }

    #[test]
    fn all_good() {
        check(
            2,
            r#"{"batchId":"1:2:3","responses":[{"xactionId":"1:2:3:0"},{"xactionId":"1:2:3:1"}]}"#,
            "aa",
        );
        check(2, r#"{"responses":[{},{"status":200}]}"#, "aa");
    }

    #[test]
    fn failures_in_every_spelling() {
        check(
            3,
            r#"{"responses":[{"statusCode":400,"message":"m"},{"status":"400"},{"xactionId":"x"}]}"#,
            "rra",
        );
        check(
            2,
            r#"{"batchId":"1:2","responses":[{"xactionId":"9341f8eb-494a-4c89-9879-4d06a58d2dc7-0","status":400,"message":"m"},{"xactionId":"9341f8eb-494a-4c89-9879-4d06a58d2dc7-1"}]}"#,
            "ra",
        );
    }

    #[test]
    fn an_index_beats_the_position() {
        check(
            3,
            r#"{"batchId":"b","responses":[{"xactionId":"b:2","status":400},{"xactionId":"b:0"},{"xactionId":"b:1"}]}"#,
            "aar",
        );
    }

    #[test]
    fn an_item_out_of_order_discredits_positions() {
        check(
            3,
            r#"{"batchId":"b","responses":[{"status":400},{"xactionId":"b:0"},{"xactionId":"b:1"}]}"#,
            "aa?",
        );
    }

    #[test]
    fn missing_and_extra_items_leave_the_unindexed_unknown() {
        check(3, r#"{"responses":[{},{"status":400}]}"#, "???");
        check(
            3,
            r#"{"batchId":"b","responses":[{"xactionId":"b:1"},{"status":400}]}"#,
            "?a?",
        );
        check(1, r#"{"responses":[{},{}]}"#, "?");
        check(
            1,
            r#"{"batchId":"b","responses":[{"xactionId":"b:0"},{"xactionId":"b:1"}]}"#,
            "a",
        );
    }

    #[test]
    fn two_claims_to_one_message_are_no_claim() {
        check(
            2,
            r#"{"batchId":"b","responses":[{"xactionId":"b:0"},{"xactionId":"b:0","status":400}]}"#,
            "??",
        );
    }

    #[test]
    fn a_foreign_or_odd_id_is_no_index() {
        // Adobe's own sample: the id shares nothing with the batch id.
        check(
            1,
            r#"{"batchId":"1565638336649:1750:244","responses":[{"xactionId":"1565650704337:2124:92:3"}]}"#,
            "a",
        );
        check(
            2,
            r#"{"batchId":"b","responses":[{"xactionId":"b:01"},{"xactionId":"b:9"}]}"#,
            "aa",
        );
        check(
            2,
            r#"{"batchId":"b","responses":[{"xactionId":"b:-1"},{"xactionId":"not-a-uuid-0"}]}"#,
            "aa",
        );
    }

    #[test]
    fn what_may_pass_later_is_not_rejected() {
        check(
            4,
            r#"{"responses":[{"status":429},{"status":503},{"status":401},{"status":"odd"}]}"#,
            "????",
        );
    }

    #[test]
    fn an_unreadable_answer_tells_nothing() {
        for body in [
            "",
            "<html>",
            "{}",
            r#"{"responses":{}}"#,
            r#"{"responses":[1,2]}"#,
            "[]",
        ] {
            check(2, body, "??");
        }
    }

    #[test]
    fn receipts() {
        assert!(is_receipt(
            br#"{"inletId":"x","xactionId":"1","receivedTimeMs":1}"#
        ));
        for body in ["", "<html>", "{}", "[]", r#"{"status":200}"#] {
            assert!(!is_receipt(body.as_bytes()), "{body}");
        }
    }

    proptest! {
        /// Items in any order, some without an id, some lost: what is called accepted or rejected
        /// is so.
        #[test]
        fn no_message_gets_anothers_outcome(
            bad in proptest::collection::vec(any::<bool>(), 1..12),
            order in any::<u64>(),
            lost in any::<u16>(),
            nameless in any::<u16>(),
        ) {
            let mut places: Vec<usize> = (0..bad.len()).collect();
            let shuffled = order % 2 == 1;
            if shuffled {
                places.sort_by_key(|n| (*n as u64 + 1).wrapping_mul(order | 1).rotate_left(17));
            }
            // Without ids, an order that is not the request's cannot be told from one that is;
            // Adobe was never seen to shuffle nameless items, so they are lost or shuffled, not both.
            let nameless = if shuffled { 0 } else { nameless };
            let responses: Vec<Value> = places
                .iter()
                .filter(|n| lost >> **n & 1 == 0)
                .map(|n| {
                    let mut item = serde_json::Map::new();
                    if nameless >> n & 1 == 0 {
                        item.insert("xactionId".into(), format!("b:{n}").into());
                    }
                    if bad[*n] {
                        item.insert("status".into(), 400.into());
                    }
                    Value::Object(item)
                })
                .collect();
            let body = serde_json::json!({"batchId": "b", "responses": responses}).to_string();
            for (n, outcome) in decode(body.as_bytes(), bad.len()).iter().enumerate() {
                match outcome {
                    Outcome::Accepted => prop_assert!(!bad[n]),
                    Outcome::Rejected(_) => prop_assert!(bad[n]),
                    Outcome::Unknown => prop_assert!(lost != 0 || shuffled || nameless != 0),
                }
            }
        }

        #[test]
        fn no_answer_panics(body in ".{0,200}", sent in 0usize..5) {
            prop_assert_eq!(decode(body.as_bytes(), sent).len(), sent);
        }
    }
}
