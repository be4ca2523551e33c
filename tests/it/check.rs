//! `check`: what is right and what is wrong before anything is sent.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use zendesk_aep::sandbox::{DataType, Fault, Gate, Role, Simulator as _};

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

/// What people read, without the numbers that differ from run to run.
fn readable(world: &World, check: &Finished) -> String {
    let text = world.readable(&check.stdout);
    let varies = |line: &str| {
        ["disk ", "state directory ", " connection "]
            .iter()
            .any(|subject| line.contains(subject))
    };
    let lines = text.lines().map(|line| match varies(line) {
        true => without_numbers(line),
        false => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn without_numbers(line: &str) -> String {
    let mut text = String::new();
    for c in line.chars() {
        match c {
            '0'..='9' if text.ends_with('N') => {}
            '0'..='9' => text.push('N'),
            ',' if text.ends_with('N') => {}
            c => text.push(c),
        }
    }
    text
}

/// The findings of that verdict, as `subject: what`.
fn of_verdict(check: &Finished, verdict: &str) -> Vec<String> {
    let findings = check.json();
    let findings = findings.as_array().expect("a list").iter();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    findings
        .filter(|finding| finding["verdict"] == verdict)
        .map(|finding| format!("{}: {}", text(&finding["subject"]), text(&finding["what"])))
        .collect()
}

/// That the one failure comes with this remedy.
#[track_caller]
fn assert_remedy(check: &Finished, remedy: &str) {
    let findings = check.json();
    let mut findings = findings.as_array().expect("a list").iter();
    let bad = findings.find(|finding| finding["verdict"] == "failed");
    let text = bad.expect("a failure")["remedy"].as_str().expect("text");
    assert!(text.contains(remedy), "`{remedy}` in `{text}`");
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
    insta::assert_snapshot!(readable(&world, &check), @"
        ok       configuration       DIR/config.toml is good
        ok       state directory     user N can create `DIR/state`
        ok       disk                N MB and N inodes are free
        ok       state               DIR/state, nothing delivered yet
        ok       dead letters        none
        ok       zendesk connection  http://ZENDESK answers after N ms (HTTP N); nothing was sent
        ok       zendesk sign-in     ZENDESK as user 9999990000000, role admin
        ok       stream users        we may export it
        ok       adobe connection    http://PLATFORM answers after N ms (HTTP N); nothing was sent
        ok       adobe sign-in       the identity service gives us tokens
        ok       inlet connection    http://PLATFORM answers after N ms (HTTP N); nothing was sent
        ok       clock               it agrees with the clock of zendesk and the inlet
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
            "state directory",
            "disk",
            "state",
            "dead letters",
            "zendesk connection",
            "zendesk sign-in",
            "stream users",
            "inlet connection",
            "clock"
        ]
    );
    for finding in findings.as_array().expect("a list") {
        let keys: Vec<&str> = finding
            .as_object()
            .expect("an object")
            .keys()
            .map(|key| &**key)
            .collect();
        assert_eq!(keys, ["remedy", "subject", "verdict", "what"], "always");
        assert_eq!(finding["verdict"], "ok", "{finding}");
    }
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
        let asked = world.zendesk.requests_to("/api/v2/users/me");
        assert_eq!(asked[0].status, Some(200), "the trap");
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
    let check = check(&world).await;
    assert_found(
        &check,
        3,
        "stream users",
        "we are not permitted to read it: HTTP 403",
    );
    let warned = of_verdict(&check, "warning");
    assert_eq!(warned, ["zendesk role: an admin is needed for users"]);
}

#[tokio::test]
async fn an_end_user_may_nothing_and_no_stream_is_asked_for() {
    let world = World::with(|plan| plan.zendesk.role = Role::EndUser).await;
    let check = check(&world).await;
    assert_found(&check, 3, "zendesk role", "an end user may export nothing");
    assert_eq!(
        of_verdict(&check, "skipped"),
        ["streams: not looked at: the role admits none of them"]
    );
    assert!(world.page_requests().is_empty());
}

#[tokio::test]
async fn a_feature_that_the_plan_lacks_is_told_as_that() {
    let mut world = World::with(|plan| {
        let gated = &mut plan.zendesk.gated;
        gated.insert("calls".to_owned(), Gate::Forbidden);
    })
    .await;
    world.settings.add_stream("calls");
    let check = check(&world).await;
    assert_found(
        &check,
        1,
        "stream calls",
        "not on the account's plan: HTTP 403",
    );
    assert_remedy(&check, "it takes: agent; Talk");
}

/// What is told about the token, where Zendesk says of it `facts`.
async fn scopes(world: &World, facts: &str) -> Vec<String> {
    let answer = format!("{{\"token\":{{\"id\":1,{facts}}}}}");
    let path = "/api/v2/oauth/tokens/current.json";
    world.zendesk.fault(path, Fault::status(200, answer), 1);
    let check = check(world).await;
    check.assert_code(0);
    let lines = ["ok", "warning"].map(|verdict| of_verdict(&check, verdict));
    let mut lines = lines.concat();
    lines.retain(|line| line.starts_with("zendesk scopes"));
    lines
}

#[tokio::test]
async fn the_scopes_of_a_token_and_its_end_are_told_where_zendesk_tells_them() {
    let mut world = World::new().await;
    let soon = Timestamp::now() + SignedDuration::from_hours(50);
    let told = scopes(
        &world,
        &format!(r#""scopes":["read"],"expires_at":"{soon}""#),
    )
    .await;
    assert_eq!(
        told,
        ["zendesk scopes: the token has `read`"],
        "and is renewed"
    );

    world.settings.sign_in(SignIn::AccessToken);
    let told = scopes(
        &world,
        &format!(r#""scopes":["read"],"expires_at":"{soon}""#),
    )
    .await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1].contains("ends in 2 d 1 h"), "{told:?}");

    let told = scopes(&world, r#""scopes":["users:read"],"expires_at":null"#).await;
    assert!(told[0].contains("not `read`"), "{told:?}");
    let told = scopes(&world, r#""scopes":["read","write"]"#).await;
    assert!(told[0].contains("more than this program"), "{told:?}");
    assert_eq!(
        scopes(&world, r#""scopes":"all""#).await,
        [""; 0],
        "not told"
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
    let check = check(&world).await;
    assert_found(&check, 1, "inlet connection", "Connection refused");
    assert_remedy(&check, "nothing listens at that address");
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
    insta::assert_snapshot!(readable(&world, &check), @"
        ok       configuration       DIR/config.toml is good
        ok       state directory     user N can create `DIR/state`
        ok       disk                N MB and N inodes are free
        ok       state               DIR/state, nothing delivered yet
        ok       dead letters        none
        ok       zendesk connection  http://ZENDESK answers after N ms (HTTP N); nothing was sent
        FAILED   zendesk sign-in     zendesk refused the sign-in: HTTP 401: invalid_client: Client authentication failed (request sandbox-00000001) [ZENDESK-SIGN-IN]
                                     → check `[zendesk.auth]`: the client or token may have been revoked, expired or rotated; secret files are read again at every attempt
        skipped  streams             not looked at: the sign-in comes first
        FAILED   inlet connection    cannot reach http://PLATFORM: cannot connect: Connection refused (os error N) [PLATFORM-UNAVAILABLE]
                                     → nothing listens at that address: check host and port, and whether a firewall refuses the connection
        ok       clock               it agrees with the clock of zendesk
        ");
    assert_eq!(world.platform.requests_to(INLET).len(), 0);
}

#[tokio::test]
async fn every_export_is_probed_with_one_record_and_none_of_it_is_kept() {
    let mut world = World::with(|plan| {
        let gated = &mut plan.zendesk.gated;
        gated.insert("workspaces".to_owned(), Gate::NotFound);
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
