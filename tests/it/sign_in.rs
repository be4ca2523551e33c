//! Signing in to either side: every method, tokens that end, credentials that are wrong.

use std::time::Duration;

use zendesk_aep::sandbox::{Fault, Role, Simulator as _};

use crate::support::{
    Finished, INCREMENTAL, INLET, PATIENCE, SignIn, World, assert_settled, eventually, nth,
};

/// How often a new token was asked for.
fn token_requests(world: &World) -> usize {
    world.zendesk.requests_to("/oauth/tokens").len()
}

#[tokio::test]
async fn client_credentials_fetch_one_token_for_all_pages() {
    let world = World::new().await;
    world.sync().await.assert_code(0);
    assert_settled(&world);
    assert_eq!(token_requests(&world), 1);
    let pages = world.page_requests();
    assert!(
        pages
            .iter()
            .all(|page| page.head.bearer() == pages[0].head.bearer())
    );
}

#[tokio::test]
async fn an_access_token_is_sent_as_it_is() {
    let mut world = World::new().await;
    world.settings.sign_in(SignIn::AccessToken);
    world.sync().await.assert_code(0);
    assert_settled(&world);
    assert_eq!(token_requests(&world), 0);
    assert_eq!(
        world.page_requests()[0].head.bearer(),
        Some("sandbox-access-token")
    );
}

#[tokio::test]
async fn an_api_token_works_and_its_end_is_announced() {
    let mut world = World::new().await;
    world.settings.sign_in(SignIn::ApiToken);
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(1).await;
    let finished = daemon.stop().await;
    assert_settled(&world);
    let warnings = finished.logs_of("WARN");
    assert_eq!(warnings.len(), 1);
    assert!(
        warnings[0]["message"]
            .as_str()
            .is_some_and(|text| text.contains("2027-04-30"))
    );
}

#[tokio::test]
async fn an_api_tokens_end_is_announced_by_sync_too() {
    let mut world = World::new().await;
    world.settings.sign_in(SignIn::ApiToken);
    let sync = world.sync().await;
    sync.assert_code(0);
    assert!(sync.stderr.contains("2027-04-30"), "{}", sync.stderr);
}

#[tokio::test]
async fn a_wrong_credential_is_told_with_a_remedy_and_is_no_reason_to_forget_anything() {
    for (method, file) in [
        (SignIn::ClientCredentials, "zendesk-client-secret"),
        (SignIn::AccessToken, "zendesk-access-token"),
        (SignIn::ApiToken, "zendesk-api-token"),
    ] {
        let mut world = World::new().await;
        world.settings.sign_in(method);
        world.sync().await.assert_code(0);
        world.zendesk.change(1);
        world.changes_show().await;
        let right = std::fs::read(world.path(file)).expect("the secret");
        let position = world.users_state()["position"].take();

        world.write(file, "wrong");
        let refused = world.sync().await;
        refused.assert_code(3);
        assert_refused(&refused, "ZENDESK-SIGN-IN", "check `[zendesk.auth]`");
        assert_eq!(world.users_state()["position"], position);
        assert!(world.dead_letters().is_empty());
        assert_eq!(world.platform.accepted_count(), 200);

        world.write(file, right);
        world.sync().await.assert_code(0);
        assert_settled(&world);
    }
}

#[tokio::test]
async fn a_secret_file_that_is_missing_is_named() {
    let world = World::new().await;
    std::fs::remove_file(world.path("zendesk-client-secret")).expect("it was there");
    let refused = world.sync().await;
    refused.assert_code(3);
    assert_refused(
        &refused,
        "ZENDESK-SIGN-IN",
        "provide the secret named under `[zendesk.auth]`",
    );
    assert!(
        refused.stdout.contains("zendesk-client-secret"),
        "{}",
        refused.stdout
    );
}

