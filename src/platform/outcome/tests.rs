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
fn a_failure_under_one_key_is_not_outweighed_by_the_other() {
    check(
        3,
        r#"{"responses":[{"status":null,"statusCode":400},{"status":200,"statusCode":"400"},{"status":400,"statusCode":200}]}"#,
        "rrr",
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
