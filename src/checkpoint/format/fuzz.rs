//! Whatever lies where the state should be: what it says, or an error; never an empty default.

use serde_json::Value;

use super::{read, write};
use crate::fuzzing::{Input, deep, fuzz, mutated};

const CORPUS: &[&[u8]] = &[
    br#"{"version":1,"account":"acme.zendesk.com","generation":7,"saved_at":"2026-01-02T03:04:05Z","streams":{"users":{"position":{"export":"incremental","cursor":"MTIz==","recovery_time":"2026-01-02T03:04:05Z"},"last_sync":{"started_at":"2026-01-02T03:04:05Z","finished_at":"2026-01-02T03:04:06Z","outcome":"complete","received":2,"ingested":1,"skipped":1,"failed":0,"pages":1,"requests":2,"bytes":900},"recent":["2026-01-02T03:04:05Z 0a1b2c3d 6106699702801"]}}}"#,
    br#"{"version":1,"account":"acme.zendesk.com","generation":7,"saved_at":"2026-01-02T03:04:05.123Z","streams":{"users":{"position":{"export":"search","from":"2026-01-02T03:04:05Z","window":{"to":"2026-01-02T04:00:00Z","cursor":"abc","issued_at":"2026-01-02T04:00:01Z","restarts":1}}},"tickets":{}}}"#,
    br#"{"version":2,"account":"acme.zendesk.com"}"#,
];

fn check(text: &[u8]) {
    let Ok(state) = read(text) else {
        return;
    };
    // All of it was there to be read …
    let value: Value = serde_json::from_slice(text).expect("JSON");
    let streams = value["streams"].as_object().expect("streams");
    assert_eq!(value["account"], state.account.as_str());
    assert_eq!(value["generation"], state.generation);
    assert_eq!(streams.len(), state.streams.len());
    for (name, stream) in streams {
        let read = &state.streams[name];
        assert_eq!(!stream["position"].is_null(), read.position.is_some());
        let recent = stream["recent"].as_array().map_or(0, Vec::len);
        assert_eq!(recent, read.recent.len());
    }
    // … and survives being written.
    let written = write(&state).expect("written");
    let again = read(&written).expect("read again");
    assert_eq!(again, state);
}

#[test]
fn any_file() {
    fuzz("state files", &mutated(CORPUS), |Input(text)| check(&text));
}

#[test]
fn a_deep_file() {
    for nest in deep() {
        check(&nest);
        check(
            &[
                br#"{"version":1,"streams":{"users":{"position":"#,
                &nest[..],
            ]
            .concat(),
        );
    }
}
