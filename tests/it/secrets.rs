//! No secret is printed, logged or kept, however loud the log.

use std::path::Path;

use zendesk_aep::sandbox::{Credentials, Fault, PlatformOptions, Simulator as _};

use crate::support::{Asked, INCREMENTAL, INLET, SignIn, World, assert_settled};

/// What must be nowhere: the configured secrets, every token that was sent, the inlet's id.
fn secrets(world: &World) -> Vec<String> {
    let credentials = Credentials::default();
    let inlet_url = world.platform.inlet_url();
    let (_, inlet_id) = inlet_url.rsplit_once('/').expect("a path");
    let mut secrets = vec![
        credentials.client_secret,
        credentials.access_token,
        credentials.api_token,
        PlatformOptions::default().client_secret,
        "sandbox-authenticity-token".to_owned(),
        inlet_id.to_owned(),
    ];
    for request in [world.zendesk.requests(), world.platform.requests()].concat() {
        let authorization = request.head.header("authorization");
        let token = authorization.and_then(|value| value.split(' ').next_back());
        secrets.extend(token.map(str::to_owned));
    }
    secrets.sort();
    secrets.dedup();
    secrets
}

fn assert_none_in(secrets: &[String], place: &str, content: &[u8]) {
    for secret in secrets {
        let found = content
            .windows(secret.len())
            .any(|part| part == secret.as_bytes());
        assert!(!found, "`{secret}` is in {place}");
    }
}

fn assert_none_below(secrets: &[String], directory: &Path) {
    for entry in std::fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            assert_none_below(secrets, &path);
        } else {
            let content = std::fs::read(&path).expect("a file");
            assert_none_in(secrets, &path.display().to_string(), &content);
        }
    }
}

/// As loud as it gets: the HTTP stack is quiet unless it is named.
const LOUDEST: &str = "trace,hyper=trace,hyper_util=trace,reqwest=trace,rustls=trace";

/// A whole life with this sign-in: check, deliver, be refused, renew, recover, stop.
async fn nothing_leaks(method: SignIn) {
    let mut world = World::with(|plan| plan.platform.authentication_required = true).await;
    let ims_url = world.platform.ims_url();
    world
        .settings
        .sign_in(method)
        .sign_in_to_inlet(&ims_url)
        .set("schedule.every", "1s")
        .set("status.listen", "127.0.0.1:0");
    world.set_env("RUST_LOG", LOUDEST);
    let refused = world.zendesk.users()[3].id;
    world
        .platform
        .reject_when(crate::inlet_rejections::user(refused));
    world
        .zendesk
        .fault("/oauth/tokens", Fault::status(500, ""), 1);
    world.platform.fault("/ims/", Fault::Close, 1);
    world.zendesk.fault(INCREMENTAL, Fault::Truncate, 1);
    world.platform.fault(INLET, Fault::status(503, ""), 1);

    let mut runs = vec![
        world.run(&["check"]).await,
        world.sync().await.assert_code(4).clone(),
    ];
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(1).await;
    let command_line = std::fs::read(format!("/proc/{}/cmdline", daemon.pid));
    world.zendesk.revoke_tokens();
    world.platform.revoke_tokens();
    world.zendesk.change(2);
    world.changes_show().await;
    world
        .state_eventually("the changes are settled", |users| {
            users["position"]["cursor"] == world.cursor_after(200)
        })
        .await;
    world.platform.stop().await;
    world.zendesk.change(2);
    daemon
        .wait_for_log("an outage", |line| line["code"] == "PLATFORM-UNAVAILABLE")
        .await;
    let status = daemon.status_address().await;
    let mut told = String::new();
    for page in ["/", "/livez", "/readyz", "/metrics", "/status.json"] {
        told += &Asked::get(status, page).await.body;
    }
    runs.push(daemon.stop().await);
    world.platform.resume().await.expect("the port is free");
    world
        .zendesk
        .fault(INCREMENTAL, Fault::status(401, "{}"), usize::MAX);
    runs.push(world.sync().await.assert_code(3).clone());
    world.zendesk.clear_faults();
    runs.push(world.sync().await);
    assert_settled(&world);

    let secrets = secrets(&world);
    assert!(
        secrets.len() > 7,
        "tokens were issued and seen: {secrets:?}"
    );
    for (number, run) in runs.iter().enumerate() {
        assert_none_in(
            &secrets,
            &format!("stdout of run {number}"),
            run.stdout.as_bytes(),
        );
        assert_none_in(
            &secrets,
            &format!("stderr of run {number}"),
            run.stderr.as_bytes(),
        );
    }
    assert!(told.contains("PLATFORM-UNAVAILABLE"), "{told}");
    assert_none_in(&secrets, "what the status server tells", told.as_bytes());
    let of_http = |line: &serde_json::Value| {
        let target = line["target"].as_str().unwrap_or_default();
        line["level"] == "TRACE" && target.starts_with("hyper")
    };
    assert!(runs[1].logs().iter().any(of_http), "the log was loud");
    assert_none_below(&secrets, &world.path("state"));
    if cfg!(target_os = "linux") {
        assert_none_in(
            &secrets,
            "the command line",
            &command_line.expect("a process"),
        );
    }
}

#[tokio::test]
async fn nothing_leaks_with_client_credentials() {
    nothing_leaks(SignIn::ClientCredentials).await;
}

#[tokio::test]
async fn nothing_leaks_with_an_access_token() {
    nothing_leaks(SignIn::AccessToken).await;
}

#[tokio::test]
async fn nothing_leaks_with_an_api_token() {
    nothing_leaks(SignIn::ApiToken).await;
}

#[tokio::test]
async fn secrets_in_the_environment_stay_there() {
    let mut world = World::new().await;
    let secret = Credentials::default().client_secret;
    world
        .settings
        .remove("zendesk.auth.client_secret")
        .set("zendesk.auth.client_secret.env", "THE_SECRET");
    world.set_env("THE_SECRET", &secret);
    world.set_env("RUST_LOG", LOUDEST);
    let sync = world.sync().await;
    sync.assert_code(0);
    assert_none_in(&[secret], "stderr", sync.stderr.as_bytes());
    assert_settled(&world);
}
