//! Who may read what, how often, and in what coding.

use super::*;

#[tokio::test]
async fn roles_decide_which_export_may_be_read() {
    let search = [("filter[type]", "user"), ("query", ALL_TIME)];
    for (role, incremental, found) in [
        (Role::Admin, 200, 200),
        (Role::Agent, 403, 200),
        (Role::EndUser, 403, 403),
    ] {
        let zendesk = ZendeskSimulator::start(ZendeskOptions { role, ..options() });
        let zendesk = zendesk.await.expect("a simulator");
        let answer = get(&zendesk, INCREMENTAL, &[("start_time", "0")]).await;
        assert_eq!(answer.status(), incremental, "{role:?}");
        assert_eq!(
            get(&zendesk, SEARCH, &search).await.status(),
            found,
            "{role:?}"
        );
        let me = value(get(&zendesk, "/api/v2/users/me.json", &[]).await).await;
        assert_eq!(me["user"]["role"], role.as_str());
    }
}

#[tokio::test]
async fn strangers_are_anonymous_to_me_and_refused_elsewhere() {
    let zendesk = ZendeskSimulator::start(options())
        .await
        .expect("a simulator");
    let client = Client::new();
    let me = client
        .get(zendesk.base_url() + "/api/v2/users/me")
        .bearer_auth("wrong")
        .send()
        .await;
    let me = me.expect("an answer");
    assert_eq!(me.status(), 200);
    let me = value(me).await;
    assert_eq!(me["user"]["id"], Value::Null);
    assert_eq!(me["user"].as_object().map(serde_json::Map::len), Some(17));

    let export = zendesk.base_url() + INCREMENTAL + "?start_time=0";
    let bearer = client
        .get(&export)
        .bearer_auth("wrong")
        .send()
        .await
        .expect("an answer");
    assert_eq!(bearer.status(), 401);
    assert_eq!(value(bearer).await["error"], "invalid_token");
    let none = client.get(&export).send().await.expect("an answer");
    assert_eq!(
        none.headers()["www-authenticate"],
        "Basic realm=\"Web Password\""
    );
    assert_eq!(value(none).await["error"], "Couldn't authenticate you");

    let basic = client
        .get(&export)
        .basic_auth("owner@example.com/token", Some("sandbox-api-token"));
    assert_eq!(basic.send().await.expect("an answer").status(), 200);
    let wrong = client
        .get(&export)
        .basic_auth("owner@example.com", Some("sandbox-api-token"));
    assert_eq!(wrong.send().await.expect("an answer").status(), 401);
}

#[tokio::test]
async fn tokens_are_granted_for_json_and_die_when_revoked() {
    let zendesk = ZendeskSimulator::start(options())
        .await
        .expect("a simulator");
    let client = Client::new();
    let ask = async |body: Value| {
        let url = zendesk.base_url() + "/oauth/tokens";
        let request = client.post(url).header("content-type", "application/json");
        request
            .body(body.to_string())
            .send()
            .await
            .expect("an answer")
    };
    let good = json!({
        "grant_type": "client_credentials", "client_id": "sandbox-client",
        "client_secret": "sandbox-client-secret", "scope": "read",
    });
    let changed = |key: &str, value: &str| {
        let mut body = good.clone();
        body[key] = value.into();
        body
    };
    assert_eq!(ask(changed("grant_type", "password")).await.status(), 400);
    assert_eq!(ask(changed("client_secret", "wrong")).await.status(), 401);
    let scope = ask(changed("scope", "read write")).await;
    assert_eq!(
        (scope.status().as_u16(), value(scope).await["error"].clone()),
        (400, "invalid_scope".into())
    );
    let form = client
        .post(zendesk.base_url() + "/oauth/tokens")
        .form(&[("a", "b")]);
    assert_eq!(form.send().await.expect("an answer").status(), 415);
    assert_eq!(zendesk.tokens_issued(), 0);

    let granted = ask(good).await;
    assert_eq!(granted.status(), 201);
    let granted = value(granted).await;
    assert_eq!(granted["expires_in"], 1800);
    let token = granted["access_token"].as_str().expect("a token");
    let export = zendesk.base_url() + INCREMENTAL + "?start_time=0";
    let read = || client.get(&export).bearer_auth(token).send();
    assert_eq!(read().await.expect("an answer").status(), 200);
    zendesk.revoke_tokens();
    assert_eq!(read().await.expect("an answer").status(), 401);
    assert_eq!(zendesk.tokens_issued(), 1);
}

