use reqwest::{Client, Response};
use serde_json::{Value, json};

use super::*;
use crate::sandbox::testing::envelope;

async fn post(url: &str, body: impl Into<reqwest::Body>) -> Response {
    let request = Client::new()
        .post(url)
        .header("content-type", "application/json; charset=utf-8");
    request.body(body).send().await.expect("an answer")
}

async fn value(response: Response) -> Value {
    serde_json::from_slice(&response.bytes().await.expect("a body")).expect("JSON")
}

fn batch_url(platform: &PlatformSimulator) -> String {
    platform
        .inlet_url()
        .replace("/collection/", "/collection/batch/")
}

async fn start(options: PlatformOptions) -> PlatformSimulator {
    PlatformSimulator::start(options)
        .await
        .expect("a simulator")
}

fn numbered(id: &str) -> Value {
    envelope(&PlatformOptions::default(), json!({"_id": id}))
}

#[tokio::test]
async fn keeps_the_exact_bytes_in_order_of_arrival() {
    let platform = start(PlatformOptions::default()).await;
    // Spaces and escapes survive: nothing is parsed and printed again.
    let odd = numbered("b")
        .to_string()
        .replace(":{", ": {")
        .replace("\"b\"", "\"\\u0062\"");
    let body = format!("{{ \"messages\" : [ {} , {odd} ] }}", numbered("a"));
    let answer = post(&batch_url(&platform), body).await;
    assert_eq!(answer.status(), 207);
    assert_eq!(
        value(answer).await["responses"].as_array().map(Vec::len),
        Some(2)
    );
    assert_eq!(
        post(&platform.inlet_url(), numbered("c").to_string())
            .await
            .status(),
        200
    );

    let accepted = platform.accepted();
    assert_eq!(platform.accepted_count(), 3);
    assert_eq!(accepted[1].json, odd);
    let places: Vec<(u64, usize, Endpoint)> = accepted
        .iter()
        .map(|one| (one.request, one.index, one.endpoint))
        .collect();
    assert_eq!(
        places,
        [
            (0, 0, Endpoint::Batch),
            (0, 1, Endpoint::Batch),
            (1, 0, Endpoint::Single)
        ]
    );
    assert!(platform.latest_by_id().keys().eq(["a", "b", "c"]));
}

#[tokio::test]
async fn refuses_single_messages_within_a_batch() {
    let platform = start(PlatformOptions::default()).await;
    platform.reject_when(|message| {
        let bad = message.windows(5).any(|part| part == b"\"bad\"");
        bad.then(|| "not today".to_owned())
    });
    let messages = json!({"messages": [numbered("good"), {"body": {}}, numbered("bad"), 7]});
    let answer = post(&batch_url(&platform), messages.to_string()).await;
    assert_eq!(answer.status(), 207);
    let statuses: Vec<Value> = value(answer).await["responses"]
        .as_array()
        .expect("responses")
        .iter()
        .map(|response| response["status"].clone())
        .collect();
    assert_eq!(statuses, [Value::Null, 400.into(), 400.into(), 400.into()]);
    assert_eq!(platform.accepted_count(), 1);
    assert_eq!(platform.rejected()[1].refusal.as_deref(), Some("not today"));

    let single = post(&platform.inlet_url(), numbered("bad").to_string()).await;
    assert_eq!(single.status(), 400);
    assert_eq!(value(single).await["report"]["message"], "not today");
    platform.reject_nothing();
    assert_eq!(
        post(&platform.inlet_url(), numbered("bad").to_string())
            .await
            .status(),
        200
    );
}

