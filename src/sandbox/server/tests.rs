use super::*;
use crate::sandbox::testing::{envelope, exchange};
use crate::sandbox::{
    PlatformOptions, PlatformSimulator, Simulator, ZendeskOptions, ZendeskSimulator,
};

const ME: &str = "GET /api/v2/users/me.json?a=b%20c";

async fn zendesk() -> ZendeskSimulator {
    ZendeskSimulator::start(ZendeskOptions::default())
        .await
        .expect("a simulator")
}

fn body(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body)
}

/// What Content-Length promises.
fn declared(answer: &str) -> usize {
    let (_, rest) = answer.split_once("content-length: ").expect("a length");
    rest.split_once("\r\n")
        .expect("a line")
        .0
        .parse()
        .expect("a number")
}

#[tokio::test]
async fn without_faults_an_answer_is_whole() {
    let zendesk = zendesk().await;
    let answer = exchange(zendesk.server(), ME, "").await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert_eq!(body(&answer).len(), declared(&answer));
}

#[tokio::test]
async fn faults_happen_in_order_and_then_no_more() {
    let zendesk = zendesk().await;
    let busy = Answer::text(503, "busy").header("retry-after", "7");
    zendesk.fault("/api/v2/users", Fault::Answer(busy), 2);
    zendesk.fault("/api/v2/users", Fault::Close, 1);
    zendesk.fault("/elsewhere", Fault::Close, 1);

    for _ in 0..2 {
        let answer = exchange(zendesk.server(), ME, "").await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(answer.contains("retry-after: 7\r\n") && answer.ends_with("busy"));
    }
    assert_eq!(exchange(zendesk.server(), ME, "").await, "");
    assert!(
        exchange(zendesk.server(), ME, "")
            .await
            .starts_with("HTTP/1.1 200")
    );
    assert_eq!(zendesk.faults_left(), 1);
    zendesk.clear_faults();
    assert_eq!(zendesk.faults_left(), 0);

    let seen = zendesk.requests_to("/api/v2/users/me");
    let statuses: Vec<Option<u16>> = seen.iter().map(|request| request.status).collect();
    assert_eq!(statuses, [Some(503), Some(503), None, Some(200)]);
    assert_eq!(seen[0].head.query("a"), Some("b c"));
    assert_eq!(seen[0].head.bearer(), Some("sandbox-access-token"));
}

#[tokio::test]
async fn waits_for_requests() {
    let zendesk = zendesk().await;
    let (seen, ()) = tokio::join!(
        zendesk.wait_for_requests("/api/v2/users", 2, Duration::from_secs(10)),
        async {
            exchange(zendesk.server(), ME, "").await;
            exchange(zendesk.server(), ME, "").await;
        }
    );
    assert!(seen);
    let limit = Duration::from_millis(10);
    assert!(!zendesk.wait_for_requests("/api/v2/users", 3, limit).await);
}

#[tokio::test]
async fn a_truncated_answer_ends_in_the_middle() {
    let zendesk = zendesk().await;
    zendesk.fault("/", Fault::Truncate, 1);
    let answer = exchange(zendesk.server(), ME, "").await;
    assert_eq!(body(&answer).len(), declared(&answer) / 2, "{answer}");
}

#[tokio::test]
async fn a_truncated_answer_in_chunks_is_an_error_to_a_client() {
    let zendesk = zendesk().await;
    zendesk.fault("/", Fault::Truncate, 1);
    let answer = reqwest::get(zendesk.base_url() + "/api/v2/users/me").await;
    let answer = answer.expect("a head");
    assert_eq!(answer.status(), 200);
    assert!(answer.bytes().await.is_err());
}

#[tokio::test]
async fn a_slow_body_comes_whole_in_the_end() {
    let zendesk = zendesk().await;
    zendesk.fault("/", Fault::SlowBody(Duration::from_millis(10)), 1);
    let begun = Instant::now();
    let answer = exchange(zendesk.server(), ME, "").await;
    assert_eq!(body(&answer).len(), declared(&answer));
    assert!(begun.elapsed() >= Duration::from_millis(80));
}

#[tokio::test]
async fn a_stalled_answer_comes_late() {
    let zendesk = zendesk().await;
    zendesk.fault("/", Fault::Stall(Duration::from_millis(60)), 1);
    let begun = Instant::now();
    assert!(
        exchange(zendesk.server(), ME, "")
            .await
            .starts_with("HTTP/1.1 200")
    );
    assert!(begun.elapsed() >= Duration::from_millis(60));
}

#[tokio::test]
async fn a_body_can_be_something_else() {
    let zendesk = zendesk().await;
    zendesk.fault("/", Fault::Html, 1);
    zendesk.fault("/", Fault::NotJson, 1);
    zendesk.fault("/", Fault::Replace("{}".into()), 1);
    let html = exchange(zendesk.server(), ME, "").await;
    assert!(html.contains("text/html") && body(&html).starts_with("<!DOCTYPE html>"));
    let broken = exchange(zendesk.server(), ME, "").await;
    assert!(broken.starts_with("HTTP/1.1 200") && broken.contains("application/json"));
    assert!(serde_json::from_str::<serde_json::Value>(body(&broken)).is_err());
    let replaced = exchange(zendesk.server(), ME, "").await;
    assert!(replaced.contains("x-rate-limit: 700"));
    assert_eq!(body(&replaced), "{}");
}

#[tokio::test]
async fn a_lost_acknowledgement_is_of_a_batch_that_was_taken() {
    let options = PlatformOptions::default();
    let message = envelope(&options, serde_json::json!({"_id": "1"}));
    let platform = PlatformSimulator::start(options)
        .await
        .expect("a simulator");
    let inlet = platform
        .inlet_url()
        .replace(&platform.server().base_url(), "");
    let send = || {
        let line = format!("POST {inlet}");
        let message = message.to_string();
        let server = platform.server();
        async move { exchange(server, &line, &message).await }
    };
    platform.fault_when(
        |request| request.body.starts_with(b"{"),
        Fault::CloseAfter,
        1,
    );
    platform.fault("/collection", Fault::Close, 1);
    assert_eq!(send().await, "");
    assert_eq!(platform.accepted_count(), 1);
    assert_eq!(send().await, "");
    assert_eq!(platform.accepted_count(), 1);
    assert!(send().await.starts_with("HTTP/1.1 200"));
    assert_eq!(platform.accepted_count(), 2);
}

#[tokio::test]
async fn what_is_no_http_closes_only_its_own_connection() {
    let zendesk = zendesk().await;
    let answer = exchange(zendesk.server(), "\u{1}\u{2}", "").await;
    assert!(
        answer.is_empty() || answer.starts_with("HTTP/1.1 400"),
        "{answer}"
    );
    assert!(
        exchange(zendesk.server(), ME, "")
            .await
            .starts_with("HTTP/1.1 200")
    );
}

#[tokio::test]
async fn a_stopped_server_refuses_connections_until_it_resumes() {
    let zendesk = zendesk().await;
    zendesk.stop().await;
    zendesk.stop().await;
    assert!(
        TcpStream::connect(zendesk.server().address())
            .await
            .is_err()
    );
    zendesk.resume().await.expect("the same port");
    zendesk.resume().await.expect("still open");
    assert!(
        exchange(zendesk.server(), ME, "")
            .await
            .starts_with("HTTP/1.1 200")
    );

    let address = zendesk.server().address();
    drop(zendesk);
    tokio::task::yield_now().await;
    assert!(TcpStream::connect(address).await.is_err());
}