#[tokio::test]
async fn a_token_revoked_in_the_middle_is_renewed_once() {
    let world = World::new().await;
    let sync = held_with_three_pages_read(&world).await;
    world.zendesk.revoke_tokens();
    sync.wait().await.assert_code(0);
    assert_settled(&world);
    assert_eq!(world.platform.accepted_count(), 200);
    assert_eq!(token_requests(&world), 2);
    let refused = world
        .page_requests()
        .iter()
        .filter(|page| page.status == Some(401))
        .count();
    assert_eq!(refused, 1);
}

/// Starts a sync and holds its first page in the inlet until the third one is read.
async fn held_with_three_pages_read(world: &World) -> crate::support::Process {
    let held = Duration::from_millis(700);
    world
        .platform
        .fault_when(nth(2, INLET), Fault::Stall(held), 1);
    let sync = world.start(&["sync", "--output", "json"]);
    assert!(world.platform.wait_for_requests(INLET, 3, PATIENCE).await);
    eventually("the third page is read", || {
        let pages = world.page_requests();
        pages.iter().filter(|page| page.status == Some(200)).count() == 3
    })
    .await;
    sync
}

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    // Tokens of two seconds in a daemon that asks every second: none may ever be refused.
    let mut world = World::with(|plan| plan.zendesk.token_lifetime = Duration::from_secs(2)).await;
    world.settings.set("schedule.every", "1s");
    let daemon = world.daemon();
    daemon.wait_for_complete_syncs(5).await;
    daemon.stop().await;
    assert!(
        world.zendesk.tokens_issued() >= 2,
        "{}",
        world.zendesk.tokens_issued()
    );
    let pages = world.page_requests();
    assert!(pages.iter().all(|page| page.status == Some(200)));
    assert_settled(&world);
}

#[tokio::test]
async fn a_rotated_secret_is_read_anew_without_a_restart() {
    for (method, file) in [
        (SignIn::ClientCredentials, "zendesk-client-secret"),
        (SignIn::AccessToken, "zendesk-access-token"),
    ] {
        let mut world = World::new().await;
        world.settings.sign_in(method).set("schedule.every", "1s");
        let right = std::fs::read(world.path(file)).expect("the secret");
        world.write(file, "not yet valid");
        let daemon = world.daemon();
        daemon
            .wait_for_log("a refused sign-in", |line| {
                line["code"] == "ZENDESK-SIGN-IN"
            })
            .await;
        world.write(file, right);
        daemon.wait_for_complete_syncs(1).await;
        daemon.stop().await;
        assert_settled(&world);
    }
}

#[tokio::test]
async fn an_agent_may_not_read_the_incremental_export_but_may_search() {
    let mut world = World::with(|plan| plan.zendesk.role = Role::Agent).await;
    let refused = world.sync().await;
    refused.assert_code(3);
    assert_refused(
        &refused,
        "ZENDESK-FORBIDDEN",
        "incremental exports need an admin",
    );
    assert_eq!(
        world.page_requests().len(),
        1,
        "asking again would not help"
    );
    assert!(world.users_state()["position"].is_null());

    world
        .settings
        .set("streams.users.export", "search")
        .set("streams.users.settle", "100ms");
    world.sync().await.assert_code(0);
    assert_eq!(world.platform.accepted_count(), 200);
}

/// A world whose inlet wants tokens, and refuses wrong ones with `status`.
async fn authenticated(status: u16) -> World {
    let mut world = World::with(|plan| {
        plan.platform.authentication_required = true;
        plan.platform.invalid_token_status = status;
    })
    .await;
    let ims_url = world.platform.ims_url();
    world.settings.sign_in_to_inlet(&ims_url);
    world
}

#[tokio::test]
async fn an_authenticated_inlet_is_signed_in_to_once() {
    let world = authenticated(401).await;
    world.sync().await.assert_code(0);
    assert_settled(&world);
    assert_eq!(world.platform.tokens_issued(), 1);
    let sent = world.platform.requests_to(INLET);
    assert!(sent.iter().all(|request| request.status == Some(207)));
    let head = &sent[0].head;
    assert_eq!(head.header("x-api-key"), Some("sandbox-client"));
    assert_eq!(
        head.header("x-gw-ims-org-id"),
        Some("0123456789ABCDEF01234567@AdobeOrg")
    );
}

