//! The Schema Registry: the XDM schema that a stream's messages must satisfy.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use url::{Url, form_urlencoded};

use super::answer::{self, Decision};
use super::connection::insert;
use super::{Connection, Error};
use crate::config;
use crate::http::{self, Attempts, Effort, Token, Trouble};
use crate::limits;

const WHAT: &str = "fetch a schema from the schema registry";

/// One schema with all its references resolved, in the names used on the wire. Without a version
/// the registry refuses the request.
const ONE_RESOLVED: HeaderValue =
    HeaderValue::from_static("application/vnd.adobe.xed-full+json; version=1");

/// Where schemas are.
#[derive(Debug)]
pub struct SchemaRegistry {
    connection: Arc<Connection>,
    url: Url,
    headers: HeaderMap,
}

impl SchemaRegistry {
    /// Connects nothing yet.
    ///
    /// # Errors
    /// When a configured value cannot be a header.
    pub fn new(connection: Arc<Connection>, config: &config::Platform) -> Result<Self, Error> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, ONE_RESOLVED);
        // The further headers of the configuration are for the inlet.
        let client_id = config.auth.as_ref().map(|auth| &auth.client_id);
        for (name, value) in [
            ("x-api-key", client_id),
            ("x-gw-ims-org-id", config.org_id.as_ref()),
            ("x-sandbox-name", config.sandbox_name.as_ref()),
        ] {
            if let Some(value) = value {
                insert(&mut headers, name, value)?;
            }
        }
        Ok(Self {
            connection,
            url: config.api_url.clone(),
            headers,
        })
    }

    /// The schema with this `$id`, as JSON text.
    ///
    /// # Errors
    /// When the registry does not give it within the configured attempts.
    pub async fn schema(&self, id: &str) -> Result<Bytes, Error> {
        let mut url = self.url.clone();
        // The whole `$id` becomes one segment. It has no blanks, the only characters that a form
        // writes in another way.
        let segment: String = form_urlencoded::byte_serialize(id.as_bytes()).collect();
        url.set_path(&format!(
            "/data/foundation/schemaregistry/tenant/schemas/{segment}"
        ));
        let Connection { retry, stop, .. } = &*self.connection;
        let mut attempts = Attempts::new(retry, Effort::Full, stop);
        let mut renewed = false;
        loop {
            let token = self.connection.token(Effort::Full).await?;
            let (decision, trouble) = match self.attempt(&url, token.as_ref()).await {
                Ok(schema) => {
                    attempts.answered(WHAT);
                    return Ok(schema);
                }
                Err(failed) => failed,
            };
            match decision {
                Decision::RenewSignIn => {
                    self.connection.discard(token.as_ref()).await;
                    if renewed {
                        return Err(Error::RegistryUnauthorized(trouble));
                    }
                    renewed = true;
                }
                Decision::Retry(wait) => attempts
                    .pause(wait, WHAT, trouble)
                    .await
                    .map_err(|gave_up| Error::gave_up(WHAT, gave_up))?,
                Decision::Split | Decision::NotFound | Decision::Refused => {
                    return Err(Error::SchemaRefused {
                        id: id.to_owned(),
                        trouble,
                    });
                }
            }
        }
    }

    async fn attempt(
        &self,
        url: &Url,
        token: Option<&Token>,
    ) -> Result<Bytes, (Decision, Trouble)> {
        let failed = |trouble| (answer::decide_trouble(), trouble);
        let mut request = self
            .connection
            .http
            .get(url.clone())
            .headers(self.headers.clone());
        if let Some(token) = token {
            request = request.header(AUTHORIZATION, token.header.clone());
        }
        let response = request
            .send()
            .await
            .map_err(|error| failed(self.connection.http.trouble(error)))?;
        let status = response.status();
        if status.is_success() {
            return http::read_body(response, limits::SCHEMA_BYTES_MAX)
                .await
                .map_err(failed);
        }
        let headers = response.headers().clone();
        let body = http::read_error_body(response).await;
        let decision = answer::decide(status, &headers, Timestamp::now());
        Err((decision, Trouble::status(status, &headers, &body)))
    }
}
