//! The two collection endpoints: requests are refused whole, messages one by one.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::envelope::{Context, check};
use super::options::PlatformOptions;
use super::outcomes::{Receipt, problem, unauthorized};
use super::sink::{Delivery, Endpoint, Sink};
use crate::sandbox::answer::Answer;
use crate::sandbox::request::{Head, Request};
use crate::sandbox::tokens::Tokens;

/// Largest body, in bytes: the smaller reading of Adobe's "1 MB".
const BODY_BYTES_MAX: usize = 1_000_000;

/// A test's own reason to refuse a message, given its bytes.
pub(super) type Rule = Arc<dyn Fn(&[u8]) -> Option<String> + Send + Sync>;

/// One inlet.
pub(super) struct Inlet {
    /// 64 hexadecimal digits.
    pub(super) id: &'static str,
    pub(super) sink: Sink,
    pub(super) rule: Option<Rule>,
}

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    messages: Vec<&'a RawValue>,
}

impl Inlet {
    pub(super) fn receive(
        &mut self,
        endpoint: Endpoint,
        request: &Request,
        options: &PlatformOptions,
        tokens: &Tokens,
    ) -> Answer {
        let refusal = self.refuse(&request.head, options, tokens);
        if let Some(refusal) = refusal.or_else(|| refuse_body(request)) {
            return refusal;
        }
        let head = &request.head;
        let context = Context {
            options,
            inlet_id: self.id,
            flow: head
                .header("x-adobe-flow-id")
                .or_else(|| head.query("x-adobe-flow-id")),
        };
        let messages = match messages(endpoint, &request.body) {
            Ok(messages) => messages,
            Err(error) => return problem(400, "Invalid JSON", &error.to_string()),
        };
        let outcomes: Vec<Option<String>> = messages
            .into_iter()
            .enumerate()
            .map(|(index, json)| {
                let refusal = check(&json, &context).err();
                let refusal = refusal.or_else(|| self.rule.as_ref()?(&json));
                self.sink.take(Delivery {
                    request: head.number,
                    index,
                    endpoint,
                    json,
                    refusal: refusal.clone(),
                });
                refusal
            })
            .collect();

        let receipt = Receipt::new(self.id, head.number);
        match (endpoint, outcomes.as_slice()) {
            (Endpoint::Batch, outcomes) => receipt.batch(outcomes, options.responses),
            (Endpoint::Single, [Some(refusal)]) => {
                problem(400, "Invalid XDM Message Format", refusal)
            }
            (Endpoint::Single, _) => receipt.single(),
        }
    }

    fn refuse(&self, head: &Head, options: &PlatformOptions, tokens: &Tokens) -> Option<Answer> {
        let token = head.bearer();
        if options.authentication_required && !token.is_some_and(|token| tokens.is_valid(token)) {
            let (status, message) = match token {
                None => (401, "Ims service token is empty"),
                Some(_) => (options.invalid_token_status, "Ims service token is invalid"),
            };
            return Some(unauthorized(status, self.id, message));
        }
        let sandbox = head.header("x-sandbox-name");
        if sandbox.is_some_and(|sandbox| sandbox != options.sandbox_name) {
            let message = "The inlet is of another sandbox";
            return Some(problem(400, "Invalid sandbox", message));
        }
        None
    }
}

fn refuse_body(request: &Request) -> Option<Answer> {
    if request.head.media_type() != "application/json" {
        return Some(problem(
            415,
            "Unsupported media type",
            "Content-Type must be application/json",
        ));
    }
    (request.body.len() > BODY_BYTES_MAX).then(|| Answer::empty(413))
}

/// The messages of a body, each exactly as sent.
fn messages(endpoint: Endpoint, body: &Bytes) -> Result<Vec<Bytes>, serde_json::Error> {
    let slice = |message: &RawValue| body.slice_ref(message.get().as_bytes());
    match endpoint {
        Endpoint::Single => Ok(vec![slice(serde_json::from_slice(body)?)]),
        Endpoint::Batch => {
            let batch: Batch<'_> = serde_json::from_slice(body)?;
            Ok(batch.messages.into_iter().map(slice).collect())
        }
    }
}

impl fmt::Debug for Inlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inlet")
            .field("id", &self.id)
            .field("sink", &self.sink)
            .finish_non_exhaustive()
    }
}
