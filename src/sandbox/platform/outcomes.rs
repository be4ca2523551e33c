//! The inlet's answers: to one message, to a batch, and to requests it does not take.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

use super::options::{FailureKey, Responses, TransactionIds};
use crate::sandbox::answer::{Answer, json};

/// The names that an answer gives to its request.
#[derive(Debug)]
pub(super) struct Receipt<'a> {
    inlet_id: &'a str,
    batch_id: String,
    uuid: String,
    received_ms: u64,
}

impl<'a> Receipt<'a> {
    pub(super) fn new(inlet_id: &'a str, request: u64) -> Self {
        let since_1970 = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let received_ms = u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX);
        Self {
            inlet_id,
            batch_id: format!("{received_ms}:2153:{request}"),
            uuid: format!("9341f8eb-494a-4c89-9879-{request:012x}"),
            received_ms,
        }
    }

    /// 200: received, which is neither valid nor stored.
    pub(super) fn single(&self) -> Answer {
        let body = json!({
            "inletId": self.inlet_id,
            "xactionId": self.batch_id,
            "receivedTimeMs": self.received_ms,
        });
        json(200, &body)
    }

    /// 207, whatever became of the messages.
    pub(super) fn batch(&self, outcomes: &[Option<String>], shape: Responses) -> Answer {
        let indexed = outcomes.iter().enumerate();
        let mut responses: Vec<Value> = indexed
            .map(|(index, refusal)| self.response(index, refusal.as_deref(), shape))
            .collect();
        if shape.one_missing {
            responses.pop();
        }
        if shape.one_extra {
            responses.push(self.response(outcomes.len(), None, shape));
        }
        if shape.reversed {
            responses.reverse();
        }
        let body = json!({
            "inletId": self.inlet_id,
            "batchId": self.batch_id,
            "receivedTimeMs": self.received_ms,
            "responses": responses,
        });
        json(207, &body)
    }

    fn response(&self, index: usize, refusal: Option<&str>, shape: Responses) -> Value {
        let mut response = json!({});
        if refusal.is_none() || shape.failures_have_ids {
            response["xactionId"] = match shape.transaction_ids {
                TransactionIds::BatchAndIndex => format!("{}:{index}", self.batch_id).into(),
                TransactionIds::UuidAndIndex => format!("{}-{index}", self.uuid).into(),
            };
        }
        if let Some(refusal) = refusal {
            match shape.failure_key {
                FailureKey::Status => response["status"] = 400.into(),
                FailureKey::StatusCode => response["statusCode"] = 400.into(),
                FailureKey::StatusText => response["status"] = "400".into(),
            }
            response["message"] = refusal.into();
        }
        response
    }
}

/// A request, or the message of a single one, that the inlet does not take.
pub(super) fn problem(status: u16, title: &str, message: &str) -> Answer {
    let body = json!({
        "type": "http://ns.adobe.com/adobecloud/problem/data-collection-service/inlet",
        "status": status,
        "title": title,
        "report": {"message": message},
    });
    json(status, &body)
}

/// A missing or useless token; `status` is text here, in Adobe's own sample.
pub(super) fn unauthorized(status: u16, inlet_id: &str, message: &str) -> Answer {
    let body = json!({
        "type": "https://ns.adobe.com/adobecloud/problem/data-collection-service-authorization",
        "status": status.to_string(),
        "title": "Authorization",
        "report": {"message": format!("[{inlet_id}] {message}")},
    });
    json(status, &body)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn responses(shape: Responses) -> Vec<Value> {
        let outcomes = [None, Some("no good".to_owned()), None];
        let answer = Receipt::new("inlet", 7).batch(&outcomes, shape);
        assert_eq!(answer.status, 207);
        answer.value()["responses"]
            .as_array()
            .expect("responses")
            .clone()
    }

    #[test]
    fn by_default_failures_have_a_status_and_no_id() {
        let responses = responses(Responses::default());
        assert!(
            responses[0]["xactionId"]
                .as_str()
                .expect("an id")
                .ends_with(":7:0")
        );
        assert_eq!(responses[1], json!({"status": 400, "message": "no good"}));
        assert!(
            responses[2]["xactionId"]
                .as_str()
                .expect("an id")
                .ends_with(":7:2")
        );
    }

    #[test]
    fn every_other_shape_can_be_had() {
        let found = responses(Responses {
            failure_key: FailureKey::StatusCode,
            transaction_ids: TransactionIds::UuidAndIndex,
            failures_have_ids: true,
            reversed: true,
            ..Responses::default()
        });
        assert_eq!(found[1]["statusCode"], 400);
        assert!(
            found[0]["xactionId"]
                .as_str()
                .expect("an id")
                .ends_with("-2")
        );
        assert!(
            found[1]["xactionId"]
                .as_str()
                .expect("an id")
                .ends_with("-1")
        );

        let missing = Responses {
            one_missing: true,
            ..Responses::default()
        };
        assert_eq!(responses(missing).len(), 2);
        let extra = Responses {
            one_extra: true,
            ..Responses::default()
        };
        assert_eq!(responses(extra).len(), 4);
    }
}
