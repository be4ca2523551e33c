//! Showing what a letter is like without what it says about anyone.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::Value;
use serde_json::value::RawValue;

/// A record with every text in it replaced by its length. Keys, numbers, truth values, times and
/// `id`s stay, so that its structure can be diagnosed.
pub fn without_values_in(record: &RawValue) -> Value {
    match serde_json::from_str(record.get()) {
        Ok(record) => redacted(record),
        // Nested too deeply to be taken apart.
        Err(_) => Value::String(length(record.get())),
    }
}

fn redacted(value: Value) -> Value {
    match value {
        Value::String(text) if is_time(&text) => Value::String(text),
        Value::String(text) => Value::String(length(&text)),
        Value::Array(values) => values.into_iter().map(redacted).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(key, value)| match value {
                Value::String(_) if key == "id" => (key, value),
                value => (key, redacted(value)),
            })
            .collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
    }
}

fn is_time(text: &str) -> bool {
    text.parse::<Timestamp>().is_ok() || text.parse::<Date>().is_ok()
}

fn length(text: &str) -> String {
    format!("«{} characters»", text.chars().count())
}

/// A message of the inlet, which puts the values it complains of in brackets, without these. They
/// may be anybody's address.
pub fn without_values(message: &str) -> String {
    let mut text = String::new();
    let mut depth = 0u32;
    for c in message.chars() {
        match c {
            '[' => {
                depth += 1;
                if depth == 1 {
                    text.push_str("[…]");
                }
            }
            ']' => depth = depth.saturating_sub(1),
            c if depth == 0 => text.push(c),
            _ => {}
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_go_and_the_structure_stays() {
        let record = r#"{"id":7,"name":"Zoë","email":"z@x.example","created_at":"2026-01-02T03:04:05Z",
            "day":"2026-01-02","ok":true,"none":null,"tags":["vip",{"id":"u-1","score":1.5}]}"#;
        let record: Box<RawValue> = serde_json::from_str(record).expect("JSON");
        assert_eq!(
            without_values_in(&record),
            serde_json::json!({
                "id": 7, "name": "«3 characters»", "email": "«11 characters»",
                "created_at": "2026-01-02T03:04:05Z", "day": "2026-01-02", "ok": true, "none": null,
                "tags": ["«3 characters»", {"id": "u-1", "score": 1.5}],
            })
        );
    }

    #[test]
    fn too_deep_a_record_is_not_shown() {
        let deep = format!("{}\"secret\"{}", "[".repeat(300), "]".repeat(300));
        let record = RawValue::from_string(deep).expect("JSON");
        assert_eq!(without_values_in(&record), "«608 characters»");
    }

    #[test]
    fn values_stay_out_of_the_message() {
        assert_eq!(
            without_values("inletId: [ab] [jane@x.example] is not a valid date-time [[a]b"),
            "inletId: […] […] is not a valid date-time […]"
        );
    }
}
