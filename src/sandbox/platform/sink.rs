//! What an inlet has received, message by message, in order of arrival.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;

/// One message that reached the inlet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Number of the request that brought it, as in [`Head::number`](crate::sandbox::Head::number).
    pub request: u64,
    /// Its place in that request, from 0.
    pub index: usize,
    /// Which address it came to.
    pub endpoint: Endpoint,
    /// The message exactly as sent.
    pub json: Bytes,
    /// Why it was refused; `None` for accepted ones.
    pub refusal: Option<String>,
}

impl Delivery {
    /// Id of the record within: of a raw message `id`, of an XDM entity its primary identity
    /// (the first one if none is marked), without identities its `_id`.
    pub fn id(&self) -> Option<String> {
        let message: Value = serde_json::from_slice(&self.json).ok()?;
        let Some(entity) = message.pointer("/body/xdmEntity") else {
            return as_text(message.get("id")?);
        };
        primary_identity(entity).or_else(|| as_text(entity.get("_id")?))
    }
}

fn primary_identity(entity: &Value) -> Option<String> {
    let namespaces = entity.get("identityMap")?.as_object()?;
    let mut identities = namespaces.values().filter_map(Value::as_array).flatten();
    let primary = identities
        .clone()
        .find(|identity| identity["primary"] == true);
    as_text(primary.or_else(|| identities.next())?.get("id")?)
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The inlet's two addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// `/collection/{id}`: the body is one message.
    Single,
    /// `/collection/batch/{id}`: the body holds many.
    Batch,
}

/// All that an inlet has received.
#[derive(Clone, Debug, Default)]
pub struct Sink {
    /// What was accepted, in order of arrival; repeats are kept.
    pub accepted: Vec<Delivery>,
    /// What was refused, in order of arrival.
    pub rejected: Vec<Delivery>,
}

impl Sink {
    pub(super) fn take(&mut self, delivery: Delivery) {
        let shelf = match delivery.refusal {
            None => &mut self.accepted,
            Some(_) => &mut self.rejected,
        };
        shelf.push(delivery);
    }

    /// Of each record the accepted message that came last, by [`Delivery::id`]; messages without
    /// an id are left out.
    pub fn latest_by_id(&self) -> BTreeMap<String, Bytes> {
        let with_ids = self.accepted.iter();
        with_ids
            .filter_map(|delivery| Some((delivery.id()?, delivery.json.clone())))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(json: &'static str) -> Option<String> {
        let delivery = Delivery {
            request: 0,
            index: 0,
            endpoint: Endpoint::Single,
            json: Bytes::from_static(json.as_bytes()),
            refusal: None,
        };
        delivery.id()
    }

    #[test]
    fn finds_the_id_of_every_kind_of_message() {
        assert_eq!(id(r#"{"id":7}"#).as_deref(), Some("7"));
        assert_eq!(id(r#"{"id":"a"}"#).as_deref(), Some("a"));
        assert_eq!(
            id(r#"{"body":{"xdmEntity":{"_id":"x"}}}"#).as_deref(),
            Some("x")
        );
        let identities = r#"{"body":{"xdmEntity":{"_id":"x","identityMap":
            {"Email":[{"id":"e"}],"Zendesk":[{"id":"8","primary":true}]}}}}"#;
        assert_eq!(id(identities).as_deref(), Some("8"));
        assert_eq!(id("{}"), None);
        assert_eq!(id("no JSON"), None);
    }
}
