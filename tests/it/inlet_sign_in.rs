//! Signing in to an inlet that requires it.

use zendesk_aep::sandbox::{Answer, Fault, Simulator as _};

use crate::support::{INLET, World, assert_settled};

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
        let sync = world.sync_held_with_two_pages_read().await;
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
        let refused = refused.count();
        assert!((1..=4).contains(&refused), "those on their way: {refused}");
    }
}

#[tokio::test]
async fn an_identity_service_that_refuses_is_told_with_a_remedy() {
    let world = authenticated(401).await;
    let right = std::fs::read(world.path("adobe-client-secret")).expect("the secret");
    world.write("adobe-client-secret", "wrong");
    let refused = world.sync().await;
    refused.assert_code(3);
    refused.assert_failed("PLATFORM-SIGN-IN", "check `[platform.auth]`");
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
    refused.assert_failed(
        "PLATFORM-SIGN-IN",
        "`[platform.auth]` must name a credential",
    );
    assert!(world.users_state()["position"].is_null());
    assert!(world.dead_letters().is_empty());
    let asked = world.inlet_requests();
    assert!(
        (1..=4).contains(&asked),
        "asking again would not help: {asked}"
    );
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
    assert_eq!(world.zendesk.requests_to("/oauth/tokens").len(), 3);
}

#[tokio::test]
async fn an_empty_403_of_the_inlets_is_about_the_callers_address() {
    let world = authenticated(401).await;
    world
        .platform
        .fault(INLET, Fault::Answer(Answer::empty(403)), 100);
    let refused = world.sync().await;
    refused.assert_code(3);
    refused.assert_failed("PLATFORM-SIGN-IN", "IP allow-list");
}
