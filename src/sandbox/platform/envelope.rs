//! The checks on one message: what the inlet refuses at once.
//!
//! Texts are the printed ones where there are any (`aep-api`, "Batch answers with failures");
//! those in other words are ours. Nulls and empty values are refused, which the real inlet leaves
//! to a later validation: a failed batch nobody looks at is what a strict test is for.

use serde_json::{Map, Value};

use super::options::{DataType, PlatformOptions};

/// What a request says for all its messages.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context<'a> {
    pub(super) options: &'a PlatformOptions,
    /// Names the inlet in messages.
    pub(super) inlet_id: &'a str,
    /// The flow named by the request, not by the message.
    pub(super) flow: Option<&'a str>,
}

/// Why a message is refused; `Ok` if it is taken.
pub(super) fn check(message: &[u8], context: &Context<'_>) -> Result<(), String> {
    let message: Value =
        serde_json::from_slice(message).map_err(|_| context.prefixed("Message cannot be read"))?;
    let Value::Object(message) = message else {
        return Err(context.prefixed("Message has unknown xdm format"));
    };
    match context.options.data_type {
        DataType::Raw => context.check_flow(context.flow),
        DataType::Xdm => context.check_envelope(&message),
    }
}

type Object = Map<String, Value>;

impl Context<'_> {
    fn prefixed(&self, text: &str) -> String {
        let (inlet, org) = (self.inlet_id, &self.options.org_id);
        format!("inletId: [{inlet}] imsOrgId: [{org}] {text}")
    }

    fn check_flow(&self, flow: Option<&str>) -> Result<(), String> {
        match flow {
            Some(flow) if self.options.flows.contains(flow) => Ok(()),
            Some(flow) => Err(self.prefixed(&format!("No flow has the id [{flow}]"))),
            None => Err(self.prefixed("Message names no flow")),
        }
    }

    fn check_envelope(&self, message: &Object) -> Result<(), String> {
        let header = object(message, "header").ok_or(
            "The 'header' field is mandatory. Provide a valid 'header' value and try again.",
        )?;
        if text(header, "imsOrgId") != Some(&self.options.org_id) {
            return Err(self.prefixed("Message has an absent or wrong ims org in the header"));
        }
        let schema = self.check_schema(message, header)?;
        self.check_dataset(header, schema)?;
        if object(header, "source")
            .and_then(|source| text(source, "name"))
            .is_none()
        {
            return Err(self.prefixed("Payload header is missing Source Name"));
        }
        if header.contains_key("flowId") {
            self.check_flow(text(header, "flowId"))?;
        }
        let entity = object(message, "body")
            .and_then(|body| object(body, "xdmEntity"))
            .ok_or_else(|| self.prefixed("Payload body is missing xdmEntity"))?;
        match entity.iter().find_map(|(key, value)| hollow(key, value)) {
            Some(path) => Err(self.prefixed(&format!("[{path}] is null or empty"))),
            None => Ok(()),
        }
    }

    /// The schema's id, if header and body name the same one in full.
    fn check_schema<'a>(&self, message: &Object, header: &'a Object) -> Result<&'a str, String> {
        let in_body = object(message, "body")
            .and_then(|body| object(body, "xdmMeta"))
            .and_then(|meta| object(meta, "schemaRef"));
        let in_header = object(header, "schemaRef");
        let unknown = || self.prefixed("Message has unknown xdm format");
        let reference = in_header
            .filter(|_| in_header == in_body)
            .ok_or_else(unknown)?;
        text(reference, "contentType")
            .filter(|kind| kind.starts_with("application/vnd.adobe.xed-full"))
            .and_then(|_| text(reference, "id"))
            .ok_or_else(unknown)
    }

    fn check_dataset(&self, header: &Object, schema: &str) -> Result<(), String> {
        let dataset = text(header, "datasetId").unwrap_or_default();
        match self.options.datasets.get(dataset) {
            Some(known) if known == schema => Ok(()),
            Some(_) => Err(self.prefixed("Schema of the message is not that of its dataset")),
            None => Err(self.prefixed(&format!("No dataset has the id [{dataset}]"))),
        }
    }
}