#[tokio::test]
async fn refuses_whole_requests() {
    let platform = start(PlatformOptions::default()).await;
    let batch = batch_url(&platform);
    for body in ["", "{", "[]", "{\"messages\":7}", "{\"messages\":[{]}"] {
        assert_eq!(post(&batch, body).await.status(), 400, "{body}");
    }
    assert_eq!(post(&batch, vec![b' '; 1_000_001]).await.status(), 413);
    let unknown = batch.replace("7b4e", "0000");
    assert_eq!(post(&unknown, "{\"messages\":[]}").await.status(), 404);

    let client = Client::new();
    let untyped = client.post(&batch).body("{\"messages\":[]}");
    assert_eq!(untyped.send().await.expect("an answer").status(), 415);
    let elsewhere = client
        .post(&batch)
        .header("x-sandbox-name", "dev")
        .body("{}");
    assert_eq!(elsewhere.send().await.expect("an answer").status(), 400);
    assert!(platform.accepted().is_empty() && platform.rejected().is_empty());
}

#[tokio::test]
async fn a_raw_inlet_needs_a_known_flow() {
    let options = PlatformOptions {
        data_type: DataType::Raw,
        ..PlatformOptions::default()
    };
    let flow = options.flows.first().expect("a flow").clone();
    let platform = start(options).await;
    let body = "{\"messages\":[{\"id\":1},{\"id\":2,\"email\":null}]}";
    let lost = value(post(&batch_url(&platform), body).await).await;
    assert_eq!(lost["responses"][1]["status"], 400);

    let request = Client::new()
        .post(batch_url(&platform))
        .header("x-adobe-flow-id", flow);
    let request = request
        .header("content-type", "application/json")
        .body(body);
    assert_eq!(request.send().await.expect("an answer").status(), 207);
    assert_eq!(platform.accepted_count(), 2);
    assert_eq!(platform.latest_by_id()["1"], "{\"id\":1}");
}

#[tokio::test]
async fn an_authenticated_inlet_wants_a_live_token() {
    let options = PlatformOptions {
        authentication_required: true,
        invalid_token_status: 403,
        ..PlatformOptions::default()
    };
    let platform = start(options).await;
    let client = Client::new();
    let missing = post(&platform.inlet_url(), numbered("1").to_string()).await;
    assert_eq!(missing.status(), 401);
    assert_eq!(value(missing).await["status"], "401");

    let ask = async |scope: &str, secret: &str| {
        let form = [
            ("grant_type", "client_credentials"),
            ("client_id", "sandbox-client"),
            ("client_secret", secret),
            ("scope", scope),
        ];
        let url = platform.ims_url() + "/ims/token/v3";
        client
            .post(url)
            .form(&form)
            .send()
            .await
            .expect("an answer")
    };
    let spaced = value(ask("openid AdobeID", "sandbox-client-secret").await).await;
    assert_eq!(spaced["error"], "invalid_scope");
    assert_eq!(ask("openid", "wrong").await.status(), 400);
    let granted = value(ask("openid,AdobeID", "sandbox-client-secret").await).await;
    assert_eq!(granted["expires_in"], 86_400);
    let token = granted["access_token"].as_str().expect("a token");

    let send = || {
        let request = client
            .post(platform.inlet_url())
            .header("content-type", "application/json");
        request
            .bearer_auth(token)
            .body(numbered("1").to_string())
            .send()
    };
    assert_eq!(send().await.expect("an answer").status(), 200);
    platform.revoke_tokens();
    assert_eq!(send().await.expect("an answer").status(), 403);
    assert_eq!(
        (platform.tokens_issued(), platform.accepted_count()),
        (1, 1)
    );
}

#[tokio::test]
async fn waits_for_what_arrives_later() {
    let platform = start(PlatformOptions::default()).await;
    let url = platform.inlet_url();
    let sending = tokio::spawn(async move {
        for id in ["1", "2"] {
            post(&url, numbered(id).to_string()).await;
        }
    });
    let two = |sink: &Sink| sink.accepted.len() == 2;
    assert!(platform.wait_until(two, Duration::from_secs(10)).await);
    sending.await.expect("sent");
    let three = |sink: &Sink| sink.accepted.len() == 3;
    assert!(!platform.wait_until(three, Duration::from_millis(10)).await);
}
