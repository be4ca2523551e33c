//! Whatever the inlet answers to a batch: one outcome for each message, none better than told.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Outcome, decode, is_receipt};
use crate::fuzzing::{Input, deep, fuzz, mutated};
use crate::limits;

const CORPUS: &[&[u8]] = &[
    br#"{"inletId":"i","batchId":"1:2:3","receivedTimeMs":1,"responses":[{"xactionId":"1:2:3:0"},{"xactionId":"1:2:3:1"},{"xactionId":"1:2:3:2"}]}"#,
    br#"{"batchId":"b","responses":[{"xactionId":"b:2","status":400,"message":"m"},{"xactionId":"b:0"},{"xactionId":"b:1"}]}"#,
    br#"{"responses":[{"status":null,"statusCode":400},{"status":200,"statusCode":200},{"statusCode":207}]}"#,
    br#"{"responses":[{"statusCode":400,"message":"unknown [x@y.example]"},{"status":"400"},{}]}"#,
    br#"{"batchId":"1:2","responses":[{"xactionId":"9341f8eb-494a-4c89-9879-4d06a58d2dc7-0","status":503},{"xactionId":"9341f8eb-494a-4c89-9879-4d06a58d2dc7-1"},{"status":200}]}"#,
];

/// The items of an answer. One that is no JSON by the book (half a surrogate pair, say) is null.
fn items(body: &[u8]) -> Vec<Value> {
    #[derive(Deserialize)]
    struct Answer {
        responses: Vec<Box<RawValue>>,
    }
    let text = String::from_utf8_lossy(body);
    let answer = serde_json::from_str::<Answer>(&text);
    let items = answer.map_or_else(|_| Vec::new(), |answer| answer.responses);
    items
        .iter()
        .map(|item| serde_json::from_str(item.get()).unwrap_or_default())
        .collect()
}

/// What an item says of its message, read without any of the decoder's code.
fn failed(item: &Value) -> bool {
    let fails = |status: &Value| match status {
        Value::Number(number) => number.as_f64().is_some_and(|status| status >= 400.0),
        Value::String(text) => text.trim().parse().is_ok_and(|status: u16| status >= 400),
        _ => false,
    };
    fails(&item["status"]) || fails(&item["statusCode"])
}

/// No message is settled by nothing: there is an item for each that is.
fn check(body: &[u8], sent: usize) {
    let outcomes = decode(body, sent);
    assert_eq!(outcomes.len(), sent);
    let items = items(body);
    let (mut accepted, mut rejected) = (0, 0);
    for outcome in &outcomes {
        match outcome {
            Outcome::Accepted => accepted += 1,
            Outcome::Rejected(why) => {
                rejected += 1;
                assert!(why.status >= 400);
                assert!(why.message.chars().count() <= limits::ERROR_TEXT_CHARS_MAX + 1);
            }
            Outcome::Unknown => {}
        }
    }
    let failures = items.iter().filter(|item| failed(item)).count();
    let successes = items
        .iter()
        .filter(|item| item.is_object() && !failed(item));
    assert!(
        rejected <= failures,
        "{rejected} rejected of {failures} failures"
    );
    assert!(accepted <= successes.count(), "{accepted} accepted");
    // In order and nameless, each item is about the message at its place.
    if items.len() == sent && items.iter().all(|item| item.get("xactionId").is_none()) {
        for (item, outcome) in items.iter().zip(&outcomes) {
            assert!(!failed(item) || *outcome != Outcome::Accepted, "{item}");
        }
    }
}

#[test]
fn any_answer() {
    fuzz(
        "207 bodies",
        &(mutated(CORPUS), 0..5usize),
        |(Input(body), sent)| {
            check(&body, sent);
            let _ = is_receipt(&body);
        },
    );
}

#[test]
fn a_deep_answer() {
    for nest in deep() {
        check(&nest, 3);
        check(&[br#"{"responses":["#, &nest[..]].concat(), 3);
    }
}

/// As many items as fit into the largest answer that is read. Comparing each with each would take
/// hours.
#[test]
fn an_answer_of_nothing_but_claims() {
    let item = br#"{"xactionId":"b:0"},"#;
    let items = item.repeat(limits::ANSWER_BYTES_MAX / item.len() - 2);
    let body = [br#"{"batchId":"b","responses":["#, &items[..], b"{}]}"].concat();
    let begin = std::time::Instant::now();
    assert_eq!(decode(&body, 2), [Outcome::Unknown, Outcome::Unknown]);
    assert!(begin.elapsed().as_secs() < 60, "{:?}", begin.elapsed());
}
