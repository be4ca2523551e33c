//! The XDM envelope: `{"header": …, "body": {"xdmMeta": …, "xdmEntity": …}}`.

use std::ops::Range;

use serde::Serialize;

use crate::config;

/// The one spelling used everywhere; Adobe's documents show five.
const CONTENT_TYPE: &str = "application/vnd.adobe.xed-full+json;version=1";

/// Sent always: one of Adobe's asynchronous errors is a payload header without a source name.
const SOURCE_NAME: &str = "zendesk-aep";

const AFTER: &[u8] = b"}}";

/// What surrounds a stream's mapped objects, rendered once.
#[derive(Debug)]
pub struct Envelope {
    before: Vec<u8>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SchemaRef<'a> {
    id: &'a str,
    content_type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Header<'a> {
    schema_ref: &'a SchemaRef<'a>,
    ims_org_id: &'a str,
    dataset_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    flow_id: Option<&'a str>,
    source: Source,
}

#[derive(Serialize)]
struct Source {
    name: &'static str,
}

impl Envelope {
    /// Renders the part before the object.
    pub fn new(config: &config::Envelope) -> Self {
        let schema_ref = SchemaRef {
            id: &config.schema_id,
            content_type: CONTENT_TYPE,
        };
        let header = Header {
            schema_ref: &schema_ref,
            ims_org_id: &config.org_id,
            dataset_id: &config.dataset_id,
            flow_id: config.flow_id.as_deref(),
            source: Source { name: SOURCE_NAME },
        };
        // `createdAt` is left out: the inlet fills it in, and a clock here would make two sends of
        // one record differ.
        let header = serde_json::json!(header);
        let schema_ref = serde_json::json!(schema_ref);
        let before = format!(
            r#"{{"header":{header},"body":{{"xdmMeta":{{"schemaRef":{schema_ref}}},"xdmEntity":"#
        );
        Self {
            before: before.into_bytes(),
        }
    }

    /// Writes what comes before the object.
    pub fn open(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.before);
    }

    /// Where the object is in a message of this many bytes.
    pub fn content(&self, bytes: usize) -> Range<usize> {
        self.before.len()..bytes - AFTER.len()
    }

    /// Writes what comes after it.
    pub fn close(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(AFTER);
    }
}