#[tokio::test]
async fn an_inlets_token_is_renewed_on_401_and_on_403() {
    for status in [401, 403] {
        let world = authenticated(status).await;
        let sync = held_with_three_pages_read(&world).await;
        world.platform.revoke_tokens();
        sync.wait().await.assert_code(0);
        assert_settled(&world);
        assert_eq!(
            world.platform.accepted_count(),
            200,
            "a refused batch was not taken"
        );
        assert_eq!(world.platform.tokens_issued(), 2);
        let sent = world.platform.requests_to(INLET);
        let refused = sent.iter().filter(|request| request.status == Some(status));
        assert_eq!(refused.count(), 1);
    }
}

#[tokio::test]
async fn an_identity_service_that_refuses_is_told_with_a_remedy() {
    let world = authenticated(401).await;
    let right = std::fs::read(world.path("adobe-client-secret")).expect("the secret");
    world.write("adobe-client-secret", "wrong");
    let refused = world.sync().await;
    refused.assert_code(3);
    assert_refused(&refused, "PLATFORM-SIGN-IN", "check `[platform.auth]`");
    assert_eq!(world.inlet_requests(), 0);
    assert!(world.users_state()["position"].is_null());

    world.write("adobe-client-secret", right);
    world.sync().await.assert_code(0);
    assert_settled(&world);
}

#[tokio::test]
async fn an_inlet_that_wants_a_token_we_have_not_stops_the_stream_and_drops_nothing() {
    let world = World::with(|plan| plan.platform.authentication_required = true).await;
    let refused = world.sync().await;
    refused.assert_code(3);
    assert_refused(
        &refused,
        "PLATFORM-SIGN-IN",
        "`[platform.auth]` must name a credential",
    );
    assert!(world.users_state()["position"].is_null());
    assert!(world.dead_letters().is_empty());
    assert_eq!(world.inlet_requests(), 1, "asking again would not help");
}

#[tokio::test]
async fn a_sign_in_that_fails_for_the_moment_is_tried_again() {
    let world = authenticated(401).await;
    world
        .zendesk
        .fault("/oauth/tokens", Fault::status(503, ""), 2);
    world.platform.fault("/ims/", Fault::Close, 2);
    world.sync().await.assert_code(0);
    assert_settled(&world);
    assert_eq!(token_requests(&world), 3);
}

#[tokio::test]
async fn an_empty_403_of_the_inlets_is_about_the_callers_address() {
    let world = authenticated(401).await;
    world.platform.fault(
        INLET,
        Fault::Answer(zendesk_aep::sandbox::Answer::empty(403)),
        100,
    );
    let refused = world.sync().await;
    refused.assert_code(3);
    assert_refused(&refused, "PLATFORM-SIGN-IN", "IP allow-list");
}

/// Zendesk's 403 is not a matter of the token: no new one is asked for.
#[tokio::test]
async fn a_403_of_zendesks_renews_nothing() {
    let world = World::new().await;
    world
        .zendesk
        .fault(INCREMENTAL, Fault::status(403, "{}"), 1);
    world.sync().await.assert_code(3);
    assert_eq!(token_requests(&world), 1);
}

#[track_caller]
fn assert_refused(sync: &Finished, code: &str, hint: &str) {
    let report = sync.report();
    assert_eq!(report["outcome"], code);
    let text = report["hint"].as_str().unwrap_or_default();
    assert!(text.contains(hint), "`{hint}` in `{text}`");
    let errors = sync.logs_of("ERROR");
    assert_eq!(errors.len(), 1);
    assert_eq!(errors[0]["code"], code);
}
