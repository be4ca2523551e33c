//! Signing in to Zendesk: every method, tokens that end, credentials that are wrong.

use std::time::Duration;

use zendesk_aep::sandbox::{Fault, Role, Simulator as _};

use crate::support::{INCREMENTAL, SignIn, World, assert_settled};

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
        refused.assert_failed("ZENDESK-SIGN-IN", "check `[zendesk.auth]`");
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
    refused.assert_failed(
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
    let sync = world.sync_held_with_two_pages_read().await;
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

#[tokio::test]
async fn a_token_is_renewed_before_it_ends() {
    // Tokens of four seconds in a daemon that asks every second: none may ever be refused.
    let mut world = World::with(|plan| plan.zendesk.token_lifetime = Duration::from_secs(4)).await;
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
        world
            .settings
            .sign_in(method)
            .set("schedule.every", "1s")
            .set("attention.retry_every", "1s");
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
    refused.assert_failed("ZENDESK-FORBIDDEN", "incremental exports need an admin");
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