fn object<'a>(parent: &'a Object, key: &str) -> Option<&'a Object> {
    parent.get(key)?.as_object()
}

/// A member that is text and not empty.
fn text<'a>(parent: &'a Object, key: &str) -> Option<&'a str> {
    parent.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// Path of the first value within that says nothing.
fn hollow(path: &str, value: &Value) -> Option<String> {
    let empty = match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    };
    if empty {
        return Some(path.to_owned());
    }
    match value {
        Value::Array(items) => items
            .iter()
            .enumerate()
            .find_map(|(place, item)| hollow(&format!("{path}[{place}]"), item)),
        Value::Object(members) => members
            .iter()
            .find_map(|(key, member)| hollow(&format!("{path}.{key}"), member)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::testing::envelope;
    use serde_json::json;

    fn verdict(options: &PlatformOptions, message: &Value) -> Result<(), String> {
        let context = Context {
            options,
            inlet_id: "inlet",
            flow: None,
        };
        check(message.to_string().as_bytes(), &context)
    }

    /// The reason for which the default inlet refuses a good envelope after `spoil`.
    fn reason(spoil: impl FnOnce(&mut Value)) -> String {
        let options = PlatformOptions::default();
        let mut message = envelope(&options, json!({"_id": "1", "name": "Zoë"}));
        spoil(&mut message);
        verdict(&options, &message).expect_err("a refusal")
    }

    #[test]
    fn takes_a_whole_envelope() {
        let options = PlatformOptions::default();
        let message = envelope(&options, json!({"_id": "1", "active": false, "n": 0}));
        assert_eq!(verdict(&options, &message), Ok(()));
    }

    #[test]
    fn refuses_envelopes_that_lack_something() {
        let take = |path: &'static str, key: &'static str| {
            reason(|message| {
                let parent = message.pointer_mut(path).and_then(Value::as_object_mut);
                parent.expect("an object").remove(key);
            })
        };
        assert!(take("", "header").starts_with("The 'header' field is mandatory."));
        assert!(take("/header", "imsOrgId").ends_with("absent or wrong ims org in the header"));
        assert!(take("/header", "schemaRef").ends_with("unknown xdm format"));
        assert!(take("/header/schemaRef", "contentType").ends_with("unknown xdm format"));
        assert!(take("/header", "datasetId").ends_with("No dataset has the id []"));
        assert!(take("/header/source", "name").ends_with("missing Source Name"));
        assert!(take("", "body").ends_with("unknown xdm format"));
        assert!(take("/body", "xdmMeta").ends_with("unknown xdm format"));
        assert!(take("/body", "xdmEntity").ends_with("missing xdmEntity"));
    }

    #[test]
    fn refuses_values_that_say_nothing() {
        for (hollow, path) in [
            (json!({"a": {"b": null}}), "[a.b]"),
            (json!({"a": [1, ""]}), "[a[1]]"),
            (json!({"a": []}), "[a]"),
            (json!({"a": {}}), "[a]"),
        ] {
            let found = reason(|message| message["body"]["xdmEntity"] = hollow);
            assert!(found.contains(path), "{found}");
        }
    }

    #[test]
    fn refuses_a_flow_that_leads_nowhere() {
        let found = reason(|message| message["header"]["flowId"] = json!("elsewhere"));
        assert!(found.ends_with("No flow has the id [elsewhere]"));
    }

    #[test]
    fn a_raw_inlet_takes_any_object_of_a_known_flow() {
        let options = PlatformOptions {
            data_type: DataType::Raw,
            ..PlatformOptions::default()
        };
        let flow = options.flows.first().map(String::as_str);
        let known = Context {
            options: &options,
            inlet_id: "inlet",
            flow,
        };
        assert_eq!(check(b"{\"id\":1,\"email\":null}", &known), Ok(()));
        assert!(check(b"[1]", &known).is_err());
        assert!(
            check(
                b"{}",
                &Context {
                    flow: None,
                    ..known
                }
            )
            .is_err()
        );
        assert!(
            check(
                b"{}",
                &Context {
                    flow: Some("elsewhere"),
                    ..known
                }
            )
            .is_err()
        );
    }
}
