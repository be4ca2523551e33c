//! The definitions of custom fields.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Error;
use super::client::{Client, Request};
use super::quota::Urgency;
use crate::http::Effort;
use crate::json;
use crate::limits;

/// One page of a list.
struct Page {
    definitions: Vec<Box<RawValue>>,
    after: Option<String>,
}

#[derive(Deserialize)]
struct Meta {
    has_more: Option<bool>,
    after_cursor: Option<String>,
}

impl Client {
    /// Reads all of `user_fields`, `organization_fields` or `ticket_fields`, each as its own JSON.
    ///
    /// # Errors
    /// When the list cannot be read to its end.
    pub async fn field_definitions(&self, list: &str) -> Result<Vec<Box<RawValue>>, Error> {
        let path = format!("/api/v2/{list}.json");
        let mut definitions = Vec::new();
        let mut after: Option<String> = None;
        for _ in 0..limits::DEFINITION_PAGES_MAX {
            let mut query = vec![("page[size]", "100".to_owned())];
            query.extend(after.take().map(|cursor| ("page[after]", cursor)));
            let request = Request {
                what: &format!("read {list}"),
                path: &path,
                query,
                carries_cursor: false,
                effort: Effort::Full,
                urgency: Urgency::Fresh,
            };
            let page = self.fetch(&request, None, |body| read(&body, list)).await?;
            definitions.extend(page.value.definitions);
            match page.value.after {
                Some(cursor) => after = Some(cursor),
                None => break,
            }
        }
        Ok(definitions)
    }
}

fn read(body: &[u8], list: &str) -> Result<Page, String> {
    let wrong = || format!("the answer has no list `{list}`");
    let [definitions, meta] = json::pick(body, &[list, "meta"]).map_err(|_| wrong())?;
    let definitions = definitions.ok_or_else(wrong)?;
    let meta: Option<Meta> = meta.and_then(|meta| serde_json::from_str(meta.get()).ok());
    // Without `meta` the answer holds everything: so ticket fields come to some accounts.
    let after = meta.and_then(|meta| match meta.has_more {
        Some(true) => meta.after_cursor,
        _ => None,
    });
    Ok(Page {
        definitions: serde_json::from_str(definitions.get()).map_err(|_| wrong())?,
        after,
    })
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn pages_go_on_while_there_is_more() {
        let page = |body: &str| {
            let page = read(body.as_bytes(), "user_fields").map(|page| {
                let count = page.definitions.len();
                (count, page.after)
            });
            page.ok()
        };
        let more =
            r#"{"user_fields":[{"id":1},{"id":2}],"meta":{"has_more":true,"after_cursor":"x"}}"#;
        assert_eq!(page(more), Some((2, Some("x".to_owned()))));
        // Zendesk gives a cursor on the last page too.
        let last = r#"{"user_fields":[],"meta":{"has_more":false,"after_cursor":"x"}}"#;
        assert_eq!(page(last), Some((0, None)));
        assert_eq!(page(r#"{"user_fields":[{}]}"#), Some((1, None)));
        assert_eq!(page(r#"{"users":[]}"#), None);
        assert_eq!(page("<html>"), None);
    }
}