#[tokio::test]
async fn the_twenty_first_export_of_a_minute_gets_429() {
    // Windows end by the clock; this one ends in 2065, not during the test.
    let minute = Duration::from_secs(3_000_000_000);
    let zendesk = ZendeskSimulator::start(ZendeskOptions {
        minute,
        ..options()
    });
    let zendesk = zendesk.await.expect("a simulator");
    for _ in 0..20 {
        let answer = get(&zendesk, INCREMENTAL, &[("start_time", "0")]).await;
        assert_eq!(answer.status(), 200);
    }
    let refusal = get(&zendesk, INCREMENTAL, &[("start_time", "0")]).await;
    assert_eq!(refusal.status(), 429);
    assert!(refusal.headers().contains_key("retry-after"));
    assert_eq!(refusal.headers()["x-rate-limit-remaining"], "679");
    assert_eq!(value(refusal).await["error"], "APIRateLimitExceeded");
}

#[tokio::test]
async fn compresses_what_was_recorded_compressed() {
    let zendesk = ZendeskSimulator::start(options())
        .await
        .expect("a simulator");
    let client = Client::builder().no_gzip().build().expect("a client");
    let fetch = async |path: &str| {
        let request = client
            .get(zendesk.base_url() + path)
            .header("accept-encoding", "gzip");
        request
            .bearer_auth("sandbox-access-token")
            .send()
            .await
            .expect("an answer")
    };
    for (path, status) in [("/api/v2/users/me", 200), ("/api/v2/nothing", 404)] {
        let answer = fetch(path).await;
        assert_eq!(answer.status(), status);
        assert_eq!(answer.headers()["content-encoding"], "gzip");
        assert_eq!(answer.headers()["transfer-encoding"], "chunked");
        assert_eq!(answer.headers().get("content-length"), None);
        assert_eq!(answer.headers().get_all("x-request-id").iter().count(), 2);
    }
    let refusal = fetch(INCREMENTAL).await;
    assert_eq!(refusal.status(), 400);
    assert_eq!(refusal.headers().get("content-encoding"), None);
    assert!(refusal.headers().contains_key("content-length"));
}

#[tokio::test]
async fn other_programs_can_use_the_quota_up() {
    let minute = Duration::from_secs(3_000_000_000);
    let zendesk = ZendeskSimulator::start(ZendeskOptions {
        minute,
        ..options()
    });
    let zendesk = zendesk.await.expect("a simulator");
    zendesk.spend_quota(699);
    let last = get(&zendesk, "/api/v2/users/me", &[]).await;
    assert_eq!(last.headers()["ratelimit-remaining"], "0");
    assert_eq!(get(&zendesk, "/api/v2/users/me", &[]).await.status(), 429);
}

#[tokio::test]
async fn a_stream_that_is_not_on_the_plan_is_refused_and_no_other() {
    let gated = [
        ("schedules", Gate::Forbidden),
        ("workspaces", Gate::Restricted),
        ("topics", Gate::NotFound),
    ];
    let gated = gated.map(|(name, gate)| (name.to_owned(), gate));
    let zendesk = ZendeskSimulator::start(ZendeskOptions {
        gated: gated.into(),
        ..options()
    });
    let zendesk = zendesk.await.expect("a simulator");
    for (path, status) in [
        ("/api/v2/business_hours/schedules.json", 403),
        ("/api/v2/workspaces", 403),
        ("/api/v2/community/topics.json", 404),
        ("/api/v2/community/posts.json", 200),
        ("/api/v2/groups/count", 200),
        ("/api/v2/nothing", 404),
    ] {
        let answer = get(&zendesk, path, &[]).await;
        assert_eq!(answer.status(), status, "{path}");
        if status != 200 {
            assert!(value(answer).await.get("error").is_some(), "{path}");
        }
    }
}
