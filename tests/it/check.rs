//! `check`: what is right and what is wrong before anything is sent.

use serde_json::Value;
use zendesk_aep::sandbox::{DataType, Fault, Role, Simulator as _};

use crate::support::{Finished, INLET, SignIn, World};

/// The finding about `subject` that is not good, with the code that the check ended in.
#[track_caller]
fn assert_found(check: &Finished, code: i32, subject: &str, what: &str) {
    check.assert_code(code);
    let findings = check.json();
    let findings = findings.as_array().expect("a list");
    let bad: Vec<&Value> = findings
        .iter()
        .filter(|finding| finding["verdict"] == "failed")
        .collect();
    assert_eq!(bad.len(), 1, "{findings:#?}");
    assert_eq!(bad[0]["subject"], subject);
    let text = bad[0]["what"].as_str().expect("text");
    assert!(text.contains(what), "`{what}` in `{text}`");
    assert!(
        bad[0]["remedy"].is_string(),
        "what to do about it: {}",
        bad[0]
    );
}

async fn check(world: &World) -> Finished {
    world.run(&["check", "--output", "json"]).await
}

#[tokio::test]
async fn all_is_well_for_people() {
    let mut world = World::with(|plan| plan.platform.authentication_required = true).await;
    let ims_url = world.platform.ims_url();
    world.settings.sign_in_to_inlet(&ims_url);
    let check = world.run(&["check"]).await;
    check.assert_code(0);
    insta::assert_snapshot!(world.readable(&check.stdout), @"
        ok       configuration     DIR/config.toml is good
        ok       state             DIR/state, nothing delivered yet
        ok       zendesk sign-in   ZENDESK as user 9999990000000, role admin
        ok       stream users      we may export it
        ok       adobe sign-in     the identity service gives us tokens
        ok       inlet             http://PLATFORM answers (HTTP 404); nothing was sent
        ");
    assert_eq!(check.stderr, "");
}

#[tokio::test]
async fn all_is_well_for_programs_and_nothing_was_sent() {
    let world = World::new().await;
    let check = check(&world).await;
    check.assert_code(0);
    let findings = check.json();
    let subjects: Vec<_> = findings
        .as_array()
        .expect("a list")
        .iter()
        .map(|f| &f["subject"])
        .collect();
    assert_eq!(
        subjects,
        [
            "configuration",
            "state",
            "zendesk sign-in",
            "stream users",
            "inlet"
        ]
    );
    assert!(
        findings
            .as_array()
            .expect("a list")
            .iter()
            .all(|f| f["verdict"] == "ok")
    );
    assert!(world.platform.accepted().is_empty());
    assert!(world.platform.rejected().is_empty());
    assert!(!world.path("state").exists(), "and nothing was left behind");
}

#[tokio::test]
async fn a_custom_field_that_the_account_lacks_is_a_warning() {
    let mut world = World::with(|plan| plan.platform.data_type = DataType::Xdm).await;
    let fields = world.zendesk.collection("user_fields").expect("a stream");
    let known = format!("field_{}", fields.present()[0].id);
    let row =
        |key: &str| format!("{key} = {{ path = \"_{{TENANT}}.{key}\", type = \"string\" }}\n");
    let file = ["[promote.user_fields]\n", &row(&known), &row("tire")].concat();
    world.write("users.toml", file);
    world
        .settings
        .adobe_source_compatible()
        .set("streams.users.mapping", "xdm")
        .set("streams.users.mapping_file", "users.toml");
    let check = check(&world).await;
    check.assert_code(0);
    let findings = check.json();
    let findings = findings.as_array().expect("a list");
    let warnings: Vec<&Value> = findings
        .iter()
        .filter(|one| one["verdict"] == "warning")
        .collect();
    assert_eq!(warnings.len(), 1, "{findings:#?}");
    assert_eq!(warnings[0]["subject"], "user_fields");
    let what = warnings[0]["what"].as_str().expect("text");
    assert!(what.contains("`tire`"), "{what}");

    let sync = world.sync().await;
    let warned = sync.logs_of("WARN");
    let named: Vec<&Value> = warned
        .iter()
        .filter(|line| line["field"].is_string())
        .collect();
    assert_eq!(named.len(), 1, "{warned:?}");
    assert_eq!(named[0]["field"], "tire");
}

#[tokio::test]
async fn events_that_would_all_be_refused_are_a_warning() {
    let mut world = World::new().await;
    world
        .settings
        .adobe_source_compatible()
        .remove("streams.users");
    for stream in ["ticket_metric_events", "tickets"] {
        world
            .settings
            .set(&format!("streams.{stream}.mapping"), "xdm")
            .set(&format!("streams.{stream}.dataset_id"), "5f")
            .set(
                &format!("streams.{stream}.schema_id"),
                "https://ns.adobe.com/a/schemas/1",
            );
        let warned = check(&world)
            .await
            .stdout
            .contains("who asked for their ticket");
        assert_eq!(warned, stream != "tickets");
    }
}

#[tokio::test]
async fn an_api_token_is_a_warning() {
    let mut world = World::new().await;
    world.settings.sign_in(SignIn::ApiToken);
    let check = check(&world).await;
    check.assert_code(0);
    let findings = check.json();
    let warning = findings
        .as_array()
        .expect("a list")
        .iter()
        .find(|f| f["verdict"] == "warning");
    let warning = warning.expect("a warning");
    assert!(
        warning["what"]
            .as_str()
            .is_some_and(|what| what.contains("2027-04-30"))
    );
    assert!(
        warning["remedy"]
            .as_str()
            .is_some_and(|remedy| remedy.contains("client_credentials"))
    );
}

#[tokio::test]
async fn wrong_credentials_are_found_though_zendesk_answers_200() {
    for (method, file) in [
        (SignIn::AccessToken, "zendesk-access-token"),
        (SignIn::ApiToken, "zendesk-api-token"),
    ] {
        let mut world = World::new().await;
        world.settings.sign_in(method);
        world.write(file, "wrong");
        let check = check(&world).await;
        assert_eq!(world.zendesk.requests()[0].status, Some(200), "the trap");
        assert_found(
            &check,
            3,
            "zendesk sign-in",
            "it takes us for an anonymous user",
        );
    }
}

#[tokio::test]
async fn a_wrong_client_secret_is_found() {
    let world = World::new().await;
    world.write("zendesk-client-secret", "wrong");
    let check = check(&world).await;
    assert_found(
        &check,
        3,
        "zendesk sign-in",
        "invalid_client: Client authentication failed",
    );
}

#[tokio::test]
async fn a_role_that_may_not_export_is_found() {
    let world = World::with(|plan| plan.zendesk.role = Role::Agent).await;
    assert_found(
        &check(&world).await,
        3,
        "stream users",
        "does not permit us to export users",
    );
}

#[tokio::test]
async fn an_identity_service_that_refuses_is_found() {
    let mut world = World::with(|plan| plan.platform.authentication_required = true).await;
    let ims_url = world.platform.ims_url();
    world.settings.sign_in_to_inlet(&ims_url);
    world.write("adobe-client-secret", "wrong");
    let check = check(&world).await;
    assert_found(
        &check,
        3,
        "adobe sign-in",
        "invalid client_secret parameter",
    );
}

#[tokio::test]
async fn an_inlet_that_is_down_is_found() {
    let world = World::new().await;
    world.platform.stop().await;
    assert_found(&check(&world).await, 1, "inlet", "cannot connect");
}

#[tokio::test]
async fn a_passing_fault_is_none_and_a_lasting_one_is_told_soon() {
    let world = World::new().await;
    world
        .zendesk
        .fault("/api/v2/users/me", Fault::status(503, ""), 1);
    check(&world).await.assert_code(0);
    world
        .zendesk
        .fault("/api/v2/users/me", Fault::status(503, ""), usize::MAX);
    assert_found(
        &check(&world).await,
        1,
        "zendesk sign-in",
        "HTTP 503 (attempts made: 2)",
    );
}

#[tokio::test]
async fn several_faults_are_told_at_once_for_people() {
    let world = World::new().await;
    world.write("zendesk-client-secret", "wrong");
    world.platform.stop().await;
    let check = world.run(&["check"]).await;
    check.assert_code(3);
    insta::assert_snapshot!(world.readable(&check.stdout), @"
        ok       configuration     DIR/config.toml is good
        ok       state             DIR/state, nothing delivered yet
        FAILED   zendesk sign-in   zendesk refused the sign-in: HTTP 401: invalid_client: Client authentication failed (request sandbox-00000000) [ZENDESK-SIGN-IN]
                                   → check `[zendesk.auth]`: the client or token may have been revoked, expired or rotated; secret files are read again at every attempt
        FAILED   inlet             could not reach the inlet: cannot connect: Connection refused (os error 111) (attempts made: 1) [PLATFORM-UNAVAILABLE]
                                   → nothing is lost: the checkpoint stands and the next sync tries again; if it stays, look at the network and at status.adobe.com
        ");
    assert_eq!(world.platform.requests_to(INLET).len(), 0);
}

#[tokio::test]
async fn every_export_is_probed_with_one_record_and_none_of_it_is_kept() {
    let mut world = World::with(|plan| {
        let gated = &mut plan.zendesk.gated;
        gated.insert(
            "workspaces".to_owned(),
            zendesk_aep::sandbox::Gate::NotFound,
        );
    })
    .await;
    for stream in ["organizations", "calls", "macros", "locales", "workspaces"] {
        world.settings.add_stream(stream);
    }
    let check = check(&world).await;
    assert_found(&check, 1, "stream workspaces", "InvalidEndpoint");
    for (path, size) in [
        ("/api/v2/incremental/organizations", Some("per_page")),
        ("/api/v2/channels/voice/stats/incremental/calls", None),
        ("/api/v2/macros", Some("page[size]")),
        ("/api/v2/locales", None),
    ] {
        let probes = world.zendesk.requests_to(path);
        assert_eq!(probes.len(), 1, "{path}");
        let asked = size.and_then(|size| probes[0].head.query(size));
        assert_eq!(asked, size.map(|_| "1"), "{path}");
    }
    assert!(!world.path("state").exists(), "a check leaves no trace");
    assert_eq!(world.inlet_requests(), 1, "but a knock at the inlet");
}
